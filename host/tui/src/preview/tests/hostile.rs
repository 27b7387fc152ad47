//! Threads that are large or deep, and what they may cost.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{agent, body, drawn, texts, turn};
use crate::preview::MOST_LINES;

/// What drawing may take: it is about half a second on two cores that have nothing else to do, and what is not linear takes
/// minutes.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 5 });

fn check(name: &str, turn: &Value) {
    for full_outputs in [false, true] {
        let begin = Instant::now();
        let drawn = drawn(turn, 80, full_outputs);
        let took = begin.elapsed();
        assert!(took < LONGEST, "{name}: {took:?}");
        assert!(drawn.lines.len() <= MOST_LINES + 4, "{name}: {} lines", drawn.lines.len());
        for line in &drawn.lines {
            assert!(line.width() <= 80, "{name}: {line:?}");
        }
    }
}

#[test]
fn large_texts_are_drawn_in_time() {
    for (name, piece) in [
        ("words", "kites and sails over the hill "),
        ("lines", "kites and sails\n"),
        ("paragraphs", "kites\n\nsails\n\n"),
        ("wide", "凧が空を飛ぶ。"),
        ("one word", "x"),
        ("marks", "e\u{301}\u{301}"),
        ("a family", "👨\u{200d}"),
        ("syllables", "क\u{94d}"),
        ("jamo", "ᄀ"),
        ("stars", "*a **b "),
        ("ticks", "`a ``b "),
        ("brackets", "[a ](b "),
        ("openings", "[["),
        ("angles", "<a "),
        ("entities", "&amp;"),
        ("lists", "- a\n  - b\n"),
        ("cells", "|a|b|c|\n|-|-|-|\n|1|2|3|\n\n"),
        ("definitions", "[a]: b\n"),
        ("struck", "~~a "),
        ("comments", "<!-- "),
        ("instructions", "<?a "),
        ("ends", "](a "),
        ("underscores", "_a__ "),
        ("backslashes", "\\`"),
        ("tasks", "- [ ] a\n"),
        ("references", "[a][b] "),
        ("fences", "```rust\nlet x = 1;\n```\n"),
    ] {
        check(name, &turn(&[agent(&piece.repeat((5 << 20) / piece.len()))]));
    }
}

#[test]
fn large_outputs_commands_and_changes_are_drawn_in_time() {
    let lines = "a line of output that is not short\n".repeat(100_000);
    let line = "x".repeat(1 << 20);
    let added = "+let x = 1;\n".repeat(100_000);
    for (name, item) in [
        ("output", json!({ "type": "commandExecution", "command": "make", "aggregatedOutput": lines })),
        ("line", json!({ "type": "commandExecution", "command": "make", "aggregatedOutput": line })),
        ("command", json!({ "type": "commandExecution", "command": lines })),
        ("long command", json!({ "type": "commandExecution", "command": line })),
        (
            "answer",
            json!({ "type": "mcpToolCall", "arguments": line, "result": { "content": [{ "type": "text", "text": lines }] } }),
        ),
        (
            "change",
            json!({ "type": "fileChange", "changes": [{ "path": "x.rs", "kind": { "type": "update" }, "diff": added }] }),
        ),
        (
            "file",
            json!({ "type": "fileChange", "changes": [{ "path": "x.rs", "kind": { "type": "add" }, "diff": added }] }),
        ),
        ("thought", json!({ "type": "reasoning", "summary": [lines] })),
        ("long thought", json!({ "type": "reasoning", "summary": [line] })),
        ("name", json!({ "type": line })),
    ] {
        check(name, &turn(&[item]));
    }
}

#[test]
fn deep_texts_are_drawn_in_time() {
    let nested = |open: &str, close: &str| format!("{}a{}", open.repeat(10_000), close.repeat(10_000));
    for (name, text) in [
        ("quotes", nested("> ", "")),
        ("quotes line by line", (0..2_000).map(|depth| format!("{} a\n", ">".repeat(depth))).collect()),
        ("lists", nested("- ", "")),
        ("numbers", nested("1. ", "")),
        ("lists line by line", (0..1_000).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect()),
        ("stress", nested("*", "*")),
        ("more stress", nested("**a ", " a**")),
        ("links", nested("[", "](b)")),
        ("images", nested("![", "](b)")),
        ("code", nested("`", "`")),
        ("brackets in code", format!("```rust\n{}\n```", "({[".repeat(20_000))),
        ("strings in code", format!("```js\n{}\n```", "`${".repeat(20_000))),
        ("slashes in code", format!("```ts\n{}\n```", "/a/ /".repeat(10_000))),
        ("heredocs", format!("```bash\n{}\n```", "cat <<EOF\n".repeat(5_000))),
        ("columns", format!("|{}\n|{}\n|{}", "a|".repeat(20_000), "-|".repeat(20_000), "b|\n|".repeat(20_000))),
        ("rows", format!("|a|b|\n|-|-|\n{}", "|1|2|\n".repeat(100_000))),
    ] {
        check(name, &turn(&[agent(&text)]));
    }
}

#[test]
fn code_of_every_language_is_drawn_in_time() {
    for language in
        ["rust", "bash", "css", "dockerfile", "html", "js", "json", "md", "python", "toml", "ts", "yaml", "go", "c"]
    {
        for piece in
            ["\"", "'", "/*", "<!--", "${", "\\", "r#\"", "- ", "<a ", "`", "[", "'''", "x: |\n", "#", "a.b.", "f("]
        {
            let code = piece.repeat((64 << 10) / piece.len());
            check(&format!("{language} {piece}"), &turn(&[agent(&format!("```{language}\n{code}\n```"))]));
        }
    }
}

#[test]
fn what_has_no_room_is_counted() {
    let lines = drawn(&turn(&[agent(&"kite\n".repeat(MOST_LINES + 99))]), 80, false).lines;
    assert_eq!(texts(&lines[lines.len() - 1..]), ["… 100 more lines"]);
    let lines = drawn(&turn(&[agent(&"kite\n\n".repeat(MOST_LINES))]), 80, false).lines;
    assert_eq!(texts(&lines[lines.len() - 1..]), ["… 4999 more lines"]);
    let code = format!("```\n{}```\n\nsail", "kite\n".repeat(MOST_LINES + 99));
    let lines = drawn(&turn(&[agent(&code)]), 80, false).lines;
    assert_eq!(texts(&lines[lines.len() - 1..]), ["… 101 more lines"]);
    let change = json!({ "type": "fileChange", "status": "completed", "changes": [
        { "path": "a", "kind": { "type": "add" }, "diff": "kite\n".repeat(250) }] });
    assert!(body(&turn(&[change]), 80, false).ends_with("+kite\n    … 50 more lines"));
}
