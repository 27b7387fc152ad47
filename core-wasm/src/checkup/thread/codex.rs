//! Codex's own row of a thread against what its files and everybody else say of it.
//!
//! Codex's values are not ours: its times are those of its own clock, a preview may be a fork's or its parent's, git facts may
//! have been learned later. So a column is wrong only where it says what no release has written, by the homes of all of
//! them: an edit puts there what Codex itself would have.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::super::found::{Code, codex_row};
use super::super::{Case, Cell, CodexShape, Column, Edit, Finding, Leads, Scene, Severity, Target, Value};
use super::row::{Changes, Row};
use super::{metadata, plain, rebuilt};
use crate::paths::{canonical_id, collection_of};
use crate::types::{Collection, Provenance, ThreadRow};

pub(super) const REPAIR: &str = "threadkeep repair apply --target codex";
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

/// Everything that is wrong with it.
pub(super) fn examine(scene: &Scene, shape: &CodexShape, case: &Case, found: &mut Vec<Finding>) {
    for double in &case.doubles {
        duplicate(&Row { columns: &shape.threads, values: double }, case, found);
    }
    match &case.codex {
        None => missing_row(scene, shape, case, found),
        Some(values) => {
            let row = Row { columns: &shape.threads, values };
            path(scene, &row, case, found);
            archived(&row, case, found);
            if let Some(should) = case.should.as_ref().filter(|row| !row.missing) {
                name(scene, &row, case, should, found);
                metadata::examine(scene, &row, case, should, found);
            }
            edge(shape, case, found);
        }
    }
}

fn duplicate(row: &Row<'_>, case: &Case, found: &mut Vec<Finding>) {
    let id = row.text("id").unwrap_or_default();
    let finding = DUPLICATE_ROW.found().of(&case.id).shown("id in Codex's database", Some(id.into()), None);
    let edit = row.cells().map(|cells| {
        let change = codex_row("threads", Cell::new("id", Value::Text(id.into())), Some(cells), None);
        let edit = finding.edit(Target::Codex, "another row of the thread is there", change);
        Edit { asked: true, safe: false, ..edit }
    });
    found.push(finding.mended(edit));
}

fn missing_row(scene: &Scene, shape: &CodexShape, case: &Case, found: &mut Vec<Finding>) {
    let Some(should) = case.should.as_ref().filter(|row| !row.missing) else { return };
    // What the current Codex wants of a `session_meta`; without it, it would only fail to open what it lists.
    let old = case.retold.as_ref().is_none_or(|retold| retold.originator.is_none()) || should.cli_version.is_none();
    if old {
        found.push(TOO_OLD.found().of(&case.id).at(should.path.clone()));
        return;
    }
    match rebuilt::row(scene, shape, case, should) {
        Err(column) => {
            let finding = NO_ROW_POSSIBLE.found().of(&case.id).at(should.path.clone());
            found.push(finding.shown("column", Some(column), None));
        }
        Ok(cells) => {
            let finding = MISSING_ROW.found().of(&case.id).at(should.path.clone());
            let finding = finding.shown("row in Codex's database", None, Some(should.path.clone()));
            let change = codex_row("threads", Cell::new("id", Value::Text(case.id.clone())), None, Some(cells));
            let edit = finding.edit(Target::Codex, "the row as the rollout and every source have it", change);
            let needs = vec![(should.path.clone(), case.id.clone())];
            let edit = Edit { needs, safe: !case.written, ..edit };
            found.push(finding.mended([edit]));
            edge(shape, case, found);
        }
    }
}

fn path(scene: &Scene, row: &Row<'_>, case: &Case, found: &mut Vec<Finding>) {
    let stands = row.text("rollout_path").unwrap_or_default();
    let Some(place) = case.place() else {
        if case.files.is_empty() {
            gone(row, case, stands, found);
        }
        return;
    };
    let here = format!("{}/{}", scene.home, plain(place));
    let code = match &case.leads {
        Leads::Here((path, Some(thread))) if *thread == case.id => {
            // Codex goes on with the file that its row names: after a revert that is the newer one.
            let newest = case.files.iter().find(|file| plain(&file.file.path) == plain(place));
            match newest.is_some_and(|file| case.continues(file)) && plain(path) != plain(place) {
                true => OLDER_FILE,
                false => return,
            }
        }
        Leads::Here((_, Some(_))) => MISMATCHED_PATH,
        Leads::Here((_, None)) => NO_THREAD_THERE,
        Leads::Elsewhere(Some(thread)) if *thread == case.id => ANOTHER_HOME,
        Leads::Elsewhere(Some(_)) => MISMATCHED_PATH,
        Leads::Elsewhere(None) | Leads::Nowhere => STALE_PATH,
    };
    let finding = code.found().of(&case.id).at(place);
    let finding = finding.shown("rollout_path in Codex's database", Some(stands.into()), Some(here.clone()));
    let finding = match &case.leads {
        Leads::Here((_, Some(thread))) | Leads::Elsewhere(Some(thread)) if *thread != case.id => {
            finding.shown("whose file that is", Some(thread.clone()), Some(case.id.clone()))
        }
        _ => finding,
    };
    let mut changes = Changes::of(row);
    changes.set("rollout_path", Value::Text(here));
    let edit = changes.edit(&finding, case, "the rollout is there");
    found.push(finding.mended(edit));
}

