//! Threads of other programs, which are kept here and nowhere else: the text of each, in the form of a rollout, and what of the
//! programs' files is read. To the core each is one more rollout ([`files_with_foreign`]), at a place that no file can have.

mod tellings;
mod texts;

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use threadkeep_engine::contract::{ForeignFault, Provenance};

use super::derive::derive_rows;
use super::journal::{remove_file, remove_thread};
use super::rows::source_code;
use super::{Database, Domain, StateError, Table, UserData};
use crate::platform::foreign_place::ForeignPlace;

use tellings::{forget_tellings, keep_tellings};
pub(crate) use texts::{files_with_foreign, imports_with_foreign};

/// Holds threads of other programs.
pub(super) const DOMAIN: Domain = Domain {
    name: "foreign threads",
    migrations: &[
        (
            10,
            "
    -- Threads of other programs: whose, by which id, and which of its files tell it, with what it says of how it stands there.
    CREATE TABLE foreign_threads (
        thread_id TEXT PRIMARY KEY,
        program TEXT NOT NULL,
        own_id TEXT NOT NULL,
        unit TEXT NOT NULL,
        stamp TEXT NOT NULL,
        path TEXT NOT NULL UNIQUE,
        -- Of the text: its number, its bytes, and when it was written here.
        generation INTEGER NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        -- The program's own files of it are gone, and the user chose to keep it.
        gone INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX foreign_threads_by_own_id ON foreign_threads (own_id);
    CREATE INDEX foreign_threads_by_unit ON foreign_threads (program, unit);
    -- The text as zstd, apart so that walking over the threads stays quick; and how it begins.
    CREATE TABLE foreign_texts (
        thread_id TEXT PRIMARY KEY,
        head BLOB NOT NULL,
        text BLOB NOT NULL
    );
    -- Files that are read together, as they were when they were read, and why that failed.
    CREATE TABLE foreign_units (
        program TEXT NOT NULL,
        unit TEXT NOT NULL,
        stamp TEXT NOT NULL,
        fault TEXT,
        PRIMARY KEY (program, unit)
    ) WITHOUT ROWID;
    -- Titles that files tell of sessions in other files: of those that hold the entry with this key.
    CREATE TABLE foreign_titles (
        program TEXT NOT NULL,
        key TEXT NOT NULL,
        title TEXT NOT NULL,
        PRIMARY KEY (program, key)
    ) WITHOUT ROWID;
",
        ),
        (
            12,
            "
    -- Which files tell which threads: several may tell the same one, and the last one that was read is the one that it is read from.
    CREATE TABLE foreign_tellings (
        thread_id TEXT NOT NULL,
        program TEXT NOT NULL,
        unit TEXT NOT NULL,
        PRIMARY KEY (thread_id, unit)
    ) WITHOUT ROWID;
    CREATE INDEX foreign_tellings_by_unit ON foreign_tellings (program, unit);
    INSERT INTO foreign_tellings SELECT thread_id, program, unit FROM foreign_threads WHERE gone = 0;
    -- All files are asked once more which others they tell.
    DELETE FROM foreign_units;
",
        ),
    ],
    tables: &[
        Table::copied("foreign_threads", UserData::Where("gone", 1)).of_thread("thread_id"),
        Table::copied("foreign_texts", UserData::Nothing).of_thread("thread_id"),
        Table::copied("foreign_titles", UserData::Nothing),
        Table::read_again("foreign_units"),
        Table::copied("foreign_tellings", UserData::Nothing).of_thread("thread_id"),
    ],
};

/// How many bytes of a text its head has.
const HEAD: usize = 1 << 10;
/// How well texts are compressed: quickly.
const LEVEL: i32 = 3;

/// A thread of another program, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignThread {
    /// Its id.
    pub(crate) thread: String,
    /// Which files tell it.
    pub(crate) unit: String,
    /// What the program's files say of how it stands there.
    pub(crate) stamp: String,
    /// The home path of its text.
    pub(crate) path: String,
    /// The program's own files of it are gone.
    pub(crate) is_gone: bool,
}

/// The text of a thread, to be kept.
pub(crate) struct ForeignText {
    /// Its id.
    pub(crate) thread: String,
    /// The program's own id of it.
    pub(crate) own_id: String,
    /// What the program's files say of how it stands there.
    pub(crate) stamp: String,
    /// Whether the program put it away.
    pub(crate) is_archived: bool,
    /// What it is called there.
    pub(crate) title: Option<String>,
    /// Plain bytes of the text.
    size: u64,
    head: Vec<u8>,
    compressed: Vec<u8>,
}

