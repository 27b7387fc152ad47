//! `doctor`: what is wrong with a home.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::health::doctor::{self, Checkup, Depth, Evidence, Finding, How, Severity, Target};

use super::Session;
use crate::cli::args::doctor::Doctor;
use crate::cli::{exit, text};

/// Findings of one code that are printed.
const SHOWN: usize = 10;
/// Characters of a value that are printed.
const VALUE: usize = 68;

impl Session {
    pub(super) fn doctor(&self, doctor: &Doctor) -> anyhow::Result<u8> {
        let depth = if doctor.quick { Depth::Ends } else { Depth::Whole };
        let how = How { depth, thread: doctor.thread.clone(), progress: self.progress.clone() };
        let dir = (!self.global.no_state).then_some(self.state_dir.as_path());
        let checkup = doctor::examine(&self.runtime, &self.home, dir, &how);
        self.end_progress();
        let mut checkup = checkup?;
        self.warn(&checkup.warnings);
        if !doctor.only.is_empty() {
            checkup.findings.retain(|finding| doctor.only.contains(&finding.code));
        }
        let left = checkup.findings.iter().filter(|finding| is_left(finding)).count();
        let document = json!({
            "home": self.home.root(),
            "checked": {
                "threads": checkup.threads,
                "files": checkup.files,
                "bytes": checkup.bytes,
                "depth": if doctor.quick { "ends" } else { "whole" },
            },
            "counts": counts(&checkup.findings),
            "findings": checkup.findings.iter().map(|finding| self.told(finding)).collect::<Vec<Told<'_>>>(),
            "leftToMend": left,
        });
        self.print(document, || {
            self.words(&checkup, if doctor.all { usize::MAX } else { SHOWN }, !doctor.only.is_empty())
        })?;
        Ok(if left > 0 { exit::FINDINGS_REMAIN } else { exit::DONE })
    }

    pub(super) fn told<'a>(&self, finding: &'a Finding) -> Told<'a> {
        Told {
            code: &finding.code,
            severity: severity(finding.severity),
            thread_id: finding.thread.as_deref(),
            path: finding.path.as_deref().map(|path| self.home.absolute(path).to_string_lossy().into_owned()),
            line: finding.line,
            offset: finding.offset,
            evidence: &finding.evidence,
            meaning: &finding.meaning,
            remedy: &finding.remedy,
            mendable: mendable(finding),
        }
    }

    /// By severity and code, what a code means once.
    fn words(&self, checkup: &Checkup, most: usize, filtered: bool) -> String {
        let looked = format!("{} threads in {} rollouts", checkup.threads, checkup.files);
        if checkup.findings.is_empty() {
            return match filtered {
                true => format!("nothing of these codes was found: {looked} were looked at\n"),
                false => format!("nothing is wrong: {looked} were looked at\n"),
            };
        }
        let mut out = String::new();
        for group in groups(&checkup.findings) {
            let Some(first) = group.first() else { continue };
            let _ = writeln!(out, "{}: {} ({})", severity(first.severity), text::plain(&first.code), group.len());
            paragraph(&mut out, "  ", &first.meaning);
            for finding in group.iter().take(most) {
                out.push_str(&self.instance(finding));
            }
            if group.len() > most {
                let _ = writeln!(out, "    and {} more, which --all shows", group.len() - most);
            }
            paragraph(&mut out, "  -> ", &first.remedy);
            out.push('\n');
        }
        let counts = counts(&checkup.findings);
        let _ = writeln!(
            out,
            "{looked}: {} errors, {} warnings, {} notes",
            counts["error"], counts["warning"], counts["info"]
        );
        let unasked = |finding: &&Finding| finding.edits.iter().any(|edit| !edit.asked);
        let mended: Vec<&Finding> = checkup.findings.iter().filter(unasked).collect();
        if !mended.is_empty() {
            let target = match targets(mended.iter().copied()) {
                (_, false) => "",
                (false, true) => " --target codex",
                (true, true) => " --target all",
            };
            let all = checkup.findings.len();
            let _ = writeln!(out, "{} of {all} can be mended: threadkeep repair apply{target}", mended.len());
        }
        out
    }

    /// One finding: where, and below it what shows it.
    pub(super) fn instance(&self, finding: &Finding) -> String {
        let mut out = String::new();
        let place = finding.path.as_deref().map(|path| match (finding.line, finding.offset) {
            (Some(line), _) if line > 0 => format!("{path}:{line}"),
            (_, Some(offset)) => format!("{path} at byte {offset}"),
            _ => path.to_string(),
        });
        // The file's name mostly says whose it is.
        let thread = finding.thread.as_deref().filter(|thread| !place.as_deref().unwrap_or_default().contains(thread));
        let head: Vec<&str> = thread.into_iter().chain(place.as_deref()).filter(|part| !part.is_empty()).collect();
        let head = if head.is_empty() { "the home".into() } else { head.join("  ") };
        let _ = writeln!(out, "    {}", text::plain(&head));
        for evidence in &finding.evidence {
            let value = |value: &Option<String>| value.as_ref().map(|value| middle(&text::plain(value), VALUE));
            let shown = match (value(&evidence.found), value(&evidence.expected)) {
                (Some(found), Some(expected)) if found.len() + expected.len() > VALUE => {
                    let _ = writeln!(out, "      {}\n        {found}\n     -> {expected}", text::plain(&evidence.what));
                    continue;
                }
                (Some(found), Some(expected)) => format!("{}: {found}, should be {expected}", evidence.what),
                (Some(found), None) => format!("{}: {found}", evidence.what),
                (None, Some(expected)) => format!("{}: nothing, should be {expected}", evidence.what),
                (None, None) => evidence.what.clone(),
            };
            paragraph(&mut out, "      ", &shown);
        }
        out
    }
}

