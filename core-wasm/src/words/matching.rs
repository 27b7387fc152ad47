//! Finds terms in texts.

use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher as _;
use core::ops::Range;

use contract::{IndexTerm, IndexToken};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::cutter::{Word, WordCutter};
use super::pattern::Pattern;

/// Places of one pattern in one text at most: nobody wants more of them, and a text may be one place behind the other.
const MOST_PLACES: usize = 1_000;
/// Bytes of a text that are taken for a word where words are not looked at.
const USUAL_WORD: usize = 6;

/// Finds the terms of one query in one text after the other.
pub struct Matcher<'q> {
    /// The tokens of each; none of a pattern.
    terms: Vec<&'q [IndexToken]>,
    patterns: Vec<(usize, Pattern)>,
    cutter: WordCutter,
    /// Phrases that have begun: the term, how many of its tokens were there, where the first one stands.
    begun: Vec<(usize, usize, usize)>,
}

/// A term that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The term, by its place in the query.
    pub term: usize,
    /// The words that it is: bytes of the text.
    pub place: Range<usize>,
    /// The number of its last word in the text, from 0; that of a pattern is not counted.
    pub word: usize,
}

impl<'q> Matcher<'q> {
    /// Looks for terms, of which at most 64 are told from each other.
    pub fn new(terms: impl IntoIterator<Item = &'q IndexTerm>) -> Matcher<'q> {
        let (mut tokens, mut patterns) = (Vec::new(), Vec::new());
        for (at, term) in terms.into_iter().take(64).enumerate() {
            match term {
                IndexTerm::Tokens(term) => tokens.push(term.as_slice()),
                IndexTerm::Pattern(pattern) => {
                    tokens.push(&[]);
                    // One that cannot be read was refused where the query was.
                    patterns.extend(Pattern::new(pattern).ok().map(|pattern| (at, pattern)));
                }
            }
        }
        Matcher { terms: tokens, patterns, cutter: WordCutter::default(), begun: Vec::new() }
    }

    /// Returns the only term if that is a pattern.
    pub fn only_pattern(&self) -> Option<&Pattern> {
        match (self.patterns.as_slice(), self.terms.len()) {
            ([(_, pattern)], 1) => Some(pattern),
            _ => None,
        }
    }

    /// Returns which terms stand in a text, a bit each.
    pub fn standing(&mut self, text: &str) -> u64 {
        if self.patterns.len() == self.terms.len() {
            let standing = self.patterns.iter().filter(|(_, pattern)| pattern.is_in(text));
            return standing.fold(0, |standing, (at, _)| standing | 1 << at);
        }
        let mut standing = 0;
        self.find(text, |found| standing |= 1 << found.term);
        standing
    }

    /// Hands out where terms stand in a text: words and phrases in the order of their ends, then patterns. Returns how many words
    /// the text has, about as many where only patterns are looked for.
    pub fn find(&mut self, text: &str, mut each: impl FnMut(Occurrence)) -> usize {
        let words = match self.patterns.len() == self.terms.len() {
            true => text.len().div_ceil(USUAL_WORD),
            false => self.find_words(text, &mut each),
        };
        for (term, pattern) in &self.patterns {
            let mut places = 0;
            pattern.find(text, |place| {
                each(Occurrence { term: *term, place, word: 0 });
                places += 1;
                places < MOST_PLACES
            });
        }
        words
    }

    fn find_words(&mut self, text: &str, each: &mut impl FnMut(Occurrence)) -> usize {
        let Matcher { terms, cutter, begun, .. } = self;
        begun.clear();
        let mut words = 0;
        cutter.cut(text, |word| {
            begun.retain_mut(|(term, length, start)| {
                if !terms[*term].get(*length).is_some_and(|token| is_found(word, token)) {
                    return false;
                }
                *length += 1;
                if *length == terms[*term].len() {
                    each(Occurrence { term: *term, place: *start..word.place.end, word: words });
                }
                *length < terms[*term].len()
            });
            for (term, tokens) in terms.iter().enumerate() {
                match tokens {
                    [first, ..] if !is_found(word, first) => {}
                    [_] => each(Occurrence { term, place: word.place.clone(), word: words }),
                    [_, ..] => begun.push((term, 1, word.place.start)),
                    [] => {}
                }
            }
            words += 1;
        });
        words
    }
}

/// Says whether a word is found by a token.
fn is_found(word: &Word<'_>, token: &IndexToken) -> bool {
    let sought = token.text.as_str();
    match token.prefix {
        false => word.tokens().any(|token| token == sought),
        true => word.tokens().any(|token| token.starts_with(sought)),
    }
}

/// Collects the tokens of texts, each once, as an index stores them.
#[derive(Default)]
pub struct TokenSet {
    cutter: WordCutter,
    /// The tokens one behind the other, each with a space behind it.
    tokens: String,
    /// Where each stands.
    places: HashTable<Range<usize>>,
    hashes: FixedState,
}

/// What stands before the tokens of a user's words.
pub const PROMPT_MARK: char = '_';

impl TokenSet {
    /// Takes the tokens of a text, those of a user's words twice.
    pub fn take(&mut self, text: &str, is_prompt: bool) {
        let TokenSet { cutter, tokens, places, hashes } = self;
        cutter.cut(text, |word| {
            for token in word.tokens() {
                for is_marked in [false, true].into_iter().take(1 + usize::from(is_prompt)) {
                    let start = tokens.len();
                    tokens.extend(is_marked.then_some(PROMPT_MARK));
                    tokens.push_str(token);
                    let place = start..tokens.len();
                    let hash = |place: &Range<usize>| hashes.hash_one(&tokens[place.clone()]);
                    let same = |other: &Range<usize>| tokens[other.clone()] == tokens[place.clone()];
                    match places.entry(hash(&place), same, hash) {
                        Entry::Occupied(_) => tokens.truncate(start),
                        Entry::Vacant(vacant) => {
                            vacant.insert(place);
                            tokens.push(' ');
                        }
                    }
                }
            }
        });
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Hands the tokens over, and begins anew.
    pub fn end(&mut self) -> String {
        self.places.clear();
        let mut tokens = core::mem::take(&mut self.tokens);
        tokens.pop();
        tokens
    }
}
