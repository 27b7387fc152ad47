//! Codex's own state DB: its form, and its rows as they stand, a few at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use tempfile::TempDir;

use super::CheckupError;
use crate::component::Core;
use crate::component::exports::checkup::{CodexShape, Column, Value};
use crate::db::{Database, ExternalDb, StateError};
use crate::platform::home::Home;

/// Longer texts and blobs are not handed over, bytes.
const LONGEST: usize = 1 << 20;
/// Ids made canonical at a time.
const IDS: usize = 4_096;

/// A private copy of it.
pub(crate) struct CodexDb {
    connection: Connection,
    _copy: TempDir,
    path: PathBuf,
    shape: CodexShape,
    /// A row by its place, columns in the order of the shape; none where there is no such table.
    threads: Option<String>,
    edges: Option<String>,
}

impl CodexDb {
    /// The newest one of a home, if there is one. Which of its rows belong to which thread goes into `database`.
    pub(super) fn open(home: &Home, database: &Database, core: &mut Core) -> Result<Option<CodexDb>, CheckupError> {
        let Some(foreign) = ExternalDb::newest(home.sqlite_home(), "state_") else { return Ok(None) };
        let path = foreign.path().to_path_buf();
        let failed = |error: rusqlite::Error| StateError::External(path.clone(), error.to_string());
        let (connection, copy) = foreign.copied()?;
        let shape = shape(&connection).map_err(failed)?;
        let select = |table: &str, columns: &[Column]| {
            let list: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
            (!columns.is_empty()).then(|| format!("SELECT {} FROM {table} WHERE rowid = ?1", list.join(", ")))
        };
        let has = |columns: &[Column], name: &str| columns.iter().any(|column| column.name == name);
        for (columns, table, id, places) in [
            (&shape.threads, "threads", "id", "codex_rows"),
            (&shape.edges, "thread_spawn_edges", "child_thread_id", "codex_edges"),
        ] {
            if has(columns, id) {
                place(&connection, &format!("SELECT rowid, {id} FROM {table} ORDER BY rowid"), database, core, places)
                    .map_err(|error| match error {
                        Placed::Foreign(error) => failed(error).into(),
                        Placed::Other(error) => error,
                    })?;
            }
        }
        Ok(Some(CodexDb {
            threads: select("threads", &shape.threads),
            edges: select("thread_spawn_edges", &shape.edges),
            connection,
            _copy: copy,
            path,
            shape,
        }))
    }

    /// The columns of its tables.
    pub(crate) fn shape(&self) -> &CodexShape {
        &self.shape
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its connection: what is written there is gone with it.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A row of `threads` by its place.
    pub(super) fn thread(&self, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        self.row(self.threads.as_deref(), place)
    }

    /// A row of `thread_spawn_edges`, likewise.
    pub(super) fn edge(&self, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        self.row(self.edges.as_deref(), place)
    }

    fn row(&self, sql: Option<&str>, place: i64) -> Result<Option<Vec<Value>>, StateError> {
        let Some(sql) = sql else { return Ok(None) };
        let failed = |error: rusqlite::Error| StateError::External(self.path.clone(), error.to_string());
        let mut select = self.connection.prepare_cached(sql).map_err(failed)?;
        let columns = select.column_count();
        let row = select.query_row([place], |row| (0..columns).map(|at| value(row, at)).collect());
        row.optional().map_err(failed)
    }

    /// A text of a row of `threads`.
    pub(super) fn text<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a str> {
        text(&self.shape.threads, row, column)
    }

    /// A text of a row of `thread_spawn_edges`.
    pub(super) fn edge_text<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a str> {
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

/// A name in SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value of any kind. One that is long, or text that is not UTF-8, is withheld.
pub(super) fn value(row: &Row<'_>, at: usize) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() > LONGEST => Value::Withheld(bytes.len() as u64),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Withheld(bytes.len() as u64),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.into()),
    })
}

/// The columns of the two tables; empty lists where there are none.
pub(crate) fn shape(connection: &Connection) -> rusqlite::Result<CodexShape> {
    let mut about =
        connection.prepare("SELECT name, \"notnull\", dflt_value IS NULL, pk FROM pragma_table_info(?1)")?;
    let mut columns = |table: &str| -> rusqlite::Result<Vec<Column>> {
        let columns = about.query_map([table], |row| {
            let (not_null, bare, key): (bool, bool, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Column { name: row.get(0)?, required: not_null && bare && key == 0 })
        })?;
        columns.collect()
    };
    Ok(CodexShape { threads: columns("threads")?, edges: columns("thread_spawn_edges")? })
}

enum Placed {
    Foreign(rusqlite::Error),
    Other(CheckupError),
}

/// Notes which thread each row is about, by its id in canonical form.
fn place(connection: &Connection, sql: &str, database: &Database, core: &mut Core, table: &str) -> Result<(), Placed> {
    let mut select = connection.prepare(sql).map_err(Placed::Foreign)?;
    let mut rows = select.query([]).map_err(Placed::Foreign)?;
    loop {
        let (mut places, mut ids) = (Vec::new(), Vec::new());
        while ids.len() < IDS
            && let Some(row) = rows.next().map_err(Placed::Foreign)?
        {
            // An id that is no text is nobody's.
            if let Ok(id) = row.get::<_, String>(1) {
                places.push(row.get::<_, i64>(0).map_err(Placed::Foreign)?);
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let canonical = core
            .call("canonical", |bindings, store| bindings.threadkeep_core_checkup().call_canonical(store, &ids))
            .map_err(|error| Placed::Other(error.into()))?;
        let insert = format!("INSERT OR IGNORE INTO {table} (id, place, odd) VALUES (?1, ?2, ?1 <> ?3)");
        database
            .transaction(move |transaction| {
                let mut insert = transaction.prepare_cached(&insert)?;
                for ((canonical, place), id) in canonical.into_iter().zip(places).zip(ids) {
                    if let Some(canonical) = canonical {
                        insert.execute((canonical, place, id))?;
                    }
                }
                Ok(())
            })
            .map_err(|error| Placed::Other(error.into()))?;
    }
}

/// Where paths of Codex's lead, by the directories that they name.
#[derive(Default)]
pub(super) struct Places(HashMap<PathBuf, Option<String>>);

impl Places {
    /// The home path of a file that Codex names; a relative path begins at the home. None for one of another place, and
    /// where there is no such directory.
    pub(super) fn home_path(&mut self, home: &Home, named: &str) -> Option<String> {
        let file = home.root().join(named);
        let name = file.file_name()?.to_str()?;
        let dir = file.parent()?;
        if !self.0.contains_key(dir) {
            let place = home.place_of(&file);
            let dir_of_home = place.as_deref().and_then(|path| path.strip_suffix(name)).map(str::to_string);
            self.0.insert(dir.to_path_buf(), dir_of_home);
        }
        self.0.get(dir)?.as_ref().map(|dir| format!("{dir}{name}"))
    }
}
