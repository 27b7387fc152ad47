//! Rows of Codex's state DB, found and edited by what its own schema says of them.
//!
//! Only rows of tables that are known to be about threads are touched, and only columns that the table has; the row is read
//! back after a change and must be exactly what was meant, whatever Codex's triggers say. A table with triggers that no known
//! Codex has is left alone, and before anything stays, sums over whole tables show that no other row was changed.

use std::time::Duration;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use super::bounds::{TimeLimit, bound_growth};
use super::sums::ExpectedSums;
use super::tables::{Answered, ROWID, THREAD_COLUMN, TableShape, TableShapes};
use super::values::{quoted, sql_value, value};
use super::{ExternalDb, StateError};
use crate::platform::error_kind::ErrorKind;
use crate::platform::wait::Wait;
use threadkeep_engine::contract::{Cell, CodexChange, Value};

/// How long a transaction may take, and how much longer for each change that is made in it.
const TIME: (Duration, Duration) = (Duration::from_secs(30), Duration::from_millis(5));
/// Is what stands where a change would be made: the row, none where there is none, or why it cannot be one to change.
pub(crate) type CurrentRow = Result<Option<Vec<Cell>>, String>;

macro_rules! or_rejected {
    ($answer:expr) => {
        match $answer {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        }
    };
}

/// Says how a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What was done stays.
    Commit,
    /// Nothing of it was done.
    RollBack,
}

/// Edits rows inside of one transaction.
pub(crate) struct CodexEdits<'c> {
    connection: &'c Connection,
    tables: TableShapes,
    sums: ExpectedSums,
}

impl CodexEdits<'_> {
    /// Returns what is where a change would be made, of a change of columns these, else the whole row; or why the change is
    /// not one that may be made.
    pub(crate) fn current(&mut self, change: &CodexChange) -> Answered<Option<Vec<Cell>>> {
        current(self.connection, &mut self.tables, change)
    }

    /// Makes a change whose row was found to be as it must be; or says why it was not made, and nothing of it was.
    pub(crate) fn apply(&mut self, change: &CodexChange) -> Answered<()> {
        let table = or_rejected!(self.tables.of(self.connection, change)?);
        let all = format!("SELECT {} FROM {}", table.whole, quoted(&change.table));
        self.sums.begin(self.connection, &change.table, &all)?;
        let sum = || {
            let key = change.key.iter().map(|cell| ToSqlOutput::Owned(sql_value(&cell.value)));
            ExpectedSums::rows(self.connection, &all, &condition(change), key)
        };
        let before = sum()?;
        self.savepoint("SAVEPOINT entry")?;
        let applied = apply(self.connection, &mut self.tables, change)?;
        if applied.is_err() {
            self.savepoint("ROLLBACK TO entry")?;
        } else {
            self.sums.note(&change.table, before, sum()?);
        }
        self.savepoint("RELEASE entry")?;
        Ok(applied)
    }

    /// Says what was changed besides what was meant, if anything was: then nothing may stay.
    pub(crate) fn unmeant(&self) -> Result<Option<String>, StateError> {
        self.sums.differing(self.connection)
    }

    fn savepoint(&self, sql: &str) -> Result<(), StateError> {
        Ok(self.connection.prepare_cached(sql)?.execute([]).map(drop)?)
    }
}

impl ExternalDb {
    /// Makes up to so many changes in one transaction, which ends as `work` says; where `work` fails, nothing was done. What
    /// nobody gave free in time is [`StateError::Busy`].
    pub(crate) fn edit<T, E: From<StateError>>(
        &self,
        wait: &Wait,
        changes: usize,
        work: impl FnOnce(&mut CodexEdits<'_>) -> Result<(T, Ending), E>,
    ) -> Result<T, E> {
        let limit = TIME.0 + TIME.1.saturating_mul(changes.try_into().unwrap_or(u32::MAX));
        let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => self.interrupted(limit),
            _ => StateError::from(error),
        };
        let mut connection = self.open_for_writing(wait)?;
        bound_growth(&connection)?;
        let time = TimeLimit::of(&connection, limit)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let (tables, sums) = (TableShapes::default(), ExpectedSums::default());
        let mut edits = CodexEdits { connection: &transaction, tables, sums };
        let (answer, ending) = work(&mut edits)?;
        // What is decided is not broken off any more.
        drop(time);
        match ending {
            Ending::Commit => transaction.commit().map_err(failed)?,
            Ending::RollBack => transaction.rollback().map_err(failed)?,
        }
        connection.close().map_err(|(_, error)| failed(error))?;
        Ok(answer)
    }

