//! Shows that a page that the end of a file answers is the one that the whole history gives, wherever the end begins.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use contract::{LookupError, PageOfTurns};

use super::Tail;
use crate::history::builder::Builder;
use crate::history::chain::{Chain, Segment};
use crate::history::follow::tests::legacy;
use crate::history::pass::pass;
use crate::history::transcript::{Pages, Transcript};
use crate::ports::one_file::OneFile;
use crate::rollout::ids::{RandomBits, uuid};
use crate::text::time::rfc3339;

const BEGAN: i64 = 1_790_000_000_000;

/// A paginated history in which turns overlap, are resumed, end late or never, have no beginning, and are taken back.
pub(in crate::history) fn history(seed: u64) -> String {
    let (mut dice, mut bits) = (RandomBits(seed), RandomBits(!seed));
    let mut below = |most: u64| dice.draw() % most;
    let (mut text, mut now, mut turns) = (String::new(), BEGAN, Vec::<String>::new());
    let (mut ordinal, mut items) = (0, 0);
    let mut add = |now: i64, kind: &str, payload: &str| {
        let at = rfc3339(now);
        text.push_str(&format!(
            "{{\"timestamp\":\"{at}\",\"ordinal\":{ordinal},\"type\":\"{kind}\",\"payload\":{payload}}}\n"
        ));
        ordinal += 1;
    };
    for _ in 0..60 {
        now += 1_000;
        let recent = turns.len().saturating_sub(below(4) as usize + 1);
        let known = turns.get(recent).cloned();
        let mut new = |turns: &mut Vec<String>| {
            let id = uuid(now, &mut bits);
            turns.push(id.clone());
            id
        };
        match below(24) {
            0..6 => {
                let id = new(&mut turns);
                add(now, "event_msg", &format!("{{\"type\":\"task_started\",\"turn_id\":\"{id}\"}}"));
            }
            6..16 => {
                let id = match below(20) {
                    0 => new(&mut turns),
                    1..4 => known.unwrap_or_default(),
                    _ => turns.last().cloned().unwrap_or_default(),
                };
                items += 1;
                let item = format!(
                    "{{\"type\":\"AgentMessage\",\"id\":\"m{items}\",\"content\":[{{\"type\":\"Text\",\"text\":\"said {items}\"}}]}}"
                );
                let payload = format!("{{\"type\":\"item_completed\",\"turn_id\":\"{id}\",\"item\":{item}}}");
                add(now, "event_msg", &payload);
            }
            16..20 => {
                let id = known.or(turns.last().cloned()).unwrap_or_default();
                add(now, "event_msg", &format!("{{\"type\":\"task_complete\",\"turn_id\":\"{id}\"}}"));
            }
            20 => add(now, "event_msg", "{\"type\":\"turn_aborted\",\"reason\":\"interrupted\"}"),
            21 => {
                let gone = below(3);
                turns.truncate(turns.len().saturating_sub(gone as usize));
                add(now, "event_msg", &format!("{{\"type\":\"thread_rolled_back\",\"num_turns\":{gone}}}"));
            }
            22 => {
                let id = known.unwrap_or_default();
                add(now, "event_msg", &format!("{{\"type\":\"task_started\",\"turn_id\":\"{id}\"}}"));
            }
            23 => {
                let message = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"kept\"}]}";
                add(now, "compacted", &format!("{{\"message\":\"sum\",\"replacement_history\":[{message}]}}"));
            }
            _ => add(now, "response_item", "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}"),
        }
    }
    text
}

fn chain() -> Chain {
    let segment =
        Segment { path: "sessions/a.jsonl".into(), thread: "a".into(), from: 0, until: None, forked_at: None };
    Chain { segments: Vec::from([segment]), gaps: Vec::new(), paginated: true }
}

/// A page, with its cursors as the turns that they name.
fn plain(page: PageOfTurns) -> (Vec<String>, Option<String>, Option<String>) {
    let named = |cursor: Option<String>| cursor.map(|cursor| cursor.splitn(3, '.').last().unwrap_or("").to_string());
    (page.turns, named(page.next), named(page.back))
}

#[test]
fn what_the_end_answers_is_what_the_whole_history_says() {
    let (mut answered, mut asked) = (0, 0);
    for seed in 0..40 {
        let file = OneFile { text: history(seed).into_bytes(), most: usize::MAX };
        let whole = Transcript::of(&file, chain()).unwrap();
        for from in (1..file.text.len() as u64).step_by(97) {
            let mut tail = Tail::after(from);
            pass(&file, &mut chain(), &mut tail, None).unwrap();
            let pages = Pages { chain: &chain(), index: &tail.index };
            for limit in 1..5 {
                let mut cursor = None;
                for _ in 0..3 {
                    let Ok(after) = pages.after(cursor.as_deref(), true) else { break };
                    let window = pages.window(after, limit, true);
                    asked += 1;
                    if !tail.answers(&window) {
                        break;
                    }
                    answered += 1;
                    let page = pages.show(&file, window, true).unwrap();
                    let expected = whole.page(&file, cursor.as_deref(), limit, true).unwrap();
                    assert_eq!(plain(page.clone()), plain(expected), "seed {seed}, from {from}, limit {limit}");
                    cursor = page.next;
                }
            }
        }
    }
    // An end that never dared to answer would be right, too.
    assert!(answered * 4 > asked, "{answered} of {asked}");
}

#[test]
fn a_page_shows_turns_as_the_whole_history_does() {
    for seed in 0..200 {
        let (text, chain) = match seed % 2 {
            0 => (history(seed), chain()),
            _ => (legacy(seed), Chain { paginated: false, ..chain() }),
        };
        let file = OneFile { text: text.into_bytes(), most: usize::MAX };
        let mut whole = Builder::new(chain.paginated, 0..usize::MAX);
        pass(&file, &mut chain.clone(), &mut whole, None).unwrap();
        let whole: Vec<String> = whole.turns.into_iter().map(|turn| turn.into_value().to_string()).collect();
        let transcript = Transcript::of(&file, chain).unwrap();
        for (limit, newest_first) in [(1, true), (1, false), (2, true), (3, false), (0, true)] {
            let (mut turns, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = transcript.page(&file, cursor.as_deref(), limit, newest_first).unwrap();
                turns.extend(page.turns);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            if newest_first {
                turns.reverse();
            }
            assert_eq!(turns, whole, "seed {seed}, limit {limit}");
        }
    }
}

#[test]
fn a_turn_is_a_place_where_a_page_begins_in_either_direction() {
    let ids = |page: Result<PageOfTurns, LookupError>| -> Vec<String> {
        let id =
            |turn: &String| serde_json::from_str::<serde_json::Value>(turn).unwrap()["id"].as_str().unwrap().into();
        page.unwrap().turns.iter().map(id).collect()
    };
    for seed in 0..40 {
        let file = OneFile { text: history(seed).into_bytes(), most: usize::MAX };
        let whole = Transcript::of(&file, chain()).unwrap();
        let turns = ids(whole.page(&file, None, 0, false));
        for (at, id) in turns.iter().enumerate() {
            let cursor = alloc::format!("={id}");
            assert_eq!(ids(whole.page(&file, Some(&cursor), 3, false)), turns[at..turns.len().min(at + 3)]);
            let mut earlier = ids(whole.page(&file, Some(&cursor), 3, true));
            earlier.reverse();
            assert_eq!(earlier, turns[(at + 1).saturating_sub(3)..=at], "seed {seed}");
        }
        assert!(whole.page(&file, Some("=nobody"), 1, true).is_err());
    }
}
