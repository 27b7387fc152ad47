//! A damaged state DB is moved aside, never deleted, and what only it knew goes into the new one.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::rows::source_code;
use super::{Database, ExternalDb, FILE_NAME, StateError};
use crate::component::types::Provenance;

/// What was saved of a damaged database.
pub(crate) struct MovedAside {
    /// Where it is now.
    pub(crate) moved_to: PathBuf,
    /// What it held.
    pub(crate) remains: Salvaged,
}

/// What can still be read of a damaged database, of what no file says.
#[derive(Clone, Default)]
pub(crate) struct Salvaged {
    names: Vec<(String, i64, String)>,
    tables: Vec<Saved>,
}

/// Rows of a table, by the columns that it had.
#[derive(Clone)]
struct Saved {
    table: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Tables whose rows are taken over as they are: what is Codex's, what users said, changes that were
/// begun, and what is kept beside threads.
const TABLES: [&str; 8] =
    ["codex", "patches", "journal", "goals", "extractions", "device_keys", "spawn_statuses", "relocations"];

/// Moves the damaged database of a state directory aside, with what SQLite keeps beside it, after reading what can still
/// be read. The caller holds the open lock; nobody has the database open.
pub(crate) fn move_aside(dir: &Path) -> Result<MovedAside, StateError> {
    let path = dir.join(FILE_NAME);
    let remains = Salvaged::of(&path)?;
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let mut moved_to = dir.join(format!("{FILE_NAME}.damaged-{stamp}"));
    let mut number = 1;
    while moved_to.exists() {
        number += 1;
        moved_to = dir.join(format!("{FILE_NAME}.damaged-{stamp}-{number}"));
    }
    // The WAL first: without its database it is nothing, and a database without its WAL would be an older one.
    for suffix in ["-wal", "-shm", ""] {
        let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        match std::fs::rename(beside(&path), beside(&moved_to)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::Directory(dir.to_path_buf(), error)),
        }
    }
    Ok(MovedAside { moved_to, remains })
}

impl Salvaged {
    /// What users said, and what is kept beside threads, is the same in both.
    pub(crate) fn says_what(&self, other: &Salvaged) -> bool {
        let names = |of: &Salvaged| {
            let given = of.names.iter().filter(|(_, source, _)| *source == source_code(Provenance::User));
            given.cloned().collect::<Vec<_>>()
        };
        // What is Codex's is read again, and changes that were begun are no user's words.
        let said = |of: &Salvaged| {
            let tables = of.tables.iter().filter(|saved| !["codex", "journal"].contains(&saved.table));
            tables
                .filter(|saved| !saved.rows.is_empty())
                .map(|saved| (saved.table, saved.rows.clone()))
                .collect::<Vec<_>>()
        };
        names(self) == names(other) && said(self) == said(other)
    }

    /// Of the database at a path; nothing where it cannot be opened at all.
    pub(crate) fn of(path: &Path) -> Result<Salvaged, StateError> {
        match ExternalDb::at(path).map(|old| old.open()) {
            Some(Ok((connection, _copy))) => {
                let tables = TABLES.map(|table| readable(&connection, table));
                Ok(Salvaged { names: readable_names(&connection), tables: tables.into_iter().flatten().collect() })
            }
            // That it cannot be copied is no damage: what only it knows is not to be lost for want of room.
            Some(Err(error @ StateError::Io(_))) => Err(error),
            _ => Ok(Salvaged::default()),
        }
    }
}

/// Rows up to the first one that cannot be read.
fn readable_names(connection: &Connection) -> Vec<(String, i64, String)> {
    let Ok(mut select) = connection.prepare("SELECT thread_id, source, name FROM names") else { return Vec::new() };
    let Ok(rows) = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))) else { return Vec::new() };
    rows.map_while(Result::ok).collect()
}

/// The columns that the table has, and the rows up to the first one that cannot be read.
fn readable(connection: &Connection, table: &'static str) -> Option<Saved> {
    let mut select = connection.prepare(&format!("SELECT * FROM {table}")).ok()?;
    let columns: Vec<String> = select.column_names().map(Into::into).collect();
    let rows = select.query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect()).ok()?;
    let rows = rows.map_while(Result::ok).collect();
    Some(Saved { table, columns, rows })
}

impl Database {
    /// SQLite finds nothing wrong with the file.
    pub(crate) fn is_sound(&self) -> Result<bool, StateError> {
        let check = self.with(|connection| {
            let check = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))?;
            connection.query_row("SELECT phase FROM backfill", [], |_| Ok(()))?;
            Ok(check == "ok")
        });
        match check {
            Err(StateError::Corrupt(_)) => Ok(false),
            other => other,
        }
    }

    /// Puts what was saved into this database. Sources that still speak for themselves are read anew afterwards.
    pub(crate) fn take_in(&self, remains: &Salvaged) -> Result<(), StateError> {
        let Salvaged { names, tables } = remains.clone();
        self.transaction(move |transaction| {
            for (thread, source, name) in names {
                transaction.execute(
                    "INSERT OR IGNORE INTO names (thread_id, source, name) VALUES (?1, ?2, ?3)",
                    params![thread, source, name],
                )?;
            }
            for Saved { table, columns, rows } in tables {
                let known = transaction.prepare(&format!("SELECT * FROM {table}"))?;
                let known: Vec<String> = known.column_names().map(Into::into).collect();
                // Names out of a damaged file go into no SQL that they could change.
                let taken: Vec<usize> = (0..columns.len()).filter(|&at| known.contains(&columns[at])).collect();
                let names: Vec<&str> = taken.iter().map(|&at| columns[at].as_str()).collect();
                let places = vec!["?"; taken.len()].join(", ");
                let insert = format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({places})", names.join(", "));
                for row in rows {
                    transaction.execute(&insert, params_from_iter(taken.iter().map(|&at| &row[at])))?;
                }
            }
            Ok(())
        })
    }
}
