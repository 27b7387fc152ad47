//! Shows that a rollout that is followed while it grows tells what one tells that is read at once, and nothing twice.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use contract::{FollowedTurns, TurnEvent, TurnOutcome};

use super::{follow, read_last_turn};
use crate::history::chain::Chain;
use crate::history::tail::tests::history;
use crate::history::transcript::Transcript;
use crate::ports::one_file::{OneFile, facts};

pub(in crate::history) const HEAD: &str = r#"{"timestamp":"2026-11-29T20:14:12.640Z","ordinal":0,"type":"session_meta","payload":{"id":"01a228f1-6dce-7bf1-8df8-ead760bc1862","timestamp":"2026-11-29T20:14:00.668Z","cwd":"/w","originator":"o","cli_version":"0.171.0","source":"cli","history_mode":"paginated"}}"#;
const LEGACY: &str = r#"{"timestamp":"2025-11-29T20:14:12.640Z","type":"session_meta","payload":{"id":"01a228f1-6dce-7bf1-8df8-ead760bc1862","timestamp":"2025-11-29T20:14:00.668Z","cwd":"/w","originator":"o","cli_version":"0.50.0"}}"#;

fn look(text: &str, state: &[u8], known: u64) -> FollowedTurns {
    let file = OneFile { text: text.into(), most: 4_096 };
    follow(&file, &facts(text.as_bytes()), state, known).unwrap()
}

fn line(kind: &str, payload: &str) -> String {
    format!("{{\"timestamp\":\"2026-11-29T20:14:12.640Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n")
}

fn event(payload: &str) -> String {
    line("event_msg", payload)
}

fn item(turn: &str, id: &str) -> String {
    event(&format!(
        r#"{{"type":"item_completed","turn_id":"{turn}","item":{{"type":"AgentMessage","id":"{id}","content":[]}}}}"#
    ))
}

