//! What holds for every turn, whatever it says.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{agent, body, drawn, turn};
use crate::preview::find::{find_in, mark};
use crate::preview::{RenderOptions, render_turn};
use crate::theme::{Role, Theme};
use threadkeep_terminal::visible::plain;

/// Pieces that texts are made of: what drives terminals, what Markdown means, and what is wide, narrow or joined.
const PIECES: [&str; 64] = [
    "kite",
    "a",
    " ",
    " ",
    "\n",
    "\n\n",
    "\t",
    "\r",
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{1b}]8;;x\u{1b}\\",
    "\u{9b}31m",
    "\u{7}",
    "\u{8}",
    "\u{0}",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{2028}",
    "\u{200b}",
    "\u{200d}",
    "\u{ad}",
    "\u{feff}",
    "\u{e0041}",
    "&#27;",
    "&#x9b;",
    "&#8238;",
    "&Tab;",
    "&NewLine;",
    "凧",
    "が",
    "、",
    "「",
    "👩🏽\u{200d}🚀",
    "👨\u{200d}👩\u{200d}👧",
    "❤\u{fe0f}",
    "🇩🇪",
    "🇩",
    "e\u{301}",
    "\u{301}",
    "\u{20e3}",
    "1\u{fe0f}\u{20e3}",
    "لا",
    "שלום",
    "ل\u{200d}ا",
    "क\u{94d}ष",
    "ᄀ",
    "각",
    "\u{3000}",
    "*",
    "**",
    "_",
    "`",
    "```",
    "> ",
    "- ",
    "1. ",
    "# ",
    "| ",
    "|-|",
    "[x](y)",
    "![",
    "<b>",
    "~~",
];

/// Letters of scripts in which characters join, and what joins them.
const SCRIPTS: &str = "[a \u{300}-\u{320}\u{5d0}-\u{5ea}\u{600}-\u{6ff}\u{900}-\u{97f}\u{e00}-\u{e7f}\u{f40}-\u{fbf}\u{1100}-\u{11ff}\
                       \u{1780}-\u{17ff}\u{200c}\u{200d}\u{a960}-\u{a97c}\u{ac00}-\u{ac20}\u{fe0e}\u{fe0f}\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\
                       \u{1f466}-\u{1f469}\u{1f3f4}\u{e0067}\u{e007f}\u{3099}\u{2d7f}\u{a4fc}\u{16d63}]{0,80}";

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(proptest::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => SCRIPTS,
    ]
}

/// Gives a value of any shape, with hostile texts in it.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        hostile().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = proptest::sample::select(&["type", "text", "path", "name", "content", "message"][..]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key, inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Gives items of every type with that text wherever one may be.
fn items(s: &str) -> Vec<Value> {
    let parts = json!([{ "type": "text", "text": s }, { "type": "inputText", "text": s }, { "type": s, "name": s }]);
    let content = json!([{ "type": "text", "text": s }, { "type": "image", "url": s }, { "type": "localImage", "path": s },
        { "type": "skill", "name": s, "path": s }, { "type": s, "name": s }]);
    let change = |kind: &str| json!({ "path": s, "kind": { "type": kind, "move_path": s }, "diff": format!("@@ {s}\n+{s}\n-{s}\n {s}\n{s}") });
    let call = |kind: &str| {
        json!({ "type": kind, "server": s, "tool": s, "namespace": s, "arguments": { s: s }, "status": s, "prompt": s,
            "result": { "content": parts }, "contentItems": parts, "error": { "message": s } })
    };
    let mut items = vec![
        json!({ "type": "userMessage", "content": content }),
        agent(s),
        agent(&format!(
            "```rust\n{s}\n```\n\n```{s}\nx\n```\n\n```diff\n+{s}\n```\n\n| {s} | b |\n|--|--|\n| {s} | {s} |\n\n> - {s}\n\n[{s}]({s})"
        )),
        json!({ "type": "plan", "text": s }),
        json!({ "type": "reasoning", "summary": [s], "content": [s] }),
        json!({ "type": "reasoning", "content": [s, s] }),
        json!({ "type": "commandExecution", "command": format!("bash -lc '{s}'"), "aggregatedOutput": s }),
        json!({ "type": "commandExecution", "command": s, "cwd": s, "status": s, "aggregatedOutput": s }),
        json!({ "type": "commandExecution", "command": s, "exitCode": i64::MIN, "durationMs": i64::MAX, "aggregatedOutput": s }),
        json!({ "type": "fileChange", "status": s, "changes": [change("add"), change("delete"), change("update"), change(s)] }),
        call("mcpToolCall"),
        call("dynamicToolCall"),
        call("collabAgentToolCall"),
    ];
    for kind in [
        "webSearch",
        "imageView",
        "imageGeneration",
        "contextCompaction",
        "subAgentActivity",
        "enteredReviewMode",
        "exitedReviewMode",
        s,
    ] {
        items.push(json!({ "type": kind, "query": s, "path": s, "savedPath": s, "agentPath": s, "kind": s, "agentThreadId": s, "review": s, "text": s }));
    }
    items
}

