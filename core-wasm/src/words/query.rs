//! Reads what a person searches for.
//!
//! ```text
//! parser "state db" -draft sql OR rows migr*      all of these must stand in a thread, and "draft" must not
//! ```
//!
//! There is no way to write it wrong. What has no meaning here is a word like any other, and a note says how it was read.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{IndexTerm, IndexToken, QueryMeaning, TextPattern, TextQuery};

use super::cutter::WordCutter;
use super::pattern::Pattern;

/// Characters of a query at most.
pub const LONGEST_QUERY: usize = 4_096;
/// Words and phrases of a query at most: a bit each says where they stand.
pub const MOST_TERMS: usize = 64;

/// A query, understood.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Every word and phrase, as it was written and as tokens.
    pub terms: Vec<Term>,
    /// Of each of these at least one must stand: bits of terms.
    groups: Vec<u64>,
    /// Of these none must.
    without: u64,
    /// What a person should know of how it was read: sentences.
    pub notes: Vec<String>,
    /// Secrets are taken out of texts before snippets are cut out of them.
    pub without_secrets: bool,
}

/// A word or a phrase, or a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// As it was written.
    pub text: String,
    /// What is looked for.
    pub sought: IndexTerm,
}

impl Term {
    /// Returns its tokens; none of a pattern.
    fn tokens(&self) -> &[IndexToken] {
        match &self.sought {
            IndexTerm::Tokens(tokens) => tokens,
            IndexTerm::Pattern(_) => &[],
        }
    }
}

impl Query {
    /// Reads a query as it is meant; why not, where nothing in it can be searched for.
    pub fn read(query: &TextQuery) -> Result<Query, String> {
        let without_secrets = query.without_secrets;
        let is_regex = match query.meaning {
            QueryMeaning::Words => return Ok(Query { without_secrets, ..Query::parse(&query.words)? }),
            QueryMeaning::Literal => false,
            QueryMeaning::Regex => true,
        };
        if query.words.chars().count() > LONGEST_QUERY {
            return Err(format!("it is longer than {LONGEST_QUERY} characters"));
        }
        let (text, ignores_case) = (query.words.clone(), query.ignores_case);
        let pattern = TextPattern { text: text.clone(), is_regex, ignores_case };
        Pattern::new(&pattern)?;
        let terms = alloc::vec![Term { text, sought: IndexTerm::Pattern(pattern) }];
        Ok(Query { terms, groups: alloc::vec![1], without_secrets, ..Query::default() })
    }

    /// Reads words; why not, where there is none that can be searched for.
    pub fn parse(words: &str) -> Result<Query, String> {
        if words.chars().count() > LONGEST_QUERY {
            return Err(format!("it is longer than {LONGEST_QUERY} characters"));
        }
        let mut query = Query::default();
        let mut is_alternative = false;
        let pieces = pieces(words, &mut query.notes);
        for (at, piece) in pieces.iter().enumerate() {
            let has_both_sides = at > 0 && at + 1 < pieces.len();
            if piece.text == "OR" && !piece.quoted && has_both_sides && !is_alternative && !query.groups.is_empty() {
                is_alternative = true;
                continue;
            }
            let Some(sought) = tokens_of(piece) else {
                let text = &piece.text;
                query
                    .notes
                    .push(format!("'{text}' has no letter, digit or sign that words are made of; it was left out"));
                continue;
            };
            if query.terms.len() == MOST_TERMS {
                return Err(format!("it has more than {MOST_TERMS} words"));
            }
            let bit = 1 << query.terms.len();
            query.terms.push(Term { text: piece.shown(), sought });
            match query.groups.last_mut() {
                Some(group) if is_alternative && !piece.without => *group |= bit,
                _ if piece.without => query.without |= bit,
                _ => query.groups.push(bit),
            }
            is_alternative = false;
        }
        match (query.groups.is_empty(), query.terms.is_empty()) {
            (true, true) => Err("there is no word in it".into()),
            (true, false) => Err("it only says what must not be there; add a word that must".into()),
            (false, _) => Ok(query),
        }
    }

    /// Says whether a thread matches in which these terms stand, a bit each.
    pub fn holds(&self, standing: u64) -> bool {
        self.holds_leniently(standing) && !self.excludes(standing)
    }

    /// Says the same, but for what must not stand there.
    pub fn holds_leniently(&self, standing: u64) -> bool {
        self.groups.iter().all(|group| group & standing != 0)
    }

    /// Says whether one of these terms is one that must not stand there.
    pub fn excludes(&self, standing: u64) -> bool {
        self.without & standing != 0
    }

