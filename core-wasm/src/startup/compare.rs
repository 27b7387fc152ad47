//! Compares what is on disk with what is known of it: two sorted streams, merged page by page, so that memory does not
//! grow with the home.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use contract::{EntryKind, FileFacts, StartupError};

use crate::ports::{FileResult, Rollouts, Rows, StateResult, Walker};
use crate::text::columns::{Entry, EntryList};
use crate::text::paths::{is_candidate, is_compressed};

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

/// What the walk gives.
struct Disk<W> {
    walker: W,
    page: EntryList,
    ended: bool,
}

impl<W: Walker> Disk<W> {
    fn fill(&mut self) -> FileResult<()> {
        if self.page.is_over() && !self.ended {
            let page = self.walker.next(PAGE)?;
            self.ended = page.is_empty();
            self.page = EntryList::new(page)?;
        }
        Ok(())
    }

    fn current(&self) -> FileResult<Option<Entry<'_>>> {
        Ok(self.page.current()?)
    }
}

/// What the state DB knows of the files.
struct Indexed<'a, R> {
    rows: &'a R,
    page: EntryList,
    last: Option<String>,
    ended: bool,
}

impl<R: Rows> Indexed<'_, R> {
    fn fill(&mut self) -> StateResult<()> {
        if self.page.is_over() && !self.ended {
            let page = self.rows.indexed_files(self.last.as_deref(), PAGE)?;
            self.ended = page.is_empty();
            self.page = EntryList::new(page)?;
        }
        Ok(())
    }

    fn current(&self) -> StateResult<Option<Entry<'_>>> {
        Ok(self.page.current()?)
    }

    fn advance(&mut self) -> StateResult<()> {
        if self.page.is_at_last() {
            self.last = self.page.current()?.map(|entry| entry.path.into());
        }
        self.page.advance();
        Ok(())
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

/// Compares, and gives each file on disk and each indexed one to `each` once.
pub fn compare<W: Rollouts + Rows>(
    world: &W,
    mut each: impl FnMut(Change) -> Result<(), StartupError>,
) -> Result<Walked, StartupError> {
    let mut walked = Walked::default();
    let mut disk = Disk { walker: world.walk()?, page: EntryList::default(), ended: false };
    let mut indexed = Indexed { rows: world, page: EntryList::default(), last: None, ended: false };
    // A directory that cannot be looked into, or a link in its place, which is not followed: what was known below it is unknown
    // now, not gone.
    let mut closed: Option<String> = None;
    loop {
        disk.fill()?;
        indexed.fill()?;
        let (here, there) = (disk.current()?, indexed.current()?);
        let order = match (&here, &there) {
            (None, None) => return Ok(walked),
            (Some(_), None) => Ordering::Less,
            // Nothing that is known is this, even if something once was at its place.
            (Some(now), _) if !may_hold_a_thread(now) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(now), Some(then)) => now.path.cmp(then.path),
        };
        let (here, there) = (here.filter(|_| order.is_le()), there.filter(|_| order.is_ge()));
        if let Some(now) = here.filter(|now| matches!(now.kind, EntryKind::Closed | EntryKind::Link)) {
            closed = Some(format!("{}/", now.path));
            walked.closed |= now.kind == EntryKind::Closed;
        }
        walked.directories.extend(here.filter(|now| now.kind == EntryKind::Directory).map(|now| now.facts()));
        let hidden = |path: &str| closed.as_ref().is_some_and(|closed| path.starts_with(closed.as_str()));
        let change = match (here, there) {
            (Some(now), _) if !may_hold_a_thread(&now) => None,
            (Some(now), Some(then)) => Some(change_of(&now, &then)),
            (Some(now), None) => Some(Change::New(now.facts())),
            (None, Some(then)) if !hidden(then.path) => Some(Change::Vanished(then.path.into())),
            (None, _) => None,
        };
        if order.is_le() {
            disk.page.advance();
        }
        if order.is_ge() {
            indexed.advance()?;
        }
        change.map_or(Ok(()), &mut each)?;
    }
}

/// Files by their name; and a directory that hides what it holds.
fn may_hold_a_thread(entry: &Entry<'_>) -> bool {
    entry.kind == EntryKind::Closed || is_candidate(entry.path)
}

fn change_of(now: &Entry<'_>, then: &Entry<'_>) -> Change {
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
