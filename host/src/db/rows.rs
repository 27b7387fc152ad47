//! Thread rows in and out of the database, whole.

use rusqlite::types::{Null, ToSqlOutput};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use threadkeep_engine::contract::{Provenance, ThreadRow};

use super::{Database, Domain, GLANCES, StateError, Table};
use crate::platform::foreign_place::KEPT_IN_STATE;

/// Holds a row for every thread.
pub(super) const DOMAIN: Domain = Domain {
    name: "threads",
    migrations: &[
        (
            1,
            "
    CREATE TABLE threads (
        id TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        archived INTEGER NOT NULL,
        name TEXT,
        name_source INTEGER,
        preview TEXT NOT NULL,
        title TEXT NOT NULL,
        first_user_message TEXT,
        cwd TEXT,
        last_cwd TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        recency_at INTEGER NOT NULL,
        source TEXT NOT NULL,
        source_kind TEXT NOT NULL,
        model_provider TEXT,
        model TEXT,
        cli_version TEXT,
        git_branch TEXT,
        git_sha TEXT,
        git_origin_url TEXT,
        tokens_used INTEGER,
        parent_thread_id TEXT,
        forked_from_id TEXT,
        base_thread_id TEXT,
        history_mode TEXT NOT NULL,
        memory_mode TEXT,
        missing INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- Lists by each of the three times, newest or oldest first.
    CREATE INDEX threads_by_creation ON threads (created_at, id);
    CREATE INDEX threads_by_update ON threads (updated_at, id);
    CREATE INDEX threads_by_recency ON threads (recency_at, id);
    -- Which threads named a file that is gone.
    CREATE INDEX threads_by_path ON threads (path);
    -- Forks whose preview is another thread's.
    CREATE INDEX threads_by_base ON threads (base_thread_id) WHERE base_thread_id IS NOT NULL;
",
        ),
        (
            2,
            "
    -- Sub-agents of a thread, oldest first.
    CREATE INDEX threads_by_parent ON threads (parent_thread_id, created_at, id) WHERE parent_thread_id IS NOT NULL;
",
        ),
        (
            8,
            "
    -- A search goes through all threads: what it needs of each stands in the index.
    DROP INDEX threads_by_update;
    CREATE INDEX threads_by_update ON threads (updated_at, id, missing, archived, source_kind, forked_from_id);
",
        ),
    ],
    tables: &[Table::derived("threads").of_thread("id")],
};

/// Makes the columns of `threads` out of one list of a row's fields.
macro_rules! columns {
    ($first:ident, $($column:ident),* $(,)?) => {
        /// The columns of `threads`, which have the names of a row's fields.
        pub(super) const COLUMNS: &str = concat!(stringify!($first), $(", ", stringify!($column)),*);
        const SELECT: &str =
            concat!("SELECT ", stringify!($first), $(", ", stringify!($column)),*, " FROM threads WHERE id = ?1");
        const INSERT: &str = concat!(
            "INSERT OR REPLACE INTO threads (", stringify!($first), $(", ", stringify!($column)),*,
            ") VALUES (?", $(columns!(@place $column)),*, ")"
        );

        /// Reads a row of `threads` by [`COLUMNS`].
        pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<ThreadRow> {
            let mut places = 0..;
            let mut next = || places.next().unwrap_or_default();
            Ok(ThreadRow { $first: Column::read(row, next())?, $($column: Column::read(row, next())?),* })
        }

        /// Returns the values of a row in the order of [`COLUMNS`].
        fn values(row: &ThreadRow) -> impl Iterator<Item = ToSqlOutput<'_>> {
            [row.$first.value(), $(row.$column.value()),*].into_iter()
        }
    };
    (@place $column:ident) => { ", ?" };
}

columns! {
    id, path, archived, name, name_source, preview, title, first_user_message, cwd, last_cwd, created_at, updated_at, recency_at, source, source_kind, model_provider, model, cli_version, git_branch, git_sha, git_origin_url, tokens_used, parent_thread_id, forked_from_id, base_thread_id, history_mode, memory_mode, missing,
}

/// Is implemented by each type of a row's fields.
trait Column: Sized {
    /// Reads the value at a place of a row.
    fn read(row: &Row<'_>, place: usize) -> rusqlite::Result<Self>;
    /// Returns the value as it is stored.
    fn value(&self) -> ToSqlOutput<'_>;
}

macro_rules! plain_columns {
    ($($plain:ty: |$value:ident| $stored:expr;)*) => {$(
        impl Column for $plain {
            fn read(row: &Row<'_>, place: usize) -> rusqlite::Result<Self> {
                row.get(place)
            }

            fn value(&self) -> ToSqlOutput<'_> {
                let $value = self;
                $stored
            }
        }
    )*};
}

