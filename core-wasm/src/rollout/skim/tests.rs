use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{Skimmed, read_quickly, skim};
use crate::rollout::fold::{Fold, Identity};
use crate::rollout::ids::RandomBits;
use crate::rollout::record::{Body, Record, read};
use crate::text::json::Step;

const HEADS: [&str; 3] = [
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","#,
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","ordinal":7,"#,
    r#"{"timestamp":"2026-03-01T10:00:00.000Z","ordinal":07,"#,
];

/// How a line is read while nothing is known, and when everything is that is the first of its kind.
type Ways = (char, char);
/// Whole.
const W: char = 'w';
/// By its beginning.
const B: char = 'b';
/// By its beginning, unless no later line has its facts.
const L: char = 'l';

/// Type and payload of lines with facts and without, in the order of keys in which releases write them.
const BODIES: [(&str, &str, Ways); 18] = [
    ("response_item", r#"{"type":"function_call_output","call_id":"c","output":"a \"b\" {\n é"}"#, (B, B)),
    ("response_item", r#"{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"…"}]}"#, (B, B)),
    ("response_item", r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}"#, (B, B)),
    ("response_item", r#"{"type":"message","id":"m","role":"developer","content":[]}"#, (B, B)),
    ("response_item", r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}"#, (W, B)),
    ("response_item", r#"{"type":"message","content":[{"type":"input_text","text":"hello"}],"role":"user"}"#, (W, B)),
    ("event_msg", r#"{"type":"agent_message","message":"done"}"#, (B, B)),
    ("event_msg", r#"{"type":"user_message","message":"hello","images":[]}"#, (W, B)),
    ("event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"total_tokens":5}}}"#, (L, L)),
    ("event_msg", r#"{"type":"token_count","info":null,"rate_limits":{}}"#, (B, B)),
    ("event_msg", r#"{"type":"task_started","turn_id":"t"}"#, (B, B)),
    (
        "event_msg",
        r#"{"type":"item_completed","thread_id":"a","turn_id":"t","item":{"type":"AgentMessage","id":"m"}}"#,
        (B, B),
    ),
    (
        "event_msg",
        r#"{"type":"item_completed","thread_id":"a","turn_id":"t","item":{"type":"UserMessage","content":[{"type":"text","text":"hi"}]}}"#,
        (W, B),
    ),
    ("event_msg", r#"{"type":"thread_settings_applied","thread_settings":{"model":"m"}}"#, (W, W)),
    ("world_state", r#"{"full":true,"state":{"a":[1,2]}}"#, (B, B)),
    ("turn_context", r#"{"cwd":"/a","model":"m"}"#, (L, L)),
    ("session_meta", r#"{"id":"019ca8a0-0000-7000-8000-000000000001","cwd":"/a"}"#, (W, W)),
    ("compacted", r#"{"message":"","replacement_history":[]}"#, (W, B)),
];

fn lines() -> Vec<(String, Ways)> {
    let mut lines = Vec::new();
    for head in HEADS {
        for (kind, payload, ways) in BODIES {
            let ways = if head.contains("07") { (W, W) } else { ways };
            lines.push((format!(r#"{head}"type":"{kind}","payload":{payload}}}"#), ways));
            // In another order of keys, and with white space.
            lines.push((format!(r#"{head}"payload":{payload},"type":"{kind}"}}"#), (W, W)));
            lines.push((format!(r#"{head}"type": "{kind}","payload":{payload}}}"#), (W, W)));
            lines.push((format!(r#"{{"type":"{kind}",{}"payload":{payload}}}"#, &head[1..]), (W, W)));
        }
    }
    lines
}

/// Everything is known that is the first of its kind.
fn all_known() -> Fold {
    let some = || Some(String::from("known"));
    let identity = Some(Identity { id: "known".into(), ..Identity::default() });
    Fold { identity, first_user: some(), first_item: some(), context_cwd: some(), ..Fold::default() }
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

/// How a line is read.
fn way(line: &[u8], known: &Fold) -> char {
    match skim(line, known) {
        None => W,
        Some(Skimmed::Said(_)) => B,
        Some(Skimmed::Replaceable(..)) => L,
    }
}

#[test]
fn a_line_reads_the_same_by_its_beginning_and_whole() {
    for (line, ways) in lines() {
        let line = line.as_bytes();
        let (nothing, everything) = (Fold::default(), all_known());
        assert_eq!((way(line, &nothing), way(line, &everything)), ways, "{}", String::from_utf8_lossy(line));
        let whole = read(line);
        let quick = read_quickly(line, &nothing);
        assert_eq!(whole.as_ref().map(said).ok(), quick.as_ref().map(said).ok(), "{}", String::from_utf8_lossy(line));
        // What is known is left out, and the rest is the same.
        let fold = |read: Step<Record<'_>>| {
            let mut fold = all_known();
            fold.record(read.ok()?);
            Some(fold)
        };
        assert_eq!(fold(read_quickly(line, &everything)), fold(read(line)));
    }
}

#[test]
fn a_damaged_line_reads_the_same_by_its_beginning_and_whole() {
    let mut dice = RandomBits(3);
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
            let (whole, quick) = (read(&damaged), read_quickly(&damaged, &Fold::default()));
            let shown = || String::from_utf8_lossy(&damaged);
            assert_eq!(whole.as_ref().map(said), quick.as_ref().map(said), "{}", shown());
            // What a row has comes out the same whatever is known already.
            let fold = |read: Step<Record<'_>>| {
                let mut fold = all_known();
                read.map(|record| fold.record(record)).map(|()| fold)
            };
            assert_eq!(fold(read(&damaged)), fold(read_quickly(&damaged, &all_known())), "{}", shown());
        }
    }
}
