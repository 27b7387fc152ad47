//! Shows what turns look like, and that no thread can make one that does harm.

mod hostile;
mod markdown;
mod properties;
mod transcript;

use ratatui::text::Line;
use serde_json::{Value, json};

use super::{RenderOptions, RenderedTurn, render_turn};
use crate::theme::{Role, Theme};

fn drawn(turn: &Value, width: u16, full_outputs: bool) -> RenderedTurn {
    render_turn(turn, Some(3), &RenderOptions { width, theme: &Theme::colored(), notes: &[], full_outputs })
}

/// Gives a turn of these items.
fn turn(items: &[Value]) -> Value {
    json!({ "id": "019d3aa0-a60d-7000-8000-000000000001", "items": items, "status": "completed" })
}

fn agent(text: &str) -> Value {
    json!({ "type": "agentMessage", "id": "item-1", "text": text })
}

/// Gives what is read below the header.
fn body(turn: &Value, width: u16, full_outputs: bool) -> String {
    texts(&drawn(turn, width, full_outputs).lines[1..]).join("\n").trim_matches('\n').to_owned()
}

fn texts(lines: &[Line<'_>]) -> Vec<String> {
    lines.iter().map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect()).collect()
}

/// Says whether a piece of text stands somewhere in the style of a role.
fn is_styled(lines: &[Line<'_>], text: &str, role: Role) -> bool {
    let style = Theme::colored().style(role);
    let is = |span: &ratatui::text::Span<'_>| span.style == style && span.content.contains(text);
    lines.iter().flat_map(|line| &line.spans).any(is)
}
