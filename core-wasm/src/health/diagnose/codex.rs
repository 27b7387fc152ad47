//! Holds Codex's own row of a thread against what its files and everybody else say of it.
//!
//! Codex's values are not ours: its times are those of its own clock, a preview may be a fork's or its parent's, git
//! facts may have been learned later. So a column is wrong only where it says what no release has written, by the homes
//! of all of them: an edit puts there what Codex itself would have.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use crate::health::findings::{BuildFinding, Code, DescribeValue, cell, codex_row};
use contract::{
    CheckContext, CodexShape, Collection, Edit, EditTarget, Finding, PathTarget, Provenance, Severity, ThreadFacts,
    ThreadRow, Value,
};

use super::facts::{continues, place_of, plain};
use super::row::{Changes, REPAIR, Row, name_column};
use super::{metadata, rebuilt};
use crate::text::paths::{canonical_id, collection_of, is_named_for};

const ON_REQUEST: &str = "bring the rollout back from a backup of yours; or remove the row: threadkeep repair apply \
                          --target codex --with missing-file";
const STALE_PATH: Code = Code {
    name: "stale-path",
    severity: Severity::Error,
    meaning: "Codex's row names a file that is not there: it lists the thread slowly or not at all, and neither shows its \
              turns nor resumes it.",
    remedy: REPAIR,
};
const ANOTHER_HOME: Code = Code {
    name: "path-in-another-home",
    severity: Severity::Error,
    meaning: "Codex's row names a file outside of this home, although the thread is here: what is said next goes there.",
    remedy: REPAIR,
};
const ELSEWHERE: Code = Code {
    name: "rollout-elsewhere",
    severity: Severity::Info,
    meaning: "The thread's rollout lies outside of this home, where Codex's row says.",
    remedy: "nothing to be done as long as it stays there",
};
const MISMATCHED_PATH: Code = Code {
    name: "mismatched-path",
    severity: Severity::Error,
    meaning: "Codex's row names a file that belongs to another thread: Codex refuses to open the thread.",
    remedy: REPAIR,
};
const OLDER_FILE: Code = Code {
    name: "older-file",
    severity: Severity::Warning,
    meaning: "The thread was taken back to an earlier turn, and Codex's row still names the file from before.",
    remedy: REPAIR,
};
const MISSING_ROW: Code = Code {
    name: "missing-row",
    severity: Severity::Warning,
    meaning: "Codex has no row of the thread: its lists from the database leave it out, and names and times only the row had \
              are gone.",
    remedy: REPAIR,
};
const NO_ROW_POSSIBLE: Code = Code {
    name: "missing-row-not-rebuilt",
    severity: Severity::Warning,
    meaning: "Codex has no row of the thread, and its database wants columns that nobody here knows how to fill.",
    remedy: "a list of Codex's own (`codex resume --all`) makes the row, if anything does",
};
const TOO_OLD: Code = Code {
    name: "too-old-for-codex",
    severity: Severity::Info,
    meaning: "The rollout is of a release so old that the current Codex does not read it. Threadkeep does.",
    remedy: "threadkeep turns ID shows it; threadkeep salvage FILE makes a rollout of it that Codex reads",
};
const MISSING_FILE: Code = Code {
    name: "missing-file",
    severity: Severity::Warning,
    meaning: "Codex has a row of a thread whose rollout is gone: it is listed nowhere and cannot be opened.",
    remedy: ON_REQUEST,
};
const MISSING_WITH_ALL: Code = Code {
    remedy: "no rollout at all is in this home: if a disk holds them, attach it; its rows are left alone",
    ..MISSING_FILE
};
const NOT_LOOKED_AT: Code = Code {
    name: "file-not-looked-at",
    severity: Severity::Info,
    meaning: "Codex's row names a rollout that could not be looked at: whether it is there is not known.",
    remedy: "see to it that the file and its directories can be read (permissions, disks), and look again",
};
const COPY_IN_ROW: Code = Code {
    name: "copy-in-row",
    severity: Severity::Error,
    meaning: "Codex's row names a copy of the thread's rollout: what is said next goes into the copy.",
    remedy: REPAIR,
};
const NO_THREAD_THERE: Code = Code {
    name: "unreadable-rollout",
    severity: Severity::Error,
    meaning: "Codex's row names a file that no longer says which thread it is: Codex refuses to open the thread.",
    remedy: "threadkeep salvage FILE copies what can be read into a new rollout",
};
const WRONG_ARCHIVED: Code = Code {
    name: "wrong-archived",
    severity: Severity::Warning,
    meaning: "Codex's row says that the thread is archived and its file is not, or the other way round: it is in the wrong \
              list, or in none.",
    remedy: REPAIR,
};
const LOST_NAME: Code = Code {
    name: "lost-name",
    severity: Severity::Warning,
    meaning: "The thread was given a name that Codex does not show.",
    remedy: REPAIR,
};
const ONE_SOURCE: Code = Code {
    name: "name-in-one-place",
    severity: Severity::Info,
    meaning: "Only Codex's database knows the thread's name: a rebuild of it would lose it.",
    remedy: "threadkeep init takes it over and keeps it",
};
const MISSING_EDGE: Code = Code {
    name: "missing-edge",
    severity: Severity::Warning,
    meaning: "The thread was spawned by another one, and Codex does not know: it shows it under no parent.",
    remedy: REPAIR,
};
const WRONG_EDGE: Code =
    Code { name: "wrong-edge", meaning: "Codex takes the thread for another one's child than it is.", ..MISSING_EDGE };
