//! Spawned threads: who spawned whom, and whether they are still worked with.
//!
//! That a thread was spawned stands in its row; whether it was closed is kept here, or known from Codex's own database, of
//! which what is kept here is the newer word. What nobody has closed counts as open.

use rusqlite::Connection;

use crate::db::{Domain, FeatureResult, StateDb, StateError, Table, UserData};
use threadkeep_engine::calls::SpawnedThreads;
use threadkeep_engine::contract::SpawnEdge;
pub use threadkeep_engine::contract::{Edge, EdgeStatus};

/// Holds what users said of spawned threads: whether they are still worked with.
pub(super) const DOMAIN: Domain = Domain {
    name: "spawn edges",
    migrations: &[
        (
            6,
            "
    -- Spawned threads that are 'open' or 'closed' by a user's word, and by Codex's database, which is read again for it.
    CREATE TABLE spawn_statuses (
        thread_id TEXT PRIMARY KEY,
        status TEXT NOT NULL
    ) WITHOUT ROWID;
",
        ),
    ],
    tables: &[Table::copied("spawn_statuses", UserData::All).of_thread("thread_id")],
};

/// Returns the edge to the thread that spawned this one.
pub fn parent(state: &StateDb, thread: &str) -> FeatureResult<Option<Edge>> {
    let id = thread.to_string();
    let edges = state.database().with(move |connection| stored_edges(connection, "threads.id = ?1", &id))?;
    let Some(by) = edges.first().map(|edge| edge.parent.clone()) else { return Ok(None) };
    Ok(spawned(state, &edges, &by, None, false)?.pop())
}

/// Returns the threads that a thread spawned, of one status or of both, by id.
pub fn children(state: &StateDb, thread: &str, status: Option<EdgeStatus>) -> FeatureResult<Vec<Edge>> {
    let id = thread.to_string();
    let edges =
        state.database().with(move |connection| stored_edges(connection, "threads.parent_thread_id = ?1", &id))?;
    spawned(state, &edges, thread, status, false)
}

/// Returns the same with what they spawned, and so on: nearest first, then by id, each thread once. A closed thread hides what it
/// spawned when only open ones are asked for.
pub fn descendants(state: &StateDb, thread: &str, status: Option<EdgeStatus>) -> FeatureResult<Vec<Edge>> {
    let edges = state.database().with(|connection| stored_edges(connection, "threads.parent_thread_id > ?1", ""))?;
    spawned(state, &edges, thread, status, true)
}

/// Records that a spawned thread is worked with, or not any more; false where no thread spawned it.
pub fn set_status(state: &StateDb, thread: &str, status: EdgeStatus) -> FeatureResult<bool> {
    let id = thread.to_string();
    let word = match status {
        EdgeStatus::Open => "open",
        EdgeStatus::Closed => "closed",
    };
    Ok(state.database().transaction(move |transaction| {
        let sql = "INSERT OR REPLACE INTO spawn_statuses (thread_id, status)
                   SELECT id, ?2 FROM threads WHERE id = ?1 AND parent_thread_id IS NOT NULL";
        Ok(transaction.execute(sql, [id, word.into()])? > 0)
    })?)
}

fn spawned(
    state: &StateDb,
    edges: &[SpawnEdge],
    by: &str,
    status: Option<EdgeStatus>,
    deep: bool,
) -> FeatureResult<Vec<Edge>> {
    let (rules, by) = (state.database().rules(), by.to_string());
    Ok(rules.call(&SpawnedThreads { edges: edges.to_vec(), by, status, deep })?)
}

fn stored_edges(connection: &Connection, which: &str, of: &str) -> Result<Vec<SpawnEdge>, StateError> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT threads.parent_thread_id, threads.id, spawn_statuses.status, codex.spawn_status FROM threads
         LEFT JOIN spawn_statuses ON spawn_statuses.thread_id = threads.id
         LEFT JOIN codex ON codex.thread_id = threads.id
         WHERE {which} AND threads.parent_thread_id IS NOT NULL"
    ))?;
    let edges = select.query_map([of], |row| {
        Ok(SpawnEdge { parent: row.get(0)?, child: row.get(1)?, ours: row.get(2)?, codex: row.get(3)? })
    })?;
    Ok(edges.collect::<Result<_, _>>()?)
}
