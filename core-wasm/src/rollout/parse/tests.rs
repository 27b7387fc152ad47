//! Shows that a text gives the same facts however it comes: fed in pieces, read from a file in short answers, and read
//! on from an earlier parse.

use std::format;
use std::string::String;
use std::vec::Vec;

use contract::{EntryKind, Extraction, FileFacts, NoThread};

use super::{Parser, Watch};
use crate::ports::one_file::{OneFile, facts};
use crate::rollout::extract::{Limits, extract, read_through};
use crate::rollout::head::identify;
use crate::rollout::ids::RandomBits;
use crate::rollout::record::Record;
use crate::text::json::Step;
use crate::text::lines::Line;

const ID: &str = "0198c0de-0000-7000-8000-0000000000ab";
const WHOLE: Limits = Limits { whole: u64::MAX, chunk: 1 << 20, tail: 1 << 20 };

fn fed(text: &[u8], pieces: usize) -> Result<Extraction, NoThread> {
    let mut parser = Parser::new(&facts(text));
    text.chunks(pieces).for_each(|piece| parser.feed(piece));
    parser.finish()
}

fn texts() -> Vec<Vec<u8>> {
    let meta = format!(
        "{{\"timestamp\":\"2026-01-02T03:04:05.000Z\",\"type\":\"session_meta\",\"payload\":{{\"id\":\"{ID}\",\"cwd\":\"/é\"}}}}\n"
    );
    let said = "{\"timestamp\":\"2026-01-02T03:04:06.000Z\",\"type\":\"event_msg\",\
                \"payload\":{\"type\":\"user_message\",\"message\":\"hello é\"}}\n";
    let turn = "{\"timestamp\":\"2026-01-02T03:04:07.000Z\",\"type\":\"turn_context\",\
                \"payload\":{\"cwd\":\"/there\",\"model\":\"m\"}}\n";
    let tokens = "{\"timestamp\":\"2026-01-02T03:04:08.000Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\
                  \"info\":{\"total_token_usage\":{\"total_tokens\":7}}}}\n";
    [
        String::new(),
        "\n\n".into(),
        "no record\n".into(),
        meta.clone(),
        meta.trim_end().into(),
        format!("{meta}{said}{turn}{tokens}"),
        format!("{meta}broken {said}\n{said}{{\"cut"),
        format!("{said}{turn}"),
        format!("{meta}{said}{}{turn}{tokens}", "{\"type\":\"other\",\"payload\":{}}\n".repeat(50)),
    ]
    .map(String::into_bytes)
    .into()
}

