//! Values of any kind, between SQLite and the core, and names in SQL.

use rusqlite::Row;
use rusqlite::types::{Value as Sql, ValueRef};

use threadkeep_engine::contract::Value;

/// Reads a value of any kind. One of more than `longest` bytes, or text that is not UTF-8, is withheld.
pub(super) fn value(row: &Row<'_>, at: usize, longest: usize) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() > longest => Value::Withheld(bytes.len() as u64),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Withheld(bytes.len() as u64),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.into()),
    })
}

/// Returns a value as SQLite takes it. One that is withheld never comes here: whoever edits refuses it before.
pub(super) fn sql_value(value: &Value) -> Sql {
    match value {
        Value::Integer(number) => Sql::Integer(*number),
        Value::Real(number) => Sql::Real(*number),
        Value::Text(text) => Sql::Text(text.clone()),
        Value::Blob(bytes) => Sql::Blob(bytes.clone()),
        Value::Null | Value::Withheld(_) => Sql::Null,
    }
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
