//! Looks for the words of a query in one thread: whether it matches, how well, and where.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Hit, LookupError, TextKind, ThreadRow};

use super::snippet::snippet;
use super::terms::{TermFinder, names_of};
use crate::history::chain::Chain;
use crate::history::text_places::{TextPlace, each_text};
use crate::history::texts::is_of_messages;
use crate::lookup::world::World;
use crate::secrets::{Redaction, Redactor};
use crate::words::matching::{Matcher, Occurrence};
use crate::words::query::Query;

/// What was found in a thread.
#[derive(Default)]
pub struct Found {
    /// The terms that stand in its names, a bit each.
    pub in_names: u64,
    /// The same in what its user said.
    pub in_prompts: u64,
    /// The same in any text that was asked for, names among them.
    pub anywhere: u64,
    /// The hits that were kept.
    pub hits: Vec<Hit>,
    /// How many different texts have a hit.
    pub hit_count: u64,
    /// How much the thread is about the words: see [`Found::relevance`].
    weight: Weight,
}

#[derive(Default)]
struct Weight {
    /// Words of all texts.
    words: u64,
    /// Different lines in which terms stand, once for each term.
    lines: u64,
    /// The fewest words within which all terms stand that stand in one text.
    nearness: u64,
    /// How many terms these are.
    together: u32,
}

/// Which classes a thread is in: the first of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The query holds of its names.
    Names,
    /// It holds of its names and of what its user said.
    Prompts,
    /// It holds of all that was searched.
    Texts,
}

impl Class {
    /// All, in their order.
    pub const ALL: [Class; 3] = [Class::Names, Class::Prompts, Class::Texts];

    /// Returns the class of a thread in which these terms stand; none where it does not match.
    pub fn of(query: &Query, in_names: u64, in_prompts: u64, anywhere: u64) -> Option<Class> {
        match query.holds(anywhere) {
            false => None,
            true if query.holds(in_names) => Some(Class::Names),
            true if query.holds(in_names | in_prompts) => Some(Class::Prompts),
            true => Some(Class::Texts),
        }
    }
}

impl Found {
    /// Returns the class of the thread; none where it does not match.
    pub fn class(&self, query: &Query) -> Option<Class> {
        Class::of(query, self.in_names, self.in_prompts, self.anywhere)
    }

    /// Returns how much the thread is about the words, more for more: how large a part of it they are, how near each other they
    /// stand, and whether its user said them or named it so. A line that comes again counts once.
    pub fn relevance(&self, query: &Query) -> u64 {
        let Weight { words, lines, nearness, together } = self.weight;
        // A share of one word in 25 is as much about something as anything.
        let share = (lines * 25_000 / (words + 200)).min(1_000);
        let near = u64::from(together) * 1_000 / (nearness.max(1) + u64::from(together) + 8);
        let class = match self.class(query) {
            Some(Class::Names) => 1_000,
            Some(Class::Prompts) => 300,
            _ => 0,
        };
        share * 2 + near + class
    }
}

/// How many hits of a thread are kept.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    /// The best ones.
    Best(usize),
    /// All, in the order of the history.
    All,
}

/// Says whether a thread may match, by a quicker look at its files, each by itself: whether its phrases stand there at all.
///
/// # Errors
///
/// Fails where its rollouts cannot be read.
pub(super) fn may_match<W: World>(
    world: &W,
    row: &ThreadRow,
    query: &Query,
    kinds: &[TextKind],
) -> Result<bool, LookupError> {
    if !is_of_messages(kinds) {
        return Ok(true);
    }
    let terms = query.index_terms();
    let mut matcher = Matcher::new(&terms);
    let names = names_of(row.name.as_deref(), &row.title, &row.preview);
    let mut standing = names.fold(0, |standing, name| standing | matcher.standing(name));
    let mut finder = TermFinder::new(&terms, kinds);
    for segment in Chain::own(world, &row.path)?.segments {
        let presence = finder.find(world, &segment.path)?;
        standing |= presence.all | presence.copied_all;
    }
    // What must not stand there may be in a turn that was taken back.
    Ok(query.holds_leniently(standing))
}

/// Looks through a thread, its names and its own texts of these kinds; with what it copied of another one where `copied` says so.
///
/// # Errors
///
/// Fails where its rollouts cannot be read.
pub fn look_through<W: World>(
    world: &W,
    row: &ThreadRow,
    query: &Query,
    kinds: &[TextKind],
    copied: bool,
    keep: Keep,
) -> Result<Found, LookupError> {
    let mut looking = Looking::new(query, keep);
    if kinds.contains(&TextKind::Name) {
        for name in names_of(row.name.as_deref(), &row.title, &row.preview) {
            looking.text(None, TextKind::Name, name);
        }
    }
    if kinds.iter().any(|&kind| kind != TextKind::Name) {
        let chain = Chain::own(world, &row.path)?;
        each_text(world, chain, kinds, |place, kind, text| {
            if kinds.contains(&kind) && (copied || !place.copied) {
                looking.text(Some(place), kind, text);
            }
        })?;
    }
    Ok(looking.found)
}

