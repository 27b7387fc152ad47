//! Checks whether an edit may be carried out.
//!
//! Whatever an edit changes is looked at as cells: a row's columns, a file's mode, which of two names there is a file
//! of, what a thread is called, whether it is in the archive. What stands is then what it would make (done), what it found (applicable, if nothing else is in the way), or
//! neither.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::health::findings::cell;
use crate::rows::derive::{Field, fields};
use contract::{
    Applicability, Cell, Change, CheckInput, CodexChange, CurrentValue, Edit, HeadThread, ModeChange, StateChange,
    Value,
};
use contract::{Provenance, ThreadRow};

/// Characters of a text that are shown of it.
const SHOWN: usize = 80;

/// Says whether an edit may be carried out.
pub fn check_preconditions(input: &CheckInput) -> Applicability {
    match evaluate(input) {
        Ok(applicability) => applicability,
        Err(why) => Applicability::Rejected(why),
    }
}

/// Cells that stand, or would; none where there is nothing.
type Side<'a> = Option<Cow<'a, [Cell]>>;

fn evaluate(input: &CheckInput) -> Result<Applicability, String> {
    let CheckInput { edit, current, preconditions, open } = input;
    let (before, after, current) = sides(&edit.change, current)?;
    let [before, after, current] = [&before, &after, &current].map(Option::as_deref);
    well_formed(edit, before, after)?;
    if difference(after, current).is_none() {
        return Ok(Applicability::Done);
    }
    if let Some(difference) = difference(before, current) {
        return Err(difference);
    }
    match open {
        Some(0) if !edit.safe_while_open => {
            return Err("it cannot be told here whether another process has Codex's database open".into());
        }
        Some(pid) if !edit.safe_while_open => {
            return Err(format!("Codex (process {pid}) has its database open; close it and apply again"));
        }
        _ => {}
    }
    if preconditions.len() != edit.preconditions.len() {
        return Err("not every file that it needs was looked at".into());
    }
    for ((path, thread), carried) in edit.preconditions.iter().zip(preconditions) {
        match carried {
            HeadThread::Unknown(why) => return Err(format!("{path} could not be looked at: {why}")),
            HeadThread::Absent | HeadThread::Nobody if thread.is_empty() => {}
            HeadThread::Thread(_) if thread.is_empty() => return Err(format!("{path} is there again")),
            HeadThread::Thread(carried) if carried == thread => {}
            HeadThread::Thread(other) => return Err(format!("{path} holds thread {other} now, and not {thread}")),
            HeadThread::Absent => return Err(format!("{path} is not there any more")),
            HeadThread::Nobody => return Err(format!("{path} does not say any more which thread it is")),
        }
    }
    Ok(Applicability::Applicable)
}

/// What the edit found, what it would make, what stands.
fn sides<'a>(change: &'a Change, current: &'a CurrentValue) -> Result<(Side<'a>, Side<'a>, Side<'a>), String> {
    let borrowed = |cells: &'a Option<Vec<Cell>>| cells.as_deref().map(Cow::Borrowed);
    let owned = |cells: Option<Vec<Cell>>| cells.map(Cow::Owned);
    let row = |row: &Option<ThreadRow>| owned(row.as_ref().map(cells));
    Ok(match (change, current) {
        (Change::StateRow(StateChange { before, after }), CurrentValue::StateRow(current)) => {
            (row(before), row(after), row(current))
        }
        (Change::CodexRow(CodexChange { before, after, .. }), CurrentValue::CodexRow(current)) => {
            (borrowed(before), borrowed(after), borrowed(current))
        }
        (Change::Mode(ModeChange { before, after, .. }), CurrentValue::Mode(current)) => {
            (owned(Some(mode(*before))), owned(Some(mode(*after))), owned(current.map(mode)))
        }
        (Change::FillState((before, after)), CurrentValue::Phase(current)) => {
            (owned(Some(phase(before))), owned(Some(phase(after))), owned(Some(phase(current))))
        }
        (Change::SetAside((from, to)), CurrentValue::Names(current)) => {
            let files = |(one, other): (bool, bool)| owned(Some(Vec::from([file(from, one), file(to, other)])));
            (files((true, false)), files((false, true)), files(*current))
        }
        (Change::Name((before, after)), CurrentValue::Name(current)) => {
            let name = |name: &Option<String>| {
                let value = name.clone().map_or(Value::Null, Value::Text);
                owned(Some(Vec::from([cell("its name", value)])))
            };
            (name(before), name(after), name(current))
        }
        (Change::Archived((before, after)), CurrentValue::Archived(current)) => {
            let place = |archived: bool| {
                let place = if archived { "in the archive" } else { "not in the archive" };
                owned(Some(Vec::from([cell("the thread", Value::Text(place.into()))])))
            };
            (place(*before), place(*after), place(*current))
        }
        _ => return Err("what was looked at is not what it changes".into()),
    })
}

