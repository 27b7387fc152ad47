//! Decides which threads a page of a search has.
//!
//! The threads of the list come in its order, and the sources of each term out of the index; what stands in which thread
//! follows. Candidates are looked through in the rollouts until the page is full, so that each thread shown matches, and has its
//! hits. A cursor is the last thread's place: its class, and its place in the order of the rows.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{
    LookupError, MatchOrder, PageOfHits, PageOfMatches, RowQuery, SearchError, SearchedThreads, SourceRole, StateError,
    TermCount, TermSources, TextKind, TextQuery, ThreadMatch, ThreadRow,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::thread::{Class, Found, Keep, look_through, may_match};
use crate::history::texts::MESSAGE_KINDS;
use crate::lookup::find::find;
use crate::lookup::world::World;
use crate::ports::TextIndex;
use crate::rollout::base::history_head;
use crate::text::columns::Misfit;
use crate::text::paths::canonical_id;
use crate::words::query::Query;

/// Hits of each thread on a page.
const BEST: usize = 3;
/// Threads of which it is worked out how much they are about the words: those that bear them in their names first, then those whose
/// user said them, the newest first in each.
const WEIGHED: usize = 256;
/// The rank of threads of which it is not worked out: more than any relevance.
const LEAST_RELEVANT: u64 = 1 << 32;

/// Everything a search needs of the world.
pub trait SearchWorld: World + TextIndex {}
impl<W: World + TextIndex> SearchWorld for W {}

/// Returns a page of the threads that match; of a limit of 0 their number alone.
///
/// # Errors
///
/// Fails where the query has no word, where the cursor is of another search, and where the state DB does.
pub fn search<W: SearchWorld>(
    world: &W,
    query: &TextQuery,
    rows: &RowQuery,
    order: MatchOrder,
    cursor: Option<&str>,
    limit: u32,
) -> Result<PageOfMatches, SearchError> {
    let parsed = Query::read(query).map_err(SearchError::BadQuery)?;
    let all = RowQuery { source_kinds: None, fold_children: false, ..rows.clone() };
    let sources = world.sources_of(&parsed.index_terms(), &query.kinds)?;
    let mut among: Vec<u32> = sources.iter().flat_map(|sources| sources.all.iter().copied()).collect();
    among.sort_unstable();
    among.dedup();
    let threads = world.threads(&all, &among)?;
    let candidates = Candidates::new(threads, &sources, &query.kinds, rows)?;
    let page = PageOfMatches { notes: parsed.notes.clone(), ..candidates.counts(&parsed, &query.kinds) };
    let mut search = Search { world, query, parsed: &parsed, rows, candidates: &candidates, page };
    match (limit, order) {
        (0, _) => {}
        (_, MatchOrder::Relevance) => search.by_relevance(cursor, limit as usize)?,
        (_, MatchOrder::Classes) => search.in_order(true, cursor, limit as usize)?,
        (_, MatchOrder::Rows) => search.in_order(false, cursor, limit as usize)?,
    }
    Ok(search.page)
}

/// Returns a page of the texts of one thread in which the words stand.
///
/// # Errors
///
/// Fails as [`search`] does, and where the thread is not found.
pub fn hits<W: SearchWorld>(
    world: &W,
    query: &TextQuery,
    wanted: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<PageOfHits, SearchError> {
    let parsed = Query::read(query).map_err(SearchError::BadQuery)?;
    let row = find(world, wanted, None)?.row;
    let found = look_through(world, &row, &parsed, &query.kinds, true, Keep::All)?;
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let number = cursor.strip_prefix("h.").and_then(|number| number.parse::<usize>().ok());
            number.ok_or_else(|| bad_cursor(cursor))?
        }
    };
    let all = found.hits.len();
    let limit = if limit == 0 { usize::MAX } else { limit as usize };
    let hits: Vec<_> = found.hits.into_iter().skip(from).take(limit).collect();
    let end = from + hits.len();
    let next = (end < all).then(|| format!("h.{end}"));
    Ok(PageOfHits { hits, next, total: found.hit_count, notes: parsed.notes })
}

pub(super) fn bad_cursor(cursor: &str) -> LookupError {
    LookupError::BadCursor(format!("'{cursor}' is not a cursor of this search"))
}

