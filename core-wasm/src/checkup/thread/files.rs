//! What is wrong with the files of a thread, or with one that belongs to none. Rollouts are never rewritten, so nothing of
//! this carries an edit.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::found::Code;
use super::super::{Case, CaseFile, Disorder, Finding, Flaw, Misorder, Severity};
use super::plain;
use crate::change::date_of;
use crate::paths::{collection_of, is_compressed};
use crate::types::{Collection, EntryKind};

const SALVAGE: &str = "threadkeep salvage FILE copies what can be read into a new rollout; the original stays";

const EMPTY: Code = Code {
    name: "empty-file",
    severity: Severity::Warning,
    meaning: "The rollout has no bytes: what was said in it is gone from this file.",
    remedy: "bring it back from a backup of yours, or delete it",
};
const UNREADABLE: Code = Code {
    name: "unreadable-file",
    severity: Severity::Error,
    meaning: "The file claims to be a rollout and cannot be read, so its thread is not found.",
    remedy: "make it readable (permissions, links, disk); what is left of a damaged file: threadkeep salvage FILE",
};
const NO_THREAD: Code = Code {
    name: "no-thread-in-file",
    severity: Severity::Error,
    meaning: "No record of the file says which thread it is: Codex shows nothing of it and refuses to open it.",
    remedy: SALVAGE,
};
const BAD_LINE: Code = Code {
    name: "bad-line",
    severity: Severity::Warning,
    meaning: "The line is no record. Codex and Threadkeep pass over it; what stood in it is not shown.",
    remedy: SALVAGE,
};
const MORE: Code = Code { name: "bad-lines", ..BAD_LINE };
const REPEATS: Code = Code {
    name: "ordinal-repeats",
    severity: Severity::Warning,
    meaning: "Two records have the same number: one of them may be shown twice, or not at all.",
    remedy: SALVAGE,
};
const REGRESSES: Code = Code {
    name: "ordinal-regresses",
    meaning: "A record has a lower number than the one before it: forks and pages may begin at the wrong place.",
    ..REPEATS
};
const SKIPS: Code =
    Code { name: "ordinal-skips", meaning: "Numbers are left out: records that stood here are gone.", ..REPEATS };
const MORE_ORDINALS: Code = Code {
    name: "ordinals",
    meaning: "More records than are told one by one have numbers that do not follow.",
    ..REPEATS
};
const UNENDED: Code = Code {
    name: "no-newline-at-end",
    severity: Severity::Info,
    meaning: "The last record has no newline: a writer was killed, or is writing now. It is read all the same.",
    remedy: "nothing to be done: whoever writes on puts the newline first",
};
const SEVERAL: Code = Code {
    name: "several-files",
    severity: Severity::Warning,
    meaning: "Several files say that they are this thread, and none goes on from another: Codex lists it more than once.",
    remedy: "keep the one that has all of it, and move the others out of sessions/ and archived_sessions/",
};
const BOTH_FORMS: Code = Code {
    name: "plain-and-compressed",
    severity: Severity::Info,
    meaning: "The rollout is there plain and compressed. The plain one is read; compressing stopped in the middle.",
    remedy: "threadkeep compress goes on with it",
};
const REVERTED: Code = Code {
    name: "revert-leftover",
    severity: Severity::Info,
    meaning: "The thread was taken back to an earlier turn; Codex keeps what stood after it in this older file.",
    remedy: "nothing to be done: threadkeep turns --path FILE shows it",
};
const MISNAMED: Code = Code {
    name: "misnamed-file",
    severity: Severity::Info,
    meaning: "The file's name does not carry its thread's id: without a row Codex does not find it by its id.",
    remedy: "nothing has to be done as long as the rows are right",
};
const MISFILED: Code = Code {
    name: "misfiled-file",
    severity: Severity::Info,
    meaning: "The file lies in another directory than the date in its name says.",
    remedy: "nothing has to be done as long as the rows are right",
};
const BROKEN_BASE: Code = Code {
    name: "broken-base",
    severity: Severity::Error,
    meaning: "The thread's history begins in another rollout that is gone, or no longer what it was: its beginning is not \
              shown, and Codex may refuse to open it.",
    remedy: "bring the other rollout back from a backup of yours",
};
const ORPHAN: Code = Code {
    name: "parent-missing",
    severity: Severity::Warning,
    meaning: "The thread was spawned by one that nobody knows any more, so no list shows it under its parent.",
    remedy: "bring the parent's rollout back from a backup of yours; threadkeep list --flat shows the thread",
};

/// Everything that is wrong with them.
pub(super) fn examine(case: &Case, found: &mut Vec<Finding>) {
    for file in &case.files {
        one(case, file, found);
    }
    if case.id.is_empty() {
        return;
    }
    together(case, found);
    if let Some(why) = &case.broken_base {
        let broken = BROKEN_BASE.found().of(&case.id).shown("history", Some(why.clone()), None);
        found.push(match case.place() {
            Some(path) => broken.at(path),
            None => broken,
        });
    }
    if !case.parent_known {
        let parent = case.should.as_ref().and_then(|row| row.parent_thread_id.clone());
        found.push(ORPHAN.found().of(&case.id).shown("parent", parent, None));
    }
}

