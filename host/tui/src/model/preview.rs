//! The preview: the turns of the selected thread that are there, and which of their lines are on the screen.

use std::ops::Range;
use std::sync::Arc;

use ratatui::text::Line;

use super::messages::{ShownTurn, TurnsAt, TurnsPage};
use crate::preview::find::find_in;

/// No more lines are kept: of more the turns farthest away go, and are read again where somebody goes there.
const MOST_LINES: usize = 20_000;
/// So near to an end of what is there more is asked for, in lines.
const NEAR: usize = 40;

/// A line in which stands what is looked for, and where in it, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundLine {
    pub(crate) line: usize,
    pub(crate) ranges: Vec<Range<usize>>,
}

/// At which end turns are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Before,
    Behind,
}

/// What is shown of a thread.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// The thread; none where none is selected.
    pub(crate) id: Option<Arc<str>>,
    pub(crate) generation: u64,
    head: Vec<Line<'static>>,
    turns: Vec<ShownTurn>,
    has_before: bool,
    has_behind: bool,
    /// An answer is waited for.
    pub(crate) is_loading: bool,
    /// Why nothing can be shown.
    pub(crate) failure: Option<String>,
    /// The first line on the screen.
    pub(crate) scroll: usize,
    /// The user scrolled or looked for something in it.
    is_touched: bool,
    /// The thread was given anew, which is shown where the user had left it.
    pub(crate) full_outputs: bool,
    /// What is looked for, in lower case.
    pub(crate) words: Vec<String>,
    /// In which lines it stands.
    found: Vec<FoundLine>,
}

impl Preview {
    /// Begins to show a thread: what is there of another one goes.
    pub(crate) fn begin(&mut self, id: Option<Arc<str>>, generation: u64, words: Vec<String>) {
        let full_outputs = self.full_outputs;
        *self = Preview { is_loading: id.is_some(), id, generation, full_outputs, words, ..Preview::default() };
    }

