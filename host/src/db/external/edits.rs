//! Rows of Codex's state DB, found and edited by what its own schema says of them.
//!
//! Only rows of tables that are known to be about threads are touched, and only columns that the table has; the row is read
//! back after a change and must be exactly what was meant, whatever triggers there are.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params_from_iter};

use super::values::{quoted, sql_value, value};
use super::{ExternalDb, StateError};
use threadkeep_engine::contract::{Cell, CodexChange, Value};

/// Tables whose rows may be changed. Of others only rows that belong to a thread may go with it, or come back.
const TABLES: [&str; 3] = ["threads", "thread_spawn_edges", "backfill_state"];
/// The column that finds a row again in a table that has no number of its own.
const ROWID: &str = "rowid";
/// The column of other tables by which their rows belong to a thread.
const THREAD_COLUMN: &str = "thread_id";

/// Is an answer, or why this row is not touched; outside of it, a failure of the whole.
type Answered<T> = Result<Result<T, String>, StateError>;

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

/// Describes a table as the database has it.
struct TableShape {
    /// What can be read and written, in order.
    columns: Vec<String>,
    /// What its rows are found by.
    key: Vec<String>,
    /// Columns without which no row can be put in.
    required: Vec<String>,
    /// Its rows have numbers beside their columns.
    numbered: bool,
    /// All of a row, with its number, as SQL.
    whole: String,
}

/// Remembers the tables that were asked for so far; none where there is no such table.
#[derive(Default)]
struct TableShapes(HashMap<String, Option<TableShape>>);

impl TableShapes {
    /// Returns the table of a change, if it is understood and the change is one that may be made.
    fn of(&mut self, connection: &Connection, change: &CodexChange) -> Answered<&TableShape> {
        if !self.0.contains_key(&change.table) {
            self.0.insert(change.table.clone(), TableShape::read(connection, &change.table)?);
        }
        let name = &change.table;
        let Some(Some(table)) = self.0.get(name) else {
            return Ok(Err(format!("Codex's database has no table {name}")));
        };
        if change.key.is_empty() {
            return Ok(Err("it does not say which row".into()));
        }
        let whole_row = change.before.is_none() != change.after.is_none();
        let of_a_thread = table.columns.iter().any(|column| column == THREAD_COLUMN) && !name.starts_with('_');
        let ours = TABLES.contains(&name.as_str()) || (of_a_thread && whole_row);
        if !ours {
            return Ok(Err(format!("the table {name} is not one that a repair changes")));
        }
        let sides = [Some(&change.key), change.before.as_ref(), change.after.as_ref()];
        let unknown = sides.into_iter().flatten().flatten().find(|cell| !table.knows(&cell.column));
        if let Some(cell) = unknown {
            return Ok(Err(format!("the table {name} of Codex's database has no column {}", cell.column)));
        }
        if let (None, Some(after)) = (&change.before, &change.after) {
            let missing = table.required.iter().find(|column| !after.iter().any(|cell| cell.column == **column));
            if let Some(column) = missing {
                return Ok(Err(format!(
                    "a row of {name} needs a value for {column}, which this program does not know: Codex is newer"
                )));
            }
        }
        Ok(Ok(table))
    }
}

