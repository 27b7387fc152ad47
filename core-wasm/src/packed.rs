//! The packed forms that come from the host by the ten thousand. The host writes them (`host/src/rollouts/pack.rs`), the
//! core reads them where they lie; a test holds both to this page.
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
//! all little-endian. The same form serves what is on disk and what the state DB knows of it. A packed list of heads is
//! empty, or
//!
//! ```text
//! version  u8, now 1
//! heads, each:
//!   length    u16, of the path
//!   path      UTF-8, in byte order from head to head
//!   known     u8: 0 the file cannot be read, 1 what follows is how its plain text begins
//!   length    u16, of the text
//!   text      the first 1,024 bytes, fewer only where the file has no more
//! ```

use alloc::vec::Vec;
use core::ops::Range;

use crate::types::{EntryKind, FileFacts};

/// The version byte.
pub const VERSION: u8 = 1;

/// Appends an entry as the host does.
pub fn append(packed: &mut Vec<u8>, file: &FileFacts) {
    if packed.is_empty() {
        packed.push(VERSION);
    }
    packed.push(match file.kind {
        EntryKind::File => 0,
        EntryKind::Directory => 1,
        EntryKind::Link => 2,
        EntryKind::Other => 3,
        EntryKind::Closed => 4,
    });
    packed.extend_from_slice(&file.size.to_le_bytes());
    packed.extend_from_slice(&file.modified_ns.to_le_bytes());
    packed.extend_from_slice(&file.inode.to_le_bytes());
    let path = &file.path.as_bytes()[..file.path.len().min(u16::MAX.into())];
    packed.extend_from_slice(&(path.len() as u16).to_le_bytes());
    packed.extend_from_slice(path);
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
    /// For keeping.
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

/// What a packed list consists of.
pub trait Item<'a>: Sized {
    /// The first one of a list, and the rest of it; none where the bytes do not fit.
    fn read(list: &'a [u8]) -> Option<(Self, &'a [u8])>;
}

fn take<const N: usize>(list: &[u8]) -> Option<([u8; N], &[u8])> {
    list.split_first_chunk::<N>().map(|(head, rest)| (*head, rest))
}

/// Bytes with their length before them.
fn sized(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = take(list)?;
    rest.split_at_checked(u16::from_le_bytes(length).into())
}

fn path(list: &[u8]) -> Option<(&str, &[u8])> {
    let (path, rest) = sized(list)?;
    Some((core::str::from_utf8(path).ok()?, rest))
}

impl<'a> Item<'a> for Entry<'a> {
    fn read(list: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let ([kind], list) = take(list)?;
        let kind = match kind {
            0 => EntryKind::File,
            1 => EntryKind::Directory,
            2 => EntryKind::Link,
            3 => EntryKind::Other,
            4 => EntryKind::Closed,
            _ => return None,
        };
        let (size, list) = take(list)?;
        let (modified_ns, list) = take(list)?;
        let (inode, list) = take(list)?;
        let (path, list) = path(list)?;
        let size = u64::from_le_bytes(size);
        let (modified_ns, inode) = (i64::from_le_bytes(modified_ns), u64::from_le_bytes(inode));
        Some((Entry { path, kind, size, modified_ns, inode }, list))
    }
}

impl<'a> Item<'a> for Head<'a> {
    fn read(list: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (path, list) = path(list)?;
        let ([known], list) = take(list)?;
        let (text, list) = sized(list)?;
        Some((Head { path, text: (known == 1).then_some(text) }, list)).filter(|_| known == 1 || text.is_empty())
    }
}

/// A packed list and a place in it.
#[derive(Default)]
pub struct Packed {
    bytes: Vec<u8>,
    at: usize,
}

impl Packed {
    /// At the first item; none if the list is of another version.
    pub fn new(bytes: Vec<u8>) -> Option<Packed> {
        matches!(bytes.first(), None | Some(&VERSION)).then_some(Packed { at: bytes.len().min(1), bytes })
    }

    /// Nothing is left of it.
    pub fn is_over(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Nothing is left of it after a place that [`Packed::item`] gave.
    pub fn ends_at(&self, place: usize) -> bool {
        place == self.bytes.len()
    }

    /// The item at the place, and the place after it; none where the bytes do not fit.
    pub fn item<'a, T: Item<'a>>(&'a self) -> Option<(T, usize)> {
        let (item, rest) = T::read(&self.bytes[self.at..])?;
        Some((item, self.bytes.len() - rest.len()))
    }

    /// Goes to a place that [`Packed::item`] gave.
    pub fn go_to(&mut self, place: usize) {
        self.at = place.clamp(self.at, self.bytes.len());
    }
}

/// Where the paths of a packed list of entries stand in it.
pub fn for_each_path(list: &[u8], mut each: impl FnMut(Range<usize>)) {
    for_each(list, |entry: Entry<'_>, end| each(end - entry.path.len()..end));
}

/// Where the paths and the texts of a packed list of heads stand in it.
pub fn for_each_head(list: &[u8], mut each: impl FnMut(Range<usize>, Range<usize>)) {
    // Between the two: whether the text is known, and its length.
    const BETWEEN: usize = 3;
    for_each(list, |head: Head<'_>, end| {
        let text = end - head.text.map_or(0, <[u8]>::len);
        let path = text - BETWEEN;
        each(path - head.path.len()..path, text..end);
    });
}

/// The items of a list and where each ends, as far as they fit their form.
fn for_each<'a, T: Item<'a>>(list: &'a [u8], mut each: impl FnMut(T, usize)) {
    let mut rest = list.get(1..).unwrap_or_default();
    while let Some((item, after)) = T::read(rest) {
        rest = after;
        each(item, list.len() - rest.len());
    }
}
