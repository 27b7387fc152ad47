//! Tables of Codex's state DB as the database has them, and which changes of their rows may be made.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::StateError;
use super::objections::objection;
use super::values::quoted;
use threadkeep_engine::contract::CodexChange;

/// Tables whose rows may be changed. Of others only rows that belong to a thread may go with it, or come back.
pub(super) const TABLES: [&str; 3] = ["threads", "thread_spawn_edges", "backfill_state"];
/// The column that finds a row again in a table that has no number of its own.
pub(super) const ROWID: &str = "rowid";
/// The column of other tables by which their rows belong to a thread.
pub(super) const THREAD_COLUMN: &str = "thread_id";

/// Is an answer, or why this row is not touched; outside of it, a failure of the whole.
pub(super) type Answered<T> = Result<Result<T, String>, StateError>;

/// Describes a table as the database has it.
pub(super) struct TableShape {
    /// What can be read and written, in order.
    columns: Vec<String>,
    /// What its rows are found by.
    pub(super) key: Vec<String>,
    /// Columns without which no row can be put in.
    required: Vec<String>,
    /// Its rows have numbers beside their columns.
    numbered: bool,
    /// All of a row, with its number, as SQL.
    pub(super) whole: String,
    /// Why its rows are not changed.
    objection: Option<String>,
}

/// Remembers the tables that were asked for so far; none where there is no such table.
#[derive(Default)]
pub(super) struct TableShapes(HashMap<String, Option<TableShape>>);

impl TableShapes {
    /// Returns the table of a name; none where there is no such table.
    pub(super) fn named(&mut self, connection: &Connection, name: &str) -> Result<Option<&TableShape>, StateError> {
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), TableShape::read(connection, name)?);
        }
        Ok(self.0.get(name).and_then(Option::as_ref))
    }

    /// Returns the table of a change, if it is understood and the change is one that may be made.
    pub(super) fn of(&mut self, connection: &Connection, change: &CodexChange) -> Answered<&TableShape> {
        let name = &change.table;
        let Some(table) = self.named(connection, name)? else {
            let why = objection(connection, name)?;
            return Ok(Err(why.unwrap_or_else(|| format!("Codex's database has no table {name}"))));
        };
        if let Some(why) = &table.objection {
            return Ok(Err(why.clone()));
        }
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
            objection: objection(connection, name)?,
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
    pub(super) fn columns(&self) -> Vec<&str> {
        let number = self.numbered.then_some(ROWID);
        self.columns.iter().map(String::as_str).chain(number).collect()
    }
}