/// The threads of the list, and which terms stand in them as far as an index can tell.
pub(super) struct Candidates {
    pub(super) threads: SearchedThreads,
    /// Where each id ends among the ids.
    ends: Vec<usize>,
    standing: Vec<Standing>,
    /// Of each thread whether its source kind is one that was asked for.
    pub(super) is_asked_for: Vec<bool>,
    /// The places of those threads in whose rollouts text counts that was copied.
    with_copies: Vec<bool>,
}

/// Which terms stand in a thread, a bit each.
#[derive(Clone, Copy, Default)]
struct Standing {
    in_names: u64,
    in_prompts: u64,
    anywhere: u64,
}

impl Standing {
    fn class(self, parsed: &Query) -> Option<Class> {
        Class::of(parsed, self.in_names, self.in_prompts, self.anywhere)
    }
}

impl Candidates {
    pub(super) fn new(
        threads: SearchedThreads,
        sources: &[TermSources],
        kinds: &[TextKind],
        rows: &RowQuery,
    ) -> Result<Candidates, StateError> {
        let ends: Vec<usize> = memchr::memchr_iter(0, threads.ids.as_bytes()).collect();
        let count = ends.len();
        let fits = [threads.times.len(), threads.kinds.len()].iter().all(|&length| length == count)
            && threads.owners.len() == threads.sources.len()
            && threads.roles.len() == threads.sources.len();
        if !fits {
            return Err(Misfit.into());
        }
        let is_asked_for = |&kind: &u32| {
            let name = threads.source_kinds.get(kind as usize);
            rows.source_kinds.as_ref().is_none_or(|asked| name.is_some_and(|name| asked.contains(name)))
        };
        let is_asked_for: Vec<bool> = threads.kinds.iter().map(is_asked_for).collect();
        let mut standing = alloc::vec![Standing::default(); count];
        let mut with_copies = alloc::vec![false; count];
        let mut places: HashMap<u32, u32, FixedState> = HashMap::default();
        places.reserve(threads.sources.len());
        for (at, &source) in (0..).zip(&threads.sources) {
            let (owner, role) = (threads.owners[at as usize] as usize, threads.roles[at as usize]);
            *with_copies.get_mut(owner).ok_or(Misfit)? |= role == SourceRole::Copied;
            places.insert(source, at);
        }
        let owner_of = |source: &u32| {
            let at = *places.get(source)? as usize;
            Some((threads.owners[at] as usize, threads.roles[at]))
        };
        for (term, sources) in sources.iter().enumerate() {
            let bit = 1u64.checked_shl(term as u32).unwrap_or(0);
            for source in &sources.all {
                match owner_of(source) {
                    Some((owner, SourceRole::Names)) if kinds.contains(&TextKind::Name) => {
                        standing[owner].in_names |= bit;
                        standing[owner].anywhere |= bit;
                    }
                    Some((_, SourceRole::Names)) | None => {}
                    Some((owner, _)) => standing[owner].anywhere |= bit,
                }
            }
            for source in &sources.prompts {
                if let Some((owner, SourceRole::Text | SourceRole::Copied)) = owner_of(source) {
                    standing[owner].in_prompts |= bit;
                }
            }
        }
        Ok(Candidates { threads, ends, standing, is_asked_for, with_copies })
    }

    pub(super) fn id(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        &self.threads.ids[begin..self.ends[at]]
    }

    /// Goes through the threads in their order that may match, with the class that the index knows.
    fn classes<'a>(&'a self, parsed: &'a Query) -> impl Iterator<Item = (usize, Class)> + 'a {
        // What must not stand may stand near each other and be no phrase: only the text tells.
        let lenient = parsed.has_phrases();
        self.standing.iter().enumerate().filter_map(move |(at, &standing)| {
            let [in_names, in_prompts, anywhere] = [standing.in_names, standing.in_prompts, standing.anywhere]
                .map(|bits| if lenient { parsed.without_excluded_phrases(bits) } else { bits });
            let counted = Standing { in_names, in_prompts, anywhere };
            Some((at, counted.class(parsed)?))
        })
    }

