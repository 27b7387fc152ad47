//! What the private database says of threads, a page of them at a time.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::super::rows;
use super::Inspection;
use super::files::{FILE, WITH_HEALTH, reported_file};
use crate::db::{Pending, StateError};
use threadkeep_engine::contract::{NameClaim, ThreadFileFacts, ThreadRow};

/// Holds what the private database says of a thread.
#[derive(Default)]
pub(crate) struct InspectedThread {
    /// Its id.
    pub(crate) id: String,
    /// Its files, by path.
    pub(crate) files: Vec<ThreadFileFacts>,
    /// The row that follows from the files.
    pub(crate) desired: Option<ThreadRow>,
    /// The row that the state DB has.
    pub(crate) current: Option<ThreadRow>,
    /// The file that the current row names, where it is there: its path, and the thread in it.
    pub(crate) current_file: Option<(String, Option<String>)>,
    /// The state DB does not know its files as they are.
    pub(crate) out_of_date: bool,
    /// Names that sources give it.
    pub(crate) names: Vec<NameClaim>,
    /// Places of its rows in Codex's `threads`, the one with a canonical id first.
    pub(crate) codex_rows: Vec<i64>,
    /// Places of its rows in Codex's `thread_spawn_edges`, likewise.
    pub(crate) codex_edges: Vec<i64>,
    /// Only the ends of one of its files were read, so that nobody knows what it says.
    pub(crate) skimmed: bool,
}

impl Inspection {
    /// Begins to read what is known of at most `limit` listed threads after an id, by their ids.
    pub(crate) fn threads_after(&self, last: &str, limit: usize) -> Result<Pending<Vec<InspectedThread>>, StateError> {
        let (last, has_state) = (last.to_string(), self.has_state);
        self.database.begin(move |connection| {
            let ids = ids_after(connection, &last, limit)?;
            threads(connection, ids, has_state)
        })
    }

    /// Returns what is known of a thread.
    pub(crate) fn thread(&self, id: &str) -> Result<Vec<InspectedThread>, StateError> {
        let (ids, has_state) = (vec![id.to_string()], self.has_state);
        self.database.with(move |connection| threads(connection, ids, has_state))
    }

    /// Returns which of these threads are known, by a file or a row.
    pub(crate) fn known_among(&self, ids: Vec<String>) -> Result<HashSet<String>, StateError> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM files WHERE thread_id = ?1) OR EXISTS (SELECT 1 FROM threads WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM codex_rows WHERE id = ?1)",
            )?;
            let mut known = HashSet::new();
            for id in ids {
                if select.query_row([&id], |row| row.get(0))? {
                    known.insert(id);
                }
            }
            Ok(known)
        })
    }
}

fn ids_after(connection: &Connection, last: &str, limit: usize) -> Result<Vec<String>, StateError> {
    // SQLite prepares a limit that is a parameter anew each time.
    let mut select = connection
        .prepare_cached(&format!("SELECT id FROM inspected_threads WHERE id > ?1 ORDER BY id LIMIT {limit}"))?;
    let ids = select.query_map([last], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn threads(connection: &mut Connection, ids: Vec<String>, has_state: bool) -> Result<Vec<InspectedThread>, StateError> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS wanted (id TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID; DELETE FROM wanted;",
    )?;
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO wanted (id, at) VALUES (?1, ?2)")?;
    for (at, id) in ids.iter().enumerate() {
        insert.execute((id, at as i64))?;
    }
    drop(insert);
    let mut threads: Vec<InspectedThread> =
        ids.into_iter().map(|id| InspectedThread { id, ..InspectedThread::default() }).collect();
    let mut places = HashMap::new();
    for (at, thread) in threads.iter().enumerate() {
        places.insert(thread.id.clone(), at);
    }
    let mut each = |sql: &str, take: &mut dyn FnMut(&mut InspectedThread, &Row<'_>) -> rusqlite::Result<()>| {
        let mut select = transaction.prepare_cached(sql)?;
        let id = select.column_count() - 1;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let place = places.get(row.get_ref(id)?.as_str().unwrap_or_default());
            let thread = place.and_then(|at| threads.get_mut(*at));
            thread.map_or(Ok(()), |thread| take(thread, row))?;
        }
        Ok::<_, StateError>(())
    };
    each(
        &format!(
            "SELECT {FILE}, wanted.id FROM wanted CROSS JOIN files ON files.thread_id = wanted.id {WITH_HEALTH}
             ORDER BY files.path"
        ),
        &mut |thread, row| {
            let file = reported_file(row)?;
            thread.out_of_date |= has_state && !file.is_current;
            thread.skimmed |= file.skimmed;
            thread.files.push(file.file);
            Ok(())
        },
    )?;
    let row = |to: &mut Option<ThreadRow>, row: &Row<'_>| rows::from_row(row).map(|row| *to = Some(row));
    let rows = |table: &str| format!("SELECT {}, id FROM wanted CROSS JOIN {table} USING (id)", rows::COLUMNS);
    each(&rows("threads"), &mut |thread, found| {
        row(&mut thread.desired, found)?;
        thread.current = thread.desired.clone().filter(|_| has_state);
        Ok(())
    })?;
    each("SELECT wanted.id FROM wanted CROSS JOIN changed_rows USING (id)", &mut |thread, _| {
        thread.current = None;
        Ok(())
    })?;
    each(&rows("current_rows"), &mut |thread, found| row(&mut thread.current, found))?;
    each(
        "SELECT wanted.id FROM wanted CROSS JOIN indexed_files ON indexed_files.thread_id = wanted.id
         WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.path = indexed_files.path)",
        &mut |thread, _| {
            thread.out_of_date = true;
            Ok(())
        },
    )?;
    each(
        "SELECT source, name, given, wanted.id FROM wanted CROSS JOIN names ON names.thread_id = wanted.id",
        &mut |thread, row| {
            thread.names.push(NameClaim {
                thread: thread.id.clone(),
                source: rows::source_from(row.get(0)?),
                name: row.get(1)?,
                given: row.get::<_, Option<i64>>(2)?.map(|given| given as u64),
            });
            Ok(())
        },
    )?;
    let of_codex = |table: &str| {
        format!("SELECT place, wanted.id FROM wanted CROSS JOIN {table} USING (id) ORDER BY wanted.id, odd, place")
    };
    each(&of_codex("codex_rows"), &mut |thread, row| row.get(0).map(|place| thread.codex_rows.push(place)))?;
    each(&of_codex("codex_edges"), &mut |thread, row| row.get(0).map(|place| thread.codex_edges.push(place)))?;
    let mut select = transaction.prepare_cached("SELECT thread_id FROM files WHERE path = ?1")?;
    for thread in &mut threads {
        let Some(row) = &thread.current else { continue };
        let in_it = match thread.files.iter().any(|file| file.file.path == row.path) {
            true => Some(Some(thread.id.clone())),
            false => select.query_row([&row.path], |row| row.get(0)).optional()?,
        };
        thread.current_file = in_it.map(|in_it| (row.path.clone(), in_it));
    }
    drop(select);
    transaction.commit()?;
    Ok(threads)
}
