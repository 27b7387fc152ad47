//! What becomes of a plan: which of its edits may be made, and which were.

use std::collections::BTreeMap;

use threadkeep_engine::contract::{Applicability, Change, CurrentValue, Edit, Value};

use super::targets::Evaluated;

/// Says of each edit that was not made, by its place, why not.
pub(super) type Results = BTreeMap<usize, String>;

/// Says what became of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The repair's name in the journal; none where nothing was done.
    pub name: Option<String>,
    /// Entries that were carried out; in a preview, those that would be.
    pub done: Vec<Edit>,
    /// Entries whose work was done already.
    pub already: usize,
    /// Entries that were left out, and why.
    pub refused: Vec<(Edit, String)>,
    /// The backup that was made before, by its name.
    pub backup: Option<String>,
    /// Repairs of killed processes that were finished first.
    pub finished: Vec<String>,
}

impl Outcome {
    /// Adds what was tried, and what of it was refused in the end.
    pub(super) fn add(&mut self, entries: Vec<Edit>, mut results: Results) {
        for (at, edit) in entries.into_iter().enumerate() {
            match results.remove(&at) {
                None => self.done.push(edit),
                Some(why) => self.refused.push((edit, why)),
            }
        }
    }
}

/// Parts edits: those that may be made as done, with what was found of them, from the others.
pub(super) fn partition(edits: Vec<Edit>, evaluated: Vec<Evaluated>) -> (Outcome, Vec<Evaluated>) {
    let (mut outcome, mut applicable) = (Outcome::default(), Vec::new());
    for (mut edit, evaluated) in edits.into_iter().zip(evaluated) {
        match &evaluated.applicability {
            Applicability::Done => outcome.already += 1,
            Applicability::Rejected(why) => outcome.refused.push((edit, why.clone())),
            Applicability::Applicable => match complete_before(&mut edit, &evaluated) {
                Ok(()) => {
                    outcome.done.push(edit);
                    applicable.push(evaluated);
                }
                Err(why) => outcome.refused.push((edit, why)),
            },
        }
    }
    (outcome, applicable)
}

/// Gives an edit all that it takes to take it back: what it removes, whole, and values that its plan left out.
fn complete_before(edit: &mut Edit, evaluated: &Evaluated) -> Result<(), String> {
    let (Change::CodexRow(change), Some(CurrentValue::CodexRow(Some(current)))) =
        (&mut edit.change, &evaluated.current)
    else {
        return Ok(());
    };
    let Some(before) = &mut change.before else { return Ok(()) };
    if change.after.is_none() {
        before.clone_from(current);
    }
    for cell in before.iter_mut() {
        if let Some(found) = current.iter().find(|found| found.column == cell.column) {
            cell.value.clone_from(&found.value);
        }
    }
    match before.iter().find(|cell| matches!(cell.value, Value::Withheld(_))) {
        Some(cell) => Err(format!("its {} is no text, and could not be put back", cell.column)),
        None => Ok(()),
    }
}
