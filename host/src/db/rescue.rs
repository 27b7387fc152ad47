//! A damaged state DB is moved aside, never deleted, and what only it knew goes into the new one. Which tables that are, their
//! domains say.
//!
//! ```text
//! read what can be read → a new database with it, under another name, on disk → the damaged one is moved aside, with its
//! WAL → the new one gets its name
//! ```
//!
//! A process may be killed anywhere: at every moment one of the two is there by its name, or the new one waits whole for the
//! next start, which gives it its name.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::schema::{self, Rescue};
use super::{Database, ExternalDb, FILE_NAME, Schema, StateError, UserData, cells};
use crate::platform::moved_database::{move_database, sync_parent};
use crate::platform::wait::Wait;

/// The name of a new database that waits for the damaged one to be moved aside.
const WAITING: &str = "state.sqlite.rescued";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Says what became of a damaged database.
pub(crate) struct MovedAside {
    /// Where it is now.
    pub(crate) moved_to: PathBuf,
    /// How many rows of what only it knew could be read and not be kept: what they say is none that can be.
    pub(crate) lost: usize,
}

/// Holds what can be read of a damaged database, of what no file says.
#[derive(Clone, Default)]
pub(crate) struct Salvaged(Vec<SalvagedTable>);

/// Holds rows of a table, by the columns that it had.
#[derive(Clone)]
struct SalvagedTable {
    name: &'static str,
    user_data: UserData,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    /// Rows that hold a cell that is no value at all.
    lost: usize,
}

/// Moves the damaged database of a state directory aside, with what SQLite keeps beside it, and puts a new one in its place
/// that holds what could still be read. The caller holds the open lock; nobody has the database open.
pub(crate) fn move_aside(schema: &Schema, dir: &Path) -> Result<MovedAside, StateError> {
    let path = dir.join(FILE_NAME);
    let failed = |error: std::io::Error| StateError::Directory(dir.to_path_buf(), error);
    let salvaged = Salvaged::of(schema, &path)?;
    remove_waiting(dir).map_err(failed)?;
    remove_orphans(dir);
    let waiting = dir.join(WAITING);
    let mut connection = schema::open(schema, &waiting, &Wait::at_most(Duration::ZERO))?;
    let lost = import(&mut connection, &salvaged)?;
    connection.close().map_err(|(_, error)| StateError::from(error))?;
    File::open(&waiting).and_then(|file| file.sync_all()).and_then(|()| sync_parent(&waiting)).map_err(failed)?;
    let moved_to = free_name(dir);
    move_database(&path, &moved_to).map_err(failed)?;
    put_in_place(dir)?;
    Ok(MovedAside { moved_to, lost })
}

/// Gives a name by which no damaged database is kept.
fn free_name(dir: &Path) -> PathBuf {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let plain = format!("{FILE_NAME}.damaged-{stamp}");
    let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}-{number}")));
    let is_free = |name: &String| {
        ["", "-wal"].iter().all(|suffix| dir.join(format!("{name}{suffix}")).symlink_metadata().is_err())
    };
    dir.join(names.into_iter().find(is_free).unwrap_or(plain))
}

/// Ends what a killed process has begun: a new database that waits takes the place that is free, and one that was not needed
/// goes. The caller holds the open lock.
pub(super) fn put_in_place(dir: &Path) -> Result<(), StateError> {
    let (path, waiting) = (dir.join(FILE_NAME), dir.join(WAITING));
    let failed = |error: std::io::Error| StateError::Directory(dir.to_path_buf(), error);
    if waiting.symlink_metadata().is_err() {
        return Ok(());
    }
    if path.symlink_metadata().is_ok() {
        return remove_waiting(dir).map_err(failed);
    }
    // What is left there is the damaged one's, which has its own by now.
    remove_beside(&path).map_err(failed)?;
    fs::rename(&waiting, &path).and_then(|()| sync_parent(&path)).map_err(failed)
}

fn remove_waiting(dir: &Path) -> std::io::Result<()> {
    let waiting = dir.join(WAITING);
    remove_beside(&waiting)?;
    remove(&waiting)
}

