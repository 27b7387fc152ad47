//! How findings are put together.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Cell, Change, CodexChange, Edit, Evidence, Finding, Severity, Target, Value};

/// A kind of finding: what is the same for all of it.
pub(super) struct Code {
    /// For programs.
    pub(super) name: &'static str,
    /// How bad it is.
    pub(super) severity: Severity,
    /// What it means to a user.
    pub(super) meaning: &'static str,
    /// What a user can do about it.
    pub(super) remedy: &'static str,
}

impl Code {
    /// One of this kind, about nothing yet.
    pub(super) fn found(&self) -> Finding {
        Finding {
            code: self.name.into(),
            severity: self.severity,
            thread: None,
            path: None,
            line: None,
            offset: None,
            evidence: Vec::new(),
            meaning: self.meaning.into(),
            remedy: self.remedy.into(),
            edits: Vec::new(),
        }
    }
}

impl Finding {
    /// Of this thread.
    pub fn of(mut self, thread: &str) -> Finding {
        self.thread = Some(thread.into()).filter(|thread: &String| !thread.is_empty());
        self
    }

    /// In this file.
    pub fn at(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }

    /// At this line of it, after so many bytes.
    pub fn line(mut self, line: u64, offset: u64) -> Finding {
        self.line = Some(line).filter(|line| *line > 0);
        self.offset = Some(offset);
        self
    }

    /// Shown by this.
    pub fn shown(mut self, what: &str, found: Option<String>, expected: Option<String>) -> Finding {
        self.evidence.push(Evidence { what: what.into(), found, expected });
        self
    }

    /// Mended by this.
    pub fn mended(mut self, edit: impl IntoIterator<Item = Edit>) -> Finding {
        self.edits.extend(edit);
        self
    }

    /// An edit that mends it; safe, and made without being asked for.
    pub fn edit(&self, target: Target, reason: impl Into<String>, change: Change) -> Edit {
        Edit {
            code: self.code.clone(),
            thread: self.thread.clone(),
            reason: reason.into(),
            target,
            change,
            needs: Vec::new(),
            asked: false,
            safe: true,
        }
    }
}

/// A change of columns of one row of Codex's.
pub(super) fn codex_row(table: &str, key: Cell, before: Option<Vec<Cell>>, after: Option<Vec<Cell>>) -> Change {
    Change::CodexRow(CodexChange { table: table.into(), key: alloc::vec![key], before, after })
}

impl Cell {
    /// A value in a column.
    pub fn new(column: &str, value: Value) -> Cell {
        Cell { column: column.into(), value }
    }
}

impl Value {
    /// A text, or nothing.
    pub fn of(text: Option<&str>) -> Value {
        text.map_or(Value::Null, |text| Value::Text(text.into()))
    }

    /// For people.
    pub fn shown(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.clone()),
            Value::Blob(bytes) => Some(format!("{} bytes", bytes.len())),
            Value::Withheld(bytes) => Some(format!("{bytes} bytes that are no text, or too many")),
        }
    }
}
