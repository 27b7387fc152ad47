//! Collects the pieces of a document.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{Chunk, ExportImage, ExportPiece};

use super::images::Image;

/// What is known of a thread before its first turn.
pub(super) struct Head {
    /// What the thread is called, in one line.
    pub(super) title: String,
    /// Further facts, in one line each.
    pub(super) facts: Vec<(&'static str, String)>,
}

/// What is known of a turn before its first item.
pub(super) struct TurnHead {
    /// Its number, from 1.
    pub(super) number: u64,
    /// When it began, where that was recorded: RFC 3339.
    pub(super) started: Option<String>,
    /// How it ended, where that is not well; empty where it is.
    pub(super) outcome: &'static str,
}

/// The pieces of a document so far; what follows each other as text is one piece.
#[derive(Default)]
pub(super) struct Pieces {
    done: Vec<ExportPiece>,
    /// The text behind the last piece.
    pub(super) text: String,
    bytes: usize,
}

impl Pieces {
    /// Appends a text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a message that is rendered by whoever writes the document down; its headings stand below a level.
    pub(super) fn message(&mut self, text: String, level: u32) {
        self.bytes += text.len();
        self.add(ExportPiece::Message((text, level)));
    }

    /// Puts a picture beside the document; false where it is not whole.
    pub(super) fn image(&mut self, image: &Image) -> bool {
        let Some(bytes) = image.bytes() else { return false };
        self.bytes += bytes.len();
        self.add(ExportPiece::Image(ExportImage { name: image.name(), bytes }));
        true
    }

    /// Leaves a place for a sub-agent's document.
    pub(super) fn subagent(&mut self, thread: String) {
        self.add(ExportPiece::Subagent(thread));
    }

    fn add(&mut self, piece: ExportPiece) {
        self.end_text();
        self.done.push(piece);
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.bytes += self.text.len();
            self.done.push(ExportPiece::Text(Chunk::Text(core::mem::take(&mut self.text))));
        }
    }

    /// Returns how many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.bytes + self.text.len()
    }

    /// Returns the pieces.
    pub(super) fn take(&mut self) -> Vec<ExportPiece> {
        self.end_text();
        self.bytes = 0;
        core::mem::take(&mut self.done)
    }
}
