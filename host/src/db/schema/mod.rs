//! Opening and migrating the state DB. What it consists of, the domains say (see [`Schema`]).

mod domain;

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{StateError, busy};
use crate::platform::regular_file;
use crate::platform::wait::Wait;

pub(crate) use domain::{Domain, Rescue, Schema, Table, UserData};

/// Bytes of pages that a connection keeps, in thousands and negative, as SQLite takes it: a backfill of ten thousand threads
/// fits, and writes a page back once.
pub(super) const CACHE: i64 = -16_000;
/// What one keeps of a private copy, which is gone through a few hundred threads at a time.
pub(super) const CACHE_OF_COPY: i64 = -8_000;
/// What one keeps that goes through the pages once, from end to end.
pub(super) const SMALL_CACHE: i64 = -2_000;
/// What is waited for where another process has the state DB locked.
const LOCKED: &str = "another process, which keeps the state DB locked";

/// Opens a database and migrates it to a schema; creates it where there is none. `wait` bounds how long another writer is
/// waited for. Nothing is written when the database is newer than the schema ([`StateError::Newer`]).
pub(super) fn open(schema: &Schema, path: &Path, wait: &Wait) -> Result<Connection, StateError> {
    refuse_newer(schema, path, stored_version(path)?)?;
    refuse_other_kinds(path)?;
    create_private(path)?;
    let mut connection = Connection::open(path)?;
    busy::wait_for(&mut connection, wait, LOCKED)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrate(schema, &mut connection, path)?;
    Ok(connection)
}

/// Opens a database of exactly this schema; none for any other, or when there is none.
pub(super) fn open_existing(schema: &Schema, path: &Path, wait: &Wait) -> Result<Option<Connection>, StateError> {
    if stored_version(path)? != Some(schema.version()) {
        return Ok(None);
    }
    refuse_other_kinds(path)?;
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    busy::wait_for(&mut connection, wait, LOCKED)?;
    configure(&connection)?;
    Ok(is_current(schema, &connection, path)?.then_some(connection))
}

/// Opens a private database that SQLite deletes when it is closed.
pub(super) fn open_temporary(schema: &Schema) -> Result<Connection, StateError> {
    migrate_private(schema, Connection::open("")?, Path::new("temporary")).map(|(connection, _)| connection)
}

/// Brings a database that only this process has to a schema; with it comes the version that it had.
pub(super) fn migrate_private(
    schema: &Schema,
    mut connection: Connection,
    path: &Path,
) -> Result<(Connection, i64), StateError> {
    let found = version(&connection)?;
    configure(&connection)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
    migrate(schema, &mut connection, path)?;
    Ok((connection, found))
}

fn configure(connection: &Connection) -> Result<(), StateError> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // A statement is planned once, and not again for each value: no plan here depends on values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, StateError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Says whether a database has this very schema. An empty or an older one has not; a newer one is refused.
pub(super) fn is_current(schema: &Schema, connection: &Connection, path: &Path) -> Result<bool, StateError> {
    let found = version(connection)?;
    refuse_newer(schema, path, Some(found))?;
    Ok(found == schema.version())
}

fn refuse_newer(schema: &Schema, path: &Path, found: Option<i64>) -> Result<(), StateError> {
    match found {
        Some(found) if found > schema.version() => {
            Err(StateError::Newer { path: path.to_path_buf(), found, known: schema.version() })
        }
        _ => Ok(()),
    }
}

fn migrate(schema: &Schema, connection: &mut Connection, path: &Path) -> Result<(), StateError> {
    let found = version(connection)?;
    refuse_newer(schema, path, Some(found))?;
    for version in found.max(0) + 1..=schema.version() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for part in schema.migration(version) {
            transaction.execute_batch(part)?;
        }
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    if found < schema.version() {
        // The version then stands in the file itself, where whoever reads its header finds it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Reads the schema version in the file's header, before SQLite opens it: opening would already write beside it.
/// <https://www.sqlite.org/fileformat.html>, offset 60.
fn stored_version(path: &Path) -> Result<Option<i64>, StateError> {
    let mut header = [0u8; 64];
    match regular_file::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if header.starts_with(b"SQLite format 3\0") => {
            Ok(header.last_chunk::<4>().map(|version| i64::from(i32::from_be_bytes(*version))))
        }
        _ => Ok(None),
    }
}

/// Refuses a database that SQLite could not open, or would wait for without end: where a pipe, a socket or a device stands in
/// its place, or beside it.
pub(super) fn refuse_other_kinds(path: &Path) -> Result<(), StateError> {
    regular_file::refuse_database(path).map_err(|(path, error)| StateError::File(path, "opened", error))
}

/// Creates the file with a mode that keeps others out; SQLite gives its WAL the same mode.
pub(super) fn create_private(path: &Path) -> Result<(), StateError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let dir = path.parent().unwrap_or(path).to_path_buf();
    regular_file::open_with(path, &mut options).map(drop).map_err(|error| StateError::Directory(dir, error))
}