#[test]
fn pieces_give_what_reading_the_whole_file_gives() {
    for text in texts() {
        let expected = extract(&OneFile { text: text.clone(), most: usize::MAX }, &facts(&text), None, WHOLE);
        for pieces in [1, 2, 7, 64, 1 << 20] {
            assert_eq!(fed(&text, pieces), expected, "{} in {pieces}", String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn short_answers_are_not_taken_for_the_end() {
    for text in texts() {
        // With limits as small as these, a file is read from both ends.
        for limits in [WHOLE, Limits { whole: 600, chunk: 64, tail: 256 }] {
            let read = |most| extract(&OneFile { text: text.clone(), most }, &facts(&text), None, limits);
            let expected = read(usize::MAX);
            for most in [1, 3, 50] {
                let found = read(most);
                let same = |one: &Result<Extraction, NoThread>| {
                    one.clone().map(|extraction| Extraction { bytes_read: 0, ..extraction })
                };
                assert_eq!(same(&found), same(&expected), "{} in {most}", String::from_utf8_lossy(&text));
            }
            assert_eq!(
                identify(&OneFile { text: text.clone(), most: 1 }, "x"),
                identify(&OneFile { text: text.clone(), most: 1 << 20 }, "x")
            );
        }
    }
}

#[test]
fn a_grown_file_is_read_on_from_where_an_earlier_parse_stopped() {
    for text in texts() {
        let whole = fed(&text, 1 << 20);
        for cut in 0..text.len() {
            let Ok(earlier) = fed(&text[..cut], 1 << 20) else { continue };
            for most in [1, usize::MAX] {
                let files = OneFile { text: text.clone(), most };
                let on = extract(&files, &facts(&text), Some(&earlier.state), WHOLE);
                let states = (on.map(|on| on.state), whole.clone().map(|whole| whole.state));
                assert_eq!(states.0, states.1, "cut after {cut}, answers of {most}");
            }
        }
    }
}

/// Lines of every kind of which only the first or the last one counts, some without what they usually say, some damaged.
fn random_text(dice: &mut RandomBits) -> Vec<u8> {
    const PAYLOADS: [(&str, &str); 17] = [
        ("turn_context", r#"{"turn_id":"t","cwd":"/#","model":"m#"}"#),
        ("turn_context", r#"{"cwd":"/#"}"#),
        ("turn_context", r#"{"model":"m#"}"#),
        ("turn_context", r#"{"cwd":"/#","model":"m#","n":0#}"#),
        ("event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"input_tokens":1,"total_tokens":#}}}"#),
        ("event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"input_tokens":#}}}"#),
        ("event_msg", r#"{"type":"token_count","info":{"total_token_usage":{"total_tokens":#},"n":1#e}}"#),
        ("event_msg", r#"{"type":"token_count","info":{"last":0,"total_token_usage":{"total_tokens":#}}}"#),
        ("event_msg", r#"{"type":"token_count","info":null}"#),
        ("event_msg", r#"{"type":"thread_settings_applied","thread_settings":{"model":"s#"}}"#),
        ("event_msg", r#"{"type":"user_message","message":"said #"}"#),
        ("event_msg", r#"{"type":"task_started","turn_id":"t#"}"#),
        ("response_item", r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"item #"}]}"#),
        (
            "response_item",
            r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context><cwd>/#</cwd></environment_context>"}]}"#,
        ),
        ("compacted", r#"{"replacement_history":[{"type":"message","role":"user","content":[{"text":"kept #"}]}]}"#),
        ("session_meta", r#"{"id":"0198c0de-0000-7000-8000-0000000000ab","cwd":"/#"}"#),
        ("response_item", r#"{"type":"reasoning","summary":["r#"]}"#),
    ];
    let mut text = Vec::new();
    for number in 0..dice.draw() % 24 {
        let (kind, payload) = PAYLOADS[(dice.draw() % PAYLOADS.len() as u64) as usize];
        let payload = payload.replace('#', &format!("{}", 1 + number));
        let mut line = format!(
            "{{\"timestamp\":\"2026-01-02T03:04:{number:02}.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"
        )
        .into_bytes();
        if dice.draw().is_multiple_of(8) {
            let at = (dice.draw() % line.len() as u64) as usize;
            line[at] = b"\"\\{}[],:0x"[(dice.draw() % 10) as usize];
        }
        text.extend(line);
    }
    text
}

/// Looks on, and wants to know of lines what there is to know, or what the facts need.
struct Idle(bool);

impl Watch for Idle {
    fn wants_all(&self) -> bool {
        self.0
    }

    fn line(&mut self, _: &Line<'_>, _: &Step<Record<'_>>) {}
}

#[test]
fn lines_that_are_kept_for_later_say_what_they_say_when_read_as_they_come() {
    let mut dice = RandomBits(11);
    for _ in 0..20_000 {
        let text = random_text(&mut dice);
        let files = OneFile { text: text.clone(), most: usize::MAX };
        let in_order = fed(&text, 1 << 20);
        let shown = || String::from_utf8_lossy(&text);
        assert_eq!(extract(&files, &facts(&text), None, WHOLE), in_order, "{}", shown());
        // The doctor reads every line whole, and comes to the same facts.
        assert_eq!(read_through(&files, &facts(&text), &mut Idle(false)), in_order, "{}", shown());
        assert_eq!(read_through(&files, &facts(&text), &mut Idle(true)), in_order, "{}", shown());
        // So does a start that reads on where an earlier one stopped.
        let cut = (dice.draw() % (text.len() as u64 + 1)) as usize;
        let earlier = OneFile { text: text[..cut].to_vec(), most: usize::MAX };
        if let Ok(earlier) = extract(&earlier, &facts(&text[..cut]), None, WHOLE) {
            let on = extract(&files, &facts(&text), Some(&earlier.state), WHOLE);
            assert_eq!(on.map(|on| on.state), in_order.map(|whole| whole.state), "cut after {cut}: {}", shown());
        }
    }
}

#[test]
fn what_is_no_file_is_not_read() {
    let mut parser = Parser::new(&FileFacts { kind: EntryKind::Directory, ..facts(b"") });
    parser.feed(b"{}\n");
    let answer = parser.finish();
    assert_eq!(answer.map_err(|none| none.reason), Err("it cannot be read: not a regular file".into()));
}