    /// Says whether a term must not stand.
    pub fn is_without(&self, term: usize) -> bool {
        self.without & (1 << term) != 0
    }

    /// Returns the bits of terms that are looked for, without those that must not stand.
    pub fn wanted(&self) -> u64 {
        self.groups.iter().fold(0, |all, group| all | group)
    }

    /// Returns the terms that stand somewhere without those phrases that must not: their tokens may stand there by themselves.
    pub fn without_excluded_phrases(&self, standing: u64) -> u64 {
        let is_phrase = |&term: &usize| self.terms[term].tokens().len() > 1 && self.is_without(term);
        (0..self.terms.len()).filter(is_phrase).fold(standing, |standing, term| standing & !(1 << term))
    }

    /// Says whether there are phrases, of which an index only knows whether their tokens stand near each other.
    pub fn has_phrases(&self) -> bool {
        self.terms.iter().any(|term| term.tokens().len() > 1)
    }

    /// Says whether it is a pattern, which is looked for in texts alone.
    pub fn is_pattern(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.sought, IndexTerm::Pattern(_)))
    }

    /// Returns the terms as an index is asked for them.
    pub fn index_terms(&self) -> Vec<IndexTerm> {
        self.terms.iter().map(|term| term.sought.clone()).collect()
    }
}

/// A word or a phrase as it was written.
#[derive(Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) quoted: bool,
    pub(crate) without: bool,
    pub(crate) prefix: bool,
    /// Where it stands in the query, its sign and its quotation marks with it: from and to, in bytes.
    pub(crate) place: (usize, usize),
}

impl Piece {
    fn shown(&self) -> String {
        match (self.quoted, self.prefix) {
            (true, _) => format!("\"{}\"", self.text),
            (false, true) => format!("{}*", self.text),
            (false, false) => self.text.clone(),
        }
    }
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '“' | '”' | '„' | '«' | '»')
}

/// Cuts a query into words and phrases; `notes` takes what a person should know of that.
pub(crate) fn pieces(words: &str, notes: &mut Vec<String>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = words.trim_start();
    while !rest.is_empty() {
        let from = words.len() - rest.len();
        let signed = rest.strip_prefix('-').filter(|rest| rest.starts_with(|next: char| !next.is_whitespace()));
        let without = signed.is_some();
        rest = signed.unwrap_or(rest);
        let quoted = rest.strip_prefix(is_quote);
        let (text, behind, quoted) = match quoted {
            Some(inside) => match inside.split_once(is_quote) {
                Some((text, behind)) => (text, behind, true),
                None => {
                    notes.push("a quotation mark has no other one; what follows it was read as a phrase".into());
                    (inside, "", true)
                }
            },
            None => {
                let end = rest.find(|letter: char| letter.is_whitespace() || is_quote(letter)).unwrap_or(rest.len());
                let (text, behind) = rest.split_at(end);
                (text, behind, false)
            }
        };
        let starred = text.strip_suffix('*').filter(|_| !quoted);
        let prefix = starred.is_some_and(|text| text.ends_with(|last: char| !last.is_whitespace() && last != '*'));
        let text = if prefix { starred.unwrap_or(text) } else { text };
        let place = (from, words.len() - behind.len());
        pieces.push(Piece { text: text.to_string(), quoted, without, prefix, place });
        rest = behind.trim_start();
    }
    pieces
}

/// The tokens that stand for a piece, one behind the other; none where it has no words.
fn tokens_of(piece: &Piece) -> Option<IndexTerm> {
    let mut tokens: Vec<IndexToken> = Vec::new();
    let mut ends_alone = false;
    WordCutter::default().cut(&piece.text, |word| {
        ends_alone = word.is_last_of_unspaced;
        // By itself such a character is what any token may begin with that has it.
        tokens.push(IndexToken { text: word.whole().to_string(), prefix: ends_alone });
    });
    // At the end of a phrase it stands in the token before it.
    if ends_alone && tokens.iter().nth_back(1).is_some_and(|before| is_pair_with(before, &tokens)) {
        tokens.pop();
    } else if let Some(last) = tokens.last_mut() {
        last.prefix |= piece.prefix;
    }
    (!tokens.is_empty()).then_some(IndexTerm::Tokens(tokens))
}

/// Says whether a token is two characters, of which the second is the last token.
fn is_pair_with(before: &IndexToken, tokens: &[IndexToken]) -> bool {
    let mut letters = before.text.chars();
    let second = letters.nth(1).filter(|_| letters.next().is_none());
    second.is_some() && tokens.last().is_some_and(|last| last.text.chars().eq(second))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
