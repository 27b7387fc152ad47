//! Says what is wrong with the files of a thread, or with one that belongs to none. Rollouts are never rewritten, so
//! nothing of this carries an edit.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::health::findings::{BuildFinding, Code};
use contract::{
    Collection, DamagedLine, EntryKind, Finding, OrdinalError, OrdinalFault, Severity, ThreadFacts, ThreadFileFacts,
};

use super::facts::{continues, place_of, plain};
use crate::text::paths::{collection_of, date_of, is_compressed, is_named_for, named_millis};
use crate::text::time::local;

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
const NO_FINAL_NEWLINE: Code = Code {
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
    meaning: "Codex takes no file of this name for a rollout: without a row it does not find the thread.",
    remedy: "nothing has to be done as long as the rows are right; else give it the expected name while no Codex runs",
};
const COPY: Code = Code {
    name: "copied-file",
    severity: Severity::Info,
    meaning: "A copy of the thread's rollout under a name that Codex does not give, with the same content by size and lines.",
    remedy: "nothing has to be done; move it out of sessions/ and archived_sessions/ if nobody needs it",
};
const DIVERGED_COPY: Code = Code {
    severity: Severity::Warning,
    meaning: "A copy of the thread's rollout, made by a program that synchronizes or copies files, that differs from it: what \
              was said there alone is not part of the thread.",
    remedy: "threadkeep salvage ROLLOUT --merge COPY makes one thread of both; threadkeep turns --path COPY shows the copy",
    ..COPY
};
const MARKED: Code = Code {
    name: "byte-order-mark",
    severity: Severity::Warning,
    meaning: "Some program put a byte order mark before lines of the file, or saved it in UTF-16. Threadkeep reads it; Codex \
              passes over such lines, and does not see the thread if its first line is one.",
    remedy: SALVAGE,
};
const ODD_TIMES: Code = Code {
    name: "odd-times",
    severity: Severity::Warning,
    meaning: "Records of the file have times in a form that no Codex writes: Codex may not read them. Threadkeep takes them \
              for what they most likely mean, else for the time of the record before, of the id or of the file's name.",
    remedy: "nothing has to be done to read the thread; whatever wrote the file should write RFC 3339, in UTC",
};
const HISTORY_LOST: Code = Code {
    name: "history-before-compaction-lost",
    severity: Severity::Warning,
    meaning: "The first thing that the file tells is a compaction. What that summed up is gone from the file; the messages \
              that it kept are shown as turns.",
    remedy: "bring the whole file back from a backup of yours, if there is one",
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

/// Says everything that is wrong with them.
pub(super) fn diagnose(facts: &ThreadFacts, found: &mut Vec<Finding>) {
    for file in &facts.files {
        one(facts, file, found);
    }
    if facts.id.is_empty() {
        return;
    }
    together(facts, found);
    if let Some(why) = &facts.broken_base {
        let broken = BROKEN_BASE.found().of(&facts.id).shown("history", Some(why.clone()), None);
        found.push(match place_of(facts) {
            Some(path) => broken.at(path),
            None => broken,
        });
    }
    if !facts.parent_known {
        let parent = facts.desired.as_ref().and_then(|row| row.parent_thread_id.clone());
        found.push(ORPHAN.found().of(&facts.id).shown("parent", parent, None));
    }
}

fn one(facts: &ThreadFacts, file: &ThreadFileFacts, found: &mut Vec<Finding>) {
    let about = |code: &Code| code.found().of(&facts.id).at(file.file.path.clone());
    if let Some(reason) = &file.reason {
        let code = match file.file.kind {
            EntryKind::File if file.file.size == 0 => EMPTY,
            EntryKind::File if reason.contains("cannot be read") => UNREADABLE,
            EntryKind::File => NO_THREAD,
            _ => UNREADABLE,
        };
        found.push(about(&code).shown("content", Some(reason.clone()), None));
    }
    if let Some(report) = &file.report {
        for (code, lines, what) in
            [(MARKED, report.marked_lines, "lines with a mark"), (ODD_TIMES, report.odd_times, "records")]
        {
            if lines > 0 {
                found.push(about(&code).shown(what, Some(lines.to_string()), None));
            }
        }
        if report.history_lost {
            found.push(about(&HISTORY_LOST));
        }
        found.extend(report.damaged_lines.iter().map(|damaged_line| bad_line(about(&BAD_LINE), damaged_line)));
        let told = report.damaged_lines.len() as u64;
        if report.damaged_line_count > told {
            let count = Some((report.damaged_line_count - told).to_string());
            found.push(about(&MORE).shown("further bad lines", count, None));
        }
        found.extend(report.ordinal_errors.iter().map(|ordinal_error| ordinal(about, ordinal_error)));
        let told = report.ordinal_errors.len() as u64;
        if report.ordinal_error_count > told {
            let count = Some((report.ordinal_error_count - told).to_string());
            found.push(about(&MORE_ORDINALS).shown("further ordinals", count, None));
        }
        // A writer that is at it has not come to the newline yet.
        if report.no_final_newline && report.damaged_line_count == 0 && file.reason.is_none() && !facts.locked {
            found.push(about(&NO_FINAL_NEWLINE));
        }
    }
    if !facts.id.is_empty() && file.reason.is_none() {
        placed(facts, file, found);
    }
}

fn bad_line(about: Finding, damaged_line: &DamagedLine) -> Finding {
    let bytes: u64 = damaged_line.salvageable.iter().map(|(_, length)| length).sum();
    let whole = damaged_line.salvageable.iter().map(|(offset, length)| format!("{length} bytes from {offset} on"));
    let whole: Vec<String> = whole.collect();
    let about = about
        .line(damaged_line.line, damaged_line.offset)
        .shown("line", Some(damaged_line.reason.clone()), None)
        .shown("length", Some(damaged_line.length.to_string()), None);
    match bytes {
        0 => about,
        _ => about.shown("whole records in it", Some(whole.join(", ")), None),
    }
}

fn ordinal(about: impl Fn(&Code) -> Finding, ordinal_error: &OrdinalError) -> Finding {
    let code = match ordinal_error.kind {
        OrdinalFault::Repeats => REPEATS,
        OrdinalFault::Regresses => REGRESSES,
        OrdinalFault::Skips => SKIPS,
    };
    let (is, desired) = (ordinal_error.found.to_string(), ordinal_error.expected.to_string());
    about(&code).line(ordinal_error.line, ordinal_error.offset).shown("ordinal", Some(is), Some(desired))
}

/// Does it lie where its name and its thread say?
fn placed(facts: &ThreadFacts, file: &ThreadFileFacts, found: &mut Vec<Finding>) {
    let path = &file.file.path;
    let about = |code: &Code| code.found().of(&facts.id).at(path.clone());
    let name = path.rsplit('/').next().unwrap_or(path);
    if !is_named_for(path, &facts.id) && !is_copy(facts, path) {
        let begun = facts.desired.as_ref().map(|row| row.created_at).or_else(|| named_millis(path));
        let stamp = begun.map_or_else(|| "<time>".into(), |begun| local(begun, 0).replace(':', "-"));
        let expected = format!("rollout-{stamp}-{}.jsonl", facts.id);
        found.push(about(&MISNAMED).shown("name", Some(name.into()), Some(expected)));
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

/// Says whether a file was made by some program beside one that Codex named.
fn is_copy(facts: &ThreadFacts, path: &str) -> bool {
    let named = |file: &ThreadFileFacts| file.reason.is_none() && is_named_for(&file.file.path, &facts.id);
    !is_named_for(path, &facts.id) && facts.files.iter().any(named)
}

/// What is wrong with a copy of the file that stands for the thread.
fn copy(facts: &ThreadFacts, original: Option<&ThreadFileFacts>, copy: &ThreadFileFacts) -> Finding {
    let lines = |file: &ThreadFileFacts| file.report.as_ref().map(|report| report.lines);
    let same = |original: &ThreadFileFacts| original.file.size == copy.file.size && lines(original) == lines(copy);
    let code = if original.is_some_and(same) { COPY } else { DIVERGED_COPY };
    let mut finding = code.found().of(&facts.id).at(copy.file.path.clone());
    if let Some(original) = original {
        finding = finding.shown("the thread's rollout", Some(original.file.path.clone()), None);
        let [is, expected] = [copy, original].map(|file| file.file.size.to_string());
        finding = finding.shown("bytes", Some(is), Some(expected));
        let [is, expected] = [copy, original].map(|file| lines(file).map(|lines| lines.to_string()));
        finding = finding.shown("lines", is, expected);
    }
    finding
}

/// How the files of one thread go together.
fn together(facts: &ThreadFacts, found: &mut Vec<Finding>) {
    let files: Vec<&ThreadFileFacts> = facts.files.iter().filter(|file| file.reason.is_none()).collect();
    let mut rollouts: Vec<&ThreadFileFacts> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &files {
        let place = *places.entry(plain(&file.file.path)).or_insert(rollouts.len());
        match rollouts.get_mut(place) {
            Some(known) => {
                found.push(BOTH_FORMS.found().of(&facts.id).at(plain(&file.file.path)));
                // The plain one is the one that is read.
                if is_compressed(&known.file.path) {
                    *known = file;
                }
            }
            None => rollouts.push(file),
        }
    }
    let Some(view) = place_of(facts) else { return };
    let original = rollouts.iter().copied().find(|file| plain(&file.file.path) == plain(view));
    let (copies, rollouts): (Vec<&ThreadFileFacts>, Vec<_>) =
        rollouts.iter().copied().partition(|file| is_copy(facts, &file.file.path));
    found.extend(copies.into_iter().map(|file| copy(facts, original, file)));
    let beginnings = rollouts.iter().filter(|file| !continues(facts, file)).count();
    for file in rollouts.iter().filter(|file| plain(&file.file.path) != plain(view)) {
        // All but one of the files that begin a history are copies of each other.
        let code = if beginnings > 1 && !continues(facts, file) { SEVERAL } else { REVERTED };
        let one = code.found().of(&facts.id).at(file.file.path.clone());
        found.push(one.shown("the thread's rollout", Some(view.into()), None));
    }
}
