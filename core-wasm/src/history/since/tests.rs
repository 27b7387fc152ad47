//! Shows that turns that are told to be known are what they were, wherever a history was cut, and that the others are all told.

use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use contract::KnownTurns;
use serde_json::Value;

use super::Since;
use crate::history::chain::Chain;
use crate::history::follow::tests::{HEAD, legacy};
use crate::history::tail::tests::history;
use crate::history::transcript::Transcript;
use crate::ports::one_file::OneFile;

fn generated(seed: u64) -> String {
    if seed.is_multiple_of(2) { format!("{HEAD}\n{}", history(seed)) } else { legacy(seed) }
}

/// Goes through a history, and gives what became of it, all its turns, and the numbers of those that are new.
fn look(text: &str, seed: u64, known: Option<&KnownTurns>) -> (Since, Vec<Value>, Vec<usize>) {
    let file = OneFile { text: text.into(), most: 4_096 };
    let chain = Chain::alone(&file, "sessions/a.jsonl").unwrap();
    let (transcript, since) = Transcript::of_since(&file, chain, seed, known).unwrap();
    let (mut turns, mut new, mut next) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = transcript.values(&file, turns.len(), 0, false).unwrap();
        if page.is_empty() {
            break;
        }
        turns.extend(page);
    }
    loop {
        let range = transcript.new_turns(&since, next);
        if range.is_empty() {
            return (since, turns, new);
        }
        next = range.end;
        new.extend(range);
    }
}

#[test]
fn turns_that_are_known_are_what_they_were_wherever_a_history_is_gone_on_with() {
    let (mut went_on, mut known_turns, mut older) = (0, 0, 0);
    for seed in 0..120 {
        let text = generated(seed);
        for cut in (HEAD.len()..=text.len()).step_by(197).chain([text.len()]).filter(|&cut| text.is_char_boundary(cut))
        {
            let (before, then, all) = look(&text[..cut], 7, None);
            assert_eq!(all, Vec::from_iter(0..then.len()), "{seed} {cut}: all are new to whoever knows none");
            let (since, now, new) = look(&text, 7, Some(&before.now));
            if !since.goes_on() {
                assert_eq!(new, Vec::from_iter(0..now.len()), "{seed} {cut}: another history is all new");
                continue;
            }
            went_on += 1;
            for number in (0..then.len()).filter(|number| !new.contains(number)) {
                assert_eq!(then[number], now[number], "{seed} {cut}");
                known_turns += 1;
            }
            assert!((then.len()..now.len()).all(|number| new.contains(&number)), "{seed} {cut}");
            older += new.iter().filter(|&&number| number + 1 < then.len()).count();
        }
    }
    assert!(went_on > 1_000 && known_turns > 1_000 && older > 100, "{went_on} {known_turns} {older}");
}

#[test]
fn a_history_that_is_as_it_was_has_nothing_new() {
    for seed in 0..60 {
        let (before, turns, _) = look(&generated(seed), 7, None);
        let (since, again, new) = look(&generated(seed), 7, Some(&before.now));
        assert!(since.goes_on(), "{seed}");
        assert_eq!((again, new, since.now), (turns, vec![], before.now), "{seed}");
    }
}

#[test]
fn whatever_else_is_changed_makes_it_another_history() {
    for seed in (0..60).filter(|seed| !look(&generated(*seed), 7, None).1.is_empty()) {
        let text = generated(seed);
        let (before, ..) = look(&text, 7, None);
        let goes_on = |text: &str, seed: u64| look(text, seed, Some(&before.now)).0.goes_on();
        assert!(!goes_on(&text, 8), "{seed}: rows depend on something else");
        assert!(!goes_on(&text.replacen("said", "SAID", 1), 7) || !text.contains("said"), "{seed}: another text");
        let last = text.trim_end().rfind('\n').unwrap();
        assert!(!goes_on(&text[..=last], 7), "{seed}: a line is gone");
    }
}
