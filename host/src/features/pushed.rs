//! What was pushed where: how far each thread is known to a place of tables, so that only what is new is sent.
//!
//! A thread's rows there are known by how many there are and by a checksum of them. A thread that is deleted leaves its id, until
//! that place was told; nothing that was said in it stays.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};
use threadkeep_engine::contract::FileFacts;

use super::usage::facts;
use crate::db::{Database, Domain, StateError, Table, UserData, with_cell};

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
    -- Places that have everything, of a home as this checksum has it.
    CREATE TABLE pushed_places (
        destination TEXT PRIMARY KEY,
        sum BLOB NOT NULL,
        threads INTEGER NOT NULL
    ) WITHOUT ROWID;
",
        ),
    ],
    tables: &[
        Table::copied("pushed_threads", UserData::Nothing).of_thread("thread_id").waiting_for_foreign_files(),
        Table::copied("pushed_deletions", UserData::Nothing),
        Table::derived("pushed_places"),
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
            for table in ["pushed_threads", "pushed_deletions", "pushed_places"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE destination = ?1"), [&destination])?;
            }
            Ok(())
        })
    }

    /// Returns how many threads a home had when a place was given all of them, if the home was then as this checksum has it.
    pub(crate) fn pushed_whole_home(&self, destination: &str, sum: &[u8]) -> Result<Option<u64>, StateError> {
        let (destination, sum) = (destination.to_owned(), sum.to_owned());
        self.with(move |connection| {
            let sql = "SELECT threads FROM pushed_places WHERE destination = ?1 AND sum = ?2
                       AND NOT EXISTS (SELECT 1 FROM pushed_deletions WHERE destination = ?1)";
            let threads: Option<i64> =
                connection.query_row(sql, params![destination, sum], |row| row.get(0)).optional()?;
            Ok(threads.map(|threads| threads as u64))
        })
    }

    /// Notes that a place has everything of a home that is as this checksum has it.
    pub(crate) fn store_pushed_home(&self, destination: &str, sum: Vec<u8>, threads: u64) -> Result<(), StateError> {
        let destination = destination.to_owned();
        self.transaction(move |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO pushed_places VALUES (?1, ?2, ?3)",
                params![destination, sum, threads as i64],
            )?;
            Ok(())
        })
    }

    /// Returns a checksum of all that is known of the home but for what follows from that, and for what was pushed.
    pub(crate) fn sum_of_all(&self) -> Result<Sha256, StateError> {
        self.with(|connection| {
            let (mut sum, mut values) = (Sha256::new(), Vec::new());
            let mut select = connection.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
            )?;
            let names = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            // A table that nobody thought of here is summed, too: then more is looked at than has to be, and nothing is missed.
            for name in names.iter().filter(|name| !FOLLOWING.iter().any(|beginning| name.starts_with(beginning))) {
                sum.update(name);
                let mut select = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
                let columns = select.column_count();
                let mut rows = select.query([])?;
                while let Some(row) = rows.next()? {
                    values.clear();
                    for column in 0..columns {
                        with_cell(row.get_ref(column)?, |kind, bytes| {
                            values.push(kind);
                            values.extend((bytes.len() as u64).to_le_bytes());
                            values.extend(bytes);
                        });
                    }
                    sum.update(&values);
                }
            }
            Ok(sum)
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

/// How the names of tables begin of which no row of a thread is made, or only by way of others.
const FOLLOWING: &[&str] = &[
    "backfill",
    "device_keys",
    "extractions",
    "foreign_texts",
    "journal",
    "pushed_",
    "queued_messages",
    "rollout_usage",
    "spawn_statuses",
    "sqlite_",
    "suspects",
    "text_",
];

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
