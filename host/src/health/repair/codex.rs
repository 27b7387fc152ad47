//! Rows of Codex's state DB, looked up and put right by what its own schema says of them.
//!
//! Only rows of tables that are known to be about threads are touched, and only columns that the table has; what stands
//! after a change is read back and must be exactly what was meant, whatever triggers there are.

use std::collections::HashMap;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::component::exports::checkup::{Cell, CodexChange, Value};
use crate::db::StateError;

/// Tables whose rows may be changed. Of others only rows that hang on a thread may go with it, or come back.
const TABLES: [&str; 3] = ["threads", "thread_spawn_edges", "backfill_state"];
/// What finds a row again where it stood, in a table that has no number of its own.
const ROWID: &str = "rowid";
/// What rows of other tables hang on a thread by.
const OF_A_THREAD: &str = "thread_id";

/// Answers of the database, or a failure of the whole; inside, the answer, or why this row is not touched.
pub(super) type Answered<T> = Result<Result<T, String>, StateError>;

macro_rules! or_refused {
    ($answer:expr) => {
        match $answer {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        }
    };
}

/// One table, as the database has it.
struct Table {
    /// What can be read and written, in order.
    columns: Vec<String>,
    /// What its rows are found by.
    key: Vec<String>,
    /// Columns without which no row can be put in.
    required: Vec<String>,
    /// Its rows have numbers beside their columns.
    numbered: bool,
    /// All of a row, also where it stands, as SQL.
    whole: String,
}

/// The tables that were asked for so far; none where there is no such table.
#[derive(Default)]
pub(super) struct Tables(HashMap<String, Option<Table>>);