/// Checks that lines fit and drive nothing.
fn check(turn: &Value, notes: &[String], width: u16) -> Result<(), TestCaseError> {
    for full_outputs in [false, true] {
        let options = RenderOptions { width, theme: &Theme::colored(), notes, full_outputs };
        let drawn = render_turn(turn, Some(u64::MAX), &options);
        for line in &drawn.lines {
            prop_assert!(line.width() <= usize::from(width), "{} > {}: {:?}", line.width(), width, line);
            let clusters = |text: &str| text.graphemes(true).map(UnicodeWidthStr::width).sum::<usize>();
            let columns: usize = line.spans.iter().map(|span| clusters(&span.content)).sum();
            prop_assert!(columns <= usize::from(width), "{} > {}: {:?}", columns, width, line);
            for span in &line.spans {
                prop_assert!(!span.content.chars().any(|c| c.is_control() || drives(c)), "{:?}", span);
            }
            // Where a style parts a text, what joined it is not there any more: of the line as a whole nothing else is hidden.
            let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
            prop_assert_eq!(joinless(&plain(&text)), joinless(&text));
        }
        if let Some(prompt) = drawn.prompt {
            prop_assert_eq!(plain(&prompt), prompt);
        }
    }
    Ok(())
}

fn drives(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn joinless(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}'))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_item_drives_the_terminal_or_is_too_wide(text in hostile(), width in 20_u16..200) {
        let turn = json!({ "id": text, "status": text, "items": items(&text), "durationMs": i64::MIN,
            "error": { "message": text, "additionalDetails": text } });
        check(&turn, &[text], width)?;
    }

    #[test]
    fn no_shape_does_harm(items in vec(anything(), 0..6), other in anything(), width in 0_u16..200) {
        let turn = json!({ "id": other, "status": other, "items": items, "startedAt": other, "error": other });
        check(&turn, &[], width.max(20))?;
        for value in items.iter().chain([&other]) {
            check(value, &[], width.max(20))?;
        }
        let kinds = ["userMessage", "agentMessage", "plan", "reasoning", "commandExecution", "fileChange", "mcpToolCall"];
        let names = ["text", "content", "summary", "command", "aggregatedOutput", "exitCode", "changes", "result", "durationMs"];
        let shaped: Vec<Value> = kinds.iter().map(|kind| {
            let mut item = json!({ "type": kind });
            names.iter().for_each(|name| item[*name] = other.clone());
            item
        }).collect();
        check(&turn_of(shaped), &[], width.max(20))?;
        drawn(&turn, width, true);
    }

    #[test]
    fn no_word_is_lost(words in vec("[a-z凧が飛é]{1,30}", 1..60), width in 20_u16..200) {
        let said = words.join(" ");
        for item in [agent(&said), json!({ "type": "userMessage", "content": [{ "type": "text", "text": said }] })] {
            let read = body(&turn(&[item]), width, false);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '▌').collect::<String>();
            prop_assert_eq!(letters(&read), letters(&said));
            for word in words.iter().filter(|word| word.is_ascii() && word.len() + 2 <= usize::from(width)) {
                prop_assert!(read.contains(word.as_str()), "{} {}", word, read);
            }
        }
    }

    #[test]
    fn marks_change_no_letter(text in hostile(), word in hostile(), width in 20_u16..200) {
        let lines = drawn(&turn(&[agent(&text)]), width, false).lines;
        let words = [word, "kite".to_owned(), "E".to_owned()];
        let style = Theme::colored().style(Role::Match);
        let places = find_in(&lines, &words);
        for (number, line) in lines.iter().enumerate() {
            let ranges: Vec<_> = places.iter().filter(|(at, _)| *at == number).map(|(_, range)| range.clone()).collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let marked = mark(line, &ranges, style);
            let text = |line: &ratatui::text::Line<'_>| line.spans.iter().map(|span| span.content.to_string()).collect::<String>();
            prop_assert_eq!(text(&marked), text(line));
            let painted: usize = marked.spans.iter().filter(|span| span.style.fg == style.fg).map(|span| span.content.len()).sum();
            prop_assert!(painted >= ranges.iter().map(|range| range.len()).sum::<usize>());
        }
    }
}

fn turn_of(items: Vec<Value>) -> Value {
    turn(&items)
}
