//! Pages through a thread's turns, gone through once and ready to be paged.
//!
//! Histories only grow at their end, so a cursor is a turn's number and its id: a page goes on behind that turn, in
//! either direction, whatever was appended since. The number only says where to look first: where the turn stands elsewhere,
//! as after a rollback, or where the page was read from the end, it is looked for by its id.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::ops::Range;

use contract::{Found, Gap, LookupError, PageOfRecords, PageOfTurns, Subject};
use serde_json::Value;

use super::builder::Builder;
use super::chain::Chain;
use super::pass::pass;
use super::tail;
use super::turn::TurnState;
use crate::lookup::find::{find, find_by_path};
use crate::lookup::world::World;
use crate::ports::Rollouts;
use crate::text::letters::without_case;

/// A page ends early when its turns' records are longer than this together: as bytes, about what it costs in memory.
const PAGE_BYTES: u64 = 4 << 20;
/// What of an item is no text: ids and words of closed sets.
const NO_TEXT: [&str; 8] = ["id", "type", "status", "phase", "source", "kind", "processId", "threadId"];

/// A history, as it was when it was opened.
pub struct Transcript {
    chain: Chain,
    /// Every turn's place; not before it is needed, where the end of the file alone may answer.
    index: OnceCell<Builder>,
}

impl Transcript {
    /// Finds the thread, and goes through its history once, unless that is long and its end may be enough.
    pub fn open<W: World>(world: &W, of: &Subject) -> Result<(Found, Transcript), LookupError> {
        let found = match of {
            Subject::Thread(wanted) => find(world, wanted, None)?,
            Subject::Rollout(path) => find_by_path(world, path)?,
        };
        let chain = Chain::of(world, &found.row.path)?;
        Ok((found, Transcript::of(world, chain)?))
    }

    /// Returns the history of a chain of files.
    pub fn of<R: Rollouts>(rollouts: &R, mut chain: Chain) -> Result<Transcript, LookupError> {
        if tail::has_one(rollouts, &chain)? {
            return Ok(Transcript { chain, index: OnceCell::new() });
        }
        // What the chain lacks shows only when it is gone through.
        let index = index_of(rollouts, &mut chain)?;
        Ok(Transcript { chain, index: OnceCell::from(index) })
    }

    /// The whole history, gone through once.
    fn whole<R: Rollouts>(&self, rollouts: &R) -> Result<Pages<'_>, LookupError> {
        let index = match self.index.get() {
            Some(index) => index,
            None => {
                // A chain that has a tail has no gap that a pass could find.
                let index = index_of(rollouts, &mut self.chain.clone())?;
                self.index.get_or_init(|| index)
            }
        };
        Ok(Pages { chain: &self.chain, index })
    }

    /// Says what the files of the history should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        &self.chain.gaps
    }

    /// Returns the records behind a cursor, as they stand.
    pub fn records<R: Rollouts>(&self, rollouts: &R, cursor: Option<&str>) -> Result<PageOfRecords, LookupError> {
        self.chain.records(rollouts, cursor)
    }

    /// Returns a page, `limit` turns long, or as many as fit for 0.
    pub fn page<R: Rollouts>(
        &self,
        rollouts: &R,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        if newest_first && limit > 0 && self.index.get().is_none() {
            let mut tails = tail::Tails::of(rollouts, &self.chain)?;
            while let Some(tail) = tails.next(rollouts, &self.chain)? {
                let pages = Pages { chain: &self.chain, index: &tail.index };
                let after = match cursor.map(|cursor| pages.place(cursor, true)).transpose() {
                    Ok(after) => after,
                    // It may stand further up, and what is wrong with it the whole history tells.
                    Err(_) => continue,
                };
                let window = pages.window(after, limit, true);
                if tail.answers(&window) {
                    return pages.show(rollouts, window, true);
                }
            }
        }
        let pages = self.whole(rollouts)?;
        let after = cursor.map(|cursor| pages.place(cursor, newest_first)).transpose()?;
        pages.show(rollouts, pages.window(after, limit, newest_first), newest_first)
    }

    /// Returns the page around the first turn behind the cursor in which `text` was said or done, whatever the case of
    /// letters; no turns where none has it.
    pub fn around<R: Rollouts>(
        &self,
        rollouts: &R,
        text: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let pages = self.whole(rollouts)?;
        let needle = without_case(text);
        let mut after = cursor.map(|cursor| pages.place(cursor, newest_first)).transpose()?;
        loop {
            let window = pages.window(after, 0, newest_first);
            if window.is_empty() {
                return Ok(PageOfTurns::default());
            }
            let mut bodies = pages.bodies(rollouts, &window)?.into_iter().map(TurnState::into_value);
            let hit = match newest_first {
                true => bodies.rposition(|turn| says(&turn["items"], &needle)),
                false => bodies.position(|turn| says(&turn["items"], &needle)),
            };
            if let Some(hit) = hit.map(|hit| window.start + hit) {
                let mut page = pages.show(rollouts, pages.neighbours(hit, limit), newest_first)?;
                page.hit = Some(pages.index.turns[hit].id.clone());
                return Ok(page);
            }
            after = Some(if newest_first { window.start } else { window.end - 1 });
        }
    }
}

