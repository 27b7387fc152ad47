//! A turn as lines for a terminal.
//!
//! What Codex tells of a turn goes in as JSON, and styled lines that fit the width come out; nothing is read, written or asked
//! for. Everything that a thread says passes through `page::Page`, which alone makes lines: it takes out what could drive a
//! terminal, folds, and bounds how many lines one item gets.

mod changes;
mod clean;
mod commands;
pub mod find;
mod highlight;
mod items;
mod markdown;
mod page;
mod tables;
mod wrap;

#[cfg(test)]
mod tests;

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::theme::{Role, Theme};
use page::Page;

/// How many lines of one item are drawn at most; the last of them says how many more there are.
pub const MOST_LINES: usize = 5_000;
/// What is narrower is drawn as if it were that wide.
pub const LEAST_WIDTH: u16 = 16;
/// How many characters of an id are shown: they tell threads and turns apart.
const SHORT_ID: usize = 13;
/// How many characters of a prompt are given.
const PROMPT_CHARS: usize = 400;

/// Says how a turn is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions<'a> {
    /// How many columns there are; fewer than [`LEAST_WIDTH`] are not counted.
    pub width: u16,
    /// What things look like.
    pub theme: &'a Theme,
    /// The reader's notes on the turn, which stand below its header.
    pub notes: &'a [String],
    /// Whether outputs, commands, thoughts and changes are drawn as far as [`MOST_LINES`] goes, not only a few lines of each.
    pub full_outputs: bool,
}

/// Holds a turn that was drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderedTurn {
    /// The id of the turn, as it stands in the thread: it is not meant to be shown.
    pub id: String,
    /// When it began, in seconds since 1970.
    pub started_at: Option<i64>,
    /// The first line of what the user said first, fit to be shown.
    pub prompt: Option<String>,
    /// The lines, none of them wider than asked for.
    pub lines: Vec<Line<'static>>,
}

/// Draws a turn: its header, the notes on it, its items and its error.
pub fn render_turn(turn: &Value, number: Option<u64>, options: &RenderOptions<'_>) -> RenderedTurn {
    let mut page = Page::new(options);
    header(&mut page, turn, number);
    for note in options.notes {
        page.begin_item();
        page.marked("# ", Role::Note, note, Role::Note, MOST_LINES);
    }
    for item in list(&turn["items"]) {
        items::item(&mut page, item);
    }
    let error = &turn["error"];
    for (told, role) in [(&error["message"], Role::Failure), (&error["additionalDetails"], Role::Dim)] {
        if let Some(told) = told.as_str().filter(|told| !told.trim().is_empty()) {
            page.begin_item();
            page.marked("! ", Role::Failure, told, role, MOST_LINES);
        }
    }
    RenderedTurn {
        id: text(&turn["id"]).to_owned(),
        started_at: turn["startedAt"].as_i64(),
        prompt: prompt(turn),
        lines: page.into_lines(),
    }
}

fn header(page: &mut Page<'_>, turn: &Value, number: Option<u64>) {
    page.begin_item();
    let theme = page.theme;
    let status = text(&turn["status"]);
    let (status, role) = match status {
        "inProgress" => ("in progress", Role::Warning),
        "interrupted" => (status, Role::Warning),
        "failed" => (status, Role::Failure),
        _ => (status, Role::TurnHeader),
    };
    let parts = [
        (number.map(|number| number.to_string()), Role::TurnHeader),
        (Some(status.to_owned()), role),
        (turn["durationMs"].as_i64().map(duration), Role::TurnHeader),
        (Some(text(&turn["id"]).chars().take(SHORT_ID).collect()), Role::TurnHeader),
    ];
    let style = theme.style(Role::TurnHeader);
    let mut spans = vec![Span::styled("──", style)];
    for (part, role) in parts {
        let Some(part) = part.filter(|part| !part.is_empty()) else { continue };
        spans.push(Span::styled(if spans.len() == 1 { " " } else { " · " }, style));
        spans.push(Span::styled(part, theme.style(role)));
    }
    spans.push(Span::styled(" ", style));
    page.ruled(spans, style);
}

/// The first line of what the user said first.
fn prompt(turn: &Value) -> Option<String> {
    let said =
        list(&turn["items"]).filter(|item| item["type"] == "userMessage").flat_map(|item| list(&item["content"]));
    let line = said
        .filter(|part| part["type"] == "text")
        .find_map(|part| text(&part["text"]).lines().map(str::trim).find(|line| !line.is_empty()))?;
    let begin: String = line.chars().take(PROMPT_CHARS).collect();
    Some(clean::clean(&begin).trim().to_owned()).filter(|prompt| !prompt.is_empty())
}

/// A text, and an empty one where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The members of a list, and none where there is no list.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn duration(millis: i64) -> String {
    match millis {
        ..60_000 => format!("{:.1} s", millis as f64 / 1_000.0),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}