    /// Counts the threads, and in how many each term stands.
    fn counts(&self, parsed: &Query, kinds: &[TextKind]) -> PageOfMatches {
        let mut page = PageOfMatches {
            total_is_exact: is_exact(parsed, kinds) && !self.threads.has_rollbacks,
            ..PageOfMatches::default()
        };
        let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
        for (at, _) in self.classes(parsed) {
            match self.is_asked_for[at] {
                true => page.total += 1,
                false => {
                    let kind = self.threads.source_kinds.get(self.threads.kinds[at] as usize);
                    *left_out.entry(kind.map_or("", String::as_str)).or_default() += 1;
                }
            }
        }
        page.left_out = left_out.into_iter().map(|(kind, count)| (kind.to_string(), count)).collect();
        let asked_for = || (0..self.standing.len()).filter(|&at| self.is_asked_for[at]);
        page.uncovered = self.threads.uncovered;
        let terms = parsed.terms.iter().enumerate().map(|(term, of)| TermCount {
            text: of.text.clone(),
            threads: asked_for().filter(|&at| self.standing[at].anywhere & 1 << term != 0).count() as u64,
            without: parsed.is_without(term),
        });
        page.terms = terms.collect();
        page
    }
}

/// Says whether the sources of terms are all there is to know: no phrase, and those kinds of texts that an index tells apart. Those
/// of a pattern come of the texts themselves.
fn is_exact(parsed: &Query, kinds: &[TextKind]) -> bool {
    if parsed.is_pattern() {
        return true;
    }
    let all = kinds.contains(&TextKind::Name) && MESSAGE_KINDS.iter().all(|kind| kinds.contains(kind));
    !parsed.has_phrases() && all
}

/// A search, as far as its page is filled.
struct Search<'a, W> {
    world: &'a W,
    query: &'a TextQuery,
    parsed: &'a Query,
    rows: &'a RowQuery,
    candidates: &'a Candidates,
    page: PageOfMatches,
}