const DUPLICATE_ROW: Code = Code {
    name: "duplicate-row",
    severity: Severity::Warning,
    meaning: "Codex has a second row of the thread, under an id that only looks different.",
    remedy: "threadkeep repair apply --target codex --with duplicate-row removes it",
};

/// Says everything that is wrong with it.
pub(super) fn diagnose(context: &CheckContext, shape: &CodexShape, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    for duplicate_row in &facts.duplicates {
        duplicate(&Row { columns: &shape.threads, values: duplicate_row }, facts, found);
    }
    match &facts.codex {
        None => missing_row(context, shape, facts, found),
        Some(values) => {
            let row = Row { columns: &shape.threads, values };
            path(context, &row, facts, found);
            archived(&row, facts, found);
            if let Some(desired) = facts.desired.as_ref().filter(|row| !row.missing) {
                name(context, &row, facts, desired, found);
                metadata::diagnose(context, &row, facts, desired, found);
            }
            edge(shape, facts, found);
        }
    }
}

fn duplicate(row: &Row<'_>, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let id = row.text("id").unwrap_or_default();
    let finding = DUPLICATE_ROW.found().of(&facts.id).shown("id in Codex's database", Some(id.into()), None);
    let edit = row.cells().map(|cells| {
        let change = codex_row("threads", cell("id", Value::Text(id.into())), Some(cells), None);
        let edit = finding.edit(EditTarget::Codex, "another row of the thread is there", change);
        Edit { opt_in: true, safe_while_open: false, ..edit }
    });
    found.push(finding.repaired_by(edit));
}

fn missing_row(context: &CheckContext, shape: &CodexShape, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let Some(desired) = facts.desired.as_ref().filter(|row| !row.missing) else { return };
    // What the current Codex wants of a `session_meta`; without it, it would only fail to open what it lists.
    let old = facts.codex_fields.as_ref().is_none_or(|codex_fields| codex_fields.originator.is_none())
        || desired.cli_version.is_none();
    if old {
        found.push(TOO_OLD.found().of(&facts.id).at(desired.path.clone()));
        return;
    }
    match rebuilt::row(context, shape, facts, desired) {
        Err(column) => {
            let finding = NO_ROW_POSSIBLE.found().of(&facts.id).at(desired.path.clone());
            found.push(finding.shown("column", Some(column), None));
        }
        Ok(cells) => {
            let finding = MISSING_ROW.found().of(&facts.id).at(desired.path.clone());
            let finding = finding.shown("row in Codex's database", None, Some(desired.path.clone()));
            let change = codex_row("threads", cell("id", Value::Text(facts.id.clone())), None, Some(cells));
            let edit = finding.edit(EditTarget::Codex, "the row as the rollout and every source have it", change);
            let preconditions = vec![(desired.path.clone(), facts.id.clone())];
            let edit = Edit { preconditions, safe_while_open: !facts.locked, ..edit };
            found.push(finding.repaired_by([edit]));
            edge(shape, facts, found);
        }
    }
}