    /// Returns the error for what took longer than its limit.
    fn interrupted(&self, limit: Duration) -> StateError {
        let why = format!("it took longer than {} s, and nothing was changed", limit.as_secs());
        StateError::External(self.path().to_path_buf(), why, ErrorKind::TimedOut)
    }

    /// Returns for each change what is where it would be made, or why it is not one that may be made.
    pub(crate) fn current_rows(&self, changes: &[&CodexChange]) -> Result<Vec<CurrentRow>, StateError> {
        let rows = self.read(|connection| {
            connection.set_prepared_statement_cache_capacity(256);
            let mut tables = TableShapes::default();
            let rows = changes.iter().map(|change| current(connection, &mut tables, change));
            rows.collect::<Result<Vec<_>, StateError>>().map_err(|error| match error {
                error @ StateError::Corrupt(_) => StateError::external(self.path(), error),
                error => error,
            })
        })?;
        Ok(rows.0)
    }

    /// Returns for each thread, by the value of its id, removals of the rows that go with its row by Codex's own schema; none
    /// for no thread.
    pub(crate) fn dependent_rows(&self, threads: &[Option<Value>]) -> Result<Vec<Vec<CodexChange>>, StateError> {
        let removals = self.read(|connection| {
            let mut tables = TableShapes::default();
            let mut removals = |thread: &Option<Value>| match thread {
                None => Ok(Vec::new()),
                Some(thread) => dependents(connection, &mut tables, thread),
            };
            threads.iter().map(&mut removals).collect::<Result<Vec<_>, StateError>>()
        })?;
        Ok(removals.0)
    }
}

