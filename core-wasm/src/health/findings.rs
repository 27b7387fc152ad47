//! Puts findings together.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Cell, Change, CodexChange, Edit, EditTarget, Evidence, Finding, Severity, Value};

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
    /// Makes one of this kind, about nothing yet.
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
            unmended: None,
        }
    }
}

/// Puts a finding together.
pub(super) trait BuildFinding: Sized {
    /// Says of which thread it is.
    fn of(self, thread: &str) -> Finding;

    /// Says in which file.
    fn at(self, path: impl Into<String>) -> Finding;

    /// Says at which line of it, after so many bytes.
    fn line(self, line: u64, offset: u64) -> Finding;

    /// Says what shows it.
    fn shown(self, what: &str, found: Option<String>, expected: Option<String>) -> Finding;

    /// Says what repairs it.
    fn repaired_by(self, edit: impl IntoIterator<Item = Edit>) -> Finding;

    /// Makes an edit that repairs it; safe, and made without being asked for.
    fn edit(&self, target: EditTarget, reason: impl Into<String>, change: Change) -> Edit;
}

impl BuildFinding for Finding {
    fn of(mut self, thread: &str) -> Finding {
        self.thread = Some(thread.into()).filter(|thread: &String| !thread.is_empty());
        self
    }

    fn at(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }

    fn line(mut self, line: u64, offset: u64) -> Finding {
        self.line = Some(line).filter(|line| *line > 0);
        self.offset = Some(offset);
        self
    }

    fn shown(mut self, what: &str, found: Option<String>, expected: Option<String>) -> Finding {
        self.evidence.push(Evidence { what: what.into(), found, expected });
        self
    }

    fn repaired_by(mut self, edit: impl IntoIterator<Item = Edit>) -> Finding {
        self.edits.extend(edit);
        self
    }

    fn edit(&self, target: EditTarget, reason: impl Into<String>, change: Change) -> Edit {
        Edit {
            code: self.code.clone(),
            thread: self.thread.clone(),
            reason: reason.into(),
            target,
            change,
            preconditions: Vec::new(),
            opt_in: false,
            safe_while_open: true,
        }
    }
}

/// Makes a finding of a code that says nothing else yet.
pub(super) fn told(code: &str, severity: Severity) -> Finding {
    Finding {
        code: code.into(),
        severity,
        thread: None,
        path: None,
        line: None,
        offset: None,
        evidence: Vec::new(),
        meaning: String::new(),
        remedy: String::new(),
        edits: Vec::new(),
        unmended: None,
    }
}

/// Says what was found.
pub(super) fn seen(what: &str, found: &(impl ToString + ?Sized)) -> Evidence {
    Evidence { what: what.into(), found: Some(found.to_string()), expected: None }
}

/// Says what was found, and what should be there.
pub(super) fn expected(what: &str, found: &impl ToString, expected: &impl ToString) -> Evidence {
    Evidence { what: what.into(), found: Some(found.to_string()), expected: Some(expected.to_string()) }
}

/// Makes a change of columns of one row of Codex's.
pub(super) fn codex_row(table: &str, key: Cell, before: Option<Vec<Cell>>, after: Option<Vec<Cell>>) -> Change {
    Change::CodexRow(CodexChange { table: table.into(), key: alloc::vec![key], before, after })
}

/// Makes a value in a column.
pub(super) fn cell(column: &str, value: Value) -> Cell {
    Cell { column: column.into(), value }
}

/// Makes values of texts, and texts of values.
pub(super) trait DescribeValue: Sized {
    /// Makes a text, or nothing.
    fn of(text: Option<&str>) -> Value;

    /// Tells it to people.
    fn shown(&self) -> Option<String>;
}

impl DescribeValue for Value {
    fn of(text: Option<&str>) -> Value {
        text.map_or(Value::Null, |text| Value::Text(text.into()))
    }

    fn shown(&self) -> Option<String> {
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

/// Takes edits out that nobody would make, because their table's rows are not changed, and says why in their place.
pub(super) fn leave_closed_tables(found: &mut [Finding], closed: &[(String, String)]) {
    for finding in found.iter_mut().filter(|_| !closed.is_empty()) {
        let mut why = None;
        finding.edits.retain(|edit| {
            let Change::CodexRow(change) = &edit.change else { return true };
            let reason = closed.iter().find(|(table, _)| *table == change.table);
            why = why.or(reason.map(|(_, reason)| reason));
            reason.is_none()
        });
        if let Some(why) = why {
            finding.unmended = Some(why.clone());
            finding.remedy = why.clone();
        }
    }
}