impl ForeignText {
    /// Takes a text, which is compressed.
    pub(crate) fn new(thread: String, own_id: String, stamp: String, text: &str) -> Result<ForeignText, StateError> {
        let compressed = zstd::bulk::compress(text.as_bytes(), LEVEL);
        let compressed = compressed.map_err(|error| StateError::Io(format!("a text is not compressed: {error}")))?;
        let head = text.as_bytes()[..text.len().min(HEAD)].to_vec();
        let size = text.len() as u64;
        Ok(ForeignText { thread, own_id, stamp, is_archived: false, title: None, size, head, compressed })
    }

    /// Gives how many bytes are kept of it.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.compressed.len()
    }
}

/// Files that are read together, as they were when they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignUnitRecord {
    /// Their names, sizes and times, in the form of whoever compares them.
    pub(crate) stamp: String,
    /// Why they could not be read.
    pub(crate) fault: Option<String>,
}

/// What was read of files that are read together.
pub(crate) struct ReadUnit {
    /// The program.
    pub(crate) program: String,
    /// Which files.
    pub(crate) unit: String,
    /// How they were.
    pub(crate) record: ForeignUnitRecord,
    /// Threads that are others than before.
    pub(crate) texts: Vec<ForeignText>,
    /// Threads that are what they were, and told by these files.
    pub(crate) unchanged: Vec<String>,
    /// All threads that these files tell, readable or not; none where they do not say.
    pub(crate) told: Option<Vec<String>>,
}

impl Database {
    /// Returns what is recorded of a program's files, by what is read together.
    pub(crate) fn foreign_units(&self, program: &str) -> Result<BTreeMap<String, ForeignUnitRecord>, StateError> {
        let program = program.to_owned();
        self.with(move |connection| {
            let mut select =
                connection.prepare_cached("SELECT unit, stamp, fault FROM foreign_units WHERE program = ?1")?;
            let record =
                |row: &Row<'_>| Ok((row.get(0)?, ForeignUnitRecord { stamp: row.get(1)?, fault: row.get(2)? }));
            Ok(select.query_map([program], record)?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the threads of a program, by their ids.
    pub(crate) fn foreign_threads(&self, program: &str) -> Result<BTreeMap<String, ForeignThread>, StateError> {
        let program = program.to_owned();
        self.with(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT thread_id, unit, stamp, path, gone FROM foreign_threads WHERE program = ?1")?;
            let thread = |row: &Row<'_>| foreign_thread(row).map(|thread| (thread.thread.clone(), thread));
            Ok(select.query_map([program], thread)?.collect::<Result<_, _>>()?)
        })
    }

    /// Says whether any thread of another program is kept.
    pub(crate) fn has_foreign_threads(&self) -> Result<bool, StateError> {
        self.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM foreign_threads)";
            Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
    }

    /// Returns the program's own id of a thread; none where it is not kept here.
    pub(crate) fn foreign_own_id(&self, thread: String) -> Result<Option<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT own_id FROM foreign_threads WHERE thread_id = ?1")?;
            Ok(select.query_row([thread], |row| row.get(0)).optional()?)
        })
    }

    /// Returns which files of other programs could not be read, as they are.
    pub(crate) fn foreign_faults(&self) -> Result<Vec<ForeignFault>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT program, unit, fault FROM foreign_units WHERE fault IS NOT NULL ORDER BY program, unit",
            )?;
            let fault = |row: &Row<'_>| Ok(ForeignFault { program: row.get(0)?, unit: row.get(1)?, why: row.get(2)? });
            Ok(select.query_map([], fault)?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the titles that files of a program tell of sessions in other files, by keys of entries.
    pub(crate) fn foreign_titles(&self, program: &str) -> Result<BTreeMap<String, String>, StateError> {
        let program = program.to_owned();
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT key, title FROM foreign_titles WHERE program = ?1")?;
            let titles = select.query_map([program], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(titles.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps such titles; where one is new, the files of threads without a title of their own are to be read again.
    pub(crate) fn keep_foreign_titles(&self, program: &str, titles: Vec<(String, String)>) -> Result<bool, StateError> {
        let program = program.to_owned();
        self.transaction(move |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO foreign_titles (program, key, title) VALUES (?1, ?2, ?3)
                 ON CONFLICT (program, key) DO UPDATE SET title = excluded.title WHERE title IS NOT excluded.title",
            )?;
            let mut is_new = false;
            for (key, title) in &titles {
                is_new |= insert.execute(params![program, key, title])? > 0;
            }
            if is_new {
                let untitled = "SELECT unit FROM foreign_threads AS t WHERE program = ?1 AND NOT EXISTS
                    (SELECT 1 FROM names WHERE thread_id = t.thread_id AND source = ?2)";
                let source = source_code(Provenance::Program);
                let forget = format!("DELETE FROM foreign_units WHERE program = ?1 AND unit IN ({untitled})");
                transaction.execute(&forget, params![program, source])?;
                let forget = format!(
                    "UPDATE foreign_threads SET stamp = '' WHERE program = ?1 AND gone = 0 AND unit IN ({untitled})"
                );
                transaction.execute(&forget, params![program, source])?;
            }
            Ok(is_new)
        })
    }

    /// Stores what was read of files, in one transaction; rows follow when they are compared with the files the next time.
    pub(crate) fn store_foreign(&self, units: Vec<ReadUnit>, now_ns: i64) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| {
            let mut named = Vec::new();
            for unit in &units {
                store_unit(transaction, unit, now_ns, &mut named)?;
            }
            derive_rows(transaction, &named, &deriver).map(drop)
        })
    }

    /// Marks threads whose own files are gone; rows follow likewise.
    pub(crate) fn mark_foreign_gone(&self, threads: Vec<ForeignThread>) -> Result<(), StateError> {
        self.transaction(move |transaction| {
            for thread in &threads {
                let Some(place) = ForeignPlace::of(&thread.path) else { continue };
                let path = ForeignPlace { is_gone: true, ..place }.path();
                let sql = "UPDATE foreign_threads SET gone = 1, stamp = '', path = ?2 WHERE thread_id = ?1";
                transaction.prepare_cached(sql)?.execute([&thread.thread, &path])?;
            }
            Ok(())
        })
    }

    /// Removes threads, and all that is kept of them but what users put on them, which waits for their files to come again. Nothing
    /// that was said in them is in any byte of the database afterwards.
    pub(crate) fn remove_foreign(&self, threads: Vec<ForeignThread>) -> Result<(), StateError> {
        let schema = self.schema();
        self.erasing(move |transaction| {
            for ForeignThread { thread, path, .. } in &threads {
                remove_file(transaction, path)?;
                let tables = schema.tables().filter(|table| !table.waits_for_foreign_files);
                remove_thread(transaction, tables, thread)?;
            }
            schema
                .tables()
                .filter_map(|table| table.erase)
                .try_for_each(|sql| transaction.execute(sql, []).map(drop))?;
            Ok(())
        })
    }

    /// Forgets files of a program that are not there any more.
    pub(crate) fn forget_foreign_units(&self, program: &str, units: Vec<String>) -> Result<(), StateError> {
        let program = program.to_owned();
        self.transaction(move |transaction| {
            let mut delete =
                transaction.prepare_cached("DELETE FROM foreign_units WHERE program = ?1 AND unit = ?2")?;
            units.iter().try_for_each(|unit| delete.execute([&program, unit]).map(drop))?;
            units.iter().try_for_each(|unit| forget_tellings(transaction, &program, unit))
        })
    }
}

