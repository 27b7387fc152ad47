//! Text for what the doctor may find.

use std::fmt::Write as _;

use threadkeep::health::doctor::{CODE_GROUPS, FindingCode, Mended, Severity};

use super::color::{Meaning, Stream, paint};
use super::findings::paragraph;

/// Gives every code in a line: how bad it is, whether a repair mends it, and what it means.
pub(crate) fn list(width: usize) -> String {
    let codes = || CODE_GROUPS.iter().flat_map(|group| group.codes);
    let widest = codes().map(|known| known.code.len()).max().unwrap_or(0);
    // What does not fit beside the others stands below them.
    let is_narrow = width < widest + 50;
    let mut out = String::new();
    for group in &CODE_GROUPS {
        let _ = writeln!(out, "{}:", group.title);
        for known in group.codes {
            let code = paint(Stream::Out, Meaning::Name, known.code);
            let fill = " ".repeat(widest - known.code.len());
            let head = format!("  {code}{fill}  {:<7}  {:<6}", severity(known.severity), known.mended.word());
            let _ = match is_narrow {
                true => writeln!(out, "{}\n      {}", head.trim_end(), known.meaning),
                false => writeln!(out, "{head}  {}", known.meaning),
            };
        }
        out.push('\n');
    }
    out.push_str("repair: `threadkeep repair apply` mends it, some with --target codex; asked: only with --with CODE; -: no repair does.\n");
    out.push_str("threadkeep doctor --explain CODE tells more of one\n");
    out
}

/// Gives what is known of a code.
pub(crate) fn explanation(known: &FindingCode) -> String {
    let mut out = format!("{}  {}\n\n", paint(Stream::Out, Meaning::Name, known.code), severity(known.severity));
    let repair = match (known.mended, known.mended.command(known.code)) {
        (Mended::Not, _) | (_, None) => "No repair mends it.".to_owned(),
        (Mended::State, Some(command)) => {
            format!("{command} writes the row of the index anew; every start that refreshes does the same.")
        }
        (Mended::Codex, Some(command)) => {
            format!(
                "{command} writes what is right into Codex's database, after a backup; repair undo takes that back."
            )
        }
        (Mended::Both, Some(command)) => {
            format!(
                "{command} writes what is right into the index and into Codex's database, after a backup; repair undo takes that \
                 back."
            )
        }
        (Mended::StateWhenAsked | Mended::CodexWhenAsked, Some(command)) => {
            format!("Only when it is asked for: {command}; repair undo takes that back.")
        }
    };
    for (title, text) in
        [("meaning  ", known.meaning), ("cause    ", known.cause), ("repair   ", &repair), ("advice   ", known.advice)]
    {
        paragraph(&mut out, title, text);
    }
    out
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
