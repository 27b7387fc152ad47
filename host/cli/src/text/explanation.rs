//! Text for `find --explain`: what was looked at, what it said, and which rule decided.

use threadkeep::contract::{DecidedBy, Explanation, HeadVerdict, LookupError, Provenance, RowSeen, Step};

use crate::text;

/// Gives an explanation for people, a line for each step and one for the rule that decided.
pub(crate) fn lines(explanation: &Explanation) -> String {
    let mut out = String::new();
    for step in &explanation.steps {
        out.push_str(&format!("  {}\n", text::plain(&describe(step))));
    }
    let (code, why) = rule(explanation.decided_by);
    out.push_str(&format!("  => {code}: {why}\n"));
    if let Err(LookupError::Ambiguous(candidates) | LookupError::SameName(candidates)) = &explanation.answer {
        candidates.iter().for_each(|row| out.push_str(&format!("     {}\n", row.id)));
    }
    out
}

fn rule(rule: DecidedBy) -> (&'static str, &'static str) {
    match rule {
        DecidedBy::RowsFile => ("rows-file", "the row's file carries the id"),
        DecidedBy::KnownFiles => {
            ("known-files", "of the files that are known for the thread or called after it, the newest")
        }
        DecidedBy::EveryHead => ("every-head", "no row and no name tells of the file: its head does"),
        DecidedBy::UnverifiedRow => ("unverified-row", "no file carries the id, and the row's file cannot be read"),
        DecidedBy::OtherCollection => ("other-collection", "it is there, in the collection that was not asked for"),
        DecidedBy::Gone => ("gone", "the thread is remembered, and no file carries its id"),
        DecidedBy::Several => ("several", "more than one thread answers"),
        DecidedBy::Nowhere => ("nowhere", "nobody has heard of it"),
    }
}

fn source(source: Provenance) -> &'static str {
    match source {
        Provenance::Program => "its program",
        Provenance::SessionIndex => "session_index.jsonl",
        Provenance::CodexDb => "Codex's database",
        Provenance::User => "the user",
    }
}

fn describe(step: &Step) -> String {
    match step {
        Step::WithoutRows => "rows: no state DB to ask".into(),
        Step::NoRow(thread) => format!("row of {thread}: none"),
        Step::Row(RowSeen { thread, path, archived, missing }) => {
            let marks = [(*archived, ", archived"), (*missing, ", marked missing")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("row of {thread}: {path}{marks}")
        }
        Step::Head((path, verdict)) => match verdict {
            HeadVerdict::Matches => format!("head of {path}: carries the id"),
            HeadVerdict::Other(thread) => format!("head of {path}: belongs to {thread}"),
            HeadVerdict::Absent => format!("head of {path}: no such file"),
            HeadVerdict::Unreadable(why) => format!("head of {path}: {why}"),
        },
        Step::Names((part, files)) => format!("files called after {part}: {files}"),
        Step::Recorded((thread, files)) => format!("files recorded for {thread}: {files}"),
        Step::Unchanged => "no directory changed since the rows were compared with the files".into(),
        Step::EveryHead(files) => format!("every file by its head: {files}"),
        Step::Claim(claim) => format!("{} calls {} '{}'", source(claim.source), claim.thread, claim.name),
        Step::Candidates((wanted, threads)) => format!("threads that answer to '{wanted}': {threads}"),
    }
}
