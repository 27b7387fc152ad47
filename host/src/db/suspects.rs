//! Threads whose rows another program has changed or deleted: triggers record them, and the next start derives their rows
//! anew.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Database, Domain, StateError, Table};

/// Holds the threads whose rows another program has changed.
pub(super) const DOMAIN: Domain = Domain {
    name: "suspects",
    migrations: &[
        (
            4,
            "
    -- Rows that somebody else has changed or deleted: here they are only ever put in whole, which fires neither trigger.
    CREATE TABLE suspects (
        thread_id TEXT PRIMARY KEY
    ) WITHOUT ROWID;
    CREATE TRIGGER threads_changed AFTER UPDATE ON threads BEGIN
        INSERT OR IGNORE INTO suspects VALUES (OLD.id), (NEW.id);
    END;
    CREATE TRIGGER threads_deleted AFTER DELETE ON threads BEGIN
        INSERT OR IGNORE INTO suspects VALUES (OLD.id);
    END;
",
        ),
    ],
    tables: &[Table::derived("suspects").of_thread("thread_id")],
};

impl Database {
    /// Returns the threads whose rows another program has changed or deleted.
    pub(super) fn suspects(&self) -> Result<Vec<String>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT thread_id FROM suspects")?;
            let ids = select.query_map([], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Clears threads of suspicion, whose rows were derived anew.
    pub(super) fn clear_suspects(&self, ids: Vec<String>) -> Result<(), StateError> {
        self.transaction(move |transaction| {
            let mut delete = transaction.prepare_cached("DELETE FROM suspects WHERE thread_id = ?1")?;
            for id in ids {
                delete.execute([id])?;
            }
            Ok(())
        })
    }
}

/// Deletes the row of a thread. That makes no suspect of it, unless it was one before.
pub(super) fn delete_row(connection: &Connection, id: &str) -> Result<(), StateError> {
    let suspected = "SELECT 1 FROM suspects WHERE thread_id = ?1";
    let before = connection.prepare_cached(suspected)?.query_row([id], |_| Ok(())).optional()?;
    connection.prepare_cached("DELETE FROM threads WHERE id = ?1")?.execute([id])?;
    if before.is_none() {
        connection.prepare_cached("DELETE FROM suspects WHERE thread_id = ?1")?.execute([id])?;
    }
    Ok(())
}
