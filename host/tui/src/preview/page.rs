//! The page that a turn is drawn on: the only maker of lines.
//!
//! Whatever is put on it is cleaned, folded and measured here, so that no caller can forget to.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::clean::clean;
use super::wrap::{Fold, fold, shorten, width};
use super::{LEAST_WIDTH, MOST_LINES, RenderOptions};
use crate::theme::{Role, Theme};

/// What stands before the first line of a text, and before the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Margin {
    pub(super) first: Vec<Span<'static>>,
    pub(super) rest: Vec<Span<'static>>,
}

impl Margin {
    /// Gives a margin that is a mark before the first line, and as wide before the others.
    pub(super) fn mark(mark: &str, style: Style) -> Self {
        let mark = Span::styled(clean(mark).into_owned(), style);
        let rest = " ".repeat(width(std::slice::from_ref(&mark)));
        Margin { first: vec![mark], rest: vec![Span::raw(rest)] }
    }

    /// Gives a margin that is the same before all lines.
    pub(super) fn same(mark: &str, style: Style) -> Self {
        let spans = vec![Span::styled(mark.to_owned(), style)];
        Margin { first: spans.clone(), rest: spans }
    }

    /// Gives the margin with more columns behind it.
    pub(super) fn indented(mut self, columns: usize) -> Self {
        self.first.push(Span::raw(" ".repeat(columns)));
        self.rest.push(Span::raw(" ".repeat(columns)));
        self
    }

    /// Gives the margin of what goes on below.
    pub(super) fn going_on(&self) -> Self {
        Margin { first: self.rest.clone(), rest: self.rest.clone() }
    }

    pub(super) fn width(&self) -> usize {
        width(&self.first).max(width(&self.rest))
    }
}

