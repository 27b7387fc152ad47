//! Reads rows of Codex's, and gathers changes of them.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::facts::place_of;
use crate::health::findings::{BuildFinding, cell, codex_row};
use contract::{Cell, Column, Edit, EditTarget, Finding, ThreadFacts, ThreadRow, Value};

/// What mends what is wrong in Codex's database.
pub(super) const REPAIR: &str = "threadkeep repair apply --target codex";

/// A row of Codex's with its columns.
pub(super) struct Row<'a> {
    pub(super) columns: &'a [Column],
    pub(super) values: &'a [Value],
}

impl<'a> Row<'a> {
    /// Returns what stands in a column; none where there is no such column.
    pub(super) fn value(&self, column: &str) -> Option<&'a Value> {
        self.values.get(self.columns.iter().position(|known| known.name == column)?)
    }

    /// Returns a text in a column.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        match self.value(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a number in a column.
    pub(super) fn number(&self, column: &str) -> Option<i64> {
        match self.value(column)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns a time in milliseconds, by the finer column where that is set.
    pub(super) fn time(&self, column: &str) -> Option<i64> {
        let fine = self.number(&format!("{column}_ms")).filter(|millis| *millis != 0);
        fine.or_else(|| {
            self.number(column).filter(|seconds| *seconds != 0).map(|seconds| seconds.saturating_mul(1_000))
        })
    }

    /// Returns all of it; none where a value is not known whole.
    pub(super) fn cells(&self) -> Option<Vec<Cell>> {
        let whole = self.values.iter().all(|value| !matches!(value, Value::Withheld(_)));
        let cells = self.columns.iter().zip(self.values).map(|(column, value)| cell(&column.name, value.clone()));
        whole.then(|| cells.collect())
    }
}

/// Columns that are to change, each only where the row has it and says something else.
pub(super) struct Changes<'a> {
    row: &'a Row<'a>,
    before: Vec<Cell>,
    after: Vec<Cell>,
}

impl<'a> Changes<'a> {
    /// Begins with none.
    pub(super) fn of(row: &'a Row<'a>) -> Changes<'a> {
        Changes { row, before: Vec::new(), after: Vec::new() }
    }

    /// Notes that this column is to hold this.
    pub(super) fn set(&mut self, column: &str, value: Value) {
        let Some(current) = self.row.value(column) else { return };
        if *current != value && !matches!(current, Value::Withheld(_)) {
            self.before.push(cell(column, current.clone()));
            self.after.push(cell(column, value));
        }
    }

    /// Notes this time, in both of its columns: milliseconds.
    pub(super) fn time(&mut self, column: &str, millis: i64) {
        self.set(column, Value::Integer(millis.div_euclid(1_000)));
        self.set(&format!("{column}_ms"), Value::Integer(millis));
    }

    /// Makes the edit for a finding; none where the row cannot be changed so.
    pub(super) fn edit(self, finding: &Finding, facts: &ThreadFacts, reason: &str) -> Option<Edit> {
        let id = self.row.text("id")?;
        if self.after.is_empty() {
            return None;
        }
        let key = cell("id", Value::Text(id.into()));
        let change = codex_row("threads", key, Some(self.before), Some(self.after));
        let preconditions = place_of(facts).map(|path| (path.to_string(), facts.id.clone()));
        let edit = finding.edit(EditTarget::Codex, reason, change);
        Some(Edit { preconditions: preconditions.into_iter().collect(), safe_while_open: !facts.locked, ..edit })
    }
}

/// Returns the column that holds the name of a thread of this form.
pub(super) fn name_column(columns: &[Column], thread: &ThreadRow) -> &'static str {
    let has = columns.iter().any(|column| column.name == "name");
    if has && thread.history_mode == "paginated" { "name" } else { "title" }
}
