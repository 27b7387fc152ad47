//! Whether a database says anything of a thread.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::open_immutable;
use crate::db::StateError;

/// Says whether a database that nobody writes has a row of one of these threads, in whatever table; one that is damaged may have.
/// Leaves nothing beside it.
pub(crate) fn may_name_any(path: &Path, threads: &[String]) -> Result<bool, StateError> {
    let connection = open_immutable(path)?;
    match names_any(&connection, threads) {
        Err(StateError::Corrupt(_)) => Ok(true),
        other => other,
    }
}

fn names_any(connection: &Connection, threads: &[String]) -> Result<bool, StateError> {
    let mut columns = connection.prepare(
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND tables.sql NOT LIKE 'CREATE VIRTUAL%'
         AND (columns.name = 'thread_id' OR tables.name = 'threads' AND columns.name = 'id')",
    )?;
    let column = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let columns: Vec<(String, String)> = columns.query_map([], column)?.collect::<Result<_, _>>()?;
    for (table, column) in columns {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let sql = format!("SELECT 1 FROM {} WHERE {} = ?1 LIMIT 1", quoted(&table), quoted(&column));
        let mut select = connection.prepare(&sql)?;
        for thread in threads {
            if select.query_row([thread], |_| Ok(())).optional()?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
