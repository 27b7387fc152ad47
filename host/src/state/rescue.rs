//! A damaged state DB is moved aside, never deleted, and what only it knew goes into the new one.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{FILE_NAME, ForeignDb, Shelf, StateError, codex};

/// What was saved of a damaged database.
pub(crate) struct Rescued {
    /// Where it is now.
    pub(crate) moved_to: PathBuf,
    names: Vec<(String, i64, String)>,
    patches: Vec<(String, i64, Option<String>)>,
    plans: Vec<String>,
    codex: (Vec<String>, Vec<Vec<Value>>),
}

/// Moves the damaged database of a state directory aside, with what SQLite keeps beside it, after reading what can still
/// be read. The caller holds the open lock; nobody has the database open.
pub(crate) fn move_aside(dir: &Path) -> Result<Rescued, StateError> {
    let path = dir.join(FILE_NAME);
    let read = |connection: &Connection| {
        let users = (readable_names(connection), readable_patches(connection), readable_plans(connection));
        Ok((users, readable_codex(connection)))
    };
    let saved = ForeignDb::at(&path).map(|old| old.read(read));
    let ((names, patches, plans), codex) = match saved {
        Some(Ok((saved, _))) => saved,
        _ => Default::default(),
    };
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
    Ok(Rescued { moved_to, names, patches, plans, codex })
}

/// Rows up to the first one that cannot be read.
fn readable_names(connection: &Connection) -> Vec<(String, i64, String)> {
    let Ok(mut select) = connection.prepare("SELECT thread_id, source, name FROM names") else { return Vec::new() };
    let Ok(rows) = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))) else { return Vec::new() };
    rows.map_while(Result::ok).collect()
}

fn readable_patches(connection: &Connection) -> Vec<(String, i64, Option<String>)> {
    let Ok(mut select) = connection.prepare("SELECT thread_id, field, value FROM patches") else { return Vec::new() };
    let Ok(rows) = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))) else { return Vec::new() };
    rows.map_while(Result::ok).collect()
}

fn readable_plans(connection: &Connection) -> Vec<String> {
    let Ok(mut select) = connection.prepare("SELECT plan FROM journal ORDER BY number") else { return Vec::new() };
    let Ok(plans) = select.query_map([], |row| row.get(0)) else { return Vec::new() };
    plans.map_while(Result::ok).collect()
}

/// The columns that there are, of those that this version knows, and the rows up to the first one that cannot be read.
fn readable_codex(connection: &Connection) -> (Vec<String>, Vec<Vec<Value>>) {
    let known = |column: &&str| ["thread_id", "extra"].contains(column) || codex::COLUMNS.contains(column);
    let Ok(any) = connection.prepare("SELECT * FROM codex") else { return Default::default() };
    let columns: Vec<String> = any.column_names().filter(known).map(Into::into).collect();
    let sql = format!("SELECT {} FROM codex", columns.join(", "));
    let Ok(mut select) = connection.prepare(&sql) else { return Default::default() };
    let Ok(rows) = select.query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect()) else {
        return Default::default();
    };
    let rows = rows.map_while(Result::ok).collect();
    (columns, rows)
}

impl Shelf {
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
    pub(crate) fn take_in(&self, rescued: &Rescued) -> Result<(), StateError> {
        let (names, codex) = (rescued.names.clone(), rescued.codex.clone());
        let (patches, plans) = (rescued.patches.clone(), rescued.plans.clone());
        self.transaction(move |transaction| {
            for (thread, source, name) in names {
                transaction.execute(
                    "INSERT OR IGNORE INTO names (thread_id, source, name) VALUES (?1, ?2, ?3)",
                    params![thread, source, name],
                )?;
            }
            for (thread, field, value) in patches {
                transaction.execute(
                    "INSERT OR IGNORE INTO patches (thread_id, field, value) VALUES (?1, ?2, ?3)",
                    params![thread, field, value],
                )?;
            }
            for plan in plans {
                transaction.execute("INSERT INTO journal (plan) VALUES (?1)", [plan])?;
            }
            let (columns, rows) = codex;
            let places = vec!["?"; columns.len()].join(", ");
            let insert = format!("INSERT OR IGNORE INTO codex ({}) VALUES ({places})", columns.join(", "));
            for row in rows {
                transaction.execute(&insert, params_from_iter(row))?;
            }
            Ok(())
        })
    }
}
