//! Text for `find --explain`: what was looked at, what it said, and which rule decided.

use threadkeep::component::exports::lookup::{Error, Evidence, Explanation, RowEvidence, Rule, Verdict};
use threadkeep::component::types::Provenance;

use crate::text;

/// Gives an explanation for people, a line for each step and one for the rule that decided.
pub(crate) fn lines(explanation: &Explanation) -> String {
    let mut out = String::new();
    for step in &explanation.evidence {
        out.push_str(&format!("  {}\n", text::plain(&describe(step))));
    }
    let (code, why) = rule(explanation.rule);
    out.push_str(&format!("  => {code}: {why}\n"));
    if let Err(Error::Ambiguous(candidates)) = &explanation.answer {
        candidates.iter().for_each(|row| out.push_str(&format!("     {}\n", row.id)));
    }
    out
}

fn rule(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::RowsFile => ("rows-file", "the row's file carries the id"),
        Rule::KnownFiles => {
            ("known-files", "of the files that are known for the thread or called after it, the newest")
        }
        Rule::EveryHead => ("every-head", "no row and no name tells of the file: its head does"),
        Rule::UnverifiedRow => ("unverified-row", "no file carries the id, and the row's file cannot be read"),
        Rule::OtherCollection => ("other-collection", "it is there, in the collection that was not asked for"),
        Rule::Gone => ("gone", "the thread is remembered, and no file carries its id"),
        Rule::NamedLast => ("named-last", "of the threads that bear the name, the one that was named last"),
        Rule::Several => ("several", "more than one thread answers"),
        Rule::Nowhere => ("nowhere", "nobody has heard of it"),
    }
}

fn source(source: Provenance) -> &'static str {
    match source {
        Provenance::SessionIndex => "session_index.jsonl",
        Provenance::CodexDb => "Codex's database",
        Provenance::User => "the user",
    }
}

fn describe(step: &Evidence) -> String {
    match step {
        Evidence::WithoutRows => "rows: no state DB to ask".into(),
        Evidence::NoRow(thread) => format!("row of {thread}: none"),
        Evidence::Row(RowEvidence { thread, path, archived, missing }) => {
            let marks = [(*archived, ", archived"), (*missing, ", marked missing")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("row of {thread}: {path}{marks}")
        }
        Evidence::Head((path, verdict)) => match verdict {
            Verdict::Carries => format!("head of {path}: carries the id"),
            Verdict::Other(thread) => format!("head of {path}: belongs to {thread}"),
            Verdict::Absent => format!("head of {path}: no such file"),
            Verdict::Unreadable(why) => format!("head of {path}: {why}"),
        },
        Evidence::Names((part, files)) => format!("files called after {part}: {files}"),
        Evidence::Recorded((thread, files)) => format!("files recorded for {thread}: {files}"),
        Evidence::Unchanged => "no directory changed since the rows were compared with the files".into(),
        Evidence::EveryHead(files) => format!("every file by its head: {files}"),
        Evidence::Claim(claim) => format!("{} calls {} '{}'", source(claim.source), claim.thread, claim.name),
        Evidence::Candidates((wanted, threads)) => format!("threads that answer to '{wanted}': {threads}"),
    }
}