/// A legacy history: turns with records of their own and without, thoughts, tools, a rollback.
pub(in crate::history) fn legacy(seed: u64) -> String {
    let mut draw = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |most: u64| {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        draw % most
    };
    let mut text = format!("{LEGACY}\n");
    for number in 0..40 {
        text += &match below(9) {
            0 => event(&format!(r#"{{"type":"task_started","turn_id":"t{number}"}}"#)),
            1 => event(r#"{"type":"task_complete","last_agent_message":null}"#),
            2 => event(r#"{"type":"turn_aborted","reason":"interrupted"}"#),
            3 | 4 => event(&format!(r#"{{"type":"user_message","message":"said {number}"}}"#)),
            5 => event(&format!(r#"{{"type":"agent_message","message":"answer {number}"}}"#)),
            6 => event(&format!(r#"{{"type":"agent_reasoning","text":"thought {number}"}}"#)),
            7 => event(&format!(
                r#"{{"type":"exec_command_end","call_id":"c{number}","command":["ls"],"cwd":"/w","exit_code":0,"aggregated_output":""}}"#
            )),
            _ if seed % 4 == 1 => event(r#"{"type":"thread_rolled_back","num_turns":1}"#),
            _ => event(r#"{"type":"context_compacted"}"#),
        };
    }
    text
}

/// What is there after all that was told, turn by turn: its items. None where everything is to be looked at again.
fn replayed(events: &[TurnEvent]) -> Option<Vec<(String, Vec<String>)>> {
    let mut turns: Vec<(String, Vec<String>)> = Vec::new();
    for event in events {
        match event {
            TurnEvent::Started(id) => turns.push((id.clone(), Vec::new())),
            TurnEvent::Ended(ended) => assert!(turns.iter().any(|(id, _)| *id == ended.turn), "{events:?}"),
            TurnEvent::Item(item) => {
                let turn = turns.iter_mut().rfind(|(id, _)| *id == item.turn).unwrap();
                turn.1.push(item.id.clone().unwrap());
            }
            TurnEvent::Changed => return None,
        }
    }
    Some(turns)
}

#[test]
fn a_rollout_that_grows_tells_in_pieces_what_it_tells_at_once() {
    for seed in 0..120 {
        let text = if seed % 2 == 0 { format!("{HEAD}\n{}", history(seed)) } else { legacy(seed) };
        let whole = look(&text, &[], 0);
        let (mut events, mut state, mut at) = (Vec::new(), Vec::new(), 0);
        let mut step = 1 + seed as usize * 37 % 700;
        while at < text.len() {
            at = (at + step).min(text.len());
            while !text.is_char_boundary(at) {
                at += 1;
            }
            step = step * 7 % 1_500 + 1;
            let seen = look(&text[..at], &state, 0);
            events.extend(seen.events);
            state = seen.state;
            if at == text.len() {
                assert_eq!(seen.last, whole.last, "{seed}");
            }
        }
        assert_eq!(events, whole.events, "{seed}");
        assert_eq!(look(&text, &state, 0).events, vec![], "{seed}");
    }
}

#[test]
fn what_was_told_is_what_the_transcript_shows() {
    let mut compared = 0;
    for seed in 0..200 {
        let text = if seed % 2 == 0 { format!("{HEAD}\n{}", history(seed)) } else { legacy(seed) };
        let Some(told) = replayed(&look(&text, &[], 0).events) else { continue };
        let file = OneFile { text: text.into(), most: 4_096 };
        let transcript = Transcript::of(&file, Chain::alone(&file, "sessions/a.jsonl").unwrap()).unwrap();
        let shown = transcript.values(&file, 0, 0, false).unwrap();
        let shown: Vec<(String, usize)> = shown
            .iter()
            .map(|turn| (turn["id"].as_str().unwrap().to_string(), turn["items"].as_array().unwrap().len()))
            .collect();
        // An item that is told again takes the place of the one that was told.
        let told: Vec<(String, usize)> = told
            .into_iter()
            .map(|(id, mut items)| {
                items.sort();
                items.dedup();
                (id, items.len())
            })
            .collect();
        assert_eq!(told, shown, "{seed}");
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn nothing_is_told_of_what_was_known() {
    for seed in 0..60 {
        let text = format!("{HEAD}\n{}", history(seed));
        let cut = text[..text.len() * 2 / 3].rfind('\n').unwrap() + 1;
        let before = look(&text[..cut], &[], u64::MAX);
        assert_eq!(before.events, vec![], "{seed}");
        let then = look(&text, &before.state, 0).events;
        assert_eq!(look(&text, &[], cut as u64).events, then, "{seed}");
    }
}

#[test]
fn a_rollout_that_was_replaced_by_one_that_goes_on_tells_what_is_new_and_another_one_that_it_is_another() {
    let began = format!("{HEAD}\n{}{}", event(r#"{"type":"task_started","turn_id":"a"}"#), item("a", "1"));
    let before = look(&began, &[], 0);
    // The same turns, written in another way.
    let moved = began.replace("cwd\":\"/w\"", "cwd\":\"/elsewhere\"");
    assert_eq!(look(&moved, &before.state, 0).events, vec![]);
    let more = format!("{moved}{}{}", item("a", "2"), event(r#"{"type":"task_complete","turn_id":"a"}"#));
    let seen = look(&more, &before.state, 0);
    assert!(
        matches!(&seen.events[..], [TurnEvent::Item(item), TurnEvent::Ended(ended)]
        if item.id.as_deref() == Some("2") && ended.outcome == TurnOutcome::Completed),
        "{:?}",
        seen.events
    );
    let other = format!("{HEAD}\n{}", event(r#"{"type":"task_started","turn_id":"b"}"#));
    assert_eq!(look(&other, &before.state, 0).events, vec![TurnEvent::Changed]);
}

#[test]
fn a_rollout_that_was_written_anew_and_goes_on_tells_what_one_tells_that_grew() {
    for seed in 0..120 {
        let text = if seed % 2 == 0 { format!("{HEAD}\n{}", history(seed)) } else { legacy(seed) };
        let anew = text.replace("cwd\":\"/w\"", "cwd\":\"/elsewhere\"");
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for cut in ends.into_iter().step_by(5) {
            let before = look(&text[..cut], &[], 0);
            let grown = look(&text, &before.state, 0);
            let written = look(&anew, &before.state, 0);
            assert_eq!((written.events, written.last), (grown.events, grown.last), "{seed}: {cut}");
        }
    }
}

#[test]
fn a_rollout_that_goes_on_from_elsewhere_is_another_one() {
    let goes_on = HEAD.replace("\"cli_version\"", "\"forked_from_id\":\"01a228f1-6dce-7bf1-8df8-ead760bc1862\",\"history_base\":{\"thread_id\":\"01a228f1-6dce-7bf1-8df8-ead760bc1862\",\"end_ordinal_exclusive\":7},\"cli_version\"");
    let before = look(&format!("{goes_on}\n"), &[], 0);
    let other = format!("{HEAD}\n{}", event(r#"{"type":"task_started","turn_id":"a"}"#));
    assert_eq!(look(&other, &before.state, 0).events, vec![TurnEvent::Changed]);
}

#[test]
fn a_turn_is_open_until_a_record_ends_it_and_a_question_until_its_answer() {
    let call = |arguments: &str| {
        line(
            "response_item",
            &format!(r#"{{"type":"function_call","name":"exec_command","arguments":"{arguments}","call_id":"c1"}}"#),
        )
    };
    let output = line("response_item", r#"{"type":"function_call_output","call_id":"c1","output":"done"}"#);
    let began = format!("{HEAD}\n{}", event(r#"{"type":"task_started","turn_id":"a"}"#));
    let last = |text: &str| {
        let seen = look(text, &[], 0).last;
        let file = OneFile { text: text.into(), most: 100 };
        assert_eq!(read_last_turn(&file, "sessions/a.jsonl").unwrap(), seen);
        seen
    };
    let open = last(&began);
    assert!(open.is_open && open.question.is_none() && open.turn.as_deref() == Some("a"));
    let plain = last(&format!("{began}{}", call(r#"{\"cmd\": \"ls\"}"#)));
    assert!(plain.is_open && plain.question.is_none());
    let asking = format!("{began}{}", call(r#"{\"cmd\": \"ls\", \"sandbox_permissions\": \"require_escalated\"}"#));
    assert!(last(&asking).question.is_some_and(|question| !question.wants_answer));
    assert!(last(&format!("{asking}{output}")).question.is_none());
    let asked = format!("{began}{}", call("{}").replace("exec_command", "request_user_input"));
    assert!(last(&asked).question.is_some_and(|question| question.wants_answer));
    for end in [r#"{"type":"task_complete","turn_id":"a"}"#, r#"{"type":"turn_aborted","turn_id":"a"}"#] {
        let over = last(&format!("{asked}{}", event(end)));
        assert!(!over.is_open && over.question.is_none());
    }
    // What is cut off is not said yet.
    let cut = format!("{began}{}", event(r#"{"type":"task_complete","turn_id":"a"}"#).trim_end());
    assert!(last(&cut).is_open);
}

#[test]
fn the_last_turn_of_a_long_rollout_is_that_of_the_whole() {
    for seed in 0..12 {
        let mut text = format!("{HEAD}\n{}", history(seed));
        text += &event(r#"{"type":"task_started","turn_id":"long"}"#);
        for number in 0..2_000 {
            text += &item("long", &format!("i{number}"));
        }
        if seed % 3 == 0 {
            text += &event(r#"{"type":"task_complete","turn_id":"long"}"#);
        }
        let whole = look(&text, &[], 0).last;
        let file = OneFile { text: text.into(), most: 65_536 };
        assert_eq!(read_last_turn(&file, "sessions/a.jsonl").unwrap(), whole, "{seed}");
    }
}