fn remove_beside(path: &Path) -> std::io::Result<()> {
    BESIDE.iter().try_for_each(|suffix| remove(Path::new(&format!("{}{suffix}", path.display()))))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes WALs of damaged databases that were not moved aside after all. What cannot be removed does no harm.
fn remove_orphans(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let database = name.strip_suffix("-wal").filter(|name| name.starts_with(&format!("{FILE_NAME}.damaged-")));
        if database.is_some_and(|database| dir.join(database).symlink_metadata().is_err()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Salvaged {
    /// Reads what can be read of the database at a path; nothing where it cannot be opened at all. Rows are read up to the
    /// first one of their table that cannot be. Where the database cannot be copied, that is an error: what only it knows is
    /// not to be lost for want of room.
    pub(crate) fn of(schema: &Schema, path: &Path) -> Result<Salvaged, StateError> {
        let (connection, _copy) = match ExternalDb::at(path).map(|old| old.open()) {
            Some(Ok(opened)) => opened,
            Some(Err(error @ StateError::File(..))) => return Err(error),
            _ => return Ok(Salvaged::default()),
        };
        let tables = schema.tables().filter_map(|table| match table.rescue {
            Rescue::Copied { without, user_data } => SalvagedTable::read(&connection, table.name, without, user_data),
            Rescue::ReadAgain | Rescue::Derived => None,
        });
        Ok(Salvaged(tables.collect()))
    }

    /// Says whether both hold the same of what users said and of what is kept for them.
    pub(crate) fn has_same_user_data(&self, other: &Salvaged) -> bool {
        let user_rows = |salvaged: &Salvaged| {
            let tables = salvaged.0.iter().map(|table| (table.name, table.user_rows()));
            tables.filter(|(_, rows)| !rows.is_empty()).collect::<Vec<_>>()
        };
        user_rows(self) == user_rows(other)
    }
}

impl SalvagedTable {
    /// Reads the columns that the table has, but for those that are left out; none where it cannot be read.
    fn read(
        connection: &Connection,
        name: &'static str,
        without: &[&str],
        user_data: UserData,
    ) -> Option<SalvagedTable> {
        let mut select = connection.prepare(&format!("SELECT * FROM {name}")).ok()?;
        let columns: Vec<(usize, String)> = (select.column_names().map(String::from).enumerate())
            .filter(|(_, column)| !without.contains(&column.as_str()))
            .collect();
        let mut rows = select.query([]).ok()?;
        let (mut read, mut lost) = (Vec::new(), 0);
        while let Ok(Some(row)) = rows.next() {
            // A cell that is no value, as a text that is not UTF-8, costs its row alone.
            match columns.iter().map(|(at, _)| row.get(*at)).collect() {
                Ok(row) => read.push(row),
                Err(_) => lost += 1,
            }
        }
        drop(rows);
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        Some(SalvagedTable { name, user_data, columns, rows: read, lost })
    }

    /// Returns the rows that a user would miss.
    fn user_rows(&self) -> Vec<Vec<Value>> {
        match self.user_data {
            UserData::All => self.rows.clone(),
            UserData::Nothing => Vec::new(),
            UserData::Where(column, value) => {
                let at = self.columns.iter().position(|known| known == column);
                let is_meant = |row: &&Vec<Value>| at.and_then(|at| row.get(at)) == Some(&Value::Integer(value));
                self.rows.iter().filter(is_meant).cloned().collect()
            }
        }
    }
}

impl Database {
    /// Imports what was salvaged, without replacing a row. Sources that can still be read are imported again afterwards.
    pub(crate) fn import(&self, salvaged: &Salvaged) -> Result<(), StateError> {
        let salvaged = salvaged.clone();
        self.with(move |connection| import(connection, &salvaged).map(drop))
    }
}

/// Puts what was salvaged into a database, without replacing a row; returns how many rows no table takes.
fn import(connection: &mut Connection, salvaged: &Salvaged) -> Result<usize, StateError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut lost = 0;
    for SalvagedTable { name, columns, rows, lost: unreadable, .. } in &salvaged.0 {
        lost += unreadable;
        let known = cells::columns(&transaction, name)?;
        // Names out of a damaged file go into no SQL that they could change.
        let taken = columns.iter().enumerate();
        let taken = taken.filter_map(|(at, name)| Some((at, known.iter().find(|known| known.name == *name)?)));
        let taken: Vec<(usize, &cells::Column)> = taken.collect();
        let names: Vec<&str> = taken.iter().map(|(_, column)| column.name.as_str()).collect();
        let places = vec!["?"; taken.len()].join(", ");
        let mut insert =
            transaction.prepare(&format!("INSERT OR IGNORE INTO {name} ({}) VALUES ({places})", names.join(", ")))?;
        for row in rows {
            let fitting = taken.iter().map(|(at, column)| column.fitting(&row[*at]));
            match fitting.collect::<Option<Vec<Value>>>() {
                Some(values) => drop(insert.execute(params_from_iter(values))?),
                None => lost += 1,
            }
        }
    }
    transaction.commit()?;
    Ok(lost)
}
