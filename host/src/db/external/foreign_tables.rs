//! Tables of SQLite files of other programs, for those who may name a table and columns and nothing else: no SQL of theirs is run.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};

use super::bounds::TimeLimit;
use super::{ExternalDb, ExternalReader};
use crate::db::StateError;
use crate::platform::error_kind::ErrorKind;

/// So many bytes of rows are answered; who asks for more has to say which of them he wants.
const MOST_BYTES: usize = 256 << 20;
/// So long one question may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Is a value of a foreign table.
pub type ForeignValue = Value;

/// The tables of a SQLite file. They are read without leaving a trace, with what stands in a WAL.
pub struct ForeignTables(Mutex<ExternalReader>);

impl ForeignTables {
    /// Names the tables of a file. Nothing is opened yet.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub fn at(path: &Path) -> Result<ForeignTables, StateError> {
        let missing = || StateError::External(path.into(), "it is not there".into(), ErrorKind::NotFound);
        Ok(ForeignTables(Mutex::new(ExternalDb::at(path).ok_or_else(missing)?.reader())))
    }

    fn read<T>(&self, work: impl Fn(&Connection) -> Result<T, StateError>) -> Result<T, StateError> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bounded = |connection: &Connection| {
            let _limit = TimeLimit::of(connection, LONGEST)?;
            work(connection)
        };
        Ok(reader.read(bounded)?.0)
    }

    /// Gives the names of the tables, in their order; views and tables of extensions are none.
    pub fn names(&self) -> Result<Vec<String>, StateError> {
        self.read(tables)
    }

    /// Gives these columns of the rows in which others have these values, in the order of further columns.
    ///
    /// # Errors
    ///
    /// There is no such table or column, or the rows have more than 256 MiB.
    pub fn rows(
        &self,
        table: &str,
        columns: &[String],
        conditions: &[(String, ForeignValue)],
        order: &[String],
    ) -> Result<Vec<Vec<ForeignValue>>, StateError> {
        self.read(|connection| {
            let unknown = |what: &str, name: &str| StateError::Io(format!("there is no {what} {name:?}"));
            let known = tables(connection)?.into_iter().find(|known| known == table);
            let table = known.ok_or_else(|| unknown("table", table))?;
            let known = columns_of(connection, &table)?;
            let named = columns.iter().chain(conditions.iter().map(|(column, _)| column)).chain(order);
            if let Some(column) = named.into_iter().find(|column| !known.contains(column)) {
                return Err(unknown("column", column));
            }
            let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            let mut sql = format!("SELECT {} FROM {}", list(columns), quoted(&table));
            let wanted: Vec<_> = conditions.iter().map(|(column, _)| format!("{} IS ?", quoted(column))).collect();
            if !wanted.is_empty() {
                sql += &format!(" WHERE {}", wanted.join(" AND "));
            }
            if !order.is_empty() {
                sql += &format!(" ORDER BY {}", list(order));
            }
            let mut statement = connection.prepare(&sql)?;
            let values = conditions.iter().map(|(_, value)| value);
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let values = (0..columns.len()).map(|place| row.get_ref(place).map(value_of));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                bytes += values.iter().map(size_of).sum::<usize>();
                if bytes > MOST_BYTES {
                    let why = format!("the rows of {table:?} have more than {} MB", MOST_BYTES >> 20);
                    return Err(StateError::Io(format!("{why}; ask for those in which a column has a value")));
                }
                found.push(values);
            }
            Ok(found)
        })
    }
}

fn tables(connection: &Connection) -> Result<Vec<String>, StateError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>, StateError> {
    // A column that is generated would run what its schema says.
    let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What is said to be text and is no UTF-8 is given as bytes.
fn value_of(value: ValueRef<'_>) -> ForeignValue {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.into()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Blob(bytes.into()),
        },
    }
}

fn size_of(value: &ForeignValue) -> usize {
    16 + match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => 0,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn text(text: &str) -> ForeignValue {
        Value::Text(text.into())
    }

    #[test]
    fn rows_are_given_by_table_column_and_value_and_by_no_sql() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("foreign.db");
        let connection = super::super::in_memory().unwrap();
        let schema = "CREATE TABLE part (id TEXT, n INT, \"odd \"\" name\" BLOB, g AS (n + 1));
                      CREATE VIEW v AS SELECT * FROM part;
                      INSERT INTO part VALUES ('b', 2, x'00ff'), ('a', 2, NULL), ('c', 3, 'x');";
        connection.execute_batch(schema).unwrap();
        connection.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
        let tables = ForeignTables::at(&path).unwrap();
        assert_eq!(tables.names().unwrap(), ["part"]);
        let columns = ["id".to_string(), "odd \" name".into()];
        let two = [("n".to_string(), Value::Integer(2))];
        let rows = tables.rows("part", &columns, &two, &["id".into()]).unwrap();
        assert_eq!(rows, [vec![text("a"), Value::Null], vec![text("b"), Value::Blob(vec![0, 255])]]);
        for (table, column) in [("v", "id"), ("part", "g"), ("part", "id) FROM part; --"), ("sqlite_schema", "sql")] {
            assert!(tables.rows(table, &[column.into()], &[], &[]).is_err(), "{table}.{column}");
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
