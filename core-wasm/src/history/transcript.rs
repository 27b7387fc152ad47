//! Pages through a thread's turns, gone through once and ready to be paged.
//!
//! Histories only grow at their end, so a cursor is a turn's number and its id: a page goes on behind that turn, in
//! either direction, whatever was appended since. The number only says where to look first: where the turn stands elsewhere,
//! as after a rollback, or where the page was read from the end, it is looked for by its id. `=` and an id is a cursor too: a page
//! begins with that turn, in either direction.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::ops::Range;

use contract::{Found, Gap, KnownTurns, LookupError, PageOfRecords, PageOfTurns, Subject};
use serde_json::Value;

use super::builder::Builder;
use super::chain::{Chain, plain};
use super::pass::pass;
use super::since::{Since, Summing};
use super::tail;
use super::texts::strings;
use super::touches::cursor;
use super::turn::{Mark, TurnState};
use crate::lookup::find::{find, find_by_path};
use crate::lookup::names::FileNames;
use crate::lookup::world::World;
use crate::ports::Rollouts;
use crate::text::letters::without_case;
use crate::words::matching::Matcher;
use crate::words::query::Query;

/// A page ends early when its turns' records are longer than this together: as bytes, about what it costs in memory.
pub(super) const PAGE_BYTES: u64 = 4 << 20;

/// A history, as it was when it was opened.
pub struct Transcript {
    chain: Chain,
    /// Every turn's place; not before it is needed, where the end of the file alone may answer.
    index: OnceCell<Builder>,
}

impl Transcript {
    /// Finds the thread, and goes through its history once, unless that is long and its end may be enough.
    pub fn open<W: World>(world: &W, of: &Subject) -> Result<(Found, Transcript), LookupError> {
        let (found, chain) = chain_of(world, of, &mut FileNames::default())?;
        Ok((found, Transcript::of(world, chain)?))
    }

    /// Finds one of several threads, goes through its history, and tells what became of it since a part was known. `seed` stands for
    /// all else that its turns depend on; `names` remembers what was asked.
    pub(crate) fn open_since<W: World>(
        world: &W,
        of: &Subject,
        seed: impl FnOnce(&Found) -> u64,
        known: Option<&KnownTurns>,
        names: &mut FileNames,
    ) -> Result<(Found, Transcript, Since), LookupError> {
        let (found, chain) = chain_of(world, of, names)?;
        let (transcript, since) = Transcript::of_since(world, chain, seed(&found), known)?;
        Ok((found, transcript, since))
    }

    /// Does so with the history of a chain of files.
    pub(super) fn of_since<R: Rollouts>(
        rollouts: &R,
        mut chain: Chain,
        seed: u64,
        known: Option<&KnownTurns>,
    ) -> Result<(Transcript, Since), LookupError> {
        let mut summing = Summing::new(chain.paginated, seed, known);
        pass(rollouts, &mut chain, &mut summing, None)?;
        let (index, since) = summing.end();
        Ok((Transcript { chain, index: OnceCell::from(index) }, since))
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
    pub(super) fn whole<R: Rollouts>(&self, rollouts: &R) -> Result<Pages<'_>, LookupError> {
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

    /// Returns, of turns by their ids and a line of a rollout that belongs to each, the cursors behind which they come next; none of
    /// one that does not stand, and no cursor where it is the first.
    pub fn cursors<'a, R: Rollouts>(
        &self,
        rollouts: &R,
        turns: impl Iterator<Item = (Option<&'a str>, &'a str, u64)>,
    ) -> Result<Vec<Option<Option<String>>>, LookupError> {
        let known = &self.whole(rollouts)?.index.turns;
        let cursor = |(id, rollout, line): (Option<&str>, &str, u64)| {
            let id = id?;
            let segment = self.chain.segments.iter().position(|segment| plain(&segment.path) == plain(rollout))?;
            // After a revert another turn may bear the same id, in a newer file.
            let begins_before = |mark: Mark| (mark.segment, mark.line) <= (segment, line);
            let at = known.iter().rposition(|turn| turn.id == id && begins_before(turn.begin.mark))?;
            Some(at.checked_sub(1).map(|before| cursor(before as u64, &known[before].id)))
        };
        Ok(turns.map(cursor).collect())
    }

