//! Gives the lines that the patches of a rollout wrote, and those between which they stand.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::chain::Chain;
use super::event::{self, Entry, Event, Told};
use super::pass::{Listener, pass};
use super::turn::Mark;
use super::{items, patch, tools};
use crate::ports::Rollouts;
use crate::text::json::Cursor;
use crate::text::lines::Line;
use contract::LookupError;

/// What a patch says that a file became.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WrittenText {
    /// The line of the rollout that tells it.
    pub line: u64,
    /// When it says that this was.
    pub time: String,
    /// The file, as it stands there, and where it was moved to.
    pub paths: Vec<String>,
    /// Lines that follow each other, in pieces.
    pub pieces: Vec<Vec<NewLine>>,
}

/// A line of a file after a patch.
#[derive(Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Its text, without its end.
    pub text: String,
    /// The patch wrote it; else it was there.
    pub is_written: bool,
}

/// Hands out what the patches wrote that stand on these lines of a rollout.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn written_texts<R: Rollouts>(
    rollouts: &R,
    path: &str,
    lines: &BTreeSet<u64>,
    each: &mut impl FnMut(WrittenText),
) -> Result<(), LookupError> {
    let mut chain = Chain::alone(rollouts, path)?;
    let last = lines.last().copied().unwrap_or_default();
    pass(rollouts, &mut chain, &mut Patches { lines, last, is_over: last == 0, each }, None)
}

struct Patches<'a, F> {
    lines: &'a BTreeSet<u64>,
    last: u64,
    is_over: bool,
    each: &'a mut F,
}

impl<F: FnMut(WrittenText)> Listener for Patches<'_, F> {
    fn place(&self) -> Mark {
        Mark { segment: 0, line: 1, offset: 0 }
    }

    fn goes_by(&self, _: &Entry<'_>) -> bool {
        true
    }

    fn entry(&mut self, _: &Entry<'_>, line: &Line<'_>, _: Mark) {
        self.is_over = line.number >= self.last;
        if !self.lines.contains(&line.number) {
            return;
        }
        // The beginning does not tell which items there are.
        let Ok(entry) = event::read(line.bytes) else { return };
        let time = Cursor::new(line.bytes).peek_field("timestamp").ok().and_then(event::owned).unwrap_or_default();
        for change in changes(&entry) {
            let text = |value: &Value| value.as_str().map(ToString::to_string);
            let kind = &change["kind"];
            let pieces = match (kind["type"].as_str(), change["diff"].as_str().unwrap_or_default()) {
                (Some("delete"), _) => continue,
                (Some("add"), content) => {
                    let line = |text: &str| NewLine { text: text.to_string(), is_written: true };
                    alloc::vec![content.lines().map(line).collect()]
                }
                (_, diff) => pieces_of(diff),
            };
            let paths = [text(&change["path"]), text(&kind["move_path"])].into_iter().flatten().collect();
            (self.each)(WrittenText { line: line.number, time: time.clone(), paths, pieces });
        }
    }

    fn has_enough(&self) -> bool {
        self.is_over
    }
}

/// The changes that a record tells of, as they are shown.
fn changes(entry: &Entry<'_>) -> Vec<Value> {
    let shown = || {
        let told = event::value(entry.payload)?;
        match entry.event {
            Event::Item(_) => items::completed(told),
            Event::Told(Told::Tool) => tools::ended(told),
            Event::Response | Event::Bare => tools::call(told, None),
            _ => None,
        }
    };
    let Some(mut item) = shown() else { return Vec::new() };
    if let Some(script) = item["command"].as_str() {
        // The words of a command stand in quotes, which a script has none of.
        let words = shlex::split(script).unwrap_or_default();
        let script = words.iter().find(|word| word.contains("*** Begin Patch")).map_or(script, String::as_str);
        return patch::changes(script).unwrap_or_default();
    }
    match items::pull(&mut item, "changes") {
        Value::Array(changes) => changes,
        _ => Vec::new(),
    }
}

/// What the new side of a patch says, a piece for each place.
pub fn pieces_of(diff: &str) -> Vec<Vec<NewLine>> {
    let mut pieces: Vec<Vec<NewLine>> = alloc::vec![Vec::new()];
    for line in diff.lines() {
        let (is_written, text) = match line.split_at_checked(1) {
            _ if line.starts_with("@@") || line.starts_with("*** ") || line.starts_with("Moved to: ") => {
                pieces.push(Vec::new());
                continue;
            }
            Some(("+", text)) => (true, text),
            Some((" ", text)) => (false, text),
            // Some programs leave the space of an empty line out.
            None => (false, ""),
            _ => continue,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(NewLine { text: text.to_string(), is_written });
        }
    }
    pieces.retain(|piece| piece.iter().any(|line| line.is_written));
    pieces
}