    pub(crate) fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// Gives how many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.head().len() + self.turns.iter().map(|turn| turn.lines.len()).sum::<usize>()
    }

    /// Gives the lines above the first turn, where that is the first of the thread.
    fn head(&self) -> &[Line<'static>] {
        if self.has_before { &[] } else { &self.head }
    }

    /// Gives the lines from one on, at most so many.
    pub(crate) fn lines(&self, from: usize, most: usize) -> impl Iterator<Item = &Line<'static>> {
        let all = self.head().iter().chain(self.turns.iter().flat_map(|turn| &turn.lines));
        all.skip(from).take(most)
    }

    /// Gives the places of what is looked for in a line.
    pub(crate) fn found_in(&self, line: usize) -> Option<&FoundLine> {
        self.found.binary_search_by_key(&line, |found| found.line).ok().and_then(|at| self.found.get(at))
    }

    /// Gives in how many lines stands what is looked for, and which of them comes first from the top of the screen on, from 1.
    pub(crate) fn found_count(&self) -> (usize, usize) {
        let before = self.found.partition_point(|found| found.line < self.scroll);
        (self.found.len(), (before + 1).min(self.found.len()))
    }

    /// Takes turns.
    pub(crate) fn take(&mut self, page: TurnsPage, height: usize) {
        self.is_loading = false;
        self.failure = None;
        match page.at {
            TurnsAt::Begin | TurnsAt::End | TurnsAt::Again => {
                self.head = page.head;
                self.turns = page.turns;
                (self.has_before, self.has_behind) = (page.has_before, page.has_behind);
                self.scroll = match page.at {
                    TurnsAt::Begin if self.has_before => 0,
                    TurnsAt::Begin => self.head().len().saturating_sub(1),
                    TurnsAt::End => {
                        let last = self.len() - self.turns.last().map_or(0, |turn| turn.lines.len());
                        last.min(self.len().saturating_sub(height))
                    }
                    _ => self.scroll.min(self.len().saturating_sub(1)),
                };
            }
            TurnsAt::Before => {
                let before = self.len();
                self.has_before = page.has_before;
                self.turns.splice(0..0, page.turns);
                self.scroll += self.len() - before;
                while self.len() > MOST_LINES && self.turns.len() > 1 {
                    self.turns.pop();
                    self.has_behind = true;
                }
            }
            TurnsAt::Behind => {
                self.has_behind = page.has_behind;
                self.turns.extend(page.turns);
                while self.len() > MOST_LINES && self.turns.len() > 1 {
                    let before = self.len();
                    self.turns.remove(0);
                    self.has_before = true;
                    self.scroll = self.scroll.saturating_sub(before - self.len());
                }
            }
        }
        self.find_again();
    }

    /// Says at which end turns are missing that are near to what is on the screen, and the turn at that end.
    pub(crate) fn missing(&self, height: usize) -> Option<(Missing, &str)> {
        if self.is_loading || self.failure.is_some() {
            return None;
        }
        let first = self.turns.first().filter(|_| self.has_before && self.scroll < NEAR);
        let last = self.turns.last().filter(|_| self.has_behind && self.scroll + height + NEAR > self.len());
        match (first, last) {
            (Some(first), _) => Some((Missing::Before, &first.id)),
            (None, Some(last)) => Some((Missing::Behind, &last.id)),
            (None, None) => None,
        }
    }

    /// Gives the first and the last turn that are there.
    pub(crate) fn ends(&self) -> Option<(&str, &str)> {
        Some((&self.turns.first()?.id, &self.turns.last()?.id))
    }

    /// Says whether the last turn of the thread is there, so that a new one comes behind it.
    pub(crate) fn is_at_end(&self) -> bool {
        !self.has_behind
    }

    /// Scrolls by so many lines, on a screen of so many.
    pub(crate) fn go(&mut self, by: isize, height: usize) {
        self.is_touched = true;
        let most = self.len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(by).min(most);
    }

    /// Goes to the first or the last line that is there.
    pub(crate) fn go_to_end(&mut self, is_first: bool, height: usize) {
        self.is_touched = true;
        self.scroll = if is_first { 0 } else { self.len().saturating_sub(height) };
    }

    /// Goes to the next turn, or the one before.
    pub(crate) fn go_to_turn(&mut self, is_next: bool, height: usize) {
        self.is_touched = true;
        let mut begins = Vec::with_capacity(self.turns.len());
        let mut at = self.head().len();
        for turn in &self.turns {
            begins.push(at);
            at += turn.lines.len();
        }
        let next = match is_next {
            true => begins.into_iter().find(|begin| *begin > self.scroll),
            false => begins.into_iter().rev().find(|begin| *begin < self.scroll),
        };
        let most = self.len().saturating_sub(height);
        match next {
            Some(line) => self.scroll = line.min(most),
            None if is_next => self.scroll = most,
            None => self.scroll = 0,
        }
    }

    /// Looks for words in the lines that are there, and goes to the first place from the top of the screen on.
    pub(crate) fn find(&mut self, words: Vec<String>, height: usize) -> bool {
        self.is_touched = true;
        self.words = words;
        self.find_again();
        let next = self.found.iter().find(|found| found.line >= self.scroll).or(self.found.first());
        let line = next.map(|found| found.line);
        self.show(line, height)
    }

    /// Goes to the next place of what is looked for, or the one before; from the last one to the first.
    pub(crate) fn find_next(&mut self, is_next: bool, height: usize) -> bool {
        let line = match is_next {
            true => self.found.iter().find(|found| found.line > self.scroll).or(self.found.first()),
            false => self.found.iter().rev().find(|found| found.line < self.scroll).or(self.found.last()),
        };
        let line = line.map(|found| found.line);
        self.show(line, height)
    }

    fn show(&mut self, line: Option<usize>, height: usize) -> bool {
        self.is_touched = true;
        if let Some(line) = line {
            self.scroll = line.min(self.len().saturating_sub(height));
        }
        line.is_some()
    }

    fn find_again(&mut self) {
        self.found = match self.words.is_empty() {
            true => Vec::new(),
            false => {
                let lines = self.head().iter().chain(self.turns.iter().flat_map(|turn| &turn.lines));
                let mut found: Vec<FoundLine> = Vec::new();
                for (line, range) in find_in(lines, &self.words) {
                    match found.last_mut().filter(|last| last.line == line) {
                        Some(last) => last.ranges.push(range),
                        None => found.push(FoundLine { line, ranges: vec![range] }),
                    }
                }
                found
            }
        };
    }
}