    /// Returns where a turn begins: the file of the chain, by its number, and the byte there; none where there is no such turn.
    pub fn beginning<R: Rollouts>(&self, rollouts: &R, turn: &str) -> Result<Option<(usize, u64)>, LookupError> {
        let known = &self.whole(rollouts)?.index.turns;
        let begin = known.iter().find(|known| known.id == turn).map(|turn| turn.begin.mark);
        Ok(begin.map(|mark| (mark.segment, mark.offset)))
    }

    /// Returns the next turns from a number on that are new or others than they were, by their numbers.
    pub(crate) fn new_turns(&self, since: &Since, first: usize) -> Range<usize> {
        let turns = self.index.get().map(|index| index.turns.as_slice()).unwrap_or_default();
        let is_new = |&(number, turn): &(usize, &TurnState)| since.is_new(number, turn.touched);
        let numbered = || turns.iter().enumerate();
        let start = numbered().skip(first).find(is_new).map_or(turns.len(), |(number, _)| number);
        start..start + numbered().skip(start).take_while(is_new).count()
    }

    /// Returns the turns from a number on, each as a `Turn`: `limit` of them or as many as fit into a page, which for 0 alone counts;
    /// none behind the last one. Where messages are enough, they have no items of tools.
    pub fn values<R: Rollouts>(
        &self,
        rollouts: &R,
        first: usize,
        limit: u32,
        messages_only: bool,
    ) -> Result<Vec<Value>, LookupError> {
        let pages = self.whole(rollouts)?;
        let window = pages.window(first.checked_sub(1), limit, false);
        let turns = pages.bodies(rollouts, &window, messages_only)?;
        Ok(turns.into_iter().map(TurnState::into_value).collect())
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
                let after = match pages.after(cursor, true) {
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
        let after = pages.after(cursor, newest_first)?;
        pages.show(rollouts, pages.window(after, limit, newest_first), newest_first)
    }

    /// Returns the page around the first turn behind the cursor in which `text` was said or done: as it stands, whatever the case
    /// of letters, or as a search reads it. Where no turn has all its words, the first that has one of them counts; no turns
    /// where none has.
    pub fn around<R: Rollouts>(
        &self,
        rollouts: &R,
        text: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let pages = self.whole(rollouts)?;
        let mut needle = Needle::new(text);
        let mut after = pages.after(cursor, newest_first)?;
        let mut partly = None;
        loop {
            let window = pages.window(after, 0, newest_first);
            if window.is_empty() {
                let Some(hit) = partly else { return Ok(PageOfTurns::default()) };
                return pages.show_around(rollouts, hit, limit, newest_first);
            }
            let mut turns: Vec<usize> = window.clone().collect();
            let mut bodies: Vec<Option<Value>> =
                pages.bodies(rollouts, &window, false)?.into_iter().map(|turn| Some(turn.into_value())).collect();
            if newest_first {
                turns.reverse();
                bodies.reverse();
            }
            for (at, turn) in turns.into_iter().zip(bodies.iter_mut().filter_map(Option::take)) {
                match needle.find(&turn["items"]) {
                    Says::All => return pages.show_around(rollouts, at, limit, newest_first),
                    Says::Some => partly = partly.or(Some(at)),
                    Says::Nothing => {}
                }
            }
            after = Some(if newest_first { window.start } else { window.end - 1 });
        }
    }
}

/// What a turn says of a text.
enum Says {
    /// It has it.
    All,
    /// It has some of its words.
    Some,
    /// It has nothing of it.
    Nothing,
}

/// A text that is looked for in turns.
struct Needle {
    text: String,
    query: Query,
}

impl Needle {
    fn new(text: &str) -> Needle {
        // What is no query stands for itself alone.
        Needle { text: without_case(text), query: Query::parse(text).unwrap_or_default() }
    }

