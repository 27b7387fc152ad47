//! Texts around words that were searched for, as Codex shows them.

use serde::Serialize;

/// Characters before and behind the words.
const BEFORE: usize = 49;
const BEHIND: usize = 96;
/// What stands for what was left out.
const CUT: &str = "...";

/// A place where a text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// The text around it, in one line.
    pub(crate) snippet: String,
    /// Where it stands there, in units of UTF-16.
    pub(crate) range: TextRange,
}

/// From and to, in units of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TextRange {
    start: usize,
    end: usize,
}

/// Finds every place of a text where another one stands, whatever the case of letters; places do not overlap.
pub(crate) fn occurrences(text: &str, term: &str) -> Vec<Occurrence> {
    let line: Vec<char> = one_line(text).chars().collect();
    let sought: Vec<char> = one_line(term).chars().flat_map(char::to_lowercase).collect();
    // A letter may become two in the other case: each remembers whose it is.
    let lower: Vec<(char, usize)> =
        line.iter().enumerate().flat_map(|(at, letter)| letter.to_lowercase().map(move |lower| (lower, at))).collect();
    let (mut found, mut from) = (Vec::new(), 0);
    while !sought.is_empty() && from + sought.len() <= lower.len() {
        let window = &lower[from..from + sought.len()];
        if window.iter().zip(&sought).all(|((letter, _), sought)| letter == sought) {
            found.push(around(&line, window[0].1, window[window.len() - 1].1 + 1));
            from += sought.len();
        } else {
            from += 1;
        }
    }
    found
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn around(line: &[char], begin: usize, end: usize) -> Occurrence {
    let units = |letters: &[char]| letters.iter().map(|letter| letter.len_utf16()).sum::<usize>();
    let from = begin.saturating_sub(BEFORE);
    let to = line.len().min(end + BEHIND);
    let mut snippet = String::new();
    if from > 0 {
        snippet.push_str(CUT);
        snippet.push(' ');
    }
    let start = snippet.len() + units(&line[from..begin]);
    snippet.extend(&line[from..to]);
    if to < line.len() {
        snippet.push(' ');
        snippet.push_str(CUT);
    }
    Occurrence { snippet, range: TextRange { start, end: start + units(&line[begin..end]) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_whatever_the_case_and_told_in_units_of_utf_16() {
        let found = occurrences("Fix the\n🚀  THE parser", "the");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].snippet, "Fix the 🚀 THE parser");
        assert_eq!(found[0].range, TextRange { start: 4, end: 7 });
        assert_eq!(found[1].range, TextRange { start: 11, end: 14 });
        assert!(occurrences("nothing", "").is_empty());
        assert!(occurrences("th", "the").is_empty());
    }

    #[test]
    fn a_long_text_is_cut_on_both_sides() {
        let text = format!("{}needle{}", "a".repeat(200), "b".repeat(200));
        let found = occurrences(&text, "NEEDLE");
        assert_eq!(found[0].snippet, format!("... {}needle{} ...", "a".repeat(BEFORE), "b".repeat(BEHIND)));
        assert_eq!(found[0].range, TextRange { start: 53, end: 59 });
    }
}
