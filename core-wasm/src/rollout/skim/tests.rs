use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{read_quickly, skim};
use crate::rollout::ids::RandomBits;
use crate::rollout::record::{Body, Record, read};

const HEADS: [&str; 3] = [
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","#,
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","ordinal":7,"#,
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","ordinal":07,"#,
];

/// Type and payload of lines with facts and without, in the order of keys in which releases write them.
const BODIES: [(&str, &str, bool); 17] = [
    ("response_item", r#"{"type":"function_call_output","call_id":"c","output":"a \"b\" {\n é"}"#, false),
    ("response_item", r#"{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"…"}]}"#, false),
    ("response_item", r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}"#, false),
    ("response_item", r#"{"type":"message","id":"m","role":"developer","content":[]}"#, false),
    ("response_item", r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}"#, true),
    ("response_item", r#"{"type":"message","content":[{"type":"input_text","text":"hello"}],"role":"user"}"#, true),
    ("event_msg", r#"{"type":"agent_message","message":"done"}"#, false),
    ("event_msg", r#"{"type":"user_message","message":"hello","images":[]}"#, true),
    ("event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"total_tokens":5}}}"#, true),
    ("event_msg", r#"{"type":"task_started","turn_id":"t"}"#, true),
    (
        "event_msg",
        r#"{"type":"item_completed","thread_id":"a","turn_id":"t","item":{"type":"AgentMessage","id":"m"}}"#,
        false,
    ),
    (
        "event_msg",
        r#"{"type":"item_completed","thread_id":"a","turn_id":"t","item":{"type":"UserMessage","content":[{"type":"text","text":"hi"}]}}"#,
        true,
    ),
    ("event_msg", r#"{"type":"thread_settings_applied","thread_settings":{"model":"m"}}"#, true),
    ("world_state", r#"{"full":true,"state":{"a":[1,2]}}"#, false),
    ("turn_context", r#"{"cwd":"/a","model":"m"}"#, true),
    ("session_meta", r#"{"id":"019ca8a0-0000-7000-8000-000000000001","cwd":"/a"}"#, true),
    ("compacted", r#"{"message":"","replacement_history":[]}"#, true),
];

fn lines() -> Vec<(String, bool)> {
    let mut lines = Vec::new();
    for head in HEADS {
        for (kind, payload, has_facts) in BODIES {
            lines.push((format!(r#"{head}"type":"{kind}","payload":{payload}}}"#), has_facts || head.contains("07")));
            // In another order of keys, and with white space.
            lines.push((format!(r#"{head}"payload":{payload},"type":"{kind}"}}"#), true));
            lines.push((format!(r#"{head}"type": "{kind}","payload":{payload}}}"#), true));
            lines.push((format!(r#"{{"type":"{kind}",{}"payload":{payload}}}"#, &head[1..]), true));
        }
    }
    lines
}

/// What a record says, as text.
fn said(record: &Record<'_>) -> String {
    let body = match &record.body {
        Body::Other => "other".to_string(),
        Body::Meta(meta) => format!("meta {:?}", meta.id.map(|id| id.decode().into_owned())),
        Body::TurnContext { cwd, model } => {
            format!("{:?} {:?}", cwd.map(|cwd| cwd.decode().into_owned()), model.is_some())
        }
        Body::UserMessage { texts, images } => format!("user {} {images}", texts.len()),
        Body::UserItem { texts, images } => format!("item {} {images}", texts.len()),
        Body::TurnStarted => "turn".into(),
        Body::Tokens(total) => format!("tokens {total}"),
        Body::Model(model) => format!("model {}", model.decode()),
        Body::Goal(goal) => format!("goal {}", goal.decode()),
        Body::Compacted(said) => format!("compacted {}", said.len()),
    };
    format!("{:?} {} {:?} {body}", record.at, record.odd_time, record.ordinal)
}

#[test]
fn a_line_reads_the_same_by_its_beginning_and_whole() {
    for (line, has_facts) in lines() {
        let whole = read(line.as_bytes());
        let quick = read_quickly(line.as_bytes());
        assert_eq!(whole.as_ref().map(said).ok(), quick.as_ref().map(said).ok(), "{line}");
        assert_eq!(skim(line.as_bytes()).is_none(), has_facts, "{line}");
    }
}

#[test]
fn of_a_damaged_line_nothing_else_is_read_than_what_is_there() {
    let (mut dice, mut unseen, mut all) = (RandomBits(3), 0, 0);
    for (line, _) in lines() {
        for _ in 0..400 {
            let mut damaged = line.clone().into_bytes();
            let at = (dice.draw() % damaged.len() as u64) as usize;
            match dice.draw() % 5 {
                0 => damaged[at] = dice.draw() as u8,
                1 => drop(damaged.remove(at)),
                2 => damaged.insert(at, b"\"\\{}[],:"[(dice.draw() % 8) as usize]),
                3 => damaged.truncate(at),
                _ => damaged[at] ^= 1 << (dice.draw() % 8),
            }
            let (whole, quick) = (read(&damaged), read_quickly(&damaged));
            match (whole, quick) {
                (Ok(whole), Ok(quick)) => {
                    assert_eq!(said(&whole), said(&quick), "{}", String::from_utf8_lossy(&damaged))
                }
                (Err(_), Ok(quick)) => {
                    // A fault that the structure does not show; no fact comes of such a line.
                    assert!(matches!(quick.body, Body::Other));
                    unseen += 1;
                }
                (Ok(_), Err(_)) => panic!("{}", String::from_utf8_lossy(&damaged)),
                (Err(_), Err(_)) => {}
            }
            all += 1;
        }
    }
    assert!(unseen * 40 < all, "{unseen} of {all}");
}
