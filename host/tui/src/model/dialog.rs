//! What stands before the list and the preview, and has the keys until it is closed.

use super::line_editor::LineEditor;
use super::messages::Prompt;
use crate::command::Command;

/// Something that is asked or shown.
#[derive(Debug)]
pub(crate) enum Dialog {
    /// Every command by name.
    Palette(Choice<Command>),
    /// The prompts of a thread; not all of them are there yet while `is_loading`.
    Prompts { generation: u64, choice: Choice<Prompt>, is_loading: bool },
    /// A line is to be typed.
    Input { asked: Asked, line: LineEditor },
    /// Yes or no, below what it is about.
    Confirm { question: String, lines: Vec<String>, scroll: usize, of: Confirmed },
    /// Something to be read.
    Report { title: String, lines: Vec<String>, scroll: usize, mends: Option<String> },
    /// The keys.
    Help { scroll: usize },
}

/// A line that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Name { id: String },
    Tags { ids: Vec<String> },
    Note { id: String },
    Export { ids: Vec<String> },
    Find,
}

impl Asked {
    /// Says what is to be typed.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Asked::Name { .. } => "name (empty: none)",
            Asked::Tags { .. } => "tags: +this -that",
            Asked::Note { .. } => "note",
            Asked::Export { ids } if ids.len() > 1 => "write into the directory, or one file (.md, .html, .txt, .json)",
            Asked::Export { .. } => "write into the file (.md, .html, .txt, .json)",
            Asked::Find => "find in the thread",
        }
    }
}

/// What is done where the answer is yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Delete { id: String },
}

/// Some of several things, of which what is typed leaves fewer.
#[derive(Debug)]
pub(crate) struct Choice<T> {
    all: Vec<T>,
    line: LineEditor,
    /// The places, in `all`, of those that are left.
    left: Vec<usize>,
    selected: usize,
}

impl<T> Choice<T> {
    pub(crate) fn of(all: Vec<T>, text: impl Fn(&T) -> String) -> Choice<T> {
        let mut choice = Choice { all, line: LineEditor::default(), left: Vec::new(), selected: 0 };
        choice.narrow(text);
        choice
    }

    /// Gives the line that is typed, to be changed; [`Choice::narrow`] comes behind it.
    pub(crate) fn line_mut(&mut self) -> &mut LineEditor {
        &mut self.line
    }

    pub(crate) fn line(&self) -> &LineEditor {
        &self.line
    }

    /// Adds more.
    pub(crate) fn extend(&mut self, more: Vec<T>, text: impl Fn(&T) -> String) {
        let selected = self.selected;
        self.all.extend(more);
        self.narrow(text);
        self.selected = selected.min(self.left.len().saturating_sub(1));
    }

    /// Leaves those whose text has every word that is typed.
    pub(crate) fn narrow(&mut self, text: impl Fn(&T) -> String) {
        let words: Vec<String> = self.line.text().split_whitespace().map(str::to_lowercase).collect();
        let has = |item: &T| {
            let text = text(item).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.left = (0..self.all.len()).filter(|&at| has(&self.all[at])).collect();
        self.selected = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn is_at_begin(&self) -> bool {
        self.selected == 0
    }

    pub(crate) fn go(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(self.left.len().saturating_sub(1));
    }

    /// Goes to one of those that are left.
    pub(crate) fn go_to(&mut self, place: usize) {
        self.selected = place.min(self.left.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<&T> {
        self.left.get(self.selected).and_then(|&at| self.all.get(at))
    }

    /// Gives those that are left, and the place of the selected one.
    pub(crate) fn shown(&self) -> (impl ExactSizeIterator<Item = &T>, usize) {
        (self.left.iter().map(|&at| &self.all[at]), self.selected)
    }
}
