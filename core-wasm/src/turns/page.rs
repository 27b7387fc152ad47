//! Which turns a page holds.
//!
//! Histories only grow at their end, so a cursor is a turn's number and its id: the page goes on behind that turn, in
//! either direction, whatever was appended since. Where a rollback has moved the turn, it is looked for by its id.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use super::builder::Builder;
use super::chain::{Chain, Segment};
use super::turn::{Mark, TurnState};
use super::{Page, event};
use crate::find::LookupError;
use crate::lines::{Line, Lines};
use crate::ports::{Reader, Rollouts};

/// A page ends early when its turns' records are longer than this together: as bytes, about what it costs in memory.
const PAGE_BYTES: u64 = 4 << 20;
/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;

/// A page of a history, `limit` turns long, or as many as fit for 0.
pub fn page<R: Rollouts>(
    rollouts: &R,
    mut chain: Chain,
    cursor: Option<&str>,
    limit: u32,
    newest_first: bool,
) -> Result<Page, LookupError> {
    let mut index = Builder::new(chain.paginated, 0..0);
    pass(rollouts, &mut chain, &mut index, None)?;
    let window = window(&index, cursor, limit, newest_first)?;
    let mut page = Page::default();
    if !window.is_empty() {
        let last = index.turns[window.clone()].iter().map(|turn| turn.touched).max();
        let mut full = index.again_from(window.clone());
        pass(rollouts, &mut chain, &mut full, last)?;
        let wanted: Vec<TurnState> = full.turns.into_iter().skip(window.start).take(window.len()).collect();
        page.turns = wanted.into_iter().map(TurnState::into_json).collect();
        let (edge, ends) = match newest_first {
            true => (window.start, window.start == 0),
            false => (window.end - 1, window.end == index.turns.len()),
        };
        if newest_first {
            page.turns.reverse();
        }
        page.next = (!ends).then(|| format!("{}.{edge}.{}", direction(newest_first), index.turns[edge].id));
    }
    page.gaps = chain.gaps;
    Ok(page)
}

fn direction(newest_first: bool) -> &'static str {
    if newest_first { "d" } else { "a" }
}

/// Which turns are asked for.
fn window(index: &Builder, cursor: Option<&str>, limit: u32, newest_first: bool) -> Result<Range<usize>, LookupError> {
    let turns = &index.turns;
    let after = cursor.map(|cursor| place(index, cursor, newest_first)).transpose()?;
    let mut window = match (newest_first, after) {
        (false, None) => 0..0,
        (false, Some(at)) => at + 1..at + 1,
        (true, None) => turns.len()..turns.len(),
        (true, Some(at)) => at..at,
    };
    let limit = if limit == 0 { usize::MAX } else { limit as usize };
    let mut bytes = 0;
    while window.len() < limit {
        let next = if newest_first { window.start.checked_sub(1) } else { Some(window.end) };
        let Some(turn) = next.and_then(|next| turns.get(next)) else { break };
        bytes += turn.bytes;
        if bytes > PAGE_BYTES && !window.is_empty() {
            break;
        }
        match newest_first {
            true => window.start -= 1,
            false => window.end += 1,
        }
    }
    Ok(window)
}

fn place(index: &Builder, cursor: &str, newest_first: bool) -> Result<usize, LookupError> {
    let bad = |why: &str| LookupError::BadCursor(format!("'{cursor}' {why}"));
    let mut parts = cursor.splitn(3, '.');
    let (Some(kind @ ("a" | "d")), Some(number), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad("is not a cursor of this program"));
    };
    if kind != direction(newest_first) {
        return Err(bad("belongs to the other direction"));
    }
    let at: usize = number.parse().map_err(|_| bad("holds no number"))?;
    if index.turns.get(at).is_some_and(|turn| turn.id == id) {
        return Ok(at);
    }
    index.turns.iter().position(|turn| turn.id == id).ok_or_else(|| bad("names a turn that this thread does not have"))
}

/// Shows the builder every record from where it begins, to the end or to a place.
fn pass<R: Rollouts>(
    rollouts: &R,
    chain: &mut Chain,
    builder: &mut Builder,
    last: Option<Mark>,
) -> Result<(), LookupError> {
    let begin = builder.place();
    for number in begin.segment..chain.segments.len() {
        let segment = chain.segments[number].clone();
        let mut course =
            Course { builder, segment: number, last, next_ordinal: segment.from, over: false, done: false };
        let (line, offset) = if number == begin.segment { (begin.line, begin.offset) } else { (1, 0) };
        let mut lines = Lines::new(line, offset);
        let mut reader = rollouts.open(&segment.path, offset)?;
        loop {
            let chunk = reader.next(CHUNK)?;
            lines.push(&chunk, |line| course.line(&line, &segment));
            if chunk.len() < CHUNK as usize {
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

/// One file of the chain, while it is gone through.
struct Course<'a> {
    builder: &'a mut Builder,
    segment: usize,
    last: Option<Mark>,
    /// One more than the highest ordinal so far.
    next_ordinal: u64,
    /// Nothing more of this file is wanted.
    over: bool,
    /// Nothing more of any file is.
    done: bool,
}

impl Course<'_> {
    fn line(&mut self, line: &Line<'_>, segment: &Segment) {
        if self.over {
            return;
        }
        let mark = Mark { segment: self.segment, line: line.number, offset: line.offset };
        if self.last.is_some_and(|last| mark > last) {
            (self.over, self.done) = (true, true);
            return;
        }
        // A line that is no record is passed over; `status` names it.
        let Ok(entry) = event::read(line.bytes) else { return };
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
        self.builder.entry(&entry, mark, line.bytes.len() as u64);
    }
}