fn path(context: &CheckContext, row: &Row<'_>, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let current = row.text("rollout_path").unwrap_or_default();
    let Some(place) = place_of(facts) else {
        if facts.files.is_empty() {
            gone(context, row, facts, current, found);
        }
        return;
    };
    let here = format!("{}/{}", context.home, plain(place));
    let code = match &facts.codex_target {
        PathTarget::Local((path, Some(thread))) if *thread == facts.id => {
            // Codex goes on with the file that its row names: after a revert that is the newer one.
            let newest = facts.files.iter().find(|file| plain(&file.file.path) == plain(place));
            match newest.is_some_and(|file| continues(facts, file)) && plain(path) != plain(place) {
                true => OLDER_FILE,
                false if is_named_for(place, &facts.id) && !is_named_for(path, &facts.id) => COPY_IN_ROW,
                false => return,
            }
        }
        PathTarget::Local((_, Some(_))) => MISMATCHED_PATH,
        PathTarget::Local((_, None)) => NO_THREAD_THERE,
        PathTarget::External(Some(thread)) if *thread == facts.id => ANOTHER_HOME,
        PathTarget::External(Some(_)) => MISMATCHED_PATH,
        PathTarget::External(None) | PathTarget::Missing => STALE_PATH,
        // It may be there and be the right one.
        PathTarget::Unknown(_) => return,
    };
    let finding = code.found().of(&facts.id).at(place);
    let finding = finding.shown("rollout_path in Codex's database", Some(current.into()), Some(here.clone()));
    let finding = match &facts.codex_target {
        PathTarget::Local((_, Some(thread))) | PathTarget::External(Some(thread)) if *thread != facts.id => {
            finding.shown("whose file that is", Some(thread.clone()), Some(facts.id.clone()))
        }
        _ => finding,
    };
    let mut changes = Changes::of(row);
    changes.set("rollout_path", Value::Text(here));
    let edit = changes.edit(&finding, facts, "the rollout is there");
    found.push(finding.repaired_by(edit));
}

/// Nothing in the home is the thread's.
fn gone(context: &CheckContext, row: &Row<'_>, facts: &ThreadFacts, current: &str, found: &mut Vec<Finding>) {
    let about = |code: &Code| {
        code.found().of(&facts.id).at(current).shown("rollout_path in Codex's database", Some(current.into()), None)
    };
    let finding = match &facts.codex_target {
        PathTarget::External(Some(thread)) if *thread == facts.id => about(&ELSEWHERE),
        PathTarget::Local((_, Some(thread))) | PathTarget::External(Some(thread)) => {
            let wrong = about(&MISSING_FILE).shown("whose file that is", Some(thread.clone()), Some(facts.id.clone()));
            let edit = removal(&wrong, row, facts);
            wrong.repaired_by(edit)
        }
        PathTarget::Local((_, None)) | PathTarget::External(None) => about(&NO_THREAD_THERE),
        PathTarget::Unknown(why) => about(&NOT_LOOKED_AT).shown("why", Some(why.clone()), None),
        PathTarget::Missing if !context.has_rollouts => about(&MISSING_WITH_ALL),
        PathTarget::Missing => {
            let gone = about(&MISSING_FILE);
            let edit = removal(&gone, row, facts);
            gone.repaired_by(edit)
        }
    };
    found.push(finding);
}

/// Only when asked: the row is all that is left of the thread.
fn removal(finding: &Finding, row: &Row<'_>, facts: &ThreadFacts) -> Option<Edit> {
    let key = cell("id", Value::Text(row.text("id")?.into()));
    let change = codex_row("threads", key, Some(row.cells()?), None);
    let edit = finding.edit(EditTarget::Codex, "its rollout is gone", change);
    let preconditions = facts.desired.iter().map(|row| (row.path.clone(), String::new())).collect();
    Some(Edit { opt_in: true, safe_while_open: false, preconditions, ..edit })
}

