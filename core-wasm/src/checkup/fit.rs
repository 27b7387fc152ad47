//! May an edit be carried out, and what takes it back.
//!
//! Whatever an edit changes is looked at as cells: a row's columns, a file's mode, which of two names there is a file of.
//! What stands is then what it would make (done), what it found (fits, if nothing else is in the way), or neither.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Cell, Change, CodexChange, Edit, Fitness, ModeChange, Standing, StateChange, Trial, Value};
use crate::types::{Provenance, ThreadRow};

/// Characters of a text that are shown of it.
const SHOWN: usize = 80;

/// May it be carried out?
pub fn fit(trial: &Trial) -> Fitness {
    match weigh(trial) {
        Ok(fitness) => fitness,
        Err(why) => Fitness::Refused(why),
    }
}

/// Cells that stand, or would; none where there is nothing.
type Side<'a> = Option<Cow<'a, [Cell]>>;

fn weigh(trial: &Trial) -> Result<Fitness, String> {
    let Trial { edit, standing, needs, open } = trial;
    let (before, after, stands) = sides(&edit.change, standing)?;
    let [before, after, stands] = [&before, &after, &stands].map(Option::as_deref);
    well_formed(&edit.change, before, after)?;
    if difference(after, stands).is_none() {
        return Ok(Fitness::Done);
    }
    if let Some(difference) = difference(before, stands) {
        return Err(difference);
    }
    match open {
        Some(0) if !edit.safe => {
            return Err("it cannot be told here whether another process has Codex's database open".into());
        }
        Some(pid) if !edit.safe => {
            return Err(format!("Codex (process {pid}) has its database open; close it and apply again"));
        }
        _ => {}
    }
    if needs.len() != edit.needs.len() {
        return Err("not every file that it needs was looked at".into());
    }
    for ((path, thread), carried) in edit.needs.iter().zip(needs) {
        match carried {
            None if thread.is_empty() => {}
            Some(_) if thread.is_empty() => return Err(format!("{path} is there again")),
            Some(carried) if carried == thread => {}
            Some(other) => return Err(format!("{path} holds thread {other} now, and not {thread}")),
            None => return Err(format!("{path} is not there any more, or no thread can be read in it")),
        }
    }
    Ok(Fitness::Fits)
}

/// What the edit found, what it would make, what stands.
fn sides<'a>(change: &'a Change, standing: &'a Standing) -> Result<(Side<'a>, Side<'a>, Side<'a>), String> {
    let borrowed = |cells: &'a Option<Vec<Cell>>| cells.as_deref().map(Cow::Borrowed);
    let owned = |cells: Option<Vec<Cell>>| cells.map(Cow::Owned);
    let row = |row: &Option<ThreadRow>| owned(row.as_ref().map(cells));
    Ok(match (change, standing) {
        (Change::StateRow(StateChange { before, after }), Standing::StateRow(stands)) => {
            (row(before), row(after), row(stands))
        }
        (Change::CodexRow(CodexChange { before, after, .. }), Standing::CodexRow(stands)) => {
            (borrowed(before), borrowed(after), borrowed(stands))
        }
        (Change::Mode(ModeChange { before, after, .. }), Standing::Mode(stands)) => {
            (owned(Some(mode(*before))), owned(Some(mode(*after))), owned(stands.map(mode)))
        }
        (Change::FillState((before, after)), Standing::Phase(stands)) => {
            (owned(Some(phase(before))), owned(Some(phase(after))), owned(Some(phase(stands))))
        }
        (Change::SetAside((from, to)), Standing::Names(stands)) => {
            let files = |(one, other): (bool, bool)| owned(Some(Vec::from([file(from, one), file(to, other)])));
            (files((true, false)), files((false, true)), files(*stands))
        }
        _ => return Err("what was looked at is not what it changes".into()),
    })
}

/// An edit that can be carried out, told back, and carried out again.
fn well_formed(change: &Change, before: Option<&[Cell]>, after: Option<&[Cell]>) -> Result<(), String> {
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
    match change {
        Change::StateRow(StateChange { before: Some(before), after: Some(after) }) if before.id != after.id => {
            Err("it makes one thread's row another one's".into())
        }
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
fn difference(expected: Option<&[Cell]>, stands: Option<&[Cell]>) -> Option<String> {
    let expected = match (expected, stands) {
        (None, None) => return None,
        (None, Some(_)) => return Some("there is a row already, where there was none".into()),
        (Some(_), None) => return Some("what it changes is not there any more".into()),
        (Some(expected), Some(_)) => expected,
    };
    let stands = stands.unwrap_or_default();
    let differing = expected.iter().filter_map(|cell| {
        let found = value_of(stands, &cell.column);
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

fn cell(column: &str, value: Value) -> Cell {
    Cell { column: column.into(), value }
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
    let text = |text: &str| Value::Text(text.into());
    let maybe = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let source = row.name_source.map(|source| match source {
        Provenance::SessionIndex => "session index",
        Provenance::CodexDb => "Codex",
        Provenance::User => "user",
    });
    [
        ("id", text(&row.id)),
        ("path", text(&row.path)),
        ("archived", Value::Integer(row.archived.into())),
        ("name", maybe(&row.name)),
        ("name_source", source.map_or(Value::Null, text)),
        ("preview", text(&row.preview)),
        ("title", text(&row.title)),
        ("first_user_message", maybe(&row.first_user_message)),
        ("cwd", maybe(&row.cwd)),
        ("last_cwd", maybe(&row.last_cwd)),
        ("created_at", Value::Integer(row.created_at)),
        ("updated_at", Value::Integer(row.updated_at)),
        ("recency_at", Value::Integer(row.recency_at)),
        ("source", text(&row.source)),
        ("source_kind", text(&row.source_kind)),
        ("model_provider", maybe(&row.model_provider)),
        ("model", maybe(&row.model)),
        ("cli_version", maybe(&row.cli_version)),
        ("git_branch", maybe(&row.git_branch)),
        ("git_sha", maybe(&row.git_sha)),
        ("git_origin_url", maybe(&row.git_origin_url)),
        ("tokens_used", row.tokens_used.map_or(Value::Null, Value::Integer)),
        ("parent_thread_id", maybe(&row.parent_thread_id)),
        ("forked_from_id", maybe(&row.forked_from_id)),
        ("base_thread_id", maybe(&row.base_thread_id)),
        ("history_mode", text(&row.history_mode)),
        ("memory_mode", maybe(&row.memory_mode)),
        ("missing", Value::Integer(row.missing.into())),
    ]
    .map(|(column, value)| cell(column, value))
    .into()
}

/// What takes edits back, the last one first.
pub fn inverse(edits: Vec<Edit>) -> Vec<Edit> {
    let back = |edit: Edit| {
        let change = match edit.change {
            Change::StateRow(StateChange { before, after }) => {
                Change::StateRow(StateChange { before: after, after: before })
            }
            Change::CodexRow(CodexChange { table, key, before, after }) => {
                Change::CodexRow(CodexChange { table, key, before: after, after: before })
            }
            Change::Mode(ModeChange { path, before, after }) => {
                Change::Mode(ModeChange { path, before: after, after: before })
            }
            Change::FillState((before, after)) => Change::FillState((after, before)),
            Change::SetAside((from, to)) => Change::SetAside((to, from)),
        };
        Edit { change, needs: Vec::new(), ..edit }
    };
    edits.into_iter().rev().map(back).collect()
}
