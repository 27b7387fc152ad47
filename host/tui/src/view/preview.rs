//! The preview: its title, and those of its lines that are on the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use threadkeep_terminal::width::shorten;
use unicode_width::UnicodeWidthStr as _;

use super::list::textwrap;
use super::put;
use crate::keys::Where;
use crate::model::Model;
use crate::preview::find::mark;
use crate::theme::{Role, Theme};

/// Draws the preview.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme, title: Rect, body: Rect) {
    draw_title(frame, model, theme, title);
    let preview = &model.preview;
    if let Some(why) = &preview.failure {
        let lines = textwrap(&threadkeep_terminal::visible::plain(why), usize::from(body.width.max(1)));
        for (line, row) in lines.into_iter().zip(body.rows()) {
            put(frame, row, Line::styled(shorten(&line, usize::from(body.width)), theme.style(Role::Failure)));
        }
        return;
    }
    if preview.len() == 0 && preview.is_loading {
        put(frame, Rect { height: 1.min(body.height), ..body }, Line::styled("reading", theme.style(Role::Dim)));
        return;
    }
    let lines = preview.lines(preview.scroll, usize::from(body.height));
    for ((at, line), row) in (preview.scroll..).zip(lines).zip(body.rows()) {
        match preview.found_in(at) {
            Some(found) => put(frame, row, mark(line, &found.ranges, theme.style(Role::Match))),
            None => put(frame, row, line.clone()),
        }
    }
}

fn draw_title(frame: &mut Frame<'_>, model: &Model, theme: &Theme, area: Rect) {
    let Some(number) = model.selected_thread() else { return };
    let is_focused = model.place == Where::Preview;
    let style = theme.style(if is_focused { Role::BorderFocused } else { Role::Border });
    let width = usize::from(area.width);
    let found = match (model.preview.words.is_empty(), model.preview.found_count()) {
        (false, (count, at)) if count > 0 => format!(" {at}/{count} "),
        _ => String::new(),
    };
    let thread = model.table.thread(number);
    let title = shorten(thread.title(), width.saturating_sub(found.width() + 6));
    let rule = width.saturating_sub(title.width() + found.width() + 5);
    let line = Line::from(vec![
        Span::styled("── ", style),
        Span::styled(title, theme.style(Role::Title)),
        Span::styled(format!(" {}", "─".repeat(rule)), style),
        Span::styled(found, theme.style(Role::Match)),
        Span::styled("─", style),
    ]);
    put(frame, area, line);
}