/// Goes through a whole history, and notes what its files should hold and do not.
fn index_of<R: Rollouts>(rollouts: &R, chain: &mut Chain) -> Result<Builder, LookupError> {
    let mut index = Builder::new(chain.paginated, 0..0);
    pass(rollouts, chain, &mut index, None)?;
    Ok(index)
}

/// Turns of a history whose places are known: all of them, or the last ones.
pub(super) struct Pages<'a> {
    pub(super) chain: &'a Chain,
    pub(super) index: &'a Builder,
}

impl Pages<'_> {
    /// Which turns follow a place.
    pub(super) fn window(&self, after: Option<usize>, limit: u32, newest_first: bool) -> Range<usize> {
        let turns = &self.index.turns;
        let mut window = match (newest_first, after) {
            (false, None) => 0..0,
            (false, Some(at)) => at + 1..at + 1,
            (true, None) => turns.len()..turns.len(),
            (true, Some(at)) => at..at,
        };
        let limit = if limit == 0 { usize::MAX } else { limit as usize };
        let mut bytes = 0;
        while window.len() < limit && self.widen(&mut window, &mut bytes, newest_first) {}
        window
    }

    /// As many turns before a turn as after it.
    fn neighbours(&self, at: usize, limit: u32) -> Range<usize> {
        let limit = if limit == 0 { usize::MAX } else { limit as usize };
        let mut window = at..at + 1;
        let mut bytes = self.index.turns[at].bytes;
        let (mut earlier, mut stuck) = (true, false);
        while window.len() < limit {
            let wider = self.widen(&mut window, &mut bytes, earlier);
            if !wider && stuck {
                break;
            }
            (stuck, earlier) = (!wider, !earlier);
        }
        window
    }

    /// One turn more, if there is one and the page has room for it.
    fn widen(&self, window: &mut Range<usize>, bytes: &mut u64, earlier: bool) -> bool {
        let next = if earlier { window.start.checked_sub(1) } else { Some(window.end) };
        let Some(turn) = next.and_then(|next| self.index.turns.get(next)) else { return false };
        if *bytes + turn.bytes > PAGE_BYTES && window.start < window.end {
            return false;
        }
        *bytes += turn.bytes;
        match earlier {
            true => window.start -= 1,
            false => window.end += 1,
        }
        true
    }

    /// The turns of a window, with their items.
    fn bodies<R: Rollouts>(&self, rollouts: &R, window: &Range<usize>) -> Result<Vec<TurnState>, LookupError> {
        if window.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.index.turns[window.clone()].iter().map(|turn| turn.touched).max();
        let mut full = self.index.again_from(window.clone());
        pass(rollouts, &mut self.chain.clone(), &mut full, last)?;
        Ok(full.turns.into_iter().skip(window.start).take(window.len()).collect())
    }

    pub(super) fn show<R: Rollouts>(
        &self,
        rollouts: &R,
        window: Range<usize>,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let mut turns: Vec<String> =
            self.bodies(rollouts, &window)?.into_iter().map(|turn| turn.into_value().to_string()).collect();
        if newest_first {
            turns.reverse();
        }
        let mut page = PageOfTurns { turns, ..PageOfTurns::default() };
        if !window.is_empty() {
            let cursor =
                |at: usize, newest_first| format!("{}.{at}.{}", direction(newest_first), self.index.turns[at].id);
            let earlier = (window.start > 0).then(|| cursor(window.start, true));
            let later = (window.end < self.index.turns.len()).then(|| cursor(window.end - 1, false));
            (page.next, page.back) = if newest_first { (earlier, later) } else { (later, earlier) };
        }
        Ok(page)
    }

    pub(super) fn place(&self, cursor: &str, newest_first: bool) -> Result<usize, LookupError> {
        let turns = &self.index.turns;
        let bad = |why: &str| LookupError::BadCursor(format!("'{cursor}' {why}"));
        let mut parts = cursor.splitn(3, '.');
        let (Some(kind @ ("a" | "d")), Some(number), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("is not a cursor of this program"));
        };
        if kind != direction(newest_first) {
            return Err(bad("belongs to the other direction"));
        }
        let at: usize = number.parse().map_err(|_| bad("holds no number"))?;
        if turns.get(at).is_some_and(|turn| turn.id == id) {
            return Ok(at);
        }
        turns.iter().position(|turn| turn.id == id).ok_or_else(|| bad("names a turn that this thread does not have"))
    }
}

fn direction(newest_first: bool) -> &'static str {
    if newest_first { "d" } else { "a" }
}

/// Some text in a value contains the needle, which is without case.
fn says(value: &Value, needle: &str) -> bool {
    match value {
        Value::String(text) => without_case(text).contains(needle),
        Value::Array(values) => values.iter().any(|value| says(value, needle)),
        Value::Object(map) => map.iter().any(|(key, value)| !NO_TEXT.contains(&key.as_str()) && says(value, needle)),
        _ => false,
    }
}