/// Nothing in the home is the thread's.
fn gone(row: &Row<'_>, case: &Case, stands: &str, found: &mut Vec<Finding>) {
    let about = |code: &Code| {
        code.found().of(&case.id).at(stands).shown("rollout_path in Codex's database", Some(stands.into()), None)
    };
    let finding = match &case.leads {
        Leads::Elsewhere(Some(thread)) if *thread == case.id => about(&ELSEWHERE),
        Leads::Here((_, Some(thread))) | Leads::Elsewhere(Some(thread)) => {
            let wrong = about(&MISSING_FILE).shown("whose file that is", Some(thread.clone()), Some(case.id.clone()));
            let edit = removal(&wrong, row, case);
            wrong.mended(edit)
        }
        Leads::Here((_, None)) | Leads::Elsewhere(None) => about(&NO_THREAD_THERE),
        Leads::Nowhere => {
            let gone = about(&MISSING_FILE);
            let edit = removal(&gone, row, case);
            gone.mended(edit)
        }
    };
    found.push(finding);
}

/// Only when asked: the row is all that is left of the thread.
fn removal(finding: &Finding, row: &Row<'_>, case: &Case) -> Option<Edit> {
    let key = Cell::new("id", Value::Text(row.text("id")?.into()));
    let change = codex_row("threads", key, Some(row.cells()?), None);
    let edit = finding.edit(Target::Codex, "its rollout is gone", change);
    let needs = case.should.iter().map(|row| (row.path.clone(), String::new())).collect();
    Some(Edit { asked: true, safe: false, needs, ..edit })
}

fn archived(row: &Row<'_>, case: &Case, found: &mut Vec<Finding>) {
    let (Some(place), Some(stands)) = (case.place(), row.number("archived")) else { return };
    let should = collection_of(place) == Collection::Archived;
    if (stands != 0) == should {
        return;
    }
    let finding = WRONG_ARCHIVED.found().of(&case.id).at(place);
    let (is, expected) = ((stands != 0).to_string(), should.to_string());
    let finding = finding.shown("archived in Codex's database", Some(is), Some(expected));
    let mut changes = Changes::of(row);
    changes.set("archived", Value::Integer(should.into()));
    let last = case.should.as_ref().map(|row| row.updated_at).or_else(|| row.time("updated_at"));
    changes.set(
        "archived_at",
        match (should, last) {
            (true, Some(at)) => Value::Integer(at.div_euclid(1_000)),
            _ => Value::Null,
        },
    );
    let edit = changes.edit(&finding, case, "the rollout's directory says so");
    found.push(finding.mended(edit));
}

/// What a user called the thread. Codex keeps it in `name`, or for legacy threads, and in older databases, as the title.
fn name(scene: &Scene, row: &Row<'_>, case: &Case, should: &ThreadRow, found: &mut Vec<Finding>) {
    let column = name_column(row.columns, should);
    let stands = row.text(column);
    let by_user = should.name_source == Some(Provenance::User)
        || case.names.iter().any(|claim| claim.source == Provenance::User && claim.name.is_empty());
    let expected = match &should.name {
        Some(name) => Some(name.as_str()),
        // A user took the name away that Codex still shows.
        None if by_user && column == "name" => None,
        None => return,
    };
    if stands == expected {
        let known = case.names.iter().any(|claim| claim.source != Provenance::CodexDb);
        if expected.is_some() && !known && !scene.has_state {
            let only = ONE_SOURCE.found().of(&case.id);
            found.push(only.shown("name", expected.map(Into::into), None));
        }
        return;
    }
    let finding = LOST_NAME.found().of(&case.id);
    let what = format!("{column} in Codex's database");
    let finding = finding.shown(&what, stands.map(Into::into), expected.map(Into::into));
    let mut changes = Changes::of(row);
    changes.set(column, Value::of(expected));
    let edit = changes.edit(&finding, case, "the name that was given last");
    // The name does not depend on the file.
    let edit = edit.map(|edit| Edit { needs: Vec::new(), ..edit });
    found.push(finding.mended(edit));
}

/// The column that holds the name of a thread of this form.
pub(super) fn name_column(columns: &[Column], thread: &ThreadRow) -> &'static str {
    let has = columns.iter().any(|column| column.name == "name");
    if has && thread.history_mode == "paginated" { "name" } else { "title" }
}

/// Who spawned the thread.
fn edge(shape: &CodexShape, case: &Case, found: &mut Vec<Finding>) {
    let Some(parent) = case.should.as_ref().and_then(|row| row.parent_thread_id.clone()) else { return };
    let has = |wanted: &str| shape.edges.iter().any(|column| column.name == wanted);
    if !["parent_thread_id", "child_thread_id", "status"].iter().all(|column| has(column)) {
        return;
    }
    let key = Cell::new("child_thread_id", Value::Text(case.id.clone()));
    let (code, before, after) = match &case.edge {
        None => {
            let cells = vec![
                Cell::new("parent_thread_id", Value::Text(parent.clone())),
                key.clone(),
                Cell::new("status", Value::Text("open".into())),
            ];
            (MISSING_EDGE, None, cells)
        }
        Some(values) => {
            let row = Row { columns: &shape.edges, values };
            let stands = row.text("parent_thread_id").unwrap_or_default();
            if canonical_id(stands).as_ref() == Some(&parent) {
                return;
            }
            let before = Cell::new("parent_thread_id", Value::Text(stands.into()));
            (WRONG_EDGE, Some(vec![before]), vec![Cell::new("parent_thread_id", Value::Text(parent.clone()))])
        }
    };
    let stands: Option<String> = before.as_ref().and_then(|cells| cells.first()).and_then(|cell| cell.value.shown());
    let finding = code.found().of(&case.id).shown("parent in Codex's database", stands, Some(parent));
    let edit = finding.edit(
        Target::Codex,
        "the rollout says who spawned it",
        codex_row("thread_spawn_edges", key, before, Some(after)),
    );
    found.push(finding.mended([edit]));
}
