//! What was pushed where: how far each thread is known to a place of tables, so that only what is new is sent.
//!
//! A thread's rows there are known by how many there are and by a checksum of them. A thread that is deleted leaves its id, until
//! that place was told; nothing that was said in it stays.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use threadkeep_engine::contract::FileFacts;

use super::usage::facts;
use crate::db::{Database, Domain, StateError, Table, UserData};

/// Holds what was pushed.
pub(super) const DOMAIN: Domain = Domain {
    name: "pushed",
    migrations: &[
        (
            13,
            "
    -- Threads as a place of tables has them: of what stamp, in which generation, how many turns and requests, with checksums.
    CREATE TABLE pushed_threads (
        destination TEXT NOT NULL,
        thread_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        stamp BLOB NOT NULL,
        turns INTEGER NOT NULL,
        turns_sum BLOB NOT NULL,
        requests INTEGER NOT NULL,
        requests_sum BLOB NOT NULL,
        PRIMARY KEY (destination, thread_id)
    ) WITHOUT ROWID;
    -- Those that are deleted here and not yet there.
    CREATE TABLE pushed_deletions (
        destination TEXT NOT NULL,
        deleted_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (destination, deleted_id)
    ) WITHOUT ROWID;
    CREATE TRIGGER pushed_thread_was_deleted AFTER DELETE ON pushed_threads BEGIN
        INSERT OR IGNORE INTO pushed_deletions VALUES (old.destination, old.thread_id, old.created_at);
    END;
",
        ),
        (
            14,
            "
    -- How many lines of its whole text are there, with a checksum of those that stay as they are.
    ALTER TABLE pushed_threads ADD COLUMN records INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE pushed_threads ADD COLUMN records_sum BLOB NOT NULL DEFAULT x'';
",
        ),
    ],
    tables: &[
        Table::copied("pushed_threads", UserData::Nothing).of_thread("thread_id").waiting_for_foreign_files(),
        Table::copied("pushed_deletions", UserData::Nothing),
    ],
};

/// A thread as a place of tables has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PushedThread {
    /// When it was created, in milliseconds since the epoch.
    pub(crate) created_at: i64,
    /// The generation of its rows.
    pub(crate) generation: u64,
    /// A checksum of all by which a change is seen.
    pub(crate) stamp: Vec<u8>,
    /// How many turns are there.
    pub(crate) turns: u32,
    /// A checksum of their rows but for those of the last one, which may still grow.
    pub(crate) turns_sum: Vec<u8>,
    /// How many requests are there.
    pub(crate) requests: u32,
    /// A checksum of their rows.
    pub(crate) requests_sum: Vec<u8>,
    /// How many lines of its whole text are there, but for those that say what was redacted.
    pub(crate) records: u32,
    /// A checksum of them but for the first, which tells of the thread and changes with it.
    pub(crate) records_sum: Vec<u8>,
}

impl Database {
    /// Returns what a place has, by ids of threads.
    pub(crate) fn pushed_threads(&self, destination: &str) -> Result<BTreeMap<String, PushedThread>, StateError> {
        let destination = destination.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT thread_id, created_at, generation, stamp, turns, turns_sum, requests, requests_sum, records,
                     records_sum
                 FROM pushed_threads WHERE destination = ?1",
            )?;
            let threads = select.query_map([destination], |row| Ok((row.get(0)?, pushed(row)?)))?;
            Ok(threads.collect::<Result<_, _>>()?)
        })
    }

    /// Says whether a place has anything of this home.
    pub(crate) fn has_pushed(&self, destination: &str) -> Result<bool, StateError> {
        let destination = destination.to_owned();
        self.with(move |connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM pushed_threads WHERE destination = ?1)";
            Ok(connection.query_row(sql, [destination], |row| row.get(0))?)
        })
    }

    /// Returns the threads that a place has and that are deleted here, with the times at which they were created.
    pub(crate) fn pushed_deletions(&self, destination: &str) -> Result<Vec<(String, i64)>, StateError> {
        let destination = destination.to_owned();
        self.with(move |connection| {
            // One that came again under its id is no deletion.
            let mut select = connection.prepare_cached(
                "SELECT deleted_id, created_at FROM pushed_deletions AS d WHERE destination = ?1
                     AND NOT EXISTS (SELECT 1 FROM threads WHERE id = d.deleted_id)
                 ORDER BY deleted_id",
            )?;
            let deleted = select.query_map([destination], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(deleted.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what a place has been given.
    pub(crate) fn store_pushed_threads(
        &self,
        destination: &str,
        threads: Vec<(String, PushedThread)>,
    ) -> Result<(), StateError> {
        let destination = destination.to_owned();
        self.transaction(move |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO pushed_threads (destination, thread_id, created_at, generation, stamp, turns,
                     turns_sum, requests, requests_sum, records, records_sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?;
            for (id, thread) in &threads {
                insert.execute(params![
                    destination,
                    id,
                    thread.created_at,
                    thread.generation as i64,
                    thread.stamp,
                    thread.turns,
                    thread.turns_sum,
                    thread.requests,
                    thread.requests_sum,
                    thread.records,
                    thread.records_sum,
                ])?;
            }
            Ok(())
        })
    }

    /// Notes that a place was told of deletions.
    pub(crate) fn remove_pushed_deletions(&self, destination: &str, threads: Vec<String>) -> Result<(), StateError> {
        let destination = destination.to_owned();
        self.transaction(move |transaction| {
            let mut delete = transaction
                .prepare_cached("DELETE FROM pushed_deletions WHERE destination = ?1 AND deleted_id = ?2")?;
            for thread in &threads {
                delete.execute([&destination, thread])?;
            }
            Ok(())
        })
    }

    /// Notes that a place has nothing of this home.
    pub(crate) fn clear_pushed(&self, destination: &str) -> Result<(), StateError> {
        let destination = destination.to_owned();
        self.transaction(move |transaction| {
            // The first leaves its threads in the second.
            for table in ["pushed_threads", "pushed_deletions"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE destination = ?1"), [&destination])?;
            }
            Ok(())
        })
    }

    /// Returns the rollouts of every thread, in the order of their paths.
    pub(crate) fn rollouts_by_thread(&self) -> Result<BTreeMap<String, Vec<FileFacts>>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, size, modified_ns, inode, thread_id FROM files WHERE thread_id IS NOT NULL ORDER BY path",
            )?;
            let mut rows = select.query([])?;
            let mut rollouts: BTreeMap<String, Vec<FileFacts>> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                rollouts.entry(row.get(4)?).or_default().push(facts(row)?);
            }
            Ok(rollouts)
        })
    }
}

fn pushed(row: &Row<'_>) -> rusqlite::Result<PushedThread> {
    Ok(PushedThread {
        created_at: row.get(1)?,
        generation: row.get::<_, i64>(2)? as u64,
        stamp: row.get(3)?,
        turns: row.get(4)?,
        turns_sum: row.get(5)?,
        requests: row.get(6)?,
        requests_sum: row.get(7)?,
        records: row.get(8)?,
        records_sum: row.get(9)?,
    })
}
