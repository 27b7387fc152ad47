//! Rows of threads that a backup of a database has, and the database has not any more.

use std::collections::HashSet;

use rusqlite::Connection;

use super::edits::{dependents, select};
use super::tables::TableShapes;
use super::{ExternalDb, StateError};
use threadkeep_engine::contract::{Cell, CodexChange, Value};

/// The table of threads, and the column that names one.
const THREADS: (&str, &str) = ("threads", "id");

/// Is a thread with what puts its row back, and the rows that hang on it.
pub(crate) type LostThread = (String, Vec<CodexChange>);

impl ExternalDb {
    /// Returns the threads that have a row in this database, which is a backup, and none in another one.
    pub(crate) fn lost_threads(&self, now: &ExternalDb) -> Result<Vec<LostThread>, StateError> {
        let known = now.read(|connection| ids(connection).map(HashSet::<String>::from_iter))?.0;
        let lost = self.read(|connection| {
            let mut tables = TableShapes::default();
            let lost = ids(connection)?.into_iter().filter(|id| !known.contains(id));
            lost.map(|id| Ok((id.clone(), rows_of(connection, &mut tables, id)?)))
                .collect::<Result<Vec<_>, StateError>>()
        });
        Ok(lost?.0)
    }
}

/// Returns the threads that have a row.
fn ids(connection: &Connection) -> Result<Vec<String>, StateError> {
    let (table, id) = THREADS;
    if TableShapes::default().named(connection, table)?.is_none() {
        return Ok(Vec::new());
    }
    let mut select =
        connection.prepare(&format!("SELECT {id} FROM {table} WHERE typeof({id}) = 'text' ORDER BY {id}"))?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Returns what puts a thread's row back, and the rows that hang on it.
fn rows_of(connection: &Connection, tables: &mut TableShapes, id: String) -> Result<Vec<CodexChange>, StateError> {
    let key = vec![Cell { column: THREADS.1.into(), value: Value::Text(id.clone()) }];
    let mut removals = Vec::new();
    if let Some(table) = tables.named(connection, THREADS.0)? {
        let change = CodexChange { table: THREADS.0.into(), key, before: None, after: None };
        let row = select(connection, &change, &table.columns(), &table.whole)?.ok().flatten();
        removals.push(CodexChange { before: row, ..change });
    }
    removals.extend(dependents(connection, tables, &Value::Text(id))?);
    let back = |change: CodexChange| CodexChange { before: None, after: change.before, ..change };
    Ok(removals.into_iter().map(back).filter(|change| change.after.is_some()).collect())
}
