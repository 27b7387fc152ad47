use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{IndexTerm, TextKind, TextPattern};

use super::TermFinder;
use crate::history::chain::Chain;
use crate::history::text_places::each_text;
use crate::history::texts::MESSAGE_KINDS;
use crate::ports::one_file::OneFile;

fn pattern(text: &str, is_regex: bool) -> [IndexTerm; 1] {
    [IndexTerm::Pattern(TextPattern { text: text.into(), is_regex, ignores_case: false })]
}

/// A rollout of these records, each as type and payload.
fn rollout(records: &[(&str, String)]) -> Vec<u8> {
    let meta = r#"{"id":"01980000-0000-7000-8000-000000000001","timestamp":"2026-01-01T00:00:00.000Z"}"#;
    let all = [("session_meta", meta.to_string())].into_iter().chain(records.iter().cloned());
    let line = |(kind, payload): (&str, String)| {
        format!("{{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n")
    };
    all.map(line).collect::<String>().into_bytes()
}

/// Says whether a pattern stands in a rollout, as it is asked for and by reading everything; they must agree.
#[track_caller]
fn stands(text: &[u8], sought: &IndexTerm, kinds: &[TextKind]) -> bool {
    // Chunks of every size: what is looked for may stand across their ends.
    let found = [1, 7, 64, 1 << 20].map(|most| {
        let home = OneFile { text: text.to_vec(), most };
        let terms = [sought.clone()];
        let quickly = TermFinder::new(&terms, kinds).find(&home, "sessions/a.jsonl").unwrap();
        let careful = TermFinder { prefilter: None, ..TermFinder::new(&terms, kinds) };
        let carefully = { careful }.find(&home, "sessions/a.jsonl").unwrap();
        assert_eq!((quickly.all, quickly.prompts), (carefully.all, carefully.prompts), "{sought:?} {kinds:?} {most}");
        quickly.all == 1
    });
    assert!(found.iter().all(|one| *one == found[0]), "{sought:?}");
    found[0]
}

