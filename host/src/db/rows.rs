//! Thread rows in and out of the database, whole.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Database, StateError};
use crate::component::types::{Provenance, ThreadRow};

/// The columns of `threads` in the order of [`from_row`] and [`write()`].
pub(crate) const COLUMNS: &str = "id, path, archived, name, name_source, preview, title, first_user_message, cwd, \
     last_cwd, created_at, updated_at, recency_at, source, source_kind, model_provider, model, cli_version, git_branch, \
     git_sha, git_origin_url, tokens_used, parent_thread_id, forked_from_id, base_thread_id, history_mode, memory_mode, \
     missing";

/// The number that stands for a source of names.
pub(super) fn source_code(source: Provenance) -> i64 {
    match source {
        Provenance::SessionIndex => 0,
        Provenance::CodexDb => 1,
        Provenance::User => 2,
    }
}

/// The source that a number stands for.
pub(crate) fn source_from(code: i64) -> Provenance {
    match code {
        0 => Provenance::SessionIndex,
        1 => Provenance::CodexDb,
        _ => Provenance::User,
    }
}

/// A row of `threads` by [`COLUMNS`].
pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<ThreadRow> {
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
    /// The row of a thread.
    pub(crate) fn row(&self, id: String) -> Result<Option<ThreadRow>, StateError> {
        self.with(move |connection| read(connection, &id))
    }

    /// Rows of threads with rollouts whose history begins in files of this one.
    pub(crate) fn forks_of(&self, id: String) -> Result<Vec<ThreadRow>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM threads WHERE base_thread_id = ?1 AND missing = 0 ORDER BY created_at, id"
            ))?;
            let rows = select.query_map([id], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Ids that begin with `prefix`.
    pub(crate) fn starting_with(&self, prefix: String, limit: u32) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || '~' AND missing = 0 LIMIT ?2")?;
            let ids = select.query_map(params![prefix, limit], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Writes a row if the one that stands is still the one it was made from.
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
