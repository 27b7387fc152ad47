//! Parses the text of one rollout as it comes, piece by piece.

use alloc::format;

use contract::{BadLine, EntryKind, Extraction, FileError, FileFacts, NoThread};

use crate::rollout::fold::{Fold, KEPT_BAD_LINES};
use crate::rollout::record::{self, Record};
use crate::rollout::skim::read_quickly;
use crate::text::json::Step;
use crate::text::lines::{Line, Lines};

/// Sees each line, and what it was read as.
pub type Watch<'a> = dyn FnMut(&Line<'_>, &Step<Record<'_>>) + 'a;

/// Parses a whole text that is handed in: the answer is that of reading the file from beginning to end.
pub struct Parser {
    pass: Pass<'static>,
    lines: Lines,
    is_file: bool,
}

impl Parser {
    /// Begins the text of this file.
    pub fn new(file: &FileFacts) -> Parser {
        Parser { pass: Pass::new(), lines: Lines::new(1, 0), is_file: file.kind == EntryKind::File }
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
    pub(super) watch: Option<&'w mut Watch<'w>>,
}

impl Pass<'_> {
    pub(super) fn new() -> Self {
        Pass { fold: Fold::default(), cut_off: None, bytes_read: 0, watch: None }
    }

    /// Takes a chunk in.
    pub(super) fn push(&mut self, lines: &mut Lines, chunk: &[u8], numbered: bool) {
        self.bytes_read += chunk.len() as u64;
        lines.push(chunk, |line| {
            self.line(&line, numbered);
        });
    }

    fn line(&mut self, line: &Line<'_>, numbered: bool) -> Option<BadLine> {
        let read = match &mut self.watch {
            Some(watch) => {
                let read = record::read(line.bytes);
                watch(line, &read);
                // Rows are the same, whoever looks.
                read.or_else(|_| read_quickly(line.bytes))
            }
            None => read_quickly(line.bytes),
        };
        self.fold.take(line, read, numbered)
    }

    /// Takes in what stands after the last newline: the text has come to its end.
    pub(super) fn end(&mut self, lines: &mut Lines, numbered: bool) {
        lines.finish(|line| self.cut_off = self.line(&line, numbered));
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
