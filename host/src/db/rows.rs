//! Thread rows in and out of the database, whole.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Database, Domain, StateError, Table};
use crate::component::types::{Provenance, ThreadRow};

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
    ],
    tables: &[Table::derived("threads").of_thread("id")],
};

/// The columns of `threads` in the order of [`from_row`] and [`write()`].
pub(super) const COLUMNS: &str = "id, path, archived, name, name_source, preview, title, first_user_message, cwd, \
     last_cwd, created_at, updated_at, recency_at, source, source_kind, model_provider, model, cli_version, git_branch, \
     git_sha, git_origin_url, tokens_used, parent_thread_id, forked_from_id, base_thread_id, history_mode, memory_mode, \
     missing";

/// Returns the number that stands for a source of names.
pub(super) fn source_code(source: Provenance) -> i64 {
    match source {
        Provenance::SessionIndex => 0,
        Provenance::CodexDb => 1,
        Provenance::User => 2,
    }
}

/// Returns the source that a number stands for.
pub(super) fn source_from(code: i64) -> Provenance {
    match code {
        0 => Provenance::SessionIndex,
        1 => Provenance::CodexDb,
        _ => Provenance::User,
    }
}

/// Reads a row of `threads` by [`COLUMNS`].
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<ThreadRow> {
    Ok(ThreadRow {
        id: row.get(0)?,
        path: row.get(1)?,
        archived: row.get(2)?,
        name: row.get(3)?,
        name_source: row.get::<_, Option<i64>>(4)?.map(source_from),
        preview: row.get(5)?,
        title: row.get(6)?,
        first_user_message: row.get(7)?,
        cwd: row.get(8)?,
        last_cwd: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        recency_at: row.get(12)?,
        source: row.get(13)?,
        source_kind: row.get(14)?,
        model_provider: row.get(15)?,
        model: row.get(16)?,
        cli_version: row.get(17)?,
        git_branch: row.get(18)?,
        git_sha: row.get(19)?,
        git_origin_url: row.get(20)?,
        tokens_used: row.get(21)?,
        parent_thread_id: row.get(22)?,
        forked_from_id: row.get(23)?,
        base_thread_id: row.get(24)?,
        history_mode: row.get(25)?,
        memory_mode: row.get(26)?,
        missing: row.get(27)?,
    })
}

pub(super) fn read(connection: &Connection, id: &str) -> Result<Option<ThreadRow>, StateError> {
    let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM threads WHERE id = ?1"))?;
    Ok(select.query_row([id], from_row).optional()?)
}

pub(super) fn write(connection: &Connection, row: &ThreadRow) -> Result<(), StateError> {
    let places = (1..=28).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ");
    let mut insert =
        connection.prepare_cached(&format!("INSERT OR REPLACE INTO threads ({COLUMNS}) VALUES ({places})"))?;
    insert.execute(params![
        row.id,
        row.path,
        row.archived,
        row.name,
        row.name_source.map(source_code),
        row.preview,
        row.title,
        row.first_user_message,
        row.cwd,
        row.last_cwd,
        row.created_at,
        row.updated_at,
        row.recency_at,
        row.source,
        row.source_kind,
        row.model_provider,
        row.model,
        row.cli_version,
        row.git_branch,
        row.git_sha,
        row.git_origin_url,
        row.tokens_used,
        row.parent_thread_id,
        row.forked_from_id,
        row.base_thread_id,
        row.history_mode,
        row.memory_mode,
        row.missing,
    ])?;
    Ok(())
}

impl Database {
    /// Returns the row of a thread.
    pub(crate) fn row(&self, id: String) -> Result<Option<ThreadRow>, StateError> {
        self.with(move |connection| read(connection, &id))
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
    pub(crate) fn starting_with(&self, prefix: String, limit: u32) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || '~' AND missing = 0 LIMIT ?2")?;
            let ids = select.query_map(params![prefix, limit], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Writes a row if the stored one is still the one it was made from; says whether it did.
    pub(crate) fn put(&self, row: ThreadRow, instead_of: Option<ThreadRow>) -> Result<bool, StateError> {
        self.transaction(move |connection| {
            let still = read(connection, &row.id)? == instead_of;
            if still {
                write(connection, &row)?;
            }
            Ok(still)
        })
    }
}
