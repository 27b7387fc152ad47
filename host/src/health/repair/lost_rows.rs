//! Rows of threads that were there before a repair and are gone now, though their rollouts are there: whatever took them (a
//! trigger, another program), taking the repair back brings them back out of the backup that was made before it.
//!
//! A thread without a rollout was deleted by somebody who meant it. What stands otherwise than the repair left it is another's
//! change, and stays.

use std::collections::HashSet;

use threadkeep_engine::contract::{Applicability, Change, CodexChange, Edit, EditTarget, Value};

use super::RepairError;
use super::targets::{Targets, codex_change};
use crate::db::{ExternalDb, StateError};
use crate::health::backup::{self, Backup};
use crate::rollouts;

/// What such an edit is called.
pub(super) const CODE: &str = "row-lost-since";

/// Adds to the edits that take a repair back those that bring lost rows back; a lost row is not changed besides. Without the
/// backup, or where that is not what it was, they stay as they are.
pub(super) fn with_lost_rows(
    targets: &mut Targets<'_>,
    back: Vec<Edit>,
    saved: Option<&str>,
) -> Result<Vec<Edit>, RepairError> {
    let (Some(now), Some(saved)) = (targets.codex.clone(), saved) else { return Ok(back) };
    if !back.iter().any(|edit| codex_change(&edit.change).is_some()) {
        return Ok(back);
    }
    let Some(saved) = backup::backups(targets.state_dir)?.0.into_iter().find(|backup| backup.name == saved) else {
        return Ok(back);
    };
    let lost = lost_rows(targets, &now, &saved, &back)?;
    let evaluated = targets.evaluate(&lost)?;
    let restored: HashSet<String> = lost
        .iter()
        .zip(evaluated)
        .filter(|(_, evaluated)| evaluated.applicability == Applicability::Applicable)
        .filter_map(|(edit, _)| edit.thread.clone())
        .collect();
    let restores = |edit: &Edit| thread_changed(edit).is_some_and(|thread| restored.contains(thread));
    Ok(lost.into_iter().chain(back.into_iter().filter(|edit| !restores(edit))).collect())
}

/// Returns edits that bring back the rows of threads that the repair did not take away itself.
fn lost_rows(targets: &Targets<'_>, now: &ExternalDb, saved: &Backup, back: &[Edit]) -> Result<Vec<Edit>, RepairError> {
    let name = now.path().file_name().unwrap_or_default();
    let Some(before) = ExternalDb::at(&saved.path.join(name)) else { return Ok(Vec::new()) };
    // Most of the time there are none, and the whole backup is not gone through for nothing. What is damaged tells nothing.
    let Ok(lost) = before.lost_threads(now) else { return Ok(Vec::new()) };
    let by_the_repair: HashSet<&str> = back.iter().filter_map(thread_put_back).collect();
    let lost: Vec<_> = lost.into_iter().filter(|(thread, _)| !by_the_repair.contains(thread.as_str())).collect();
    if lost.is_empty() || !backup::verify(saved)?.sound {
        return Ok(Vec::new());
    }
    let files = rollouts::named(targets.home, "").map_err(|error| StateError::Io(error.message()))?;
    let mut edits = Vec::new();
    for (thread, changes) in lost {
        let Some(file) = files.iter().find(|file| file.contains(&thread)) else { continue };
        edits.extend(changes.into_iter().map(|change| Edit {
            code: CODE.into(),
            thread: Some(thread.clone()),
            reason: format!("its row is gone since the repair, and {file} is there: it comes out of {}", saved.name),
            target: EditTarget::Codex,
            change: Change::CodexRow(change),
            preconditions: vec![(file.clone(), thread.clone())],
            safe_while_open: false,
            opt_in: false,
        }));
    }
    Ok(edits)
}

/// Returns the thread whose row an edit changes, which is there before and after it.
fn thread_changed(edit: &Edit) -> Option<&str> {
    row_of_thread(edit, |change| change.before.is_some() && change.after.is_some())
}

/// Returns the thread whose row an edit puts in.
fn thread_put_back(edit: &Edit) -> Option<&str> {
    row_of_thread(edit, |change| change.before.is_none())
}

fn row_of_thread(edit: &Edit, wanted: impl Fn(&CodexChange) -> bool) -> Option<&str> {
    let change = codex_change(&edit.change).filter(|change| change.table == "threads" && wanted(change))?;
    match change.key.as_slice() {
        [cell] => match &cell.value {
            Value::Text(thread) => Some(thread),
            _ => None,
        },
        _ => None,
    }
}
