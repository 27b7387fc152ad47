//! Holds the row of the state DB against the row that should stand.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::health::findings::{BuildFinding, Code};
use contract::{
    Change, CheckContext, Discrepancy, Edit, EditTarget, Evidence, Finding, PathTarget, Provenance, Severity,
    StateChange, ThreadFacts, ThreadRow,
};

use super::facts::{place_of, plain};
use crate::rows::derive::{Field, fields};
use crate::rows::diff::{diff_rows, json_name};

const REPAIR: &str = "threadkeep repair apply; threadkeep init, and every command that refreshes, does the same";

const STALE_PATH: Code = Code {
    name: "stale-path",
    severity: Severity::Warning,
    meaning: "Threadkeep's row names a file that is not the thread's rollout (any more).",
    remedy: REPAIR,
};
const MISMATCHED_PATH: Code = Code {
    name: "mismatched-path",
    severity: Severity::Error,
    meaning: "Threadkeep's row names a file that belongs to another thread.",
    remedy: REPAIR,
};
const MISSING_ROW: Code = Code {
    name: "missing-row",
    severity: Severity::Warning,
    meaning: "The rollout is there and Threadkeep has no row of its thread, so a list without a refresh leaves it out.",
    remedy: REPAIR,
};
const MISSING_FILE: Code = Code {
    name: "missing-file",
    severity: Severity::Warning,
    meaning: "Threadkeep's row says that there is a rollout, and there is none.",
    remedy: REPAIR,
};
const LOST: Code = Code {
    name: "lost-rollout",
    severity: Severity::Info,
    meaning: "No rollout of the thread is there any more. It is known by its row alone, which no list shows.",
    remedy: "threadkeep read ID tells what is known; a rollout that is put back is found again",
};
const WRONG_ARCHIVED: Code = Code {
    name: "wrong-archived",
    severity: Severity::Warning,
    meaning: "Threadkeep's row says that the thread is archived and its file is not, or the other way round.",
    remedy: REPAIR,
};
const WRONG_METADATA: Code = Code {
    name: "wrong-metadata",
    severity: Severity::Warning,
    meaning: "What Threadkeep's row says of the thread is not what its rollouts and sources say.",
    remedy: REPAIR,
};
const OUT_OF_DATE: Code = Code {
    name: "behind",
    severity: Severity::Info,
    meaning: "The rollout was written on since Threadkeep looked at it last. The next start takes that in.",
    remedy: "nothing to be done",
};

/// Says everything that is wrong with it. What files and sources have come to say since the state DB was brought up to date is
/// nothing to worry about: the next start takes it in.
pub(super) fn diagnose(context: &CheckContext, facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let before = found.len();
    compare(facts, found);
    for finding in found.iter_mut().skip(before) {
        let by_sources = |evidence: &Evidence| BY_SOURCES.contains(&evidence.what.as_str());
        if facts.out_of_date || context.sources_changed && finding.evidence.iter().all(by_sources) {
            finding.severity = Severity::Info;
        }
    }
}

/// Fields of a row that other sources than the files may change.
const BY_SOURCES: [&str; 4] = ["name", "nameSource", "title", "memoryMode"];

fn compare(facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let Some(desired) = &facts.desired else { return quickly(facts, found) };
    let Some(current) = &facts.current else {
        if !desired.missing {
            let missing = MISSING_ROW.found().of(&facts.id).at(desired.path.clone());
            found.push(missing.shown("row in the state DB", None, Some(desired.path.clone())));
            repair_whole_row(found, facts, desired);
        }
        return;
    };
    if desired.missing && current.missing {
        found.push(LOST.found().of(&facts.id).at(desired.path.clone()));
    }
    if current == desired {
        return;
    }
    if desired.missing && !current.missing {
        let gone = MISSING_FILE.found().of(&facts.id).at(current.path.clone());
        found.push(gone.shown("file", None, Some(current.path.clone())));
        return repair_whole_row(found, facts, desired);
    }
    if current.path != desired.path {
        let (code, other) = match &facts.current_target {
            PathTarget::Local((_, Some(other))) if *other != facts.id => (MISMATCHED_PATH, Some(other.clone())),
            _ => (STALE_PATH, None),
        };
        let path = code.found().of(&facts.id).at(desired.path.clone());
        let path = path.shown("path in the state DB", Some(current.path.clone()), Some(desired.path.clone()));
        found.push(match other {
            Some(other) => path.shown("whose file that is", Some(other), Some(facts.id.clone())),
            None => path,
        });
        repair_whole_row(found, facts, desired);
    }
    if current.archived != desired.archived {
        let (is, expected) = (current.archived.to_string(), desired.archived.to_string());
        let archived = WRONG_ARCHIVED.found().of(&facts.id).at(desired.path.clone());
        found.push(archived.shown("archived in the state DB", Some(is), Some(expected)));
        repair_whole_row(found, facts, desired);
    }
    let fields: Vec<String> = diff_rows(current, desired)
        .into_iter()
        .filter_map(|what| match what {
            Discrepancy::WrongMetadata(field) => Some(field),
            _ => None,
        })
        .collect();
    if fields.is_empty() {
        return;
    }
    let code = if facts.out_of_date { OUT_OF_DATE } else { WRONG_METADATA };
    let mut wrong = code.found().of(&facts.id).at(desired.path.clone());
    for field in &fields {
        wrong = wrong.shown(field, field_of(current, field), field_of(desired, field));
    }
    found.push(wrong);
    repair_whole_row(found, facts, desired);
}

/// Where the files were only looked at from outside: is the row's one there?
fn quickly(facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let Some(current) = facts.current.as_ref().filter(|row| !row.missing) else { return };
    let here = facts.files.iter().any(|file| plain(&file.file.path) == plain(&current.path));
    if !here {
        let code = if facts.files.is_empty() { MISSING_FILE } else { STALE_PATH };
        let place = place_of(facts).map(String::from);
        found.push(code.found().of(&facts.id).shown("path in the state DB", Some(current.path.clone()), place));
    }
}

/// The whole row is put right at once: every finding of it carries the same edit.
fn repair_whole_row(found: &mut [Finding], facts: &ThreadFacts, desired: &ThreadRow) {
    let Some(finding) = found.last_mut() else { return };
    let change = StateChange { before: facts.current.clone(), after: Some(desired.clone()) };
    let edit = finding.edit(EditTarget::State, "the row as files and sources have it", Change::StateRow(change));
    // What is said to be gone must not have come back.
    let carries = if desired.missing { String::new() } else { facts.id.clone() };
    let preconditions = alloc::vec![(desired.path.clone(), carries)];
    finding.edits.push(Edit { preconditions, ..edit });
}

/// A field by the name that `diff_rows` gives it, for people.
fn field_of(row: &ThreadRow, name: &str) -> Option<String> {
    let (_, field) = fields(row).into_iter().find(|(field, _)| json_name(field) == name)?;
    match field {
        Field::Text(text) => text.map(Into::into),
        Field::Number(number) => number.map(|number| number.to_string()),
        Field::Flag(flag) => Some(flag.to_string()),
        Field::Source(source) => source.map(|source| match source {
            Provenance::Program => "its program".into(),
            Provenance::SessionIndex => "session index".into(),
            Provenance::CodexDb => "Codex's database".into(),
            Provenance::User => "user".into(),
        }),
    }
}