plain_columns! {
    String: |text| ToSqlOutput::from(text.as_str());
    Option<String>: |text| text.as_deref().map_or(ToSqlOutput::from(Null), ToSqlOutput::from);
    i64: |number| ToSqlOutput::from(*number);
    Option<i64>: |number| number.map_or(ToSqlOutput::from(Null), ToSqlOutput::from);
    bool: |truth| ToSqlOutput::from(*truth);
}

impl Column for Option<Provenance> {
    fn read(row: &Row<'_>, place: usize) -> rusqlite::Result<Self> {
        Ok(row.get::<_, Option<i64>>(place)?.map(source_from))
    }

    fn value(&self) -> ToSqlOutput<'_> {
        self.map_or(ToSqlOutput::from(Null), |source| ToSqlOutput::from(source_code(source)))
    }
}

/// Returns the number that stands for a source of names.
pub(super) fn source_code(source: Provenance) -> i64 {
    match source {
        Provenance::SessionIndex => 0,
        Provenance::CodexDb => 1,
        Provenance::User => 2,
        Provenance::Program => 3,
    }
}

/// Returns the source that a number stands for.
pub(super) fn source_from(code: i64) -> Provenance {
    match code {
        0 => Provenance::SessionIndex,
        1 => Provenance::CodexDb,
        3 => Provenance::Program,
        _ => Provenance::User,
    }
}

pub(super) fn read(connection: &Connection, id: &str) -> Result<Option<ThreadRow>, StateError> {
    let mut select = connection.prepare_cached(SELECT)?;
    Ok(select.query_row([id], from_row).optional()?)
}

pub(super) fn write(connection: &Connection, row: &ThreadRow) -> Result<(), StateError> {
    let mut insert = connection.prepare_cached(INSERT)?;
    insert.execute(params_from_iter(values(row)))?;
    Ok(())
}

/// A thread with rollouts, by what a glance tells.
pub(crate) struct ThreadThere {
    /// Its id.
    pub(crate) id: String,
    /// The home path of its current rollout.
    pub(crate) path: String,
    /// It is in the archive.
    pub(crate) archived: bool,
    /// Its name, if it has one.
    pub(crate) name: Option<String>,
}

impl Database {
    /// Returns the row of a thread.
    pub(crate) fn row(&self, id: String) -> Result<Option<ThreadRow>, StateError> {
        self.with(move |connection| read(connection, &id))
    }

    /// Gives every thread with rollouts in the home, in the order of their ids: a few at a time, since there may be very many.
    pub(crate) fn each_thread_there(&self, each: impl FnMut(ThreadThere)) -> Result<(), StateError> {
        let page = |connection: &mut Connection, after: &str| {
            let mut select = connection.prepare_cached(
                "SELECT id, path, archived, name FROM threads
                 WHERE id > ?1 AND missing = 0 AND path < ?2 ORDER BY id LIMIT ?3",
            )?;
            let there = |row: &Row<'_>| {
                Ok(ThreadThere { id: row.get(0)?, path: row.get(1)?, archived: row.get(2)?, name: row.get(3)? })
            };
            let rows = select.query_map(params![after, KEPT_IN_STATE, GLANCES], there)?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.each_glance(page, |there| &there.id, each)
    }

    /// Returns rows of threads with rollouts whose history begins in files of this one, by creation.
    pub(crate) fn forks_of(&self, id: String) -> Result<Vec<ThreadRow>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM threads WHERE base_thread_id = ?1 AND missing = 0 ORDER BY created_at, id"
            ))?;
            let rows = select.query_map([id], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns at most `limit` ids of threads with rollouts that begin with `prefix`.
    pub(crate) fn ids_starting_with(&self, prefix: String, limit: u32) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || '~' AND missing = 0
                 UNION SELECT thread_id FROM foreign_threads WHERE own_id >= ?1 AND own_id < ?1 || char(1114111) LIMIT ?2",
            )?;
            let ids = select.query_map(params![prefix, limit], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Writes a row if the stored one is still the one it was made from; says whether it did.
    pub(crate) fn put(&self, row: ThreadRow, expected: Option<ThreadRow>) -> Result<bool, StateError> {
        self.transaction(move |connection| {
            let still = read(connection, &row.id)? == expected;
            if still {
                write(connection, &row)?;
            }
            Ok(still)
        })
    }
}
