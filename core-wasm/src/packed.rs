//! The packed forms that come from the host by the ten thousand. The host writes them (`host/src/rollouts/walk.rs`,
//! `host/src/state/files.rs`), the core reads them; a test holds both to this page.
//!
//! A packed list of entries is empty, or
//!
//! ```text
//! version  u8, now 1
//! entries, each:
//!   kind      u8: 0 file, 1 directory, 2 link, 3 other, 4 closed
//!   size      u64
//!   modified  i64, nanoseconds
//!   inode     u64
//!   length    u16, of the path
//!   path      UTF-8, in byte order from entry to entry
//! ```
//!
//! all little-endian. The same form serves what is on disk and what the state DB knows of it.

use alloc::string::String;

use crate::types::{EntryKind, FileFacts};

/// The version byte.
pub const VERSION: u8 = 1;

/// Reads entry by entry. Ends early at bytes that do not fit, which [`Entries::is_whole`] tells.
pub struct Entries<'a> {
    rest: &'a [u8],
    whole: bool,
}

impl<'a> Entries<'a> {
    /// Of a packed list.
    pub fn new(packed: &'a [u8]) -> Self {
        match packed.split_first() {
            None => Entries { rest: &[], whole: true },
            Some((&VERSION, rest)) => Entries { rest, whole: true },
            Some(_) => Entries { rest: &[], whole: false },
        }
    }

    /// Nothing was left unread so far.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn entry(&mut self) -> Option<FileFacts> {
        let kind = match self.take::<1>()?[0] {
            0 => EntryKind::File,
            1 => EntryKind::Directory,
            2 => EntryKind::Link,
            3 => EntryKind::Other,
            4 => EntryKind::Closed,
            _ => return None,
        };
        let size = u64::from_le_bytes(self.take()?);
        let modified_ns = i64::from_le_bytes(self.take()?);
        let inode = u64::from_le_bytes(self.take()?);
        let length = u16::from_le_bytes(self.take()?);
        let (path, rest) = self.rest.split_at_checked(length.into())?;
        self.rest = rest;
        let path = String::from(core::str::from_utf8(path).ok()?);
        Some(FileFacts { path, kind, size, modified_ns, inode })
    }
}

impl Iterator for Entries<'_> {
    type Item = FileFacts;

    fn next(&mut self) -> Option<FileFacts> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.rest = &[];
            self.whole = false;
        }
        entry
    }
}

/// Where the paths of a packed list of entries stand in it.
pub fn for_each_path(packed: &[u8], mut each: impl FnMut(core::ops::Range<usize>)) {
    let mut entries = Entries::new(packed);
    while let Some(entry) = entries.next() {
        let end = packed.len() - entries.rest.len();
        each(end - entry.path.len()..end);
    }
}