/// Returns removals of the rows that go with a thread's row by Codex's own schema (`ON DELETE CASCADE`).
pub(super) fn dependents(
    connection: &Connection,
    tables: &mut TableShapes,
    thread: &Value,
) -> Result<Vec<CodexChange>, StateError> {
    let mut names = connection.prepare_cached(
        "SELECT DISTINCT tables.name FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
         WHERE tables.type = 'table' AND keys.\"table\" = 'threads' AND keys.\"from\" = ?1 AND keys.on_delete = 'CASCADE'",
    )?;
    let names: Vec<String> = names.query_map([THREAD_COLUMN], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut removals = Vec::new();
    for name in names {
        let Some(table) = tables.named(connection, &name)? else { continue };
        let (columns, list, from) = (table.columns(), &table.whole, quoted(&name));
        let mut select =
            connection.prepare(&format!("SELECT {list} FROM {from} WHERE {} IS ?", quoted(THREAD_COLUMN)))?;
        let mut rows = select.query([sql_value(thread)])?;
        while let Some(row) = rows.next()? {
            let cells = columns.iter().enumerate().map(|(at, column)| {
                let value = value(row, at, usize::MAX)?;
                Ok(Cell { column: (*column).into(), value })
            });
            let before: Vec<Cell> = cells.collect::<Result<_, rusqlite::Error>>()?;
            let key = before.iter().filter(|cell| table.key.contains(&cell.column)).cloned().collect();
            removals.push(CodexChange { table: name.clone(), key, before: Some(before), after: None });
        }
    }
    Ok(removals)
}

/// Returns what is where a change would be made: of a change of columns these, else the whole row.
fn current(connection: &Connection, tables: &mut TableShapes, change: &CodexChange) -> Answered<Option<Vec<Cell>>> {
    let table = or_rejected!(tables.of(connection, change)?);
    match (&change.before, &change.after) {
        (Some(before), Some(_)) => {
            let columns: Vec<&str> = before.iter().map(|cell| cell.column.as_str()).collect();
            let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
            select(connection, change, &columns, &list.join(", "))
        }
        _ => select(connection, change, &table.columns(), &table.whole),
    }
}

/// Makes a change whose row was found to be as it must be, inside of a transaction.
fn apply(connection: &Connection, tables: &mut TableShapes, change: &CodexChange) -> Answered<()> {
    let table = or_rejected!(tables.of(connection, change)?);
    let name = quoted(&change.table);
    let done = match (&change.before, &change.after) {
        (_, None) => {
            let delete = format!("DELETE FROM {name} WHERE {}", condition(change));
            execute(connection, &delete, change.key.iter())?
        }
        (None, Some(after)) => {
            let inserted = insert(connection, &name, after)?;
            let Err(why) = inserted else { return verify(connection, change, after, table) };
            // The number that it had may be another row's by now.
            let without: Vec<Cell> = after.iter().filter(|cell| cell.column != ROWID).cloned().collect();
            if without.len() == after.len() {
                return Ok(Err(why));
            }
            or_rejected!(insert(connection, &name, &without)?);
            return verify(connection, change, &without, table);
        }
        (Some(_), Some(after)) => {
            let Some(mut row) = or_rejected!(select(connection, change, &table.columns(), &table.whole)?) else {
                return Ok(Err("its row is gone".into()));
            };
            for cell in &mut row {
                if let Some(meant) = after.iter().find(|meant| meant.column == cell.column) {
                    cell.value = meant.value.clone();
                }
            }
            or_rejected!(update(connection, change, after)?);
            return verify(connection, change, &row, table);
        }
    };
    Ok(match done {
        Ok(1) => Ok(()),
        Ok(rows) => Err(format!("{rows} rows would have gone")),
        Err(why) => Err(why),
    })
}

/// Verifies that the row is what was meant; what a trigger changed besides is put right once.
fn verify(connection: &Connection, change: &CodexChange, meant: &[Cell], table: &TableShape) -> Answered<()> {
    for last in [false, true] {
        let Some(row) = or_rejected!(select(connection, change, &table.columns(), &table.whole)?) else {
            return Ok(Err("Codex's database did not keep the row".into()));
        };
        // Nearly always in the same order.
        let found = |at: usize, column: &str| {
            let same = row.get(at).filter(|found| found.column == column);
            same.or_else(|| row.iter().find(|found| found.column == column))
        };
        let otherwise =
            |(at, cell): &(usize, &Cell)| found(*at, &cell.column).is_some_and(|found| found.value != cell.value);
        let wrong: Vec<Cell> = meant.iter().enumerate().filter(otherwise).map(|(_, cell)| cell.clone()).collect();
        match wrong.first() {
            None => return Ok(Ok(())),
            Some(cell) if last => {
                return Ok(Err(format!("Codex's database makes something else of {}", cell.column)));
            }
            Some(_) => or_rejected!(update(connection, change, &wrong)?),
        };
    }
    Ok(Ok(()))
}

fn update(connection: &Connection, change: &CodexChange, cells: &[Cell]) -> Answered<()> {
    let sets: Vec<String> = cells.iter().map(|cell| format!("{} = ?", quoted(&cell.column))).collect();
    let sql = format!("UPDATE {} SET {} WHERE {}", quoted(&change.table), sets.join(", "), condition(change));
    Ok(execute(connection, &sql, cells.iter().chain(&change.key))?.map(drop))
}

fn insert(connection: &Connection, table: &str, cells: &[Cell]) -> Answered<()> {
    let columns: Vec<String> = cells.iter().map(|cell| quoted(&cell.column)).collect();
    let places = vec!["?"; cells.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
    Ok(execute(connection, &sql, cells.iter())?.map(drop))
}

/// Returns how many rows were changed; what the database does not take is no failure of the whole.
fn execute<'a>(connection: &Connection, sql: &str, cells: impl Iterator<Item = &'a Cell>) -> Answered<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    match statement.execute(params_from_iter(cells.map(|cell| sql_value(&cell.value)))) {
        Ok(rows) => Ok(Ok(rows)),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Ok(Err(format!("Codex's database does not take it: {error}")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads these columns of a row, which `list` names as SQL.
pub(super) fn select(
    connection: &Connection,
    change: &CodexChange,
    columns: &[&str],
    list: &str,
) -> Answered<Option<Vec<Cell>>> {
    let (table, place) = (quoted(&change.table), condition(change));
    let select = format!("SELECT {list} FROM {table} WHERE {place} LIMIT 2");
    let mut select = connection.prepare_cached(&select)?;
    let mut rows = select.query(params_from_iter(change.key.iter().map(|cell| sql_value(&cell.value))))?;
    let Some(row) = rows.next()? else { return Ok(Ok(None)) };
    let cells = columns.iter().enumerate().map(|(at, column)| {
        let value = value(row, at, usize::MAX)?;
        Ok(Cell { column: (*column).into(), value })
    });
    let cells: Vec<Cell> = cells.collect::<Result<_, rusqlite::Error>>()?;
    Ok(match rows.next()? {
        None => Ok(Some(cells)),
        Some(_) => Err("it does not say which one of several rows it means".into()),
    })
}

/// Returns what finds the row: by `IS`, which finds what is null too.
fn condition(change: &CodexChange) -> String {
    let keys: Vec<String> = change.key.iter().map(|cell| format!("{} IS ?", quoted(&cell.column))).collect();
    keys.join(" AND ")
}