#[test]
fn what_is_escaped_joined_or_spelled_otherwise_is_found_all_the_same() {
    let event = |payload: &str| ("event_msg", payload.to_string());
    let said = |text: &str| event(&format!(r#"{{"type":"agent_message","message":"{text}"}}"#));
    let run = |command: &str, output: &str| {
        event(&format!(
            r#"{{"type":"exec_command_end","call_id":"c","turn_id":"t","command":{command},"cwd":"/","aggregated_output":"{output}","exit_code":0}}"#
        ))
    };
    let begun = event(r#"{"type":"task_started","turn_id":"t"}"#);
    let bare =
        |parts: &str| ("response_item", format!(r#"{{"type":"message","role":"assistant","content":[{parts}]}}"#));
    let item =
        |item: &str| event(&format!(r#"{{"type":"item_completed","thread_id":"x","turn_id":"t","item":{item}}}"#));
    let plan = item(r#"{"type":"Plan","id":"p","text":"pl\u0061n it"}"#);
    let all = [&MESSAGE_KINDS[..], &[TextKind::Command, TextKind::Output, TextKind::Change]].concat();
    for (record, sought, is_there) in [
        (said(r"pl\u0061in"), "plain", true),
        (said(r"gr\u00fcn"), "grün", true),
        (said("grün"), "grün", true),
        (said(r"\ud83c\udf89 x"), "🎉 x", true),
        (said(r"a\/b"), "a/b", true),
        (said(r#"say \"so\" \\ it"#), r#"say "so" \ it"#, true),
        (said(r"one\ntwo"), "one\ntwo", true),
        (said("plain"), "plan", false),
        // Such a text is no JSON for those who show it.
        (said(r"a\ud83c"), "\u{fffd}", false),
        (plan, "plan it", true),
        (run(r#"["bash","-lc","echo 'a b'"]"#, "x"), "-lc", true),
        (run(r#"["echo","it is"]"#, "x"), "echo 'it is'", true),
        (run(r#"["x"]"#, r"pl\u0061in"), "plain", true),
        (run(r#"["x"]"#, r"\u001b[31mred"), "\u{1b}[31mred", true),
        (run(r#"["x"]"#, "1234"), "1234", true),
        (run(r#"["x"]"#, "other"), "1234", false),
    ] {
        for kinds in [&all, &MESSAGE_KINDS.to_vec()] {
            let text = rollout(&[begun.clone(), record.clone()]);
            let found = stands(&text, &pattern(sought, false)[0], kinds);
            let is_done = record.1.contains("exec_command_end");
            assert_eq!(found, is_there && (!is_done || kinds.len() > 4), "{sought}");
        }
    }
    // A history that has nothing else: what was said in two parts is one text.
    let two = r#"{"type":"output_text","text":"light"},{"type":"output_text","text":"house"}"#;
    let text = rollout(&[bare(two)]);
    let _ = stands(&text, &pattern("lighthouse", false)[0], &MESSAGE_KINDS);
    let line = format!("{{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{two}]}}\n");
    let first = "{\"id\":\"01980000-0000-7000-8000-000000000001\",\"timestamp\":\"2026-01-01T00:00:00.000Z\"}\n";
    assert!(stands(format!("{first}{line}").as_bytes(), &pattern("lighthouse", false)[0], &MESSAGE_KINDS));
}

#[test]
fn what_an_expression_needs_stands_wherever_it_matches() {
    let message = |text: &str| ("event_msg", format!(r#"{{"type":"agent_message","message":"{text}"}}"#));
    let text = rollout(&[message(r"fn  find_it(x)\nnext l\u0069ne"), message("größe 12")]);
    for (regex, is_there) in [
        (r"^fn\s+find_\w+\(", true),
        (r"next|never", true),
        ("never|ever", false),
        (r"line$", true),
        (r"^größe \d+$", true),
        (r"\d{3}", false),
        (r"x\)\s*next", true),
    ] {
        assert_eq!(stands(&text, &pattern(regex, true)[0], &MESSAGE_KINDS), is_there, "{regex}");
    }
}

#[test]
fn a_text_is_found_in_any_case_however_its_letters_are_written() {
    let message = |text: &str| ("event_msg", format!(r#"{{"type":"agent_message","message":"{text}"}}"#));
    for (text, sought, is_there) in [
        ("Fix the Parser", "THE PARSER", true),
        ("fix the parser", "THE  PARSER", false),
        ("\u{212a}elvin", "kelvin", true),
        (r"\u212aelvin", "kelvin", true),
        ("mo\u{17f}t", "MOST", true),
        (r"p\u0061rser", "PARSER", true),
        ("GRÖSSE", "größe", false),
        ("GRÖẞE", "größe", true),
        ("a", "A", true),
        ("日本", "日本", true),
        ("-->", "-->", true),
        ("parse", "parser", false),
    ] {
        let of = TextPattern { text: sought.into(), is_regex: false, ignores_case: true };
        let found = stands(&rollout(&[message(text)]), &IndexTerm::Pattern(of), &MESSAGE_KINDS);
        assert_eq!(found, is_there, "{text} {sought}");
    }
}

/// A response item that is a message with these texts.
fn item(role: &str, texts: &[&str]) -> (&'static str, String) {
    let parts: Vec<_> = texts.iter().map(|text| serde_json::json!({"type": "input_text", "text": text})).collect();
    let message = serde_json::json!({"content": parts}).to_string();
    ("response_item", format!(r#"{{"type":"message","role":"{role}",{}"#, &message[1..]))
}

#[test]
fn context_is_what_a_model_was_told_that_nobody_said() {
    let event = |payload: serde_json::Value| ("event_msg", payload.to_string());
    let begins = || event(serde_json::json!({"type": "task_started", "turn_id": "t"}));
    let asked = |text: &str| event(serde_json::json!({"type": "user_message", "message": text}));
    let told = |text: &str| event(serde_json::json!({"type": "agent_message", "message": text}));
    let text = rollout(&[
        begins(),
        item("developer", &["sandbox rules"]),
        item(
            "user",
            &[
                "# AGENTS.md instructions for /repo\n\n<INSTRUCTIONS>\nuse tabs\n</INSTRUCTIONS>",
                "<environment_context>\n<cwd>/repo</cwd>\n</environment_context>",
            ],
        ),
        item("user", &["# Context from my IDE setup:\n\nopen.rs\n\n## My request for Codex:\nfix the parser"]),
        asked("# Context from my IDE setup:\n\nopen.rs\n\n## My request for Codex:\nfix the parser"),
        told("It is fixed.\n"),
        item("assistant", &["It is fixed."]),
        told("Done."),
        item("assistant", &["Done.\n<citation>lib.rs</citation>"]),
        begins(),
        item("user", &["a message that was injected"]),
        item("assistant", &["a summary of what was said before"]),
        asked("go on"),
        item("user", &["go on"]),
        ("response_item", r#"{"type":"function_call_output","call_id":"c","output":"put out"}"#.to_string()),
    ]);
    for (sought, in_context, in_messages) in [
        ("use tabs", true, false),
        ("<cwd>/repo", true, false),
        ("open.rs", true, false),
        ("fix the parser", false, true),
        ("It is fixed", false, true),
        ("lib.rs", true, false),
        ("that was injected", true, false),
        ("a summary of what", true, false),
        ("go on", false, true),
        ("sandbox rules", false, false),
        ("put out", false, false),
    ] {
        let asked = pattern(sought, false);
        assert_eq!(stands(&text, &asked[0], &[TextKind::Context]), in_context, "{sought}");
        assert_eq!(stands(&text, &asked[0], &MESSAGE_KINDS), in_messages, "{sought}");
        let both = [&MESSAGE_KINDS[..], &[TextKind::Context]].concat();
        assert_eq!(stands(&text, &asked[0], &both), in_context || in_messages, "{sought}");
    }
}

#[test]
fn context_stands_in_lines_of_its_rollout_and_in_no_turn() {
    let text = rollout(&[
        ("event_msg", r#"{"type":"task_started","turn_id":"t"}"#.to_string()),
        item("user", &["<environment_context>here</environment_context>"]),
        ("event_msg", r#"{"type":"user_message","message":"said"}"#.to_string()),
    ]);
    let home = OneFile { text, most: 1 << 20 };
    let mut found = Vec::new();
    let chain = Chain::alone(&home, "sessions/a.jsonl").unwrap();
    each_text(&home, chain, &[TextKind::Prompt, TextKind::Context], |place, kind, text| {
        found.push((kind, text.to_string(), place.turn.map(ToString::to_string), place.place.1, place.copied));
    })
    .unwrap();
    assert_eq!(
        found,
        [
            (TextKind::Prompt, "said".to_string(), Some("t".to_string()), 4, false),
            (TextKind::Context, "<environment_context>here</environment_context>".to_string(), None, 3, false),
        ]
    );
}
