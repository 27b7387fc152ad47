//! Threads whose rows are to be derived anew: another program has changed or deleted them, which triggers record; something that
//! the home knows beside their rollouts has changed; or a backfill puts them off, because all their files would be gone through again with each of its batches. The end of the backfill derives
//! them, or the next start.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Domain, StateError, Table};

/// Holds the threads whose rows are to be derived anew.
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

/// Returns some of the threads, those after an id.
pub(super) fn after(connection: &Connection, last: &str) -> Result<Vec<String>, StateError> {
    let sql = "SELECT thread_id FROM suspects WHERE thread_id > ?1 ORDER BY thread_id LIMIT 1024";
    let mut select = connection.prepare_cached(sql)?;
    let ids = select.query_map([last], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Clears threads of suspicion, whose rows were derived anew.
pub(super) fn clear(connection: &Connection, ids: &[String]) -> Result<(), StateError> {
    let mut delete = connection.prepare_cached("DELETE FROM suspects WHERE thread_id = ?1")?;
    for id in ids {
        delete.execute([id])?;
    }
    Ok(())
}

/// Records those of these threads that have a row or a file.
pub(super) fn add(connection: &Connection, ids: &[String]) -> Result<(), StateError> {
    // Threads that only Codex knows wait until the files have been gone through.
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO suspects SELECT ?1 WHERE EXISTS (SELECT 1 FROM threads WHERE id = ?1)
         OR EXISTS (SELECT 1 FROM files WHERE thread_id = ?1)",
    )?;
    for id in ids {
        insert.execute([id])?;
    }
    Ok(())
}

/// Records those of these threads that have more than 256 files, whose rows are to be derived later; returns the others.
pub(super) fn put_off(connection: &Connection, ids: Vec<String>) -> Result<Vec<String>, StateError> {
    // The number is no parameter: a limit that is one has the statement prepared again by each use.
    let mut has_more = connection.prepare_cached("SELECT 1 FROM files WHERE thread_id = ?1 LIMIT 1 OFFSET 256")?;
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO suspects VALUES (?1)")?;
    let mut others = Vec::with_capacity(ids.len());
    for id in ids {
        match has_more.exists([&id])? {
            true => drop(insert.execute([id])?),
            false => others.push(id),
        }
    }
    Ok(others)
}

/// Takes all threads from the record.
pub(super) fn take_all(connection: &Connection) -> Result<Vec<String>, StateError> {
    let mut delete = connection.prepare_cached("DELETE FROM suspects RETURNING thread_id")?;
    let ids = delete.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
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
