//! The last turns of a long paginated history, read from the end of its file.
//!
//! A record of such a history names its turn, and the id of a turn tells when it was made (UUID version 7, RFC 9562). So of a
//! turn that was made after the first record at hand, all records are at hand: it is sure. Of every other one some may stand
//! further up. A tail answers for a page when all from its first turn on are sure and there is one before them; else a longer
//! one is read, and at last the whole.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::ops::Range;

use contract::LookupError;

use super::builder::Builder;
use super::chain::Chain;
use super::event::{Entry, Event, owned, rolled_back_turns};
use super::pass::{Listener, pass};
use super::turn::Mark;
use crate::ports::{FileResult, Rollouts};
use crate::text::json::{Cursor, Text};
use crate::text::lines::Line;
use crate::text::paths::{id_millis, is_compressed};
use crate::text::time::parse_millis;

/// Bytes of the first tail; each further one is four times as long.
const FIRST: u64 = 4 << 20;
const FACTOR: u64 = 4;

/// Says whether the end of a history may answer for it: it is in one plain file, is paginated, and is long.
pub(super) fn has_one<R: Rollouts>(rollouts: &R, chain: &Chain) -> FileResult<bool> {
    match chain.segments.as_slice() {
        [file] if chain.paginated && !is_compressed(&file.path) => Ok(rollouts.stat(&file.path)?.size > FIRST * FACTOR),
        _ => Ok(false),
    }
}

/// Tails of one history, each longer than the one before; none once it is less work to read everything.
pub(super) struct Tails {
    size: u64,
    length: u64,
}

impl Tails {
    pub(super) fn of<R: Rollouts>(rollouts: &R, chain: &Chain) -> FileResult<Tails> {
        let size = match chain.segments.as_slice() {
            [file] => rollouts.stat(&file.path)?.size,
            _ => 0,
        };
        Ok(Tails { size, length: FIRST })
    }

    pub(super) fn next<R: Rollouts>(&mut self, rollouts: &R, chain: &Chain) -> Result<Option<Tail>, LookupError> {
        if self.length > self.size / 2 {
            return Ok(None);
        }
        let mut tail = Tail::after(self.size - self.length);
        self.length *= FACTOR;
        pass(rollouts, &mut chain.clone(), &mut tail, None)?;
        Ok(Some(tail))
    }
}

/// The turns at the end of a history.
pub(super) struct Tail {
    /// The turns, and their places in the file.
    pub(super) index: Builder,
    /// Where it begins: inside a line, which is left out.
    from: u64,
    /// When the first record was written, in milliseconds since the epoch.
    since: Option<i64>,
    /// Turns that may have records further up.
    unsure: BTreeSet<String>,
    /// Another turn than the one that seems open may have been opened further up.
    may_be_open: bool,
    /// Something depends on what stands further up.
    doubtful: bool,
}

impl Tail {
    fn after(from: u64) -> Tail {
        let index = Builder::in_the_middle(from);
        Tail { index, from, since: None, unsure: BTreeSet::new(), may_be_open: true, doubtful: false }
    }

    /// Says whether a page of these turns is the one that the whole history would give.
    pub(super) fn answers(&self, window: &Range<usize>) -> bool {
        let sure = |range: &[super::turn::TurnState]| range.iter().all(|turn| !self.unsure.contains(&turn.id));
        !self.doubtful && window.start > 0 && self.index.turns.get(window.start..).is_some_and(sure)
    }

    /// Says whether a turn was made before the first record at hand, or may have been.
    fn may_be_older(&self, id: &str) -> bool {
        self.since.is_none_or(|since| id_millis(id).is_none_or(|made| made < since))
    }

    /// Notes what a record says of turns further up.
    fn look_at(&mut self, entry: &Entry<'_>) {
        let unknown = |id: Option<Text<'_>>| owned(id).filter(|id| self.index.find(Some(id)).is_none());
        match entry.event {
            Event::Started(id) | Event::Item(id) => {
                self.doubtful |= owned(id).is_none();
                let older = unknown(id).filter(|id| self.may_be_older(id));
                self.unsure.extend(older);
                self.may_be_open &= !matches!(entry.event, Event::Started(_));
            }
            // The turn that is open ends only where there is none of this id.
            Event::Ended(id) | Event::Aborted(id) => {
                let is_of_none = id.is_none_or(|id| self.index.find(Some(&id.decode())).is_none());
                let older = unknown(id).is_some_and(|id| self.may_be_older(&id));
                self.doubtful |= is_of_none && (older || self.may_be_open) && self.index.has_open_turn();
            }
            Event::Failed => self.doubtful |= self.may_be_open && self.index.has_open_turn(),
            Event::RolledBack => {
                let turns = &self.index.turns;
                let gone = turns.len().checked_sub(rolled_back_turns(entry.payload)).and_then(|left| turns.get(left..));
                self.doubtful |= gone.is_none_or(|gone| gone.iter().any(|turn| self.unsure.contains(&turn.id)));
                self.may_be_open = false;
            }
            Event::Bare => self.doubtful = true,
            _ => {}
        }
    }
}

impl Listener for Tail {
    fn place(&self) -> Mark {
        self.index.place()
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        self.index.goes_by(entry)
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        // What is left of the line that the tail begins in.
        if mark.offset == self.from {
            return;
        }
        if self.since.is_none() {
            let written = Cursor::new(line.bytes).peek_field("timestamp").ok().flatten();
            self.since = written.and_then(|text| parse_millis(text.decode().as_bytes()));
        }
        // It may hold all that is left of a history, but this one goes on from what stands further up.
        if entry.event == Event::Compacted && self.index.turns.is_empty() {
            return;
        }
        self.look_at(entry);
        self.index.entry(entry, line, mark);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
pub(super) mod tests;