impl Tables {
    /// The table of a change, if it is understood and the change is one that may be made.
    fn of(&mut self, connection: &Connection, change: &CodexChange) -> Answered<&Table> {
        if !self.0.contains_key(&change.table) {
            self.0.insert(change.table.clone(), Table::look(connection, &change.table)?);
        }
        let name = &change.table;
        let Some(Some(table)) = self.0.get(name) else {
            return Ok(Err(format!("Codex's database has no table {name}")));
        };
        if change.key.is_empty() {
            return Ok(Err("it does not say which row".into()));
        }
        let whole_row = change.before.is_none() != change.after.is_none();
        let hangs = table.columns.iter().any(|column| column == OF_A_THREAD) && !name.starts_with('_');
        let ours = TABLES.contains(&name.as_str()) || (hangs && whole_row);
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

impl Table {
    fn look(connection: &Connection, name: &str) -> Result<Option<Table>, StateError> {
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
        let called_so = facts.iter().any(|(column, ..)| column.eq_ignore_ascii_case(ROWID));
        let without = sql.to_ascii_uppercase().contains("WITHOUT ROWID");
        // Generated columns are none of anybody's to write.
        let plain = || facts.iter().filter(|(.., hidden)| *hidden == 0);
        let numbered = !own && !called_so && !without;
        let key = facts.iter().filter(|(.., pk, _)| *pk > 0).map(|(column, ..)| column.clone());
        let key = if keys == 0 && numbered { vec![ROWID.to_string()] } else { key.collect() };
        let columns: Vec<String> = plain().map(|(column, ..)| column.clone()).collect();
        let all = columns.iter().map(String::as_str).chain(numbered.then_some(ROWID));
        let whole = all.map(quoted).collect::<Vec<_>>().join(", ");
        Ok(Some(Table {
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

    /// All of a row, also where it stands.
    fn columns(&self) -> Vec<&str> {
        let number = self.numbered.then_some(ROWID);
        self.columns.iter().map(String::as_str).chain(number).collect()
    }
}

/// Removals of the rows that hang on a thread's row by Codex's own schema and go with it (`ON DELETE CASCADE`).
pub(super) fn hanging(
    connection: &Connection,
    tables: &mut Tables,
    thread: &Value,
) -> Result<Vec<CodexChange>, StateError> {
    let mut names = connection.prepare_cached(
        "SELECT DISTINCT tables.name FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
         WHERE tables.type = 'table' AND keys.\"table\" = 'threads' AND keys.\"from\" = ?1 AND keys.on_delete = 'CASCADE'",
    )?;
    let names: Vec<String> = names.query_map([OF_A_THREAD], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut removals = Vec::new();
    for name in names {
        if !tables.0.contains_key(&name) {
            tables.0.insert(name.clone(), Table::look(connection, &name)?);
        }
        let Some(Some(table)) = tables.0.get(&name) else { continue };
        let (columns, list, from) = (table.columns(), &table.whole, quoted(&name));
        let mut select =
            connection.prepare(&format!("SELECT {list} FROM {from} WHERE {} IS ?", quoted(OF_A_THREAD)))?;
        let mut rows = select.query([sql_of(thread)])?;
        while let Some(row) = rows.next()? {
            let cells = columns.iter().enumerate().map(|(at, column)| {
                let value = value_of(row, at)?;
                Ok(Cell { column: (*column).into(), value })
            });
            let before: Vec<Cell> = cells.collect::<Result<_, rusqlite::Error>>()?;
            let key = before.iter().filter(|cell| table.key.contains(&cell.column)).cloned().collect();
            removals.push(CodexChange { table: name.clone(), key, before: Some(before), after: None });
        }
    }
    Ok(removals)
}

/// What stands where a change would be made: of a change of columns these, else the whole row.
pub(super) fn standing(
    connection: &Connection,
    tables: &mut Tables,
    change: &CodexChange,
) -> Answered<Option<Vec<Cell>>> {
    let table = or_refused!(tables.of(connection, change)?);
    match (&change.before, &change.after) {
        (Some(before), Some(_)) => {
            let columns: Vec<&str> = before.iter().map(|cell| cell.column.as_str()).collect();
            let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
            select(connection, change, &columns, &list.join(", "))
        }
        _ => select(connection, change, &table.columns(), &table.whole),
    }
}

/// Makes a change whose row stands as it should, inside of a transaction.
pub(super) fn execute(connection: &Connection, tables: &mut Tables, change: &CodexChange) -> Answered<()> {
    let table = or_refused!(tables.of(connection, change)?);
    let name = quoted(&change.table);
    let done = match (&change.before, &change.after) {
        (_, None) => {
            let delete = format!("DELETE FROM {name} WHERE {}", place_of(change));
            run(connection, &delete, change.key.iter())?
        }
        (None, Some(after)) => {
            let put = put_in(connection, &name, after)?;
            let Err(why) = put else { return settled(connection, change, after, table) };
            // The number that it had may be another row's by now.
            let without: Vec<Cell> = after.iter().filter(|cell| cell.column != ROWID).cloned().collect();
            if without.len() == after.len() {
                return Ok(Err(why));
            }
            or_refused!(put_in(connection, &name, &without)?);
            return settled(connection, change, &without, table);
        }
        (Some(_), Some(after)) => {
            let Some(mut row) = or_refused!(select(connection, change, &table.columns(), &table.whole)?) else {
                return Ok(Err("its row is gone".into()));
            };
            for cell in &mut row {
                if let Some(meant) = after.iter().find(|meant| meant.column == cell.column) {
                    cell.value = meant.value.clone();
                }
            }
            or_refused!(put(connection, change, after)?);
            return settled(connection, change, &row, table);
        }
    };
    Ok(match done {
        Ok(1) => Ok(()),
        Ok(rows) => Err(format!("{rows} rows would have gone")),
        Err(why) => Err(why),
    })
}

/// What was meant stands there; what a trigger changed besides is put right once.
fn settled(connection: &Connection, change: &CodexChange, meant: &[Cell], table: &Table) -> Answered<()> {
    for last in [false, true] {
        let Some(row) = or_refused!(select(connection, change, &table.columns(), &table.whole)?) else {
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
            Some(_) => or_refused!(put(connection, change, &wrong)?),
        };
    }
    Ok(Ok(()))
}

fn put(connection: &Connection, change: &CodexChange, cells: &[Cell]) -> Answered<()> {
    let sets: Vec<String> = cells.iter().map(|cell| format!("{} = ?", quoted(&cell.column))).collect();
    let update = format!("UPDATE {} SET {} WHERE {}", quoted(&change.table), sets.join(", "), place_of(change));
    Ok(run(connection, &update, cells.iter().chain(&change.key))?.map(drop))
}

fn put_in(connection: &Connection, table: &str, cells: &[Cell]) -> Answered<()> {
    let columns: Vec<String> = cells.iter().map(|cell| quoted(&cell.column)).collect();
    let places = vec!["?"; cells.len()].join(", ");
    let insert = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
    Ok(run(connection, &insert, cells.iter())?.map(drop))
}

/// Rows that were changed; what the database does not take is no failure of the whole.
fn run<'a>(connection: &Connection, sql: &str, cells: impl Iterator<Item = &'a Cell>) -> Answered<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    match statement.execute(params_from_iter(cells.map(|cell| sql_of(&cell.value)))) {
        Ok(rows) => Ok(Ok(rows)),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Ok(Err(format!("Codex's database does not take it: {error}")))
        }
        Err(error) => Err(error.into()),
    }
}

/// These columns of a row, which `list` names as SQL.
fn select(connection: &Connection, change: &CodexChange, columns: &[&str], list: &str) -> Answered<Option<Vec<Cell>>> {
    let (table, place) = (quoted(&change.table), place_of(change));
    let select = format!("SELECT {list} FROM {table} WHERE {place} LIMIT 2");
    let mut select = connection.prepare_cached(&select)?;
    let mut rows = select.query(params_from_iter(change.key.iter().map(|cell| sql_of(&cell.value))))?;
    let Some(row) = rows.next()? else { return Ok(Ok(None)) };
    let cells = columns.iter().enumerate().map(|(at, column)| {
        let value = value_of(row, at)?;
        Ok(Cell { column: (*column).into(), value })
    });
    let cells: Vec<Cell> = cells.collect::<Result<_, rusqlite::Error>>()?;
    Ok(match rows.next()? {
        None => Ok(Some(cells)),
        Some(_) => Err("it does not say which one of several rows it means".into()),
    })
}

/// By `IS`, which finds what is null too.
fn place_of(change: &CodexChange) -> String {
    let keys: Vec<String> = change.key.iter().map(|cell| format!("{} IS ?", quoted(&cell.column))).collect();
    keys.join(" AND ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn sql_of(value: &Value) -> Sql {
    match value {
        Value::Integer(number) => Sql::Integer(*number),
        Value::Real(number) => Sql::Real(*number),
        Value::Text(text) => Sql::Text(text.clone()),
        Value::Blob(bytes) => Sql::Blob(bytes.clone()),
        // Refused before it could come here.
        Value::Null | Value::Withheld(_) => Sql::Null,
    }
}

fn value_of(row: &Row<'_>, at: usize) -> Result<Value, rusqlite::Error> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Withheld(text.len() as u64),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.into()),
    })
}