struct Looking<'q> {
    query: &'q Query,
    matcher: Matcher<'q>,
    keep: Keep,
    found: Found,
    /// The rank of each hit that is kept.
    ranks: Vec<u32>,
    texts: BTreeSet<u64>,
    lines: BTreeSet<u64>,
}

impl<'q> Looking<'q> {
    fn new(query: &'q Query, keep: Keep) -> Looking<'q> {
        let matcher = Matcher::new(query.terms.iter().map(|term| &term.sought));
        let found = Found { weight: Weight { nearness: u64::MAX, ..Weight::default() }, ..Found::default() };
        Looking { query, matcher, keep, found, ranks: Vec::new(), texts: BTreeSet::new(), lines: BTreeSet::new() }
    }

    fn text(&mut self, place: Option<&TextPlace<'_>>, kind: TextKind, text: &str) {
        let mut occurrences: Vec<Occurrence> = Vec::new();
        self.found.weight.words += self.matcher.find(text, |found| occurrences.push(found)) as u64;
        let standing = occurrences.iter().fold(0u64, |standing, found| standing | 1 << found.term);
        self.found.anywhere |= standing;
        match kind {
            TextKind::Name => self.found.in_names |= standing,
            TextKind::Prompt => self.found.in_prompts |= standing,
            _ => {}
        }
        occurrences.retain(|found| !self.query.is_without(found.term));
        if occurrences.is_empty() || !self.texts.insert(hash(text.as_bytes(), 0)) {
            return;
        }
        self.weigh(text, &occurrences, (standing & self.query.wanted()).count_ones());
        self.found.hit_count += 1;
        let class = match kind {
            TextKind::Name => 2,
            TextKind::Prompt => 1,
            _ => 0,
        };
        let rank = (standing & self.query.wanted()).count_ones() * 4 + class;
        let at = match self.keep {
            Keep::All => self.found.hits.len(),
            Keep::Best(most) => {
                let at = self.ranks.partition_point(|&other| other >= rank);
                if at >= most {
                    return;
                }
                self.ranks.truncate(most - 1);
                self.found.hits.truncate(most - 1);
                at
            }
        };
        let (snippet, marks) = self.snippet(text, &occurrences);
        let hit = Hit {
            kind,
            turn: place.and_then(|place| place.turn).map(ToString::to_string),
            item: place.and_then(|place| place.item).map(ToString::to_string),
            cursor: place.and_then(|place| place.cursor.clone()),
            place: place.map(|place| (String::from(place.place.0), place.place.1)),
            snippet,
            marks,
        };
        self.ranks.insert(at, rank);
        self.found.hits.insert(at, hit);
    }

    /// Cuts a snippet out of the text, without the secrets in it where that is asked for: what stands at its ends may be a part of one.
    fn snippet(&mut self, text: &str, occurrences: &[Occurrence]) -> (String, Vec<(u32, u32)>) {
        let mut redactor = Redactor::new(Redaction { secrets: self.query.without_secrets, anonymize: None });
        match redactor.text(text) {
            Cow::Borrowed(text) => snippet(text, occurrences),
            Cow::Owned(text) => {
                let mut left: Vec<Occurrence> = Vec::new();
                self.matcher.find(&text, |found| left.push(found));
                left.retain(|found| !self.query.is_without(found.term));
                snippet(&text, &left)
            }
        }
    }

    /// Takes the hits of a text into account.
    fn weigh(&mut self, text: &str, occurrences: &[Occurrence], terms: u32) {
        let (mut last_term, mut last_end) = (usize::MAX, 0);
        for found in occurrences {
            // A line is looked at once, however often a term stands in it.
            if found.term == last_term && found.place.start < last_end {
                continue;
            }
            let begin = memchr::memrchr(b'\n', &text.as_bytes()[..found.place.start]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &text.as_bytes()[begin..]).map_or(text.len(), |length| begin + length);
            let line = hash(&text.as_bytes()[begin..end], found.term as u64);
            self.found.weight.lines += u64::from(self.lines.insert(line));
            (last_term, last_end) = (found.term, end);
        }
        let weight = &mut self.found.weight;
        if terms < weight.together {
            return;
        }
        let nearest = occurrences.iter().enumerate().filter_map(|(at, first)| {
            let mut seen = 0u64;
            let last = occurrences[at..].iter().find(|other| {
                seen |= 1 << other.term;
                seen.count_ones() == terms
            })?;
            Some((last.word.saturating_sub(first.word)) as u64 + 1)
        });
        let nearest = nearest.min().unwrap_or(u64::MAX);
        weight.nearness = if terms > weight.together { nearest } else { weight.nearness.min(nearest) };
        weight.together = terms;
    }
}

/// Tells texts apart within one thread.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    use core::hash::BuildHasher as _;
    foldhash::fast::FixedState::with_seed(seed).hash_one(bytes)
}
