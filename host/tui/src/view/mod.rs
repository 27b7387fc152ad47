//! Draws the model; it decides nothing, and changes nothing.

mod dialogs;
mod foot;
mod list;
mod preview;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use threadkeep_terminal::width::shorten;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::keys::Where;
use crate::model::Model;
use crate::model::line_editor::LineEditor;
use crate::theme::{Role, Theme};

/// Draws everything; `now` is in milliseconds since the epoch.
pub(crate) fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme, now: i64) {
    let areas = model.areas();
    if let Some(why) = &model.unreadable {
        let lines = [format!("threadkeep: nothing can be shown: {why}"), "esc ends".into()];
        for (at, line) in (0..).zip(lines) {
            let area = Rect { height: 1, y: at, ..frame.area() };
            put(frame, area, Line::styled(shorten(&line, usize::from(area.width)), theme.style(Role::Failure)));
        }
        return;
    }
    list::draw(frame, model, theme, areas.list, now);
    if let Some(border) = areas.border {
        for row in border.rows() {
            put(frame, row, Line::styled("│", theme.style(Role::Border)));
        }
    }
    if let (Some(title), Some(body)) = (areas.preview_title, areas.preview) {
        preview::draw(frame, model, theme, title, body);
    }
    foot::draw(frame, model, theme, areas.foot);
    let right = foot::state_of(model);
    let has_keys = model.place == Where::List && model.dialog.is_none();
    line(frame, theme, areas.line, "> ", &model.line, &right, has_keys);
    if let Some(dialog) = &model.dialog {
        dialogs::draw(frame, model, dialog, theme);
    }
}

/// Draws a line of text where there is room for one.
fn put(frame: &mut Frame<'_>, area: Rect, line: Line<'_>) {
    if !area.is_empty() {
        frame.render_widget(line, area);
    }
}

/// Draws a line that is typed, with its cursor where it has the keys, and something at its right.
fn line(
    frame: &mut Frame<'_>,
    theme: &Theme,
    area: Rect,
    prompt: &str,
    line: &LineEditor,
    right: &str,
    has_keys: bool,
) {
    if area.is_empty() {
        return;
    }
    let right = shorten(right, usize::from(area.width / 2));
    let room = usize::from(area.width).saturating_sub(prompt.width() + right.width() + 2).max(1);
    // Of a long line the part before the cursor is seen.
    let shown = line.shown();
    let (mut text, mut column) = (shown.as_str(), line.column());
    while column >= room {
        let Some(first) = text.graphemes(true).next() else { break };
        text = &text[first.len()..];
        column = column.saturating_sub(first.width().max(1));
    }
    let text_area = Rect { width: area.width.saturating_sub(right.width() as u16 + 1), ..area };
    let typed = Line::from(vec![Span::styled(prompt.to_string(), theme.style(Role::Prompt)), Span::raw(text)]);
    put(frame, text_area, typed);
    let width = right.width() as u16;
    let right_area = Rect { x: area.right().saturating_sub(width), width, ..area };
    put(frame, right_area, Line::styled(right, theme.style(Role::Dim)));
    if has_keys {
        let x = area.x + (prompt.width() + column) as u16;
        frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), area.y));
    }
}

#[cfg(test)]
pub(crate) mod tests;
