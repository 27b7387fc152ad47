use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{PART, index_file};
use crate::history::chain::{Chain, Segment};
use crate::history::text_places::each_text;
use crate::history::texts::MESSAGE_KINDS;
use crate::ports::one_file::{OneFile, facts};
use crate::rollout::ids::RandomBits;
use crate::words::matching::TokenSet;
use contract::{IndexedText, TextKind, TextPart};

const HEAD: &str = "{\"timestamp\":\"2026-03-01T10:00:00.000Z\",\"type\":\"session_meta\",\"payload\":{\"id\":\"019ca8a0-0000-7000-8000-000000000001\",\"timestamp\":\"2026-03-01T10:00:00.000Z\"}}\n";

/// A rollout of a seed: turns with texts of all lengths, tools between them, turns that are taken back, lines that are none.
fn rollout(seed: u64, turns: usize) -> String {
    let mut dice = RandomBits(seed);
    let mut below = |most: u64| (dice.draw() % most) as usize;
    let mut text = HEAD.to_string();
    let mut line = |kind: &str, payload: String| {
        text.push_str(&format!(
            "{{\"timestamp\":\"2026-03-01T10:00:01.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"
        ));
    };
    for turn in 0..turns {
        let words: Vec<String> = (0..below(3_000)).map(|_| format!("w{}", below(5_000))).collect();
        let words = words.join(" ");
        line("event_msg", format!("{{\"type\":\"task_started\",\"turn_id\":\"t{turn}\"}}"));
        line("event_msg", format!("{{\"type\":\"user_message\",\"message\":\"gr\\u00fc\\u00dfe {words} m{turn}\"}}"));
        match below(6) {
            0 => line(
                "response_item",
                "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"hidden\"}".into(),
            ),
            1 => line(
                "event_msg",
                "{\"type\":\"exec_command_end\",\"call_id\":\"c\",\"aggregated_output\":\"hidden\"}".into(),
            ),
            2 => line("event_msg", format!("{{\"type\":\"agent_reasoning\",\"text\":\"thought {turn}\"}}")),
            3 => line("compacted", "{\"message\":\"\",\"replacement_history\":[]}".into()),
            _ => {}
        }
        line("event_msg", format!("{{\"type\":\"agent_message\",\"message\":\"answer {turn} {words}\"}}"));
        line("event_msg", format!("{{\"type\":\"task_complete\",\"turn_id\":\"t{turn}\"}}"));
    }
    text
}

fn file(text: &str) -> OneFile {
    OneFile { text: text.as_bytes().to_vec(), most: 7_001 }
}

/// What an index holds after some readings: parts by their numbers.
#[derive(Default)]
struct Index {
    parts: Vec<TextPart>,
    state: Option<Vec<u8>>,
}

impl Index {
    /// Brings it up to date, and says how many parts were written.
    fn update(&mut self, text: &str) -> usize {
        let mut written = 0;
        loop {
            let IndexedText { replaced_from, parts, state, is_whole, .. } =
                index_file(&file(text), &facts(text.as_bytes()), self.state.as_deref()).unwrap();
            self.parts.retain(|part| part.number < replaced_from);
            written += parts.len();
            self.parts.extend(parts);
            self.state = Some(state);
            if is_whole {
                let numbers: Vec<u32> = self.parts.iter().map(|part| part.number).collect();
                assert!(numbers.iter().copied().eq(0..numbers.len() as u32), "{numbers:?}");
                return written;
            }
        }
    }

    fn of(text: &str) -> Index {
        let mut index = Index::default();
        index.update(text);
        index
    }

    fn content(&self) -> Vec<(u32, bool, BTreeSet<&str>)> {
        self.parts.iter().map(|part| (part.number, part.copied, part.tokens.split(' ').collect())).collect()
    }
}

#[test]
fn an_index_that_was_brought_up_to_date_is_the_one_made_anew_wherever_the_rollout_was_cut() {
    for seed in 0..12 {
        let whole = rollout(seed, 40);
        let anew = Index::of(&whole);
        assert!(anew.parts.len() > 3, "{}", anew.parts.len());
        let mut dice = RandomBits(seed);
        let mut cuts: Vec<usize> = (0..8).map(|_| (dice.draw() % whole.len() as u64) as usize).collect();
        cuts.sort_unstable();
        let mut index = Index::default();
        for cut in cuts.into_iter().chain([whole.len()]) {
            index.update(&whole[..whole.floor_char_boundary(cut)]);
        }
        assert!(index.content() == anew.content(), "{seed}");
    }
}

#[test]
fn what_is_appended_replaces_the_last_part_alone() {
    let whole = rollout(3, 200);
    let mut index = Index::of(&whole);
    assert!(index.update(&format!("{whole}\n")) <= 1);
    assert_eq!(index.content(), Index::of(&whole).content());
    let longer = format!("{whole}{}", rollout(4, 1).trim_start_matches(HEAD));
    assert!(index.update(&longer) <= 2);
    assert!(index.content() == Index::of(&longer).content());
}

#[test]
fn a_rollout_that_was_rewritten_is_read_anew() {
    let whole = rollout(5, 60);
    for other in
        [rollout(6, 60), whole.replacen("m0", "q0", 1), HEAD.to_string(), String::new(), whole[..9_000].to_string()]
    {
        let mut index = Index::of(&whole);
        index.update(&other);
        assert!(index.content() == Index::of(&other).content(), "{} bytes", other.len());
    }
}

#[test]
fn parts_end_after_so_much_text_and_have_the_tokens_of_what_was_said_alone() {
    let whole = rollout(7, 60);
    let index = Index::of(&whole);
    let tokens: Vec<&str> = index.parts.iter().flat_map(|part| part.tokens.split(' ')).collect();
    assert!(tokens.contains(&"grusse") && tokens.contains(&"_grusse") && tokens.contains(&"answer"));
    assert!(!tokens.contains(&"_answer") && !tokens.contains(&"hidden"));
    assert!(index.parts.iter().all(|part| part.tokens.len() < 4 * PART));
}

/// The tokens of a history as it is shown.
fn shown(text: &str, paginated: bool) -> BTreeSet<String> {
    let segment =
        Segment { path: "sessions/a.jsonl".into(), thread: "t".into(), from: 0, until: None, forked_at: None };
    let chain = Chain { segments: Vec::from([segment]), gaps: Vec::new(), paginated };
    let home = file(text);
    let mut set = TokenSet::default();
    each_text(&home, chain, &MESSAGE_KINDS, |_, kind, text| set.take(text, kind == TextKind::Prompt)).unwrap();
    set.end().split(' ').filter(|token| !token.is_empty()).map(ToString::to_string).collect()
}

#[test]
fn the_tokens_of_a_rollout_are_those_of_what_is_shown_of_it() {
    for seed in 0..12 {
        let text = rollout(seed, 20);
        let index = Index::of(&text);
        let tokens = index.parts.iter().flat_map(|part| part.tokens.split(' ')).map(ToString::to_string);
        assert_eq!(tokens.collect::<BTreeSet<_>>(), shown(&text, false), "{seed}");
    }
}
