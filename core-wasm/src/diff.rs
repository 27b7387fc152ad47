//! What is on disk against what is known of it: two sorted streams, merged page by page, so that memory does not grow
//! with the home.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::packed::{Entry, Packed};
use crate::paths::{is_candidate, is_compressed};
use crate::ports::{FileResult, Rollouts, State, StateResult, Walker};
use crate::types::{EntryKind, FileError, FileFacts, StateError};

/// Entries asked for at a time.
const PAGE: u32 = 1_024;

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
#[expect(missing_docs, reason = "the names say it")]
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

/// What the walk gives.
struct Disk<W> {
    walker: W,
    page: Packed,
    ended: bool,
}

impl<W: Walker> Disk<W> {
    fn fill(&mut self) -> FileResult<()> {
        if self.page.is_over() && !self.ended {
            let page = self.walker.next(PAGE)?;
            self.ended = page.is_empty();
            self.page = Packed::new(page).ok_or_else(|| FileError::Io(MISFIT.into()))?;
        }
        Ok(())
    }
}

/// What the state DB knows of the files.
struct Known<'a, S> {
    state: &'a S,
    page: Packed,
    last: Option<String>,
    ended: bool,
}

impl<S: State> Known<'_, S> {
    fn fill(&mut self) -> StateResult<()> {
        if self.page.is_over() && !self.ended {
            let page = self.state.known(self.last.as_deref(), PAGE)?;
            self.ended = page.is_empty();
            self.page = Packed::new(page).ok_or_else(|| StateError::Io(MISFIT.into()))?;
        }
        Ok(())
    }
}

const MISFIT: &str = "a packed list of files does not fit its form";

/// The entry that a page is at, and the place after it; none at its end.
fn current(page: &Packed) -> FileResult<Option<(Entry<'_>, usize)>> {
    match page.is_over() {
        true => Ok(None),
        false => page.item().map(Some).ok_or_else(|| FileError::Io(MISFIT.into())),
    }
}

/// What a comparison went through.
#[derive(Default)]
pub struct Walked {
    /// Every directory below the collections' own.
    pub directories: Vec<FileFacts>,
    /// A directory could not be looked into.
    pub closed: bool,
}

/// Compares, and gives each file on disk and each known one to `each` once.
pub fn diff<W: Rollouts + State>(
    world: &W,
    mut each: impl FnMut(Change) -> Result<(), DiffError>,
) -> Result<Walked, DiffError> {
    let mut walked = Walked::default();
    let mut disk = Disk { walker: world.walk()?, page: Packed::default(), ended: false };
    let mut known = Known { state: world, page: Packed::default(), last: None, ended: false };
    // A directory that cannot be looked into: what was known below it is unknown now, not gone.
    let mut closed: Option<String> = None;
    loop {
        disk.fill()?;
        known.fill()?;
        let (here, there) = (current(&disk.page)?, current(&known.page)?);
        let order = match (&here, &there) {
            (None, None) => return Ok(walked),
            (Some(_), None) => Ordering::Less,
            // Nothing that is known is this, even if something once was at its place.
            (Some((now, _)), _) if !may_hold_a_thread(now) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((now, _)), Some((then, _))) => now.path.cmp(then.path),
        };
        let (here, there) = (here.filter(|_| order.is_le()), there.filter(|_| order.is_ge()));
        if let Some((now, _)) = here.filter(|(now, _)| now.kind == EntryKind::Closed) {
            closed = Some(format!("{}/", now.path));
            walked.closed = true;
        }
        walked.directories.extend(here.filter(|(now, _)| now.kind == EntryKind::Directory).map(|(now, _)| now.facts()));
        let hidden = |path: &str| closed.as_ref().is_some_and(|closed| path.starts_with(closed.as_str()));
        let change = match (here, there) {
            (Some((now, _)), _) if !may_hold_a_thread(&now) => None,
            (Some((now, _)), Some((then, _))) => Some(compare(&now, &then)),
            (Some((now, _)), None) => Some(Change::New(now.facts())),
            (None, Some((then, _))) if !hidden(then.path) => Some(Change::Vanished(then.path.into())),
            (None, _) => None,
        };
        let (here, there) = (here.map(|(_, after)| after), there.map(|(then, after)| (then.path, after)));
        if let Some((path, _)) = there.filter(|(_, after)| known.page.ends_at(*after)) {
            known.last = Some(path.into());
        }
        let there = there.map(|(_, after)| after);
        here.into_iter().for_each(|after| disk.page.go_to(after));
        there.into_iter().for_each(|after| known.page.go_to(after));
        change.map_or(Ok(()), &mut each)?;
    }
}

/// Files by their name; and a directory that hides what it holds.
fn may_hold_a_thread(entry: &Entry<'_>) -> bool {
    entry.kind == EntryKind::Closed || is_candidate(entry.path)
}

fn compare(now: &Entry<'_>, then: &Entry<'_>) -> Change {
    if now == then {
        return Change::Same;
    }
    let grown = now.kind == EntryKind::File
        && then.kind == EntryKind::File
        && now.inode == then.inode
        && now.size > then.size
        && !is_compressed(now.path);
    Change::Changed { now: now.facts(), grown }
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
