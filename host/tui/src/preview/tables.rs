//! Tables: columns side by side where the width is enough, and otherwise each cell on a line with the name of its column.

use pulldown_cmark::Alignment;
use ratatui::text::Span;

use super::clean::clean;
use super::page::{Margin, Page};
use super::wrap::{Fold, fold, width};
use crate::theme::Role;

/// What stands between two columns takes that many.
const BETWEEN: usize = 3;
/// A column that has to be narrowed gets no narrower.
const NARROWEST: usize = 8;

type Cell = Vec<Span<'static>>;

/// A table whose end is still to come.
pub(super) struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Table { alignments, rows: Vec::new(), row: Vec::new() }
    }

    pub(super) fn put(&mut self, cell: Cell) {
        let clean_span = |span: Span<'static>| Span::styled(clean(&span.content).into_owned(), span.style);
        self.row.push(cell.into_iter().map(clean_span).collect());
    }

    /// Ends a row, the first of which is the head.
    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// Draws the table, and gives how many rows there was no room for.
    pub(super) fn draw(self, page: &mut Page<'_>, margin: &Margin) -> usize {
        let room = page.width().saturating_sub(margin.width());
        let drawn = match self.widths(room) {
            Some(widths) => self.side_by_side(page, margin, &widths),
            None => self.one_below_the_other(page, margin),
        };
        self.rows.len() - drawn
    }

    /// Gives the widths of the columns, of which the widest are narrowed where there is no room for them.
    fn widths(&self, room: usize) -> Option<Vec<usize>> {
        let columns = self.alignments.len();
        let room = room.checked_sub(columns.checked_sub(1)? * BETWEEN)?;
        let mut widths = vec![1; columns];
        for row in &self.rows {
            for (most, cell) in widths.iter_mut().zip(row) {
                *most = width(cell).max(*most);
            }
        }
        let sum = |most: usize| widths.iter().map(|width| (*width).min(most)).sum::<usize>();
        let most = (NARROWEST..=room).rev().find(|most| sum(*most) <= room)?;
        Some(widths.into_iter().map(|width| width.min(most)).collect())
    }

    fn side_by_side(&self, page: &mut Page<'_>, margin: &Margin, widths: &[usize]) -> usize {
        let bar = page.span(" │ ", Role::Rule);
        for (at, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<Cell>> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| fold(cell, *width, Fold::Words, page.room_below() + 1))
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or_default();
            if height + usize::from(at == 0) > page.room_below() {
                return at;
            }
            for line in 0..height {
                let mut spans: Cell = Vec::new();
                for (column, (cell, wide)) in cells.iter().zip(widths).enumerate() {
                    if column > 0 {
                        spans.push(bar.clone());
                    }
                    let part = cell.get(line).map(Vec::as_slice).unwrap_or_default();
                    let space = wide.saturating_sub(width(part));
                    let before = match self.alignments.get(column) {
                        Some(Alignment::Right) => space,
                        Some(Alignment::Center) => space / 2,
                        _ => 0,
                    };
                    spans.push(Span::raw(" ".repeat(before)));
                    spans.extend_from_slice(part);
                    spans.push(Span::raw(" ".repeat(space - before)));
                }
                let margin = if at == 0 && line == 0 { margin.clone() } else { margin.going_on() };
                page.one_line(&margin, spans);
            }
            if at == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                let spans = vec![page.span(rules.join("─┼─"), Role::Rule)];
                page.one_line(&margin.going_on(), spans);
            }
        }
        self.rows.len()
    }

    fn one_below_the_other(&self, page: &mut Page<'_>, margin: &Margin) -> usize {
        let Some((head, rows)) = self.rows.split_first() else { return 0 };
        let mut margin = margin.clone();
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                page.blank(&margin);
            }
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let mut spans = head.get(column).cloned().unwrap_or_default();
                spans.push(page.span(": ", Role::TableHead));
                spans.extend_from_slice(cell);
                if !page.flow(&margin, spans, Fold::Words) {
                    return at + 1;
                }
                margin = margin.going_on();
            }
        }
        if rows.is_empty() {
            page.flow(&margin, head.concat(), Fold::Words);
        }
        self.rows.len()
    }
}