/// An edit that can be carried out, told back, and carried out again.
fn well_formed(edit: &Edit, before: Option<&[Cell]>, after: Option<&[Cell]>) -> Result<(), String> {
    if before.is_none() && after.is_none() {
        return Err("it changes nothing".into());
    }
    if let Some(cell) = after.unwrap_or_default().iter().find(|cell| matches!(cell.value, Value::Withheld(_))) {
        return Err(format!("the {} that it would put in is not in the plan", cell.column));
    }
    if let (Some(before), Some(after)) = (before, after)
        && (before.len() != after.len() || before.iter().any(|cell| value_of(after, &cell.column).is_none()))
    {
        return Err("it does not say of every column what stands and what should".into());
    }
    match &edit.change {
        Change::StateRow(StateChange { before: Some(before), after: Some(after) }) if before.id != after.id => {
            Err("it makes one thread's row another one's".into())
        }
        Change::Name(_) | Change::Archived(_) if edit.thread.is_none() => Err("it does not say of which thread".into()),
        Change::CodexRow(CodexChange { key, .. }) => {
            let otherwise = |cell: &Cell, side: Option<&[Cell]>| {
                side.and_then(|side| value_of(side, &cell.column)).is_some_and(|value| *value != cell.value)
            };
            match key.iter().find(|cell| otherwise(cell, before) || otherwise(cell, after)) {
                _ if key.is_empty() => Err("it does not say which row".into()),
                Some(cell) => Err(format!("it changes the {} by which its row is found", cell.column)),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// How what stands differs from what is expected, in words.
fn difference(expected: Option<&[Cell]>, current: Option<&[Cell]>) -> Option<String> {
    let expected = match (expected, current) {
        (None, None) => return None,
        (None, Some(_)) => return Some("there is a row already, where there was none".into()),
        (Some(_), None) => return Some("what it changes is not there any more".into()),
        (Some(expected), Some(_)) => expected,
    };
    let current = current.unwrap_or_default();
    let differing = expected.iter().filter_map(|cell| {
        let found = value_of(current, &cell.column);
        match found {
            Some(found) if alike(&cell.value, found) => None,
            Some(found) => {
                let [was, is] = [&cell.value, found].map(shown);
                Some(format!("{} was {was} and is {is} now", cell.column))
            }
            None => Some(format!("{} is not there", cell.column)),
        }
    });
    let differing: Vec<String> = differing.collect();
    (!differing.is_empty()).then(|| differing.join("; "))
}

fn value_of<'a>(cells: &'a [Cell], column: &str) -> Option<&'a Value> {
    cells.iter().find(|cell| cell.column == column).map(|cell| &cell.value)
}

/// What was withheld stands for every value of its length.
fn alike(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Withheld(length), Value::Text(text)) => text.len() as u64 == *length,
        (Value::Withheld(length), Value::Blob(bytes)) => bytes.len() as u64 == *length,
        (expected, found) => expected == found,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("'{}…'", &text[..end]),
            None => format!("'{text}'"),
        },
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Withheld(length) => format!("a text of {length} bytes"),
    }
}

fn mode(mode: u32) -> Vec<Cell> {
    Vec::from([cell("its mode", Value::Text(format!("{mode:03o}")))])
}

fn phase(phase: &str) -> Vec<Cell> {
    Vec::from([cell("the state DB", Value::Text(phase.into()))])
}

fn file(name: &str, there: bool) -> Cell {
    cell(name, Value::Text(if there { "there" } else { "not there" }.into()))
}

/// A row of the state DB, column by column.
fn cells(row: &ThreadRow) -> Vec<Cell> {
    let value = |field| match field {
        Field::Text(text) => text.map_or(Value::Null, |text| Value::Text(text.into())),
        Field::Number(number) => number.map_or(Value::Null, Value::Integer),
        Field::Flag(flag) => Value::Integer(flag.into()),
        Field::Source(source) => source.map_or(Value::Null, |source| {
            let name = match source {
                Provenance::Program => "program",
                Provenance::SessionIndex => "session index",
                Provenance::CodexDb => "Codex",
                Provenance::User => "user",
            };
            Value::Text(name.into())
        }),
    };
    fields(row).into_iter().map(|(column, field)| cell(column, value(field))).collect()
}