/// Collects the lines of a turn.
pub(super) struct Page<'a> {
    pub(super) theme: &'a Theme,
    pub(super) is_full_output: bool,
    width: usize,
    lines: Vec<Line<'static>>,
    /// How many more lines the item may have.
    left: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(options: &RenderOptions<'a>) -> Self {
        let width = usize::from(options.width.max(LEAST_WIDTH));
        Page { theme: options.theme, is_full_output: options.full_outputs, width, lines: Vec::new(), left: MOST_LINES }
    }

    pub(super) fn into_lines(mut self) -> Vec<Line<'static>> {
        while self.lines.pop_if(|line| line.spans.is_empty()).is_some() {}
        self.lines
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Gives so many lines at most to what follows.
    pub(super) fn begin_item(&mut self) {
        self.left = MOST_LINES;
    }

    /// Says whether the item has had all its lines, but the one that says how many more there are.
    pub(super) fn is_full(&self) -> bool {
        self.left <= 1
    }

    /// Gives how many lines the item may still have, but the one that says how many more there are.
    pub(super) fn room_below(&self) -> usize {
        self.left.saturating_sub(1)
    }

    /// Gives a styled piece of text.
    pub(super) fn span(&self, text: impl Into<String>, role: Role) -> Span<'static> {
        Span::styled(text.into(), self.theme.style(role))
    }

    /// Puts spans on the page, folded; gives whether all of them went on it.
    pub(super) fn flow(&mut self, margin: &Margin, spans: Vec<Span<'static>>, how: Fold) -> bool {
        if self.is_full() {
            return false;
        }
        let room = self.width.saturating_sub(margin.width());
        let most = self.room_below();
        // One more than there is room for says that there are more.
        let mut lines = fold(&cleaned(spans), room, how, most + 1);
        let is_all = lines.len() <= most;
        lines.truncate(most);
        for (at, line) in lines.into_iter().enumerate() {
            let margin = if at == 0 { &margin.first } else { &margin.rest };
            self.push(margin.iter().cloned().chain(line).collect());
        }
        is_all
    }

    /// Puts spans on the page as one line, shortened where it is too wide.
    pub(super) fn one_line(&mut self, margin: &Margin, spans: Vec<Span<'static>>) {
        let room = self.width.saturating_sub(width(&margin.first));
        let spans = shorten(cleaned(spans), room);
        self.push(margin.first.iter().cloned().chain(spans).collect());
    }

    /// Puts a line on the page that a rule fills.
    pub(super) fn ruled(&mut self, spans: Vec<Span<'static>>, style: Style) {
        let mut spans = shorten(cleaned(spans), self.width);
        spans.push(Span::styled("─".repeat(self.width.saturating_sub(width(&spans))), style));
        self.push(spans);
    }

    /// Puts an empty line on the page, unless there is one, or nothing before it.
    pub(super) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    /// Puts a line on the page that has the margin alone, if there is room.
    pub(super) fn blank(&mut self, margin: &Margin) {
        if !self.is_full() {
            self.push(margin.rest.clone());
        }
    }

    /// Says how many more lines there are.
    pub(super) fn more(&mut self, margin: &Margin, count: usize) {
        let said = if count == 1 { "… 1 more line".to_owned() } else { format!("… {count} more lines") };
        let spans = vec![self.span(said, Role::Dim)];
        self.one_line(margin, spans);
    }

    /// Puts on the page what `draw` draws of a text of so many lines, at most `most` lines of it with the one that says how many more
    /// there are.
    pub(super) fn at_most(&mut self, most: usize, margin: &Margin, lines: usize, draw: impl FnOnce(&mut Self)) {
        let (begin, left) = (self.lines.len(), self.left);
        draw(self);
        let (drawn, shown) = (self.lines.len() - begin, most.saturating_sub(1));
        if drawn > most {
            let all = if self.is_full() { lines.max(drawn) } else { drawn };
            self.lines.truncate(begin + shown);
            self.left = left.saturating_sub(shown);
            self.more(&margin.going_on(), all - shown);
        }
    }

    /// Puts the last lines on the page, folded, as many as there is room for, and before them how many more there are,
    /// counting those that were left out before.
    pub(super) fn flow_end(&mut self, margin: &Margin, lines: &[Span<'static>], before: usize) {
        let room = self.width.saturating_sub(margin.width());
        let mut folded = Vec::new();
        let mut left_out = before + lines.len();
        for line in lines.iter().rev() {
            let free = self.room_below().saturating_sub(folded.len());
            let mut pieces = fold(&cleaned(vec![line.clone()]), room, Fold::Columns, usize::MAX);
            let is_all = pieces.len() <= free;
            folded.extend(pieces.drain(pieces.len().saturating_sub(free)..).rev());
            if !is_all {
                break;
            }
            left_out -= 1;
        }
        if left_out > 0 {
            self.more(margin, left_out);
        }
        for piece in folded.into_iter().rev() {
            self.push(margin.rest.iter().cloned().chain(piece).collect());
        }
    }

    /// Puts a text on the page line by line, at most so many, after a mark, and says how many more lines it has.
    pub(super) fn marked(&mut self, mark: &str, mark_role: Role, said: &str, role: Role, most: usize) {
        let style = self.theme.style(mark_role);
        let mut margin = Margin::mark(mark, style);
        let mut lines = said.trim_end().lines();
        let until = self.left.saturating_sub(most.saturating_sub(1)).max(1);
        let mut left_out = 0;
        while self.left > until {
            let Some(line) = lines.next() else { return };
            let spans = vec![self.span(line, role)];
            left_out = usize::from(!self.flow(&margin, spans, Fold::Words));
            margin = margin.going_on();
        }
        left_out += lines.count();
        if left_out > 0 {
            self.more(&margin, left_out);
        }
    }

    /// Lines come from here alone.
    fn push(&mut self, spans: Vec<Span<'static>>) {
        self.left = self.left.saturating_sub(1);
        let mut line: Vec<Span<'static>> = Vec::with_capacity(spans.len());
        for span in spans.into_iter().filter(|span| !span.content.is_empty()) {
            match line.last_mut() {
                Some(last) if last.style == span.style && span.content.is_ascii() && last.content.is_ascii() => {
                    last.content.to_mut().push_str(&span.content);
                }
                _ => line.push(span),
            }
        }
        // Nobody sees white space at the end.
        while let Some(last) = line.last_mut() {
            let end = last.content.trim_end_matches(' ').len();
            if end > 0 {
                last.content.to_mut().truncate(end);
                break;
            }
            line.pop();
        }
        self.lines.push(Line::from(line));
    }
}

fn cleaned(spans: Vec<Span<'static>>) -> Vec<Span<'static>> {
    let clean_span = |span: Span<'static>| match clean(&span.content) {
        std::borrow::Cow::Owned(content) => Span::styled(content, span.style),
        std::borrow::Cow::Borrowed(_) => span,
    };
    spans.into_iter().map(clean_span).collect()
}
