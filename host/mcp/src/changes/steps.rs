//! The steps of a change, to be shown.

use serde::Serialize;
use threadkeep::contract::{Cell, Change, CodexChange, Edit, ThreadRow, Value};
use threadkeep::threads::change::CollectionMove;

use crate::text::{clean, shortened};

/// How much is shown of a value.
const MOST: usize = 160;

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// What: a name, a file, a column of a table of Codex's.
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Gives the step of a new name; none where it is the old one.
pub(super) fn named(row: &ThreadRow, name: Option<&str>) -> Vec<Step> {
    let step = Step { what: "name".into(), from: row.name.as_deref().map(clean), to: name.map(clean), reason: None };
    if row.name.as_deref() == name { Vec::new() } else { vec![step] }
}

/// Gives a step for every file that moves.
pub(super) fn moved(moves: &CollectionMove) -> Vec<Step> {
    let step = |(from, to): (&str, &str)| Step {
        what: "file".into(),
        from: Some(clean(from)),
        to: Some(clean(to)),
        reason: None,
    };
    moves.renamings.iter().map(|renaming| step((&renaming.from, &renaming.to))).collect()
}

/// Gives the steps of a repair.
pub(super) fn repaired(entries: &[Edit]) -> Vec<Step> {
    entries.iter().flat_map(steps_of).collect()
}

fn steps_of(edit: &Edit) -> Vec<Step> {
    let reason = Some(shortened(&clean(&edit.reason), MOST));
    let step = |what: String, from: Option<String>, to: Option<String>| {
        let reason = reason.clone();
        Step { what, from, to, reason }
    };
    let Change::CodexRow(CodexChange { table, before, after, .. }) = &edit.change else {
        return vec![step(edit.code.clone(), None, None)];
    };
    let table = clean(table);
    match (before, after) {
        (Some(before), Some(after)) => {
            let was = |cell: &Cell| before.iter().find(|before| before.column == cell.column).map(shown);
            let column = |cell: &Cell| format!("{table}.{}", clean(&cell.column));
            after.iter().map(|cell| step(column(cell), was(cell), Some(shown(cell)))).collect()
        }
        (None, _) => vec![step(table, None, Some("a new row".into()))],
        (_, None) => vec![step(table, Some("its row".into()), None)],
    }
}

fn shown(cell: &Cell) -> String {
    match &cell.value {
        Value::Null => "nothing".into(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => shortened(&clean(text), MOST),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Withheld(length) => format!("a text of {length} bytes"),
    }
}
