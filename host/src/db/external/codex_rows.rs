//! Codex's own state DB: its shape, and its rows as they are, a few at a time.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use tempfile::TempDir;

use super::objections::objection;
use super::tables::TABLES;
use super::values::{quoted, value};
use super::{ExternalDb, StateError};
use crate::platform::home::Home;
use threadkeep_engine::contract::{Cell, CodexShape, Column, Value};

/// Longer texts and blobs are not handed over, bytes.
const LONGEST: usize = 1 << 20;
/// Ids handed out at a time.
const IDS: usize = 4_096;

/// Names a table of Codex's state DB whose rows are about threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodexTable {
    /// `threads`
    Threads,
    /// `thread_spawn_edges`, a row for each spawned thread.
    SpawnEdges,
}

/// Holds a private copy of Codex's state DB.
pub(crate) struct CodexDb {
    connection: Connection,
    _copy: TempDir,
    path: PathBuf,
    shape: CodexShape,
    /// Selects a row by its place, columns in the order of the shape; none where there is no such table.
    threads: Option<String>,
    edges: Option<String>,
}

impl CodexDb {
    /// Copies the newest one of a home, if there is one.
    pub(crate) fn open(home: &Home) -> Result<Option<CodexDb>, StateError> {
        let Some(external) = ExternalDb::newest(home.sqlite_home(), "state_") else { return Ok(None) };
        let path = external.path().to_path_buf();
        let (connection, copy) = external.copied()?;
        let shape = shape(&connection).map_err(|error| StateError::external(&path, error))?;
        let select = |table: &str, columns: &[Column]| {
            let list: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
            (!columns.is_empty()).then(|| format!("SELECT {} FROM {table} WHERE rowid = ?1", list.join(", ")))
        };
        Ok(Some(CodexDb {
            threads: select("threads", &shape.threads),
            edges: select("thread_spawn_edges", &shape.edges),
            connection,
            _copy: copy,
            path,
            shape,
        }))
    }

    /// Returns the columns of its tables.
    pub(crate) fn shape(&self) -> &CodexShape {
        &self.shape
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands out the places of a table's rows with the ids of the threads that they are about, as they are written, in the
    /// order of the places. Rows whose id is no text are left out; a table without such a column has no rows.
    pub(crate) fn each_id<E: From<StateError>>(
        &self,
        table: CodexTable,
        mut each: impl FnMut(Vec<(i64, String)>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (columns, name, id) = match table {
            CodexTable::Threads => (&self.shape.threads, "threads", "id"),
            CodexTable::SpawnEdges => (&self.shape.edges, "thread_spawn_edges", "child_thread_id"),
        };
        if !columns.iter().any(|column| column.name == id) {
            return Ok(());
        }
        let failed = |error| self.failed(error);
        let sql = format!("SELECT rowid, {id} FROM {name} ORDER BY rowid");
        let mut select = self.connection.prepare(&sql).map_err(failed)?;
        let mut rows = select.query([]).map_err(failed)?;
        loop {
            let mut ids = Vec::new();
            while ids.len() < IDS
                && let Some(row) = rows.next().map_err(failed)?
            {
                if let Ok(id) = row.get::<_, String>(1) {
                    ids.push((row.get::<_, i64>(0).map_err(failed)?, id));
                }
            }
            if ids.is_empty() {
                return Ok(());
            }
            each(ids)?;
        }
    }

    /// Returns a row of `threads` by its place.
    pub(crate) fn thread(&self, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        self.row(self.threads.as_deref(), place)
    }

    /// Returns a row of `thread_spawn_edges` by its place.
    pub(crate) fn edge(&self, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        self.row(self.edges.as_deref(), place)
    }

    fn row(&self, sql: Option<&str>, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        let Some(sql) = sql else { return Ok(None) };
        let failed = |error| self.failed(error);
        let mut select = self.connection.prepare_cached(sql).map_err(failed)?;
        let columns = select.column_count();
        let row = select.query_row([place], |row| (0..columns).map(|at| value(row, at, LONGEST)).collect());
        row.optional().map_err(failed)
    }

    fn failed(&self, error: rusqlite::Error) -> StateError {
        StateError::external(&self.path, error.into())
    }

    /// Returns the row in which Codex keeps how far its own backfill is; none where there is none, or none that can be read.
    pub(crate) fn backfill_state(&self) -> Option<Vec<Cell>> {
        let mut select = self.connection.prepare("SELECT * FROM backfill_state ORDER BY rowid LIMIT 1").ok()?;
        let columns: Vec<String> = select.column_names().map(String::from).collect();
        let row = select
            .query_row([], |row| (0..columns.len()).map(|at| value(row, at, LONGEST)).collect::<Result<Vec<_>, _>>());
        Some(columns.into_iter().zip(row.ok()?).map(|(column, value)| Cell { column, value }).collect())
    }

    /// Returns a text of a row of `threads`.
    pub(crate) fn text<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a str> {
        text(&self.shape.threads, row, column)
    }

    /// Returns a text of a row of `thread_spawn_edges`.
    pub(crate) fn edge_text<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a str> {
        text(&self.shape.edges, row, column)
    }
}

fn text<'a>(columns: &[Column], row: &'a [Value], name: &str) -> Option<&'a str> {
    let at = columns.iter().position(|column| column.name == name)?;
    match row.get(at)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

impl ExternalDb {
    /// Returns the threads that Codex's history database has a projection of, as their ids are written there.
    pub(crate) fn projected_threads(&self) -> Result<Vec<String>, StateError> {
        let threads = self.read(|connection| {
            let mut select = connection.prepare("SELECT thread_id FROM thread_history_projection_state")?;
            let ids = select.query_map([], |row| row.get::<_, String>(0))?;
            Ok(ids.filter_map(Result::ok).collect())
        })?;
        Ok(threads.0)
    }
}

/// Returns the columns of the two tables; empty lists where there are none.
pub(super) fn shape(connection: &Connection) -> Result<CodexShape, StateError> {
    // A view that stands in the place of a table says what it likes.
    let mut table_info = connection.prepare(
        "SELECT name, \"notnull\", dflt_value IS NULL, pk FROM pragma_table_info(?1)
         WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND sqlite_schema.name = ?1)",
    )?;
    let mut columns = |table: &str| -> rusqlite::Result<Vec<Column>> {
        let columns = table_info.query_map([table], |row| {
            let (not_null, bare, key): (bool, bool, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Column { name: row.get(0)?, required: not_null && bare && key == 0 })
        })?;
        columns.collect()
    };
    let mut closed = Vec::new();
    for table in TABLES {
        // One that is not there is told by what is missed in it.
        let there = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?1";
        if connection.prepare_cached(there)?.exists([table])? {
            closed.extend(objection(connection, table)?.map(|why| (table.to_string(), why)));
        }
    }
    Ok(CodexShape { threads: columns("threads")?, edges: columns("thread_spawn_edges")?, closed })
}
