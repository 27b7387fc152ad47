//! Goes through a history of which a part is known, and tells which turns are new or others since.
//!
//! What turns are depends on nothing but the lines of the history, in their order. So where it begins with the lines that were read
//! then, known by how many they are and by a checksum (XXH64 of each, seeded with that of those before it), the turns of then are what
//! they were, but for those to which later lines belong. Where turns were taken back since, others may bear their numbers.

use contract::KnownTurns;
use twox_hash::XxHash64;

use super::builder::Builder;
use super::event::Entry;
use super::pass::Listener;
use super::turn::Mark;
use crate::text::lines::Line;

/// A first pass that sums up what it goes through.
pub(super) struct Summing<'k> {
    builder: Builder,
    lines: u64,
    sum: u64,
    known: Option<&'k KnownTurns>,
    /// The first line that is not known.
    new_from: Option<Mark>,
    /// All that is known was there.
    is_same: bool,
}

/// What became of a history since a part of it was known.
pub(crate) struct Since {
    /// The history as it is now.
    pub(crate) now: KnownTurns,
    /// How many turns are those that were known, and the first line that was not; none where it is another history.
    known: Option<(usize, Option<Mark>)>,
}

impl<'k> Summing<'k> {
    /// Begins a history; `seed` stands for all else that the turns depend on.
    pub(super) fn new(paginated: bool, seed: u64, known: Option<&'k KnownTurns>) -> Summing<'k> {
        let sum = XxHash64::oneshot(seed, &[u8::from(paginated)]);
        let builder = Builder::new(paginated, 0..0);
        Summing { builder, lines: 0, sum, known, new_from: None, is_same: false }
    }

    /// Ends it.
    pub(super) fn end(mut self) -> (Builder, Since) {
        let Summing { lines, sum, known, new_from, .. } = self;
        if new_from.is_none() {
            self.compare();
        }
        let turns = u32::try_from(self.builder.turns.len()).unwrap_or(u32::MAX);
        let known = known.filter(|_| self.is_same).map(|known| (known.turns as usize, new_from));
        (self.builder, Since { now: KnownTurns { turns, lines, sum }, known })
    }

    /// All that is known may have been gone through.
    fn compare(&mut self) {
        self.is_same = self.known.is_some_and(|known| {
            (known.lines, known.sum, known.turns as usize) == (self.lines, self.sum, self.builder.turns.len())
        });
    }
}

impl Listener for Summing<'_> {
    fn place(&self) -> Mark {
        self.builder.place()
    }

    fn goes_by(&self, entry: &Entry<'_>) -> bool {
        self.builder.goes_by(entry)
    }

    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark) {
        if self.known.is_some_and(|known| known.lines == self.lines) {
            self.compare();
            self.new_from = Some(mark);
        }
        self.lines += 1;
        self.sum = XxHash64::oneshot(self.sum, line.bytes);
        self.builder.entry(entry, line, mark);
        // Of turns that were taken back nobody knows the numbers any more.
        let least = self.known.map_or(0, |known| known.turns as usize);
        self.is_same &= self.builder.turns.len() >= least;
    }
}

impl Since {
    /// Says whether the history goes on from what was known.
    pub(crate) fn goes_on(&self) -> bool {
        self.known.is_some()
    }

    /// Says whether a turn, by its number from 0, is new or another one than it was.
    pub(super) fn is_new(&self, number: usize, touched: Mark) -> bool {
        self.known.is_none_or(|(turns, new_from)| number >= turns || new_from.is_some_and(|from| touched >= from))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
