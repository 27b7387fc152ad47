//! Parses the text of one rollout as it comes, piece by piece.

use alloc::format;
use alloc::vec::Vec;

use contract::{BadLine, EntryKind, Extraction, FileError, FileFacts, NoThread};

use crate::rollout::fold::{Fold, KEPT_BAD_LINES};
use crate::rollout::record::{self, Body, Record};
use crate::rollout::skim::{Replaceable, Skimmed, read_quickly, skim};
use crate::text::json::Step;
use crate::text::lines::{Line, Lines};

/// Sees each line, and what it was read as.
pub trait Watch {
    /// Says whether it wants to know all that a line says, and not only what the facts of the rollout need.
    fn wants_all(&self) -> bool;
    /// Takes a line.
    fn line(&mut self, line: &Line<'_>, read: &Step<Record<'_>>);
}

/// Parses a whole text that is handed in: the answer is that of reading the file from beginning to end.
pub struct Parser {
    pass: Pass<'static>,
    lines: Lines,
    is_file: bool,
}

impl Parser {
    /// Begins the text of this file.
    pub fn new(file: &FileFacts) -> Parser {
        Parser { pass: Pass::in_order(), lines: Lines::new(1, 0), is_file: file.kind == EntryKind::File }
    }

    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        if self.is_file {
            self.pass.push(&mut self.lines, piece, true);
        }
    }

    /// Ends the text, and says what it says.
    pub fn finish(mut self) -> Result<Extraction, NoThread> {
        if !self.is_file {
            return Err(unreadable(FileError::NotAFile));
        }
        self.pass.end(&mut self.lines, true);
        self.pass.into_extraction()
    }
}

/// Says that a file gives no thread because it cannot be read.
pub(super) fn unreadable(error: FileError) -> NoThread {
    let temporary = matches!(error, FileError::Denied | FileError::Io(_) | FileError::NotFound);
    NoThread { reason: format!("it cannot be read: {}", error.message()), line: None, temporary }
}

/// One pass over a file, or over its tail.
pub(super) struct Pass<'w> {
    pub(super) fold: Fold,
    /// What stands after the last newline and is no record (yet).
    pub(super) cut_off: Option<BadLine>,
    pub(super) bytes_read: u64,
    /// Lines of which only the last one counts are kept; none where each is read as it comes.
    kept: Option<Kept>,
    /// A kept line did not say what it was kept for: an earlier one has to be read, so the file is, [in order](Pass::in_order).
    pub(super) is_missing_facts: bool,
    watch: Option<&'w mut dyn Watch>,
}

/// The last lines of their kinds, as they stand; empty where there is none that was not read.
#[derive(Default)]
struct Kept {
    turn_context: Vec<u8>,
    tokens: Vec<u8>,
}

impl<'w> Pass<'w> {
    /// Begins a pass that reads of some lines only the last ones of their kinds.
    pub(super) fn new() -> Self {
        Pass { kept: Some(Kept::default()), ..Pass::in_order() }
    }

    /// Begins a pass that reads every line as it comes.
    pub(super) fn in_order() -> Self {
        Pass { fold: Fold::default(), cut_off: None, bytes_read: 0, kept: None, is_missing_facts: false, watch: None }
    }

    /// Begins a pass that shows each line to `watch`.
    pub(super) fn watched(watch: &'w mut dyn Watch) -> Self {
        Pass { watch: Some(watch), ..Pass::new() }
    }

    /// Begins a pass over another part of the file, which reads lines as this one does.
    pub(super) fn again(&self) -> Self {
        Pass { kept: self.kept.as_ref().map(|_| Kept::default()), ..Pass::in_order() }
    }

    /// Takes a chunk in.
    pub(super) fn push(&mut self, lines: &mut Lines, chunk: &[u8], numbered: bool) {
        self.bytes_read += chunk.len() as u64;
        lines.push(chunk, |line| {
            self.line(&line, numbered);
        });
    }

    fn line(&mut self, line: &Line<'_>, numbered: bool) -> Option<BadLine> {
        let read = match &self.watch {
            Some(watch) if watch.wants_all() => self.read_whole(line.bytes),
            _ => self.read(line.bytes),
        };
        if let Some(watch) = &mut self.watch {
            watch.line(line, &read);
        }
        self.fold.take(line, read, numbered)
    }

    fn read<'a>(&mut self, line: &'a [u8]) -> Step<Record<'a>> {
        let Some(kept) = &mut self.kept else { return read_quickly(line, &self.fold) };
        match skim(line, &self.fold) {
            Some(Skimmed::Said(record)) => Ok(record),
            Some(Skimmed::Replaceable(kind, without)) => {
                let kept = match kind {
                    Replaceable::TurnContext => &mut kept.turn_context,
                    Replaceable::Tokens => &mut kept.tokens,
                };
                kept.clear();
                kept.extend_from_slice(line);
                Ok(without)
            }
            None => self.read_whole(line),
        }
    }

    fn read_whole<'a>(&mut self, line: &'a [u8]) -> Step<Record<'a>> {
        let read = record::read(line);
        if let Ok(Record { body: Body::TurnContext { .. } | Body::Model(_) | Body::Tokens(_), .. }) = read {
            // What was kept stands before it.
            self.read_kept();
        }
        read
    }

    /// Reads the lines that were kept: no later one of their kinds has other facts.
    fn read_kept(&mut self) {
        let Some(kept) = &mut self.kept else { return };
        for line in [&mut kept.turn_context, &mut kept.tokens] {
            if line.is_empty() {
                continue;
            }
            match record::read(line).map(|record| record.body) {
                Ok(body @ (Body::TurnContext { cwd: Some(_), model: Some(_) } | Body::Tokens(_))) => {
                    self.fold.body(None, body);
                }
                _ => self.is_missing_facts = true,
            }
            line.clear();
        }
    }

    /// Takes in what stands after the last newline: the text has come to its end.
    pub(super) fn end(&mut self, lines: &mut Lines, numbered: bool) {
        lines.finish(|line| self.cut_off = self.line(&line, numbered));
        self.read_kept();
        // A record without a newline is taken in, and so are its bytes; anything else is read again next time.
        let taken = if self.cut_off.is_none() { lines.pending() } else { 0 };
        self.fold.offset = lines.offset() + taken;
    }

    pub(super) fn into_extraction(self) -> Result<Extraction, NoThread> {
        let mut bad_lines = self.fold.bad_lines.clone();
        bad_lines.extend(self.cut_off.clone());
        bad_lines.truncate(KEPT_BAD_LINES);
        let Some(identity) = &self.fold.identity else {
            let line = bad_lines.into_iter().next();
            let empty = line.is_none() && self.fold.lines == 0;
            let reason = if empty { "it is empty" } else { "no session_meta in it says which thread it is" };
            return Err(NoThread { reason: reason.into(), line, temporary: false });
        };
        Ok(Extraction {
            thread: identity.id.clone(),
            state: self.fold.encode(),
            bad_lines,
            bad_count: self.fold.bad_count + u64::from(self.cut_off.is_some()),
            unread: self.fold.unread,
            continues: identity.base_thread.as_deref() == Some(identity.id.as_str()),
            bytes_read: self.bytes_read,
        })
    }
}

#[cfg(test)]
mod tests;
