//! How a database is, as a connection tells.

use rusqlite::Connection;

use super::codex_rows::shape;
use super::{ExternalDb, StateError};
use threadkeep_engine::contract::{CodexShape, DatabaseRole, Depth};

/// Holds what a connection tells of a database.
pub(crate) struct DatabaseCheck {
    /// The version of its schema, by whoever migrates it; none where it says none.
    pub(crate) version: Option<i64>,
    /// What SQLite finds wrong with it.
    pub(crate) fault: Option<String>,
    /// Bytes of pages that hold nothing.
    pub(crate) free_bytes: u64,
    /// Of Codex's state DB, the columns of its tables about threads, and tables whose rows are not changed.
    pub(crate) codex_shape: Option<CodexShape>,
}

impl ExternalDb {
    /// Checks the database as far as `depth` asks: the whole of it has SQLite go through every page.
    pub(crate) fn check(&self, role: DatabaseRole, depth: Depth) -> Result<DatabaseCheck, StateError> {
        match self.read(|connection| check(connection, role, depth)).map(|(check, _)| check) {
            // Somebody may have written while it was read: only what a copy shows too is a fault.
            Ok(DatabaseCheck { fault: Some(_), .. }) | Err(StateError::External(..)) => {
                let (copy, _dir) = self.copied()?;
                let checked = check(&copy, role, depth);
                drop(copy);
                checked
            }
            other => other,
        }
    }
}

fn check(connection: &Connection, role: DatabaseRole, depth: Depth) -> Result<DatabaseCheck, StateError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut fault = None;
    if depth == Depth::Whole {
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        fault = (check != "ok").then_some(check);
    }
    Ok(DatabaseCheck {
        fault,
        free_bytes: (number("PRAGMA freelist_count")? * number("PRAGMA page_size")?) as u64,
        version: match role {
            DatabaseRole::State => Some(number("PRAGMA user_version")?),
            _ => number("SELECT max(version) FROM _sqlx_migrations").ok(),
        },
        codex_shape: match role {
            DatabaseRole::CodexState => Some(shape(connection)?),
            _ => None,
        },
    })
}
