//! Reads columns in place: what comes by the ten thousand from the host is a record of lists, `entries` and `heads` of
//! the contract.
//!
//! A list is gone through from its first item to its last, one at a time, without an allocation for any of them.
//! Columns of unequal lengths, paths without their NUL, texts that do not fit their lengths end the walk as a
//! [`Misfit`]; whoever reads turns that into an error of the one who wrote them.

use alloc::string::String;

use contract::{Entries, EntryKind, FileError, FileFacts, Heads, StateError};

/// Columns that do not fit their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit;

const MESSAGE: &str = "columns do not fit their form";

impl From<Misfit> for FileError {
    fn from(_: Misfit) -> FileError {
        FileError::Io(MESSAGE.into())
    }
}

impl From<Misfit> for StateError {
    fn from(_: Misfit) -> StateError {
        StateError::Io(MESSAGE.into())
    }
}

/// One entry, where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Where it is.
    pub path: &'a str,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes on disk.
    pub size: u64,
    /// Last modification, nanoseconds since the epoch.
    pub modified_ns: i64,
    /// Identity that survives a rename.
    pub inode: u64,
}

impl Entry<'_> {
    /// Copies it, for keeping.
    pub fn facts(&self) -> FileFacts {
        let Entry { path, kind, size, modified_ns, inode } = *self;
        FileFacts { path: path.into(), kind, size, modified_ns, inode }
    }
}

/// One file and how its text begins, where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// Where the file is.
    pub path: &'a str,
    /// The beginning of its plain text; none if it cannot be read.
    pub text: Option<&'a [u8]>,
}

/// Paths with a NUL after each, and the one that they are at.
#[derive(Default)]
struct Paths {
    text: String,
    begin: usize,
    /// Where its NUL stands; the end of the text where there is none.
    end: usize,
}

impl Paths {
    fn new(text: String) -> Paths {
        let mut paths = Paths { text, begin: 0, end: 0 };
        paths.find_end();
        paths
    }

    fn find_end(&mut self) {
        let rest = &self.text.as_bytes()[self.begin..];
        self.end = self.begin + memchr::memchr(0, rest).unwrap_or(rest.len());
    }

    /// Gives the path; `last` is the word of another column that no other follows.
    fn current(&self, last: bool) -> Result<&str, Misfit> {
        let follows = self.text.len().checked_sub(self.end + 1).ok_or(Misfit)?;
        if last != (follows == 0) {
            return Err(Misfit);
        }
        Ok(&self.text[self.begin..self.end])
    }

    fn advance(&mut self) {
        self.begin = (self.end + 1).min(self.text.len());
        self.find_end();
    }
}

/// A list of entries and a place in it.
#[derive(Default)]
pub struct EntryList {
    entries: Entries,
    paths: Paths,
    at: usize,
}

impl EntryList {
    /// Begins at the first entry.
    pub fn new(mut entries: Entries) -> Result<EntryList, Misfit> {
        let count = entries.kinds.len();
        let lengths = [entries.sizes.len(), entries.modified_ns.len(), entries.inodes.len()];
        if lengths.iter().any(|&length| length != count) || (count == 0 && !entries.paths.is_empty()) {
            return Err(Misfit);
        }
        let paths = Paths::new(core::mem::take(&mut entries.paths));
        Ok(EntryList { entries, paths, at: 0 })
    }

    /// Says whether nothing is left of it.
    pub fn is_over(&self) -> bool {
        self.at == self.entries.kinds.len()
    }

    /// Says whether the entry that it is at is the last one.
    pub fn is_at_last(&self) -> bool {
        self.at + 1 == self.entries.kinds.len()
    }

    /// Gives the entry that it is at; none at its end.
    pub fn current(&self) -> Result<Option<Entry<'_>>, Misfit> {
        let Some(&kind) = self.entries.kinds.get(self.at) else { return Ok(None) };
        Ok(Some(Entry {
            path: self.paths.current(self.is_at_last())?,
            kind,
            size: self.entries.sizes[self.at],
            modified_ns: self.entries.modified_ns[self.at],
            inode: self.entries.inodes[self.at],
        }))
    }

    /// Goes to the next entry.
    pub fn advance(&mut self) {
        if !self.is_over() {
            self.at += 1;
            self.paths.advance();
        }
    }
}

/// A list of heads and a place in it.
#[derive(Default)]
pub struct HeadList {
    heads: Heads,
    paths: Paths,
    at: usize,
    /// Where the text of the head that it is at begins.
    text: usize,
}

impl HeadList {
    /// Begins at the first head.
    pub fn new(mut heads: Heads) -> Result<HeadList, Misfit> {
        let empty = heads.lengths.is_empty();
        if empty && !(heads.paths.is_empty() && heads.texts.is_empty()) {
            return Err(Misfit);
        }
        let paths = Paths::new(core::mem::take(&mut heads.paths));
        Ok(HeadList { heads, paths, at: 0, text: 0 })
    }

    /// Gives the head that it is at; none at its end.
    pub fn current(&self) -> Result<Option<Head<'_>>, Misfit> {
        let Some(length) = self.heads.lengths.get(self.at) else { return Ok(None) };
        let last = self.at + 1 == self.heads.lengths.len();
        let path = self.paths.current(last)?;
        let rest = self.heads.texts.as_bytes().get(self.text..).ok_or(Misfit)?;
        let (text, rest) = rest.split_at_checked(length.unwrap_or(0) as usize).ok_or(Misfit)?;
        if last && !rest.is_empty() {
            return Err(Misfit);
        }
        Ok(Some(Head { path, text: length.map(|_| text) }))
    }

    /// Goes to the next head.
    pub fn advance(&mut self) {
        if let Some(length) = self.heads.lengths.get(self.at) {
            self.text = self.text.saturating_add(length.unwrap_or(0) as usize);
            self.at += 1;
            self.paths.advance();
        }
    }
}

#[cfg(test)]
mod tests;
