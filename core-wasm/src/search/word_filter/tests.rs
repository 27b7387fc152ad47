use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::{BLOCK, WordFilter, is_in};
use crate::rollout::ids::RandomBits;
use crate::words::cutter::WordCutter;
use contract::{IndexTerm, IndexToken};

fn filter(words: &[&str]) -> Option<WordFilter> {
    let token = |word: &&str| IndexToken { text: word.to_string(), prefix: false };
    let terms: Vec<IndexTerm> = words.iter().map(|word| IndexTerm::Tokens(vec![token(word)])).collect();
    WordFilter::of(&terms)
}

fn may_hold(text: &str, word: &str) -> bool {
    filter(&[word]).is_none_or(|filter| filter.may_be_in(text.as_bytes()))
}

/// Every token of a text that bytes tell of.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    WordCutter::default().cut(text, |word| tokens.extend(word.tokens().map(String::from)));
    tokens
}

#[test]
fn whatever_character_stands_in_a_word_its_tokens_may_be_there() {
    for letter in ('\u{80}'..=char::MAX).filter(|letter| !matches!(letter, '\u{e000}'..='\u{f8ff}')) {
        for text in [format!("qu{letter}xz"), format!("{letter}"), format!("qu {letter}{letter}xz")] {
            for token in tokens(&text) {
                assert!(may_hold(&text, &token), "{token} in {text} (U+{:04X})", u32::from(letter));
            }
        }
    }
}

#[test]
fn a_word_that_is_in_a_text_may_be_there_wherever_it_is_cut() {
    let mut dice = RandomBits(7);
    let pieces =
        ["read", "THREAD", "Store", "é", "ü", "ß", "日本", " ", "_", "/", "\u{301}", "ﬁ", "Ｃａ", "🎉", "x", "9", "\n"];
    for _ in 0..2_000 {
        let length = 1 + dice.draw() % 40;
        let text: String = (0..length).map(|_| pieces[(dice.draw() % pieces.len() as u64) as usize]).collect();
        for token in tokens(&text) {
            assert!(may_hold(&text, &token), "{token} in {text}");
        }
    }
}

#[test]
fn a_word_is_found_in_either_case_at_every_place() {
    for length in [2, 3, 9] {
        let word: String = ('a'..='z').take(length).collect();
        for before in 0..3 * BLOCK {
            for behind in [0, 1, BLOCK] {
                let text = format!("{}{}{}", "-".repeat(before), word.to_uppercase(), "-".repeat(behind));
                assert!(is_in(text.as_bytes(), word.as_bytes()), "{text}");
                let other = text.replace('B', "=");
                assert!(!is_in(other.as_bytes(), word.as_bytes()), "{other}");
            }
        }
    }
}

#[test]
fn words_that_are_not_there_are_told_of_in_any_script() {
    for text in ["read a thread", "перечитать Über-Café Straße", "日本語のテキスト", "a🎉b", ""]
    {
        assert!(!may_hold(text, "kastung"), "{text}");
    }
}

#[test]
fn of_a_word_that_bytes_do_not_tell_of_nothing_is_said() {
    for words in [&["a"][..], &["7404"], &["日本"], &["reader", "日本"]] {
        assert!(filter(words).is_none(), "{words:?}");
    }
}