/// A long value without its middle: of a path, the beginning and the end tell it from others.
fn middle(value: &str, most: usize) -> String {
    let characters: Vec<char> = value.chars().collect();
    if characters.len() <= most {
        return value.into();
    }
    let (head, tail) = (most / 3, most - most / 3 - 1);
    let end = &characters[characters.len() - tail..];
    characters[..head].iter().chain(&['…']).chain(end).collect()
}

/// A finding as `--json` tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told<'a> {
    code: &'a str,
    severity: &'static str,
    thread_id: Option<&'a str>,
    path: Option<String>,
    line: Option<u64>,
    offset: Option<u64>,
    evidence: &'a [Evidence],
    meaning: &'a str,
    remedy: &'a str,
    mendable: &'static str,
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// What would have to be changed: the state DB with files of the home, Codex's database, or both.
fn mendable(finding: &Finding) -> &'static str {
    match targets([finding]) {
        (true, true) => "all",
        (true, false) => "state",
        (false, true) => "codex",
        (false, false) => "none",
    }
}

fn targets<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> (bool, bool) {
    let edits = findings.into_iter().flat_map(|finding| &finding.edits);
    edits.fold((false, false), |(state, codex), edit| match edit.target {
        Target::State => (true, codex),
        Target::Codex => (state, true),
    })
}

/// An error, or what a repair would change for the better.
fn is_left(finding: &Finding) -> bool {
    match finding.severity {
        Severity::Error => true,
        Severity::Warning => !finding.edits.is_empty(),
        Severity::Info => false,
    }
}

fn counts(findings: &[Finding]) -> Value {
    let count = |wanted: Severity| findings.iter().filter(|finding| finding.severity == wanted).count();
    json!({"error": count(Severity::Error), "warning": count(Severity::Warning), "info": count(Severity::Info)})
}

/// Findings of one severity, code and meaning together; they are sorted by the first two.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<&Finding>| {
            group.first().is_some_and(|first| {
                (first.severity, &first.code, &first.meaning) == (finding.severity, &finding.code, &finding.meaning)
            })
        };
        match groups.iter_mut().rev().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// Text in lines of the terminal's width, the first one after `head`, the others as far in.
pub(super) fn paragraph(out: &mut String, head: &str, text: &str) {
    let room = text::width().saturating_sub(head.len());
    let mut line = String::new();
    let mut begun = false;
    let mut put = |line: &mut String| {
        let margin = if std::mem::replace(&mut begun, true) { " ".repeat(head.len()) } else { head.to_string() };
        let _ = writeln!(out, "{margin}{line}");
        line.clear();
    };
    for word in text::plain(text).split_whitespace() {
        if !line.is_empty() && line.len() + 1 + word.len() > room {
            put(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        put(&mut line);
    }
}
