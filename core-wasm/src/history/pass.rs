//! Passes over a chain of files: every record of the history, in order, to whoever listens.

use alloc::format;

use super::chain::{Chain, Segment};
use super::event::{self, Entry};
use super::turn::Mark;
use crate::ports::{FileResult, Reader, Rollouts};
use crate::text::lines::{Line, Lines};
use contract::{FileError, LookupError};

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;

/// Who is shown the records of a history.
pub(super) trait Listener {
    /// Where the first record stands that is wanted.
    fn place(&self) -> Mark;
    /// A record whose beginning says this need not be read.
    fn goes_by(&self, entry: &Entry<'_>) -> bool;
    /// The next record.
    fn entry(&mut self, entry: &Entry<'_>, line: &Line<'_>, mark: Mark);
    /// Nothing more is wanted.
    fn has_enough(&self) -> bool {
        false
    }
}

/// Shows the listener every record from where it begins, to the end or to a place.
pub(super) fn pass<R: Rollouts>(
    rollouts: &R,
    chain: &mut Chain,
    listener: &mut impl Listener,
    last: Option<Mark>,
) -> Result<(), LookupError> {
    let begin = listener.place();
    for number in begin.segment..chain.segments.len() {
        let segment = chain.segments[number].clone();
        let mut course =
            Course { listener, segment: number, last, next_ordinal: segment.from, over: false, done: false };
        let (line, offset) = if number == begin.segment { (begin.line, begin.offset) } else { (1, 0) };
        let mut lines = Lines::new(line, offset);
        let mut reader = rollouts.open(&segment.path, offset)?;
        loop {
            let chunk = reader.read(CHUNK)?;
            lines.push(chunk.as_bytes(), |line| course.line(&line, &segment));
            if chunk.is_empty() {
                lines.finish(|line| course.line(&line, &segment));
                break;
            }
            if course.over {
                break;
            }
        }
        if last.is_none() {
            let next_ordinal = course.next_ordinal;
            chain.ended_early(number, next_ordinal);
        } else if course.done {
            break;
        }
    }
    Ok(())
}

/// Does so to the end; failures are those of a file.
pub(super) fn pass_file<R: Rollouts>(rollouts: &R, chain: &mut Chain, listener: &mut impl Listener) -> FileResult<()> {
    pass(rollouts, chain, listener, None).map_err(|error| match error {
        LookupError::Files(error) => error,
        error => FileError::Io(format!("{error:?}")),
    })
}

/// One file of the chain, while it is gone through.
struct Course<'a, L> {
    listener: &'a mut L,
    segment: usize,
    last: Option<Mark>,
    /// One more than the highest ordinal so far.
    next_ordinal: u64,
    /// Nothing more of this file is wanted.
    over: bool,
    /// Nothing more of any file is.
    done: bool,
}

impl<L: Listener> Course<'_, L> {
    fn line(&mut self, line: &Line<'_>, segment: &Segment) {
        if self.over {
            return;
        }
        let mark = Mark { segment: self.segment, line: line.number, offset: line.offset };
        if self.last.is_some_and(|last| mark > last) {
            (self.over, self.done) = (true, true);
            return;
        }
        let skimmed = event::skim(line.bytes).filter(|entry| !line.condensed && self.listener.goes_by(entry));
        // A line that is no record is passed over; `status` names it.
        let Some(entry) = skimmed.or_else(|| event::read(line.bytes).ok()) else { return };
        if let Some(ordinal) = entry.ordinal {
            if segment.until.is_some_and(|until| ordinal >= until) {
                self.next_ordinal = self.next_ordinal.max(ordinal);
                self.over = true;
                return;
            }
            self.next_ordinal = self.next_ordinal.max(ordinal + 1);
            if ordinal < segment.from {
                return;
            }
        }
        self.listener.entry(&entry, line, mark);
        if self.listener.has_enough() {
            (self.over, self.done) = (true, true);
        }
    }
}
