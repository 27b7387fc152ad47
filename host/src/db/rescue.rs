//! A damaged state DB is moved aside, never deleted, and what only it knew goes into the new one. Which tables that are, their
//! domains say.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::schema::Rescue;
use super::{Database, ExternalDb, FILE_NAME, Schema, StateError, UserData};

/// Holds what was saved of a damaged database.
pub(crate) struct MovedAside {
    /// Where it is now.
    pub(crate) moved_to: PathBuf,
    /// What it held.
    pub(crate) salvaged: Salvaged,
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
}

/// Moves the damaged database of a state directory aside, with what SQLite keeps beside it, after reading what can still
/// be read. The caller holds the open lock; nobody has the database open.
pub(crate) fn move_aside(schema: &Schema, dir: &Path) -> Result<MovedAside, StateError> {
    let path = dir.join(FILE_NAME);
    let salvaged = Salvaged::of(schema, &path)?;
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
    Ok(MovedAside { moved_to, salvaged })
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
        let rows = select.query_map([], |row| columns.iter().map(|(at, _)| row.get(*at)).collect()).ok()?;
        let rows = rows.map_while(Result::ok).collect();
        Some(SalvagedTable { name, user_data, columns: columns.into_iter().map(|(_, column)| column).collect(), rows })
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
    /// Says whether SQLite finds nothing wrong with the file.
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

    /// Imports what was salvaged, without replacing a row. Sources that can still be read are imported again afterwards.
    pub(crate) fn import(&self, salvaged: &Salvaged) -> Result<(), StateError> {
        let Salvaged(tables) = salvaged.clone();
        self.transaction(move |transaction| {
            for SalvagedTable { name, columns, rows, .. } in tables {
                let select = transaction.prepare(&format!("SELECT * FROM {name}"))?;
                let known: Vec<String> = select.column_names().map(Into::into).collect();
                // Names out of a damaged file go into no SQL that they could change.
                let taken: Vec<usize> = (0..columns.len()).filter(|&at| known.contains(&columns[at])).collect();
                let names: Vec<&str> = taken.iter().map(|&at| columns[at].as_str()).collect();
                let places = vec!["?"; taken.len()].join(", ");
                let insert = format!("INSERT OR IGNORE INTO {name} ({}) VALUES ({places})", names.join(", "));
                for row in rows {
                    transaction.execute(&insert, params_from_iter(taken.iter().map(|&at| &row[at])))?;
                }
            }
            Ok(())
        })
    }
}
