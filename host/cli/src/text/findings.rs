//! Text for findings of the doctor.

use std::fmt::Write as _;

use threadkeep::health::doctor::Finding;

use super::{plain, width};

/// How many characters of a value are printed.
const MAX_VALUE: usize = 68;

/// Gives one finding for people: where it is, and below that what shows it.
pub(crate) fn finding(finding: &Finding) -> String {
    let mut out = String::new();
    let place = finding.path.as_deref().map(|path| match (finding.line, finding.offset) {
        (Some(line), _) if line > 0 => format!("{path}:{line}"),
        (_, Some(offset)) => format!("{path} at byte {offset}"),
        _ => path.to_string(),
    });
    // Mostly the file's name has the thread's id.
    let thread = finding.thread.as_deref().filter(|thread| !place.as_deref().unwrap_or_default().contains(thread));
    let head: Vec<&str> = thread.into_iter().chain(place.as_deref()).filter(|part| !part.is_empty()).collect();
    let head = if head.is_empty() { "the home".into() } else { head.join("  ") };
    let _ = writeln!(out, "    {}", plain(&head));
    for evidence in &finding.evidence {
        let value = |value: &Option<String>| value.as_ref().map(|value| middle(&plain(value), MAX_VALUE));
        let shown = match (value(&evidence.found), value(&evidence.expected)) {
            (Some(found), Some(expected)) if found.len() + expected.len() > MAX_VALUE => {
                let _ = writeln!(out, "      {}\n        {found}\n     -> {expected}", plain(&evidence.what));
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

/// Cuts the middle out of a long value: of a path, the beginning and the end tell it from others.
fn middle(value: &str, most: usize) -> String {
    let characters: Vec<char> = value.chars().collect();
    if characters.len() <= most {
        return value.into();
    }
    let (head, tail) = (most / 3, most - most / 3 - 1);
    let end = &characters[characters.len() - tail..];
    characters[..head].iter().chain(&['…']).chain(end).collect()
}

/// Appends a text in lines of the terminal's width, the first one after `head`, the others indented as far.
pub(crate) fn paragraph(out: &mut String, head: &str, text: &str) {
    let room = width().saturating_sub(head.len());
    let mut line = String::new();
    let mut begun = false;
    let mut put = |line: &mut String| {
        let margin = if std::mem::replace(&mut begun, true) { " ".repeat(head.len()) } else { head.to_string() };
        let _ = writeln!(out, "{margin}{line}");
        line.clear();
    };
    for word in plain(text).split_whitespace() {
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
