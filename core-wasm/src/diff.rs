//! What is on disk against what is known of it: two sorted streams, merged page by page, so that memory does not grow
//! with the home.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::packed::Entries;
use crate::paths::{is_candidate, is_compressed};
use crate::ports::{Backfill, FileResult, Rollouts, StateResult, Walker};
use crate::types::{EntryKind, FileError, FileFacts, StateError};

/// Entries asked for at a time.
const PAGE: u32 = 4_096;

/// One difference, or the lack of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// As it was.
    Same,
    /// Not known so far.
    New(FileFacts),
    /// Known, and another size, time or identity now.
    Changed {
        /// As it is now.
        now: FileFacts,
        /// Something was appended, as far as size and identity tell.
        grown: bool,
    },
    /// Known, and not there any more.
    Vanished(String),
}

/// Why the comparison ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DiffError {
    State(StateError),
    Files(FileError),
}

impl From<StateError> for DiffError {
    fn from(error: StateError) -> Self {
        DiffError::State(error)
    }
}

impl From<FileError> for DiffError {
    fn from(error: FileError) -> Self {
        DiffError::Files(error)
    }
}

/// The entries that a home's walk gives and that claim to be rollouts.
pub struct Candidates<W> {
    walker: W,
    page: VecDeque<FileFacts>,
    ended: bool,
}

impl<W: Walker> Candidates<W> {
    /// Of a walk.
    pub fn new(walker: W) -> Self {
        Candidates { walker, page: VecDeque::new(), ended: false }
    }

    /// The next one in byte order of the path.
    pub fn take(&mut self) -> FileResult<Option<FileFacts>> {
        while self.page.is_empty() && !self.ended {
            let packed = self.walker.next(PAGE)?;
            self.ended = packed.is_empty();
            self.page.extend(whole(&packed)?.into_iter().filter(may_hold_a_thread));
        }
        Ok(self.page.pop_front())
    }
}

/// Files by their name; and a directory that hides what it holds.
fn may_hold_a_thread(entry: &FileFacts) -> bool {
    entry.kind == EntryKind::Closed || is_candidate(&entry.path)
}

fn whole(packed: &[u8]) -> FileResult<Vec<FileFacts>> {
    let mut entries = Entries::new(packed);
    let list: Vec<FileFacts> = entries.by_ref().collect();
    if entries.is_whole() {
        Ok(list)
    } else {
        Err(FileError::Io("a packed list of files does not fit its form".into()))
    }
}

/// What the state DB knows of the files.
struct Known<'a, B> {
    backfill: &'a B,
    page: VecDeque<FileFacts>,
    last: Option<String>,
    ended: bool,
}

impl<B: Backfill> Known<'_, B> {
    fn next(&mut self) -> StateResult<Option<FileFacts>> {
        if self.page.is_empty() && !self.ended {
            let packed = self.backfill.known(self.last.as_deref(), PAGE)?;
            let list = whole(&packed).map_err(|error| StateError::Io(error.to_string()))?;
            self.ended = list.is_empty();
            self.last = list.last().map(|file| file.path.clone());
            self.page.extend(list);
        }
        Ok(self.page.pop_front())
    }
}

/// Compares, and gives each file on disk and each known one to `each` once.
pub fn diff<R: Rollouts, B: Backfill>(
    rollouts: &R,
    backfill: &B,
    mut each: impl FnMut(Change) -> Result<(), DiffError>,
) -> Result<(), DiffError> {
    let mut disk = Candidates::new(rollouts.walk()?);
    let mut known = Known { backfill, page: VecDeque::new(), last: None, ended: false };
    let (mut here, mut there) = (disk.take()?, known.next()?);
    // A directory that cannot be looked into: what was known below it is unknown now, not gone.
    let mut closed: Option<String> = None;
    loop {
        if let Some(now) = here.as_ref().filter(|now| now.kind == EntryKind::Closed) {
            closed = Some(format!("{}/", now.path));
        }
        match (here.take(), there.take()) {
            (None, None) => return Ok(()),
            (Some(now), Some(then)) if now.path == then.path => {
                each(compare(now, &then))?;
                (here, there) = (disk.take()?, known.next()?);
            }
            (Some(now), Some(then)) if now.path < then.path => {
                each(Change::New(now))?;
                (here, there) = (disk.take()?, Some(then));
            }
            (Some(now), None) => {
                each(Change::New(now))?;
                here = disk.take()?;
            }
            (now, Some(then)) if closed.as_ref().is_some_and(|closed| then.path.starts_with(closed.as_str())) => {
                (here, there) = (now, known.next()?);
            }
            (now, Some(then)) => {
                each(Change::Vanished(then.path))?;
                (here, there) = (now, known.next()?);
            }
        }
    }
}

fn compare(now: FileFacts, then: &FileFacts) -> Change {
    if now == *then {
        return Change::Same;
    }
    let grown = now.kind == EntryKind::File
        && then.kind == EntryKind::File
        && now.inode == then.inode
        && now.size > then.size
        && !is_compressed(&now.path);
    Change::Changed { now, grown }
}

/// Why an entry that claims to be a rollout by its name cannot hold a thread; none for a regular file.
pub fn refusal(file: &FileFacts) -> Option<String> {
    match file.kind {
        EntryKind::File => None,
        EntryKind::Directory => Some("a directory, not a file".into()),
        EntryKind::Link => Some("a symbolic link, which is not followed".into()),
        EntryKind::Closed => Some("a directory that cannot be looked into: rollouts in it are not seen".into()),
        EntryKind::Other => Some(format!("neither a file nor a directory, {} bytes", file.size)),
    }
}