impl<W: SearchWorld> Search<'_, W> {
    /// Fills the page with threads in the order of the rows; with `by_class` those of one class after those of the one before.
    fn in_order(&mut self, by_class: bool, cursor: Option<&str>, limit: usize) -> Result<(), SearchError> {
        let after = cursor.map(|cursor| Place::parse(cursor).ok_or_else(|| bad_cursor(cursor))).transpose()?;
        let classes: &[Class] = if by_class { &Class::ALL } else { &[Class::Texts] };
        // Of phrases the index only knows the best class that a thread may be in.
        let may_be_lower = by_class && self.parsed.has_phrases();
        let mut known: BTreeMap<usize, Class> = BTreeMap::new();
        let mut last = None;
        for (number, &class) in classes.iter().enumerate() {
            for (at, best) in self.candidates.classes(self.parsed) {
                let comes_up = !by_class || best == class || may_be_lower && best < class;
                let is_elsewhere = known.get(&at).is_some_and(|&known| known != class);
                let is_before = |after: &Place| !after.is_before(number, self.key_of(at), self.rows.ascending);
                if !comes_up
                    || is_elsewhere
                    || !self.candidates.is_asked_for[at]
                    || after.as_ref().is_some_and(is_before)
                {
                    continue;
                }
                let Some((row, found)) = self.look(at)? else { continue };
                let Some(is) = found.class(self.parsed) else { continue };
                if may_be_lower && is.max(best) != class {
                    known.insert(at, is.max(best));
                    continue;
                }
                if self.page.matches.len() == limit {
                    self.page.next = last;
                    return Ok(());
                }
                let (time, id) = self.key_of(at);
                last = Some(Place { class: number, time, id: id.into() }.to_cursor());
                self.push(row, found, number as u64);
            }
        }
        if after.is_none() {
            // Nothing was left out, so all that match are here.
            (self.page.total, self.page.total_is_exact) = (self.page.matches.len() as u64, true);
        }
        Ok(())
    }

    /// Fills the page with those threads first that are most about the words: of the first so many, by class and then as in
    /// the list, by the whole of what stands in them. The others follow in that order.
    fn by_relevance(&mut self, cursor: Option<&str>, limit: usize) -> Result<(), SearchError> {
        let from = match cursor {
            None => 0,
            Some(cursor) => {
                let number = cursor.strip_prefix("w.").and_then(|number| number.parse::<usize>().ok());
                number.ok_or_else(|| bad_cursor(cursor))?
            }
        };
        let candidates = self.candidates.classes(self.parsed).filter(|&(at, _)| self.candidates.is_asked_for[at]);
        let mut candidates: Vec<(usize, Class)> = candidates.collect();
        // A thread that is about the words has them in its name or in what its user said, however old it is.
        candidates.sort_by_key(|&(_, class)| class);
        let candidates: Vec<usize> = candidates.into_iter().map(|(at, _)| at).collect();
        let mut weighed = Vec::new();
        for &at in candidates.iter().take(WEIGHED) {
            if let Some((row, found)) = self.look(at)? {
                weighed.push((found.relevance(self.parsed), row, found));
            }
        }
        weighed.sort_by_key(|(relevance, ..)| core::cmp::Reverse(*relevance));
        let first = weighed.len();
        for (relevance, row, found) in weighed.into_iter().skip(from).take(limit) {
            self.push(row, found, LEAST_RELEVANT - relevance);
        }
        // Places of the rest are counted on from those that were weighed, whether or not they match.
        let mut place = from.max(first);
        for &at in candidates.iter().skip(WEIGHED + from.saturating_sub(first)) {
            if self.page.matches.len() == limit {
                break;
            }
            place += 1;
            if let Some((row, found)) = self.look(at)? {
                self.push(row, found, LEAST_RELEVANT);
            }
        }
        let rest = candidates.len().saturating_sub(WEIGHED);
        let end = if from + self.page.matches.len() < first { from + self.page.matches.len() } else { place };
        self.page.next = (end < first + rest && self.page.matches.len() == limit).then(|| format!("w.{end}"));
        Ok(())
    }

    /// Looks through the thread at a place; none where it is not there any more, or cannot be read, which is said.
    fn look(&mut self, at: usize) -> Result<Option<(ThreadRow, Found)>, SearchError> {
        let id = self.candidates.id(at);
        let looked = self.row_of(at).and_then(|row| self.look_into(at, row));
        match looked {
            Ok(looked) => Ok(looked),
            Err(LookupError::NotFound(_) | LookupError::Gone(_)) => Ok(None),
            Err(LookupError::Files(error) | LookupError::Unreadable((_, error))) => {
                let note = format!("thread {id} could not be read: {}", error.message());
                if !self.page.notes.contains(&note) {
                    self.page.notes.push(note);
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the row of a thread: as it stands, where the rollout that it names carries the id, else as the files tell.
    fn row_of(&self, at: usize) -> Result<ThreadRow, LookupError> {
        let id = self.candidates.id(at);
        match self.world.row(id)?.pop() {
            Some(row) if history_head(self.world, &row.path).is_ok_and(|head| head.thread == id) => Ok(row),
            _ => Ok(find(self.world, id, None)?.row),
        }
    }

    /// Looks through a thread of this row; none where it does not match.
    fn look_into(&self, at: usize, row: ThreadRow) -> Result<Option<(ThreadRow, Found)>, LookupError> {
        let (parsed, kinds) = (self.parsed, &self.query.kinds);
        if parsed.has_phrases() && !may_match(self.world, &row, parsed, kinds)? {
            return Ok(None);
        }
        let found = look_through(self.world, &row, parsed, kinds, self.candidates.with_copies[at], Keep::Best(BEST))?;
        Ok(found.class(parsed).is_some().then_some((row, found)))
    }

    fn push(&mut self, row: ThreadRow, found: Found, rank: u64) {
        self.page.matches.push(ThreadMatch { row, hits: found.hits, hit_count: found.hit_count, rank });
    }

    /// The place of a thread in the order of the rows: its time and its id.
    fn key_of(&self, at: usize) -> (i64, &str) {
        (self.candidates.threads.times[at], self.candidates.id(at))
    }
}

/// The place of a thread among the matches: a cursor.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) class: usize,
    pub(super) time: i64,
    pub(super) id: String,
}

impl Place {
    pub(super) fn parse(cursor: &str) -> Option<Place> {
        let mut parts = cursor.strip_prefix("s.")?.splitn(3, '.');
        let (class, time, id) =
            (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, canonical_id(parts.next()?)?);
        Some(Place { class, time, id })
    }

    pub(super) fn to_cursor(&self) -> String {
        format!("s.{}.{}.{}", self.class, self.time, self.id)
    }

    /// Says whether another place comes later.
    pub(super) fn is_before(&self, class: usize, (time, id): (i64, &str), ascending: bool) -> bool {
        let here = (self.time, self.id.as_str());
        let follows = if ascending { (time, id) > here } else { (time, id) < here };
        class > self.class || class == self.class && follows
    }
}