fn one(case: &Case, file: &CaseFile, found: &mut Vec<Finding>) {
    let about = |code: &Code| code.found().of(&case.id).at(file.file.path.clone());
    if let Some(reason) = &file.reason {
        let code = match file.file.kind {
            EntryKind::File if file.file.size == 0 => EMPTY,
            EntryKind::File if reason.contains("cannot be read") => UNREADABLE,
            EntryKind::File => NO_THREAD,
            _ => UNREADABLE,
        };
        found.push(about(&code).shown("content", Some(reason.clone()), None));
    }
    if let Some(health) = &file.health {
        found.extend(health.flaws.iter().map(|flaw| bad_line(about(&BAD_LINE), flaw)));
        let told = health.flaws.len() as u64;
        if health.flaw_count > told {
            let count = Some((health.flaw_count - told).to_string());
            found.push(about(&MORE).shown("further bad lines", count, None));
        }
        found.extend(health.misorders.iter().map(|misorder| ordinal(about, misorder)));
        let told = health.misorders.len() as u64;
        if health.misorder_count > told {
            let count = Some((health.misorder_count - told).to_string());
            found.push(about(&MORE_ORDINALS).shown("further ordinals", count, None));
        }
        // A writer that is at it has not come to the newline yet.
        if health.unended && health.flaw_count == 0 && file.reason.is_none() && !case.written {
            found.push(about(&UNENDED));
        }
    }
    if !case.id.is_empty() && file.reason.is_none() {
        placed(case, file, found);
    }
}

fn bad_line(about: Finding, flaw: &Flaw) -> Finding {
    let bytes: u64 = flaw.salvageable.iter().map(|(_, length)| length).sum();
    let whole = flaw.salvageable.iter().map(|(offset, length)| format!("{length} bytes from {offset} on"));
    let whole: Vec<String> = whole.collect();
    let about = about.line(flaw.line, flaw.offset).shown("line", Some(flaw.reason.clone()), None).shown(
        "length",
        Some(flaw.length.to_string()),
        None,
    );
    match bytes {
        0 => about,
        _ => about.shown("whole records in it", Some(whole.join(", ")), None),
    }
}

fn ordinal(about: impl Fn(&Code) -> Finding, misorder: &Misorder) -> Finding {
    let code = match misorder.kind {
        Disorder::Repeats => REPEATS,
        Disorder::Regresses => REGRESSES,
        Disorder::Skips => SKIPS,
    };
    let (is, should) = (misorder.found.to_string(), misorder.expected.to_string());
    about(&code).line(misorder.line, misorder.offset).shown("ordinal", Some(is), Some(should))
}

/// Does it lie where its name and its thread say?
fn placed(case: &Case, file: &CaseFile, found: &mut Vec<Finding>) {
    let path = &file.file.path;
    let about = |code: &Code| code.found().of(&case.id).at(path.clone());
    let name = path.rsplit('/').next().unwrap_or(path);
    if !name.contains(case.id.as_str()) {
        found.push(about(&MISNAMED).shown("name", Some(name.into()), Some(format!("…-{}.jsonl", case.id))));
    }
    let Some((place, _)) = path.rsplit_once('/') else { return };
    let belongs = match (collection_of(path), date_of(name)) {
        (Collection::Archived, _) => Some("archived_sessions".to_string()),
        (Collection::Active, Some(date)) => Some(format!("sessions/{}", date.replace('-', "/"))),
        (Collection::Active, None) => None,
    };
    if belongs.as_deref().is_some_and(|belongs| belongs != place) {
        found.push(about(&MISFILED).shown("directory", Some(place.into()), belongs));
    }
}

/// How the files of one thread go together.
fn together(case: &Case, found: &mut Vec<Finding>) {
    let files: Vec<&CaseFile> = case.files.iter().filter(|file| file.reason.is_none()).collect();
    let mut rollouts: Vec<&CaseFile> = Vec::new();
    for file in &files {
        match rollouts.iter_mut().find(|known| plain(&known.file.path) == plain(&file.file.path)) {
            Some(known) => {
                found.push(BOTH_FORMS.found().of(&case.id).at(plain(&file.file.path)));
                // The plain one is the one that is read.
                if is_compressed(&known.file.path) {
                    *known = file;
                }
            }
            None => rollouts.push(file),
        }
    }
    let Some(view) = case.place() else { return };
    let beginnings = rollouts.iter().filter(|file| !case.continues(file)).count();
    for file in rollouts.iter().filter(|file| plain(&file.file.path) != plain(view)) {
        // All but one of the files that begin a history are copies of each other.
        let code = if beginnings > 1 && !case.continues(file) { SEVERAL } else { REVERTED };
        let one = code.found().of(&case.id).at(file.file.path.clone());
        found.push(one.shown("the thread's rollout", Some(view.into()), None));
    }
}