    fn find(&mut self, items: &Value) -> Says {
        let mut matcher = Matcher::new(self.query.terms.iter().map(|term| &term.sought));
        let (mut as_it_stands, mut standing) = (false, 0);
        strings(items, &[], &mut |text| {
            as_it_stands |= without_case(text).contains(&self.text);
            standing |= matcher.standing(text);
        });
        match standing & self.query.wanted() {
            _ if as_it_stands => Says::All,
            0 => Says::Nothing,
            _ if self.query.holds(standing) => Says::All,
            _ => Says::Some,
        }
    }
}

/// Finds a thread, and the files of its history.
fn chain_of<W: World>(world: &W, of: &Subject, names: &mut FileNames) -> Result<(Found, Chain), LookupError> {
    let found = match of {
        Subject::Thread(wanted) => find(world, wanted, None)?,
        Subject::Rollout(path) => find_by_path(world, path)?,
    };
    let chain = Chain::of_one(world, &found.row.path, names)?;
    Ok((found, chain))
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

    /// The turns of a window, with their items, be it those of messages only.
    pub(super) fn bodies<R: Rollouts>(
        &self,
        rollouts: &R,
        window: &Range<usize>,
        messages_only: bool,
    ) -> Result<Vec<TurnState>, LookupError> {
        if window.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.index.turns[window.clone()].iter().map(|turn| turn.touched).max();
        let mut full = self.index.again_from(window.clone());
        if messages_only {
            full = full.with_messages_only();
        }
        pass(rollouts, &mut self.chain.clone(), &mut full, last)?;
        Ok(full.turns.into_iter().skip(window.start).take(window.len()).collect())
    }

    /// The page around a turn.
    fn show_around<R: Rollouts>(
        &self,
        rollouts: &R,
        hit: usize,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let mut page = self.show(rollouts, self.neighbours(hit, limit), newest_first)?;
        page.hit = Some(self.index.turns[hit].id.clone());
        Ok(page)
    }

    pub(super) fn show<R: Rollouts>(
        &self,
        rollouts: &R,
        window: Range<usize>,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let mut turns: Vec<String> =
            self.bodies(rollouts, &window, false)?.into_iter().map(|turn| turn.into_value().to_string()).collect();
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

    /// The turn behind which a page begins; none where it begins with the first one.
    pub(super) fn after(&self, cursor: Option<&str>, newest_first: bool) -> Result<Option<usize>, LookupError> {
        let turns = &self.index.turns;
        let Some(cursor) = cursor else { return Ok(None) };
        let bad = |why: &str| LookupError::BadCursor(format!("'{cursor}' {why}"));
        let unknown = || bad("names a turn that this thread does not have");
        if let Some(id) = cursor.strip_prefix('=') {
            let at = turns.iter().position(|turn| turn.id == id).ok_or_else(unknown)?;
            return Ok(if newest_first { Some(at + 1) } else { at.checked_sub(1) });
        }
        let mut parts = cursor.splitn(3, '.');
        let (Some(kind @ ("a" | "d")), Some(number), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("is not a cursor of this program"));
        };
        if kind != direction(newest_first) {
            return Err(bad("belongs to the other direction"));
        }
        let at: usize = number.parse().map_err(|_| bad("holds no number"))?;
        if turns.get(at).is_some_and(|turn| turn.id == id) {
            return Ok(Some(at));
        }
        turns.iter().position(|turn| turn.id == id).map(Some).ok_or_else(unknown)
    }
}

fn direction(newest_first: bool) -> &'static str {
    if newest_first { "d" } else { "a" }
}
