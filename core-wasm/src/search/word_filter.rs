//! Tells by the bytes of a rollout that none of some words is in its texts, whatever their case, accents and widths.
//!
//! A word of letters and digits of ASCII stands in a text as it is, in either case, or in a run of letters of which some are none
//! of ASCII (`café`, `ｃａｆｅ`). The former are looked for at the speed of memory; of the latter those are cut into words that
//! have a character from which one of ASCII may come, which most scripts have not.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{IndexTerm, IndexToken};

use crate::words::cutter::WordCutter;

/// Bytes that are compared at once.
const BLOCK: usize = 64;
/// Bytes of a run of letters that are looked at before and behind a character; a longer one is not decided on.
pub(super) const LONGEST_RUN: usize = 256;

/// Words of which one must be there.
#[derive(Clone)]
pub(super) struct WordFilter {
    words: Vec<String>,
}

impl WordFilter {
    /// Prepares for terms, of each its longest token; none where one of them has no token that bytes tell of.
    pub(super) fn of(terms: &[IndexTerm]) -> Option<WordFilter> {
        let is_told = |word: &&str| {
            word.len() > 1
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        };
        let longest = |term: &IndexTerm| match term {
            IndexTerm::Tokens(tokens) => {
                let words = tokens.iter().map(|IndexToken { text, .. }| text.as_str()).filter(is_told);
                words.max_by_key(|word| word.len()).map(String::from)
            }
            IndexTerm::Pattern(_) => None,
        };
        let words = terms.iter().map(longest).collect::<Option<Vec<String>>>()?;
        Some(WordFilter { words })
    }

    /// Says whether one of the words may be in bytes, which may begin and end within a character.
    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.words.iter().any(|word| is_in(bytes, word.as_bytes())) || self.may_be_among_others(bytes)
    }

    /// Says whether one may be in a run of letters that are not all of ASCII.
    fn may_be_among_others(&self, bytes: &[u8]) -> bool {
        let (mut from, mut cutter) = (0, WordCutter::default());
        while let Some(at) = other_letter(bytes, from) {
            let is_of_run = |byte: &&u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
            let before = bytes[..at].iter().rev().take(LONGEST_RUN).take_while(is_of_run).count();
            let behind = bytes[at..].iter().take(LONGEST_RUN).take_while(is_of_run).count();
            if before == LONGEST_RUN || behind == LONGEST_RUN {
                return true;
            }
            from = at + behind;
            let mut is_found = false;
            for run in bytes[at - before..at + behind].utf8_chunks() {
                cutter.cut(run.valid(), |word| {
                    is_found |=
                        word.tokens().any(|token| self.words.iter().any(|sought| token.contains(sought.as_str())));
                });
            }
            if is_found {
                return true;
            }
        }
        false
    }
}

/// Says whether a word, in small letters and at least two of them, is in bytes in any case.
pub(super) fn is_in(bytes: &[u8], word: &[u8]) -> bool {
    let ([first, .., last], length) = (word, word.len()) else { return true };
    let Some(places) = (bytes.len() + 1).checked_sub(length) else { return false };
    let is_there = |at: usize| bytes[at..at + length].eq_ignore_ascii_case(word);
    let (begins, ends) = (&bytes[..places], &bytes[length - 1..]);
    let mut at = 0;
    for (begin, end) in begins.chunks_exact(BLOCK).zip(ends.chunks_exact(BLOCK)) {
        // Without a branch, so that a block is compared in few steps.
        let both = |hits: u8, (begin, end): (&u8, &u8)| {
            hits | u8::from(begin | 0x20 == *first) & u8::from(end | 0x20 == *last)
        };
        if begin.iter().zip(end).fold(0, both) != 0 && (at..at + BLOCK).any(is_there) {
            return true;
        }
        at += BLOCK;
    }
    (at..places).any(is_there)
}

/// Finds the next character that is none of ASCII and from which one of ASCII may come, from a place on.
fn other_letter(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let blocks = rest.chunks_exact(BLOCK).take_while(|block| block.iter().fold(0, |all, byte| all | byte) < 0x80);
        at += blocks.count() * BLOCK;
        let rest = bytes.get(at..)?;
        let mut places = rest.iter().take(BLOCK).enumerate();
        match places.find(|&(place, byte)| may_lead(*byte, rest.get(place + 1))) {
            Some((place, _)) => return Some(at + place),
            None if rest.len() <= BLOCK => return None,
            None => at += BLOCK,
        }
    }
}

/// Says whether a byte leads characters from which letters or digits of ASCII may come, before this one: Latin ones with accents,
/// marks on them, forms in other widths and styles. What lies between these scripts counts as one of them; kana, Hangul, dashes
/// and quotation marks do not.
fn may_lead(byte: u8, next: Option<&u8>) -> bool {
    match byte {
        0..=0xc1 | 0xce..=0xd5 | 0xe0 | 0xe4..=0xe9 | 0xeb..=0xee | 0xf1.. => false,
        0xe2 => next != Some(&0x80),
        0xe3 => next.is_none_or(|next| matches!(next, 0x88..=0x8f)),
        0xea => next.is_none_or(|next| matches!(next, 0x9c..=0x9f | 0xac | 0xad)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