fn archived(row: &Row<'_>, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let (Some(place), Some(current)) = (place_of(facts), row.number("archived")) else { return };
    let desired = collection_of(place) == Collection::Archived;
    if (current != 0) == desired {
        return;
    }
    let finding = WRONG_ARCHIVED.found().of(&facts.id).at(place);
    let (is, expected) = ((current != 0).to_string(), desired.to_string());
    let finding = finding.shown("archived in Codex's database", Some(is), Some(expected));
    let mut changes = Changes::of(row);
    changes.set("archived", Value::Integer(desired.into()));
    let last = facts.desired.as_ref().map(|row| row.updated_at).or_else(|| row.time("updated_at"));
    changes.set(
        "archived_at",
        match (desired, last) {
            (true, Some(at)) => Value::Integer(at.div_euclid(1_000)),
            _ => Value::Null,
        },
    );
    let edit = changes.edit(&finding, facts, "the rollout's directory says so");
    found.push(finding.repaired_by(edit));
}

/// What a user called the thread. Codex keeps it in `name`, or for legacy threads, and in older databases, as the
/// title.
fn name(context: &CheckContext, row: &Row<'_>, facts: &ThreadFacts, desired: &ThreadRow, found: &mut Vec<Finding>) {
    let column = name_column(row.columns, desired);
    let current = row.text(column);
    let by_user = desired.name_source == Some(Provenance::User)
        || facts.names.iter().any(|claim| claim.source != Provenance::CodexDb && claim.name.is_empty());
    let expected = match &desired.name {
        Some(name) => Some(name.as_str()),
        // A user took the name away that Codex still shows.
        None if by_user && column == "name" => None,
        None => return,
    };
    // Codex itself puts the first message back there with the next turn, and shows the name that stands in its index.
    let indexed =
        |name: &str| facts.names.iter().any(|claim| claim.source == Provenance::SessionIndex && claim.name == name);
    let opening = desired.first_user_message.as_deref();
    if column == "title" && current == opening && expected.is_some_and(indexed) {
        return;
    }
    if current == expected {
        let known = facts.names.iter().any(|claim| claim.source != Provenance::CodexDb);
        if expected.is_some() && !known && !context.has_state {
            let only = ONE_SOURCE.found().of(&facts.id);
            found.push(only.shown("name", expected.map(Into::into), None));
        }
        return;
    }
    let mut finding = LOST_NAME.found().of(&facts.id);
    if expected.is_none() {
        finding.meaning = "The thread's name was taken away, and Codex still shows it.".into();
    }
    let what = format!("{column} in Codex's database");
    let finding = finding.shown(&what, current.map(Into::into), expected.map(Into::into));
    let mut changes = Changes::of(row);
    changes.set(column, Value::of(expected));
    let edit = changes.edit(&finding, facts, "the name that was given last");
    // The name does not depend on the file.
    let edit = edit.map(|edit| Edit { preconditions: Vec::new(), ..edit });
    found.push(finding.repaired_by(edit));
}

/// Who spawned the thread.
fn edge(shape: &CodexShape, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let Some(parent) = facts.desired.as_ref().and_then(|row| row.parent_thread_id.clone()) else { return };
    let has = |wanted: &str| shape.edges.iter().any(|column| column.name == wanted);
    if !["parent_thread_id", "child_thread_id", "status"].iter().all(|column| has(column)) {
        return;
    }
    let key = cell("child_thread_id", Value::Text(facts.id.clone()));
    let (code, before, after) = match &facts.edge {
        None => {
            let cells = vec![
                cell("parent_thread_id", Value::Text(parent.clone())),
                key.clone(),
                cell("status", Value::Text("open".into())),
            ];
            (MISSING_EDGE, None, cells)
        }
        Some(values) => {
            let row = Row { columns: &shape.edges, values };
            let current = row.text("parent_thread_id").unwrap_or_default();
            if canonical_id(current).as_ref() == Some(&parent) {
                return;
            }
            let before = cell("parent_thread_id", Value::Text(current.into()));
            (WRONG_EDGE, Some(vec![before]), vec![cell("parent_thread_id", Value::Text(parent.clone()))])
        }
    };
    let current: Option<String> = before.as_ref().and_then(|cells| cells.first()).and_then(|cell| cell.value.shown());
    let finding = code.found().of(&facts.id).shown("parent in Codex's database", current, Some(parent));
    let edit = finding.edit(
        EditTarget::Codex,
        "the rollout says who spawned it",
        codex_row("thread_spawn_edges", key, before, Some(after)),
    );
    found.push(finding.repaired_by([edit]));
}
