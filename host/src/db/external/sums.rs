//! Sums over whole tables, by which it shows that nothing was changed but what was meant.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Params, params_from_iter};

use super::StateError;
use crate::db::cells::with_cell;

/// Counts rows, and sums up what is in them, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    rows: i64,
    content: u64,
}

impl Sum {
    /// Returns what is left without these rows, and with those.
    fn with(self, gone: Sum, come: Sum) -> Sum {
        let content = self.content.wrapping_sub(gone.content).wrapping_add(come.content);
        Sum { rows: self.rows - gone.rows + come.rows, content }
    }

    /// Sums up the rows that a query gives.
    fn of(connection: &Connection, sql: &str, params: impl Params) -> Result<Sum, StateError> {
        let mut select = connection.prepare_cached(sql)?;
        let columns = select.column_count();
        let mut rows = select.query(params)?;
        let mut sum = Sum::default();
        while let Some(row) = rows.next()? {
            let mut hasher = DefaultHasher::new();
            for at in 0..columns {
                with_cell(row.get_ref(at)?, |kind, bytes| {
                    hasher.write_u8(kind);
                    hasher.write_usize(bytes.len());
                    hasher.write(bytes);
                });
            }
            sum = sum.with(Sum::default(), Sum { rows: 1, content: hasher.finish() });
        }
        Ok(sum)
    }
}

/// Says how tables must stand by the changes that were made to them.
#[derive(Default)]
pub(super) struct ExpectedSums(BTreeMap<String, (String, Sum)>);

impl ExpectedSums {
    /// Takes the sum of a table, if it is the first time that something is changed in it. `all` selects its rows whole.
    pub(super) fn begin(&mut self, connection: &Connection, table: &str, all: &str) -> Result<(), StateError> {
        if !self.0.contains_key(table) {
            let sum = Sum::of(connection, all, [])?;
            self.0.insert(table.into(), (all.into(), sum));
        }
        Ok(())
    }

    /// Sums up the rows of a table that a condition finds.
    pub(super) fn rows<'v>(
        connection: &Connection,
        all: &str,
        condition: &str,
        values: impl Iterator<Item = ToSqlOutput<'v>>,
    ) -> Result<Sum, StateError> {
        Sum::of(connection, &format!("{all} WHERE {condition}"), params_from_iter(values))
    }

    /// Notes that rows of a table, which stood like this, are meant to stand like that.
    pub(super) fn note(&mut self, table: &str, gone: Sum, come: Sum) {
        if let Some((_, sum)) = self.0.get_mut(table) {
            *sum = sum.with(gone, come);
        }
    }

    /// Says which table stands otherwise than was meant, if there is one.
    pub(super) fn differing(&self, connection: &Connection) -> Result<Option<String>, StateError> {
        for (table, (all, expected)) in &self.0 {
            let found = Sum::of(connection, all, [])?;
            if found != *expected {
                return Ok(Some(format!(
                    "Codex's database would have changed other rows of {table} too ({} rows were meant to be left, {} \
                     would be), so nothing was changed",
                    expected.rows, found.rows
                )));
            }
        }
        Ok(None)
    }
}
