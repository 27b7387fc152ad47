//! A damaged index is made anew, and nothing else of the state DB is touched.

use rusqlite::Connection;

use super::store::clear;
use crate::db::{Database, StateError};

/// The tables in which the index keeps what it holds.
const SHADOWS: [&str; 4] = ["text_index_data", "text_index_idx", "text_index_docsize", "text_index_config"];

/// Takes the index out of the schema, however damaged its pages are, and writes the file anew without them.
const TAKE_OUT: &str = "
    PRAGMA writable_schema = ON;
    DELETE FROM sqlite_schema WHERE tbl_name = 'text_index' OR tbl_name LIKE 'text\\_index\\_%' ESCAPE '\\';
    PRAGMA writable_schema = RESET;
    VACUUM;
";

impl Database {
    /// Says what is wrong with the tables of the index; none where they are sound, or others are not, too.
    pub(crate) fn text_index_fault(&self) -> Result<Option<String>, StateError> {
        match self.with(|connection| are_others_sound(connection)) {
            Ok(true) => {}
            Ok(false) | Err(StateError::Corrupt(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        match self.with(|connection| fault(connection)) {
            Err(StateError::Corrupt(why)) => Ok(Some(why)),
            other => other,
        }
    }

    /// Empties the index, whatever is in it; everything is outdated then.
    pub(crate) fn clear_text_index(&self) -> Result<(), StateError> {
        self.transaction(|transaction| clear(transaction))
    }

    /// Replaces the index by an empty one; everything is outdated then.
    pub(crate) fn renew_text_index(&self) -> Result<(), StateError> {
        self.with(|connection| {
            // A statement that is kept would keep the table.
            connection.flush_prepared_statement_cache();
            let create: String =
                connection
                    .query_row("SELECT sql FROM sqlite_schema WHERE name = 'text_index'", [], |row| row.get(0))?;
            connection.execute_batch(TAKE_OUT)?;
            connection.execute_batch(&create)?;
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            clear(&transaction)?;
            Ok(transaction.commit()?)
        })
    }
}

/// Says whether every table but those of the index is sound.
fn are_others_sound(connection: &Connection) -> Result<bool, StateError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'text\\_index%' ESCAPE '\\'";
    let tables: Vec<String> = connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let said: String = connection.query_row(&format!("PRAGMA quick_check('{table}')"), [], |row| row.get(0))?;
        if said != "ok" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fault(connection: &Connection) -> Result<Option<String>, StateError> {
    for table in SHADOWS {
        let said: String = connection.query_row(&format!("PRAGMA quick_check({table})"), [], |row| row.get(0))?;
        if said != "ok" {
            return Ok(Some(said));
        }
    }
    connection.execute("INSERT INTO text_index (text_index) VALUES ('integrity-check')", [])?;
    Ok(None)
}