fn store_unit(
    transaction: &Transaction<'_>,
    unit: &ReadUnit,
    now_ns: i64,
    named: &mut Vec<String>,
) -> Result<(), StateError> {
    let source = source_code(Provenance::Program);
    let ReadUnit { program, unit, record, texts, unchanged, told } = unit;
    for text in texts {
        let place =
            ForeignPlace { program, is_gone: false, is_archived: text.is_archived, thread: &text.thread }.path();
        transaction
            .prepare_cached(
                "INSERT INTO foreign_threads (thread_id, program, own_id, unit, stamp, path, generation, size, modified_ns)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)
                 ON CONFLICT (thread_id) DO UPDATE SET unit = excluded.unit, stamp = excluded.stamp,
                     path = excluded.path, generation = generation + 1, size = excluded.size,
                     modified_ns = excluded.modified_ns, gone = 0",
            )?
            .execute(params![text.thread, program, text.own_id, unit, text.stamp, place, text.size as i64, now_ns])?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO foreign_texts (thread_id, head, text) VALUES (?1, ?2, ?3)")?
            .execute(params![text.thread, text.head, text.compressed])?;
        let changed = match text.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
            Some(title) => transaction
                .prepare_cached(
                    "INSERT INTO names (thread_id, source, name) VALUES (?1, ?2, ?3)
                     ON CONFLICT (thread_id, source) DO UPDATE SET name = excluded.name WHERE name IS NOT excluded.name",
                )?
                .execute(params![text.thread, source, title])?,
            None => transaction
                .prepare_cached("DELETE FROM names WHERE thread_id = ?1 AND source = ?2")?
                .execute(params![text.thread, source])?,
        };
        if changed > 0 {
            named.push(text.thread.clone());
        }
    }
    for thread in unchanged {
        let sql = "UPDATE foreign_threads SET unit = ?2 WHERE thread_id = ?1 AND unit IS NOT ?2";
        transaction.prepare_cached(sql)?.execute([thread, unit])?;
    }
    if let Some(told) = told {
        keep_tellings(transaction, program, unit, told)?;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO foreign_units (program, unit, stamp, fault) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![program, unit, record.stamp, record.fault])?;
    Ok(())
}

fn foreign_thread(row: &Row<'_>) -> rusqlite::Result<ForeignThread> {
    let (thread, unit, stamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(ForeignThread { thread, unit, stamp, path: row.get(3)?, is_gone: row.get(4)? })
}
