//! What was pushed where: how far each thread is known to a place of tables, so that only what is new is sent.
//!
//! A thread's rows there are known by how many there are and by a checksum of them. A thread that is deleted leaves its id, until
//! that place was told; nothing that was said in it stays.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, Row, params};
use threadkeep_engine::contract::{FileFacts, KnownRequests, KnownTurns};
use twox_hash::XxHash3_128;

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
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PushedThread {
    /// When it was created, in milliseconds since the epoch.
    pub(crate) created_at: i64,
    /// The generation of its rows.
    pub(crate) generation: u64,
    /// Checksums by which a change is seen.
    pub(crate) stamp: Vec<u8>,
    /// Its turns, and the history of which they were made.
    pub(crate) turns: KnownTurns,
    /// Its requests.
    pub(crate) requests: KnownRequests,
    /// How many lines of its whole text are there, but for those that say what was redacted.
    pub(crate) records: u32,
    /// A checksum of them but for the first, which tells of the thread and changes with it.
    pub(crate) records_sum: Vec<u8>,
}

/// What a place has of a thread that it does not know.
pub(crate) const NO_TURNS: KnownTurns = KnownTurns { turns: 0, lines: 0, sum: 0 };
/// The same of its requests.
pub(crate) const NO_REQUESTS: KnownRequests = KnownRequests { requests: 0, sum: 0 };

/// Checksums (XXH3, 128 bits) of what is known of a home.
#[derive(Default)]
pub(crate) struct HomeSums {
    /// Of what is known of each thread, by its id.
    pub(crate) threads: HashMap<String, u128>,
    /// Of what is of no thread.
    pub(crate) rest: u128,
    /// Of all.
    pub(crate) all: u128,
}

impl HomeSums {
    /// Takes a row in, of a thread or of none.
    fn take(&mut self, thread: Option<&str>, cells: &[u8]) {
        let sum = XxHash3_128::oneshot(cells);
        let of_thread = match thread {
            Some(thread) => match self.threads.get_mut(thread) {
                Some(of_thread) => of_thread,
                None => self.threads.entry(thread.to_owned()).or_default(),
            },
            None => &mut self.rest,
        };
        *of_thread = joined(&[*of_thread, sum]);
        self.all = joined(&[self.all, sum]);
    }
}

/// Sums up checksums.
pub(crate) fn joined(sums: &[u128]) -> u128 {
    let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    XxHash3_128::oneshot(&bytes)
}

impl Database {
    /// Returns what a place has, by ids of threads.
    pub(crate) fn pushed_threads(&self, destination: &str) -> Result<HashMap<String, PushedThread>, StateError> {
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

    /// Returns which requests a place has, by ids of threads.
    pub(crate) fn pushed_requests(&self, destination: &str) -> Result<HashMap<String, KnownRequests>, StateError> {
        let destination = destination.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT thread_id, requests, requests_sum FROM pushed_threads WHERE destination = ?1",
            )?;
            let requests = select.query_map([destination], |row| Ok((row.get(0)?, known_requests(row, 1)?)))?;
            Ok(requests.collect::<Result<_, _>>()?)
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
                    thread.turns.turns,
                    [thread.turns.lines.to_le_bytes(), thread.turns.sum.to_le_bytes()].concat(),
                    thread.requests.requests,
                    thread.requests.sum.to_le_bytes(),
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

    /// Returns checksums of all that is known of the home but for what follows from that, and for what was pushed.
    pub(crate) fn sums(&self) -> Result<HomeSums, StateError> {
        self.with(|connection| {
            let mut sums = HomeSums::default();
            let mut cells = Vec::new();
            let mut select = connection.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
            )?;
            let names = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            // A table that nobody thought of here is summed, too: then more is looked at than has to be, and nothing is missed.
            for name in names.iter().filter(|name| !FOLLOWING.iter().any(|beginning| name.starts_with(beginning))) {
                let mut select = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
                let thread_column = if name == "threads" { "id" } else { "thread_id" };
                let (count, thread) =
                    (select.column_count(), select.column_names().position(|column| column == thread_column));
                let mut rows = select.query([])?;
                while let Some(row) = rows.next()? {
                    cells.clear();
                    cells.extend(name.as_bytes());
                    for column in 0..count {
                        with_cell(row.get_ref(column)?, |kind, bytes| {
                            cells.push(kind);
                            cells.extend((bytes.len() as u64).to_le_bytes());
                            cells.extend(bytes);
                        });
                    }
                    let thread = thread.map(|column| row.get_ref(column)).transpose()?;
                    sums.take(thread.and_then(|cell| cell.as_str().ok()), &cells);
                }
            }
            Ok(sums)
        })
    }

    /// Returns the rollouts of threads, in the order of their paths.
    pub(crate) fn rollouts_by_thread(&self, threads: &[String]) -> Result<HashMap<String, Vec<FileFacts>>, StateError> {
        let threads = serde_json::to_string(threads).unwrap_or_else(|_| "[]".into());
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, size, modified_ns, inode, thread_id FROM files
                 WHERE thread_id IN (SELECT value FROM json_each(?1)) ORDER BY path",
            )?;
            let mut rows = select.query([threads])?;
            let mut rollouts: HashMap<String, Vec<FileFacts>> = HashMap::new();
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
    "folds",
    "foreign_texts",
    "journal",
    "pushed_",
    "queued_messages",
    "rollout_usage",
    "sources",
    "spawn_statuses",
    "sqlite_",
    "suspects",
    "text_",
];

fn pushed(row: &Row<'_>) -> rusqlite::Result<PushedThread> {
    // Sums of another length are those of an earlier version, which made others: they are like no other.
    let [lines, sum] = numbers(row.get_ref(5)?.as_blob()?);
    Ok(PushedThread {
        created_at: row.get(1)?,
        generation: row.get::<_, i64>(2)? as u64,
        stamp: row.get(3)?,
        turns: KnownTurns { turns: row.get(4)?, lines, sum },
        requests: known_requests(row, 6)?,
        records: row.get(8)?,
        records_sum: row.get(9)?,
    })
}

/// Reads how many requests there are, and their checksum behind it.
fn known_requests(row: &Row<'_>, column: usize) -> rusqlite::Result<KnownRequests> {
    let [sum] = numbers(row.get_ref(column + 1)?.as_blob()?);
    Ok(KnownRequests { requests: row.get(column)?, sum })
}

/// Reads numbers, of 8 bytes each; the largest one of each where there are not so many.
fn numbers<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut numbers = [u64::MAX; N];
    if bytes.len() == 8 * N {
        for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
            *number = u64::from_le_bytes(*bytes);
        }
    }
    numbers
}