impl TableShape {
    fn read(connection: &Connection, name: &str) -> Result<Option<TableShape>, StateError> {
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let Some(sql) = connection.query_row(sql, [name], |row| row.get::<_, String>(0)).optional()? else {
            return Ok(None);
        };
        let mut select = connection.prepare(
            "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1)",
        )?;
        type Facts = (String, String, bool, bool, i64, i64);
        let facts = select.query_map([name], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })?;
        let facts: Vec<Facts> = facts.collect::<Result<_, _>>()?;
        // Its number is one of its columns already, or there is none.
        let keys = facts.iter().filter(|(.., pk, _)| *pk > 0).count();
        let number = |kind: &str, pk: i64| keys == 1 && pk == 1 && kind.eq_ignore_ascii_case("integer");
        let own = facts.iter().any(|(_, kind, _, _, pk, _)| number(kind, *pk));
        let has_such_column = facts.iter().any(|(column, ..)| column.eq_ignore_ascii_case(ROWID));
        let without = sql.to_ascii_uppercase().contains("WITHOUT ROWID");
        // Generated columns are none of anybody's to write.
        let plain = || facts.iter().filter(|(.., hidden)| *hidden == 0);
        let numbered = !own && !has_such_column && !without;
        let key = facts.iter().filter(|(.., pk, _)| *pk > 0).map(|(column, ..)| column.clone());
        let key = if keys == 0 && numbered { vec![ROWID.to_string()] } else { key.collect() };
        let columns: Vec<String> = plain().map(|(column, ..)| column.clone()).collect();
        let all = columns.iter().map(String::as_str).chain(numbered.then_some(ROWID));
        let whole = all.map(quoted).collect::<Vec<_>>().join(", ");
        Ok(Some(TableShape {
            key,
            whole,
            columns,
            required: plain()
                .filter(|(_, kind, required, stands_for, pk, _)| {
                    (*required || *pk > 0) && !stands_for && !number(kind, *pk)
                })
                .map(|(column, ..)| column.clone())
                .collect(),
            numbered,
        }))
    }

    fn knows(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known == column) || (self.numbered && column == ROWID)
    }

    /// Returns the columns of a whole row, its number with them.
    fn columns(&self) -> Vec<&str> {
        let number = self.numbered.then_some(ROWID);
        self.columns.iter().map(String::as_str).chain(number).collect()
    }
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
}

impl CodexEdits<'_> {
    /// Returns what is where a change would be made, of a change of columns these, else the whole row; or why the change is
    /// not one that may be made.
    pub(crate) fn current(&mut self, change: &CodexChange) -> Answered<Option<Vec<Cell>>> {
        current(self.connection, &mut self.tables, change)
    }

    /// Makes a change whose row was found to be as it must be; or says why it was not made, and nothing of it was.
    pub(crate) fn apply(&mut self, change: &CodexChange) -> Answered<()> {
        self.savepoint("SAVEPOINT entry")?;
        let applied = apply(self.connection, &mut self.tables, change)?;
        if applied.is_err() {
            self.savepoint("ROLLBACK TO entry")?;
        }
        self.savepoint("RELEASE entry")?;
        Ok(applied)
    }

    fn savepoint(&self, sql: &str) -> Result<(), StateError> {
        Ok(self.connection.prepare_cached(sql)?.execute([]).map(drop)?)
    }
}

impl ExternalDb {
    /// Edits rows in one transaction, which ends as `work` says; where `work` fails, nothing was done. What nobody gave free
    /// within [`BUSY_TIMEOUT`](super::BUSY_TIMEOUT) is [`StateError::Busy`].
    pub(crate) fn edit<T, E: From<StateError>>(
        &self,
        work: impl FnOnce(&mut CodexEdits<'_>) -> Result<(T, Ending), E>,
    ) -> Result<T, E> {
        let failed = |error: rusqlite::Error| StateError::from(error);
        let mut connection = self.open_for_writing()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut edits = CodexEdits { connection: &transaction, tables: TableShapes::default() };
        let (answer, ending) = work(&mut edits)?;
        match ending {
            Ending::Commit => transaction.commit().map_err(failed)?,
            Ending::RollBack => transaction.rollback().map_err(failed)?,
        }
        connection.close().map_err(|(_, error)| failed(error))?;
        Ok(answer)
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
fn dependents(
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
        if !tables.0.contains_key(&name) {
            tables.0.insert(name.clone(), TableShape::read(connection, &name)?);
        }
        let Some(Some(table)) = tables.0.get(&name) else { continue };
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
fn select(connection: &Connection, change: &CodexChange, columns: &[&str], list: &str) -> Answered<Option<Vec<Cell>>> {
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
