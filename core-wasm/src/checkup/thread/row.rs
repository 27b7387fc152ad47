//! Rows of Codex's, and changes of them.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::super::found::codex_row;
use super::super::{Case, Cell, Column, Edit, Finding, Target, Value};

/// A row of Codex's with its columns.
pub(super) struct Row<'a> {
    pub(super) columns: &'a [Column],
    pub(super) values: &'a [Value],
}

impl<'a> Row<'a> {
    /// What stands in a column; none where there is no such column.
    pub(super) fn value(&self, column: &str) -> Option<&'a Value> {
        self.values.get(self.columns.iter().position(|known| known.name == column)?)
    }

    /// A text in a column.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        match self.value(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number in a column.
    pub(super) fn number(&self, column: &str) -> Option<i64> {
        match self.value(column)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A time in milliseconds, by the finer column where that is set.
    pub(super) fn time(&self, column: &str) -> Option<i64> {
        let fine = self.number(&format!("{column}_ms")).filter(|millis| *millis != 0);
        fine.or_else(|| {
            self.number(column).filter(|seconds| *seconds != 0).map(|seconds| seconds.saturating_mul(1_000))
        })
    }

    /// All of it; none where a value is not known whole.
    pub(super) fn cells(&self) -> Option<Vec<Cell>> {
        let whole = self.values.iter().all(|value| !matches!(value, Value::Withheld(_)));
        let cells = self.columns.iter().zip(self.values).map(|(column, value)| Cell::new(&column.name, value.clone()));
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
    /// None yet.
    pub(super) fn of(row: &'a Row<'a>) -> Changes<'a> {
        Changes { row, before: Vec::new(), after: Vec::new() }
    }

    /// This column is to hold this.
    pub(super) fn set(&mut self, column: &str, value: Value) {
        let Some(stands) = self.row.value(column) else { return };
        if *stands != value && !matches!(stands, Value::Withheld(_)) {
            self.before.push(Cell::new(column, stands.clone()));
            self.after.push(Cell::new(column, value));
        }
    }

    /// This time, in both of its columns: milliseconds.
    pub(super) fn time(&mut self, column: &str, millis: i64) {
        self.set(column, Value::Integer(millis.div_euclid(1_000)));
        self.set(&format!("{column}_ms"), Value::Integer(millis));
    }

    /// The edit, for a finding; none where the row cannot be changed so.
    pub(super) fn edit(self, finding: &Finding, case: &Case, reason: &str) -> Option<Edit> {
        let id = self.row.text("id")?;
        if self.after.is_empty() {
            return None;
        }
        let key = Cell::new("id", Value::Text(id.into()));
        let change = codex_row("threads", key, Some(self.before), Some(self.after));
        let needs = case.place().map(|path| (path.to_string(), case.id.clone()));
        let edit = finding.edit(Target::Codex, reason, change);
        Some(Edit { needs: needs.into_iter().collect(), safe: !case.written, ..edit })
    }
}
