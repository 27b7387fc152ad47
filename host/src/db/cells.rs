//! Damage that SQLite's own check does not see: cells of another kind than their columns say. SQLite keeps whatever it is given,
//! and a row with such a cell cannot be read.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension};

use super::schema::{CACHE, SMALL_CACHE};
use super::{Database, Schema, StateError};

/// Hands a cell on as the kind and the bytes of it, by which no two cells that differ are alike.
pub(crate) fn with_cell<T>(cell: ValueRef<'_>, take: impl FnOnce(u8, &[u8]) -> T) -> T {
    match cell {
        ValueRef::Null => take(0, &[]),
        ValueRef::Integer(number) => take(1, &number.to_le_bytes()),
        ValueRef::Real(number) => take(2, &number.to_le_bytes()),
        ValueRef::Text(bytes) => take(3, bytes),
        ValueRef::Blob(bytes) => take(4, bytes),
    }
}

/// What a column takes.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
    required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Blob,
    Any,
}

/// Returns the columns of a table by its declaration; none of a table that is not there.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>, StateError> {
    let mut select = connection.prepare("SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_info(?1)")?;
    let columns = select.query_map([table], |row| {
        let kind = match row.get::<_, String>(1)?.to_ascii_uppercase().as_str() {
            "INTEGER" => Kind::Integer,
            "TEXT" => Kind::Text,
            "BLOB" => Kind::Blob,
            _ => Kind::Any,
        };
        Ok(Column { name: row.get(0)?, kind, required: row.get(2)? })
    })?;
    Ok(columns.collect::<Result<_, _>>()?)
}

impl Column {
    /// Says whether a cell is what the column takes; a text must be one that can be read, too.
    fn takes(&self, cell: ValueRef<'_>) -> bool {
        match (cell, self.kind) {
            (ValueRef::Null, _) => !self.required,
            (ValueRef::Text(bytes), Kind::Text | Kind::Any) => std::str::from_utf8(bytes).is_ok(),
            (ValueRef::Integer(_), Kind::Integer) | (ValueRef::Blob(_), Kind::Blob) | (_, Kind::Any) => true,
            _ => false,
        }
    }

    /// Returns a value as the column takes it; none where that would be another one.
    pub(super) fn fitting(&self, value: &Value) -> Option<Value> {
        let fitting = match (value, self.kind) {
            // As SQLite itself turns one into the other.
            (Value::Text(text), Kind::Integer) => text.parse().ok().map(Value::Integer)?,
            (Value::Integer(number), Kind::Text) => Value::Text(number.to_string()),
            (Value::Blob(bytes), Kind::Text) => Value::Text(String::from_utf8(bytes.clone()).ok()?),
            (value, _) => value.clone(),
        };
        self.takes(ValueRef::from(&fitting)).then_some(fitting)
    }
}

/// Returns what is wrong with the cells of the tables of a schema, if anything is: the first one that cannot be read.
pub(super) fn fault(schema: &Schema, connection: &Connection) -> Result<Option<String>, StateError> {
    for table in schema.tables() {
        let columns = columns(connection, table.name)?;
        if columns.is_empty() {
            return Ok(Some(format!("there is no table {}", table.name)));
        }
        // The content of blobs is nobody's business here, and long.
        let cell = |column: &Column| match column.kind {
            Kind::Blob => format!("iif(typeof({0}) = 'blob', x'', {0})", column.name),
            _ => column.name.clone(),
        };
        let list: Vec<String> = columns.iter().map(cell).collect();
        let mut select = connection.prepare(&format!("SELECT {} FROM {}", list.join(", "), table.name))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            for (at, column) in columns.iter().enumerate() {
                let cell = row.get_ref(at)?;
                if !column.takes(cell) {
                    let kind = cell.data_type().to_string().to_ascii_lowercase();
                    return Ok(Some(format!("{}.{} holds what it cannot hold: {kind}", table.name, column.name)));
                }
            }
        }
    }
    Ok(None)
}

fn fault_of_file(schema: &Schema, connection: &Connection) -> Result<Option<String>, StateError> {
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Some(check));
    }
    if connection.query_row("SELECT phase FROM backfill", [], |_| Ok(())).optional()?.is_none() {
        return Ok(Some("it does not say how far it is filled".into()));
    }
    fault(schema, connection)
}

impl Database {
    /// Returns what is wrong with the file, by SQLite's own check and by one of every cell; none where it is sound.
    pub(crate) fn fault(&self) -> Result<Option<String>, StateError> {
        let schema = self.schema();
        let checked = self.with(move |connection| {
            // More would only be kept until it is thrown away.
            connection.pragma_update(None, "cache_size", SMALL_CACHE)?;
            let checked = fault_of_file(schema, connection);
            connection.pragma_update(None, "cache_size", CACHE)?;
            checked
        });
        match checked {
            Err(StateError::Corrupt(why)) => Ok(Some(why)),
            other => other,
        }
    }

    /// Returns what is wrong with the cells alone.
    pub(crate) fn fault_of_cells(&self) -> Result<Option<String>, StateError> {
        let schema = self.schema();
        self.with(move |connection| fault(schema, connection))
    }
}
