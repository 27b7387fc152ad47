//! The list: a line for each thread, with as many columns as there is room for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use threadkeep_terminal::ages;
use threadkeep_terminal::width::{pad, shorten};
use unicode_width::UnicodeWidthStr as _;

use super::put;
use crate::keys::Where;
use crate::model::Model;
use crate::model::arrange::Row;
use crate::theme::{Role, Theme};

/// From so many columns on a line has this column, which is so wide.
const PROJECT: (u16, usize) = (48, 14);
const BRANCH: (u16, usize) = (72, 14);
const TOKENS: (u16, usize) = (84, 5);
const MODEL: (u16, usize) = (100, 14);
/// How many columns of an id are shown: they tell its time to the millisecond.
const SHORT_ID: usize = 13;

/// Draws the rows on the screen.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme, area: Rect, now: i64) {
    if model.arranged.rows.is_empty() && area.height > 0 {
        let why = nothing(model);
        let lines = textwrap(&why, usize::from(area.width.saturating_sub(4)));
        for (line, row) in lines.into_iter().zip(area.rows().skip(1)) {
            put(
                frame,
                Rect { x: row.x + 2.min(row.width), width: row.width.saturating_sub(2), ..row },
                Line::styled(line, theme.style(Role::Dim)),
            );
        }
        return;
    }
    for ((at, row), line) in (model.top..).zip(model.rows_shown()).zip(area.rows()) {
        let is_selected = at == model.selected;
        match *row {
            Row::Project { thread, threads } => {
                let project = model.table.place(model.table.thread(thread)).project();
                let text = format!("{} ({threads})", shorten(project, usize::from(line.width.saturating_sub(10))));
                put(frame, line, Line::styled(text, theme.style(Role::Heading)));
            }
            Row::Thread { thread, depth } => {
                let columns = Columns { model, theme, width: line.width, now };
                let text = columns.line(thread, depth, is_selected);
                match is_selected {
                    // One colour for all of it: what is what, its place tells.
                    true => {
                        let role = if model.place == Where::List { Role::Selected } else { Role::Strong };
                        let spans = text.spans.into_iter().map(|span| Span::raw(span.content));
                        put(frame, line, Line::from(spans.collect::<Vec<_>>()).style(theme.style(role)));
                    }
                    false => put(frame, line, text),
                }
            }
        }
    }
}

/// Says why there is nothing.
fn nothing(model: &Model) -> String {
    if let Some(how_far) = &model.filling {
        return format!("{how_far}: threads come as soon as it is done");
    }
    if !model.is_loaded || model.is_searching {
        return "looking".into();
    }
    match model.typed.is_empty() {
        true if model.served.is_some() => "the server has no thread here; f5 asks again".into(),
        true => "no thread is here yet: begin one with codex, and it appears".into(),
        false => {
            "nothing is found; esc takes back what is typed, alt-a looks into the archive, alt-s at programs' threads"
                .into()
        }
    }
}

/// Folds a text between words.
pub(super) fn textwrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let is_full = lines.last().is_some_and(|line| !line.is_empty() && line.width() + 1 + word.width() > columns);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// What a line is made of.
struct Columns<'a> {
    model: &'a Model,
    theme: &'a Theme,
    width: u16,
    now: i64,
}

impl Columns<'_> {
    fn line(&self, number: u32, depth: u8, is_selected: bool) -> Line<'static> {
        let Columns { model, theme, width, now } = *self;
        let table = &model.table;
        let thread = table.thread(number);
        let has = |(from, _): (u16, usize)| width >= from;
        let mut right: Vec<(String, Role)> = Vec::new();
        if has(PROJECT) {
            right.push((pad(table.place(thread).project(), PROJECT.1), Role::Project));
        }
        if has(BRANCH) {
            right.push((pad(table.branch(thread), BRANCH.1), Role::Branch));
        }
        if has(MODEL) {
            right.push((pad(table.model(thread), MODEL.1), Role::Model));
        }
        if has(TOKENS) {
            let tokens = thread.tokens.map(ages::count).unwrap_or_default();
            right.push((format!("{tokens:>width$}", width = TOKENS.1), Role::Tokens));
        }
        let right_width: usize = right.iter().map(|(text, _)| text.width() + 1).sum();
        let mark = match (is_selected, model.chosen.contains(&number)) {
            (true, true) => "▌+",
            (true, false) => "▌ ",
            (false, true) => " +",
            (false, false) => "  ",
        };
        let age = ages::age(model.wanted.order.time(thread), now);
        let mut spans = vec![
            Span::styled(mark, theme.style(Role::Marked)),
            Span::styled(format!("{age:>4} "), theme.style(Role::Age)),
        ];
        let mut room = usize::from(width).saturating_sub(mark.width() + 5 + right_width);
        let mut add = |text: String, style: Style, room: &mut usize| {
            *room = room.saturating_sub(text.width());
            spans.push(Span::styled(text, style));
        };
        if depth > 0 {
            add(format!("{}└ ", "  ".repeat(usize::from(depth) - 1)), theme.style(Role::Dim), &mut room);
        }
        if thread.is_pinned {
            add("* ".into(), theme.style(Role::Pin), &mut room);
        }
        if thread.archived {
            add("archived ".into(), theme.style(Role::Dim), &mut room);
        }
        let title = if thread.title().is_empty() { "(nothing said yet)" } else { thread.title() };
        let role = if thread.title().is_empty() { Role::Dim } else { Role::Title };
        let whole = room;
        if table.shares_its_title(number) {
            // The same words say nothing: what was said last tells threads apart, and the id for certain.
            let id = thread.id().get(..SHORT_ID).unwrap_or(thread.id());
            let beside = whole.saturating_sub(id.width() + 1);
            let half = shorten(title, (beside / 2).max(8).min(beside));
            let last = model.last_said.get(&number).map(String::as_str).unwrap_or_default();
            let last_room = beside.saturating_sub(half.width() + 3);
            add(half, theme.style(role), &mut room);
            if !last.is_empty() && last_room > 4 {
                add(format!(" · {}", shorten(last, last_room)), theme.style(Role::Dim), &mut room);
            }
            if room > id.width() {
                add(format!(" {id}"), theme.style(Role::Dim), &mut room);
            }
        } else {
            add(shorten(title, whole), theme.style(role), &mut room);
        }
        add(" ".repeat(room), Style::default(), &mut room);
        for (text, role) in right {
            spans.push(Span::raw(" "));
            spans.push(Span::styled(text, theme.style(role)));
        }
        Line::from(spans)
    }
}
