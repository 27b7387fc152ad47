//! What stands before everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};
use threadkeep_terminal::width::{pad, shorten};

use super::list::textwrap;
use super::{line, put};
use crate::command::Command;
use crate::model::Model;
use crate::model::dialog::{Choice, Dialog};
use crate::theme::{Role, Theme};
use crate::times;

/// The widest a dialog is.
const WIDEST: u16 = 110;

/// Draws a dialog.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, dialog: &Dialog, theme: &Theme) {
    match dialog {
        Dialog::Palette(choice) => {
            let row = |command: &Command| {
                let keys = model.keys.of_command(*command).join(" ");
                Line::from(vec![
                    Span::styled(pad(command.name(), 14), theme.style(Role::Strong)),
                    Span::styled(pad(&keys, 20), theme.style(Role::Key)),
                    Span::raw(command.does().to_string()),
                ])
            };
            draw_choice(frame, theme, "commands", choice, row);
        }
        Dialog::Prompts { choice, is_loading, .. } => {
            let row = |prompt: &crate::model::messages::Prompt| {
                let time = prompt.started_at.map(|seconds| times::minute(seconds.saturating_mul(1_000)));
                Line::from(vec![
                    Span::styled(format!("{:>5}  ", prompt.number), theme.style(Role::Dim)),
                    Span::styled(format!("{:<16}  ", time.unwrap_or_default()), theme.style(Role::Age)),
                    Span::raw(prompt.line.clone()),
                ])
            };
            draw_choice(frame, theme, if *is_loading { "prompts (reading)" } else { "prompts" }, choice, row);
        }
        Dialog::Input { asked, line: typed } => {
            let inside = framed(frame, theme, asked.label(), 1);
            line(frame, theme, inside, "", typed, "", true);
        }
        Dialog::Confirm { question, lines, scroll, .. } => {
            let inside = framed(frame, theme, "", lines.len() as u16 + 2);
            let last = Rect { y: inside.bottom().saturating_sub(1), height: 1.min(inside.height), ..inside };
            let above = Rect { height: inside.height.saturating_sub(2), ..inside };
            draw_lines(frame, theme, above, lines, *scroll);
            put(frame, last, Line::styled(format!("{question} y/N"), theme.style(Role::Warning)));
        }
        Dialog::Report { title, lines, scroll, mends } => {
            let inside = framed(frame, theme, title, lines.len() as u16 + 2);
            let last = Rect { y: inside.bottom().saturating_sub(1), height: 1.min(inside.height), ..inside };
            let above = Rect { height: inside.height.saturating_sub(1), ..inside };
            draw_lines(frame, theme, above, lines, *scroll);
            let keys = if mends.is_some() { "r mends it, after showing how   esc closes" } else { "esc closes" };
            put(frame, last, Line::styled(keys, theme.style(Role::Key)));
        }
        Dialog::Help { scroll } => {
            let inside = framed(frame, theme, "keys", Command::ALL.len() as u16 + 8);
            let width = usize::from(inside.width);
            let mut lines: Vec<Line<'_>> = textwrap(HELP, width).into_iter().map(Line::from).collect();
            lines.push(Line::default());
            lines.extend(Command::ALL.iter().map(|command| {
                let keys = model.keys.of_command(*command).join(" ");
                Line::from(vec![
                    Span::styled(pad(&keys, 24), theme.style(Role::Key)),
                    Span::raw(shorten(command.does(), width.saturating_sub(25).max(1))),
                ])
            }));
            let most = lines.len().saturating_sub(usize::from(inside.height));
            for (line, row) in lines.into_iter().skip((*scroll).min(most)).zip(inside.rows()) {
                put(frame, row, line);
            }
        }
    }
}

const HELP: &str = "What is typed leaves the threads in which it was said: all words must stand there, \"a phrase\" as it is, \
                    begin* is how a word begins, -word must not be there. dir: branch: model: since: until: touched: tag: name: \
                    title: source: provider: repo: is:archived is:pinned say what threads must be like, #a is tag:a.";

/// Draws what may be chosen, below the line that is typed.
fn draw_choice<T>(
    frame: &mut Frame<'_>,
    theme: &Theme,
    title: &str,
    choice: &Choice<T>,
    row: impl Fn(&T) -> Line<'static>,
) {
    let (items, selected) = choice.shown();
    let inside = framed(frame, theme, title, (items.len() as u16).saturating_add(1).max(6));
    let head = Rect { height: 1.min(inside.height), ..inside };
    line(frame, theme, head, "> ", choice.line(), "", true);
    let body = Rect { y: inside.y + head.height, height: inside.height - head.height, ..inside };
    let top = (selected + 1).saturating_sub(usize::from(body.height));
    for ((at, item), area) in items.enumerate().skip(top).zip(body.rows()) {
        put(frame, area, row(item));
        if at == selected {
            frame.buffer_mut().set_style(area, theme.style(Role::Selected));
        }
    }
}

fn draw_lines(frame: &mut Frame<'_>, theme: &Theme, area: Rect, lines: &[String], scroll: usize) {
    let width = usize::from(area.width);
    // A line that does not fit goes on, indented as it is.
    let folded = lines.iter().flat_map(|text| {
        let indent = text.len() - text.trim_start().len();
        let pieces = textwrap(text, width.saturating_sub(indent).max(10));
        pieces.into_iter().map(move |piece| format!("{}{piece}", " ".repeat(indent)))
    });
    for (text, row) in folded.skip(scroll).zip(area.rows()) {
        put(frame, row, Line::styled(text, theme.style(Role::Text)));
    }
}

/// Draws a frame in the middle, for so many lines, and gives what is inside of it.
fn framed(frame: &mut Frame<'_>, theme: &Theme, title: &str, lines: u16) -> Rect {
    let whole = frame.area();
    let width = whole.width.min(WIDEST).saturating_sub(if whole.width > 60 { 4 } else { 0 }).max(1).min(whole.width);
    let height = lines.saturating_add(2).min(whole.height);
    let area = Rect::new((whole.width - width) / 2, (whole.height - height) / 2, width, height);
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(title.to_string()).border_style(theme.style(Role::BorderFocused));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}
