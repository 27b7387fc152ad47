//! What is said and done in a turn, as it is read.

use serde_json::{Value, json};

use super::{agent, body, drawn, is_styled, texts, turn};
use crate::preview::{RenderOptions, render_turn};
use crate::theme::{Role, Theme};

fn harbour() -> Value {
    json!({
        "id": "019d3aa0-a60d-7000-8000-000000000001",
        "status": "failed",
        "startedAt": 1_774_805_100,
        "completedAt": 1_774_805_165,
        "durationMs": 65_200,
        "error": { "message": "the model was not reached", "additionalDetails": "three attempts" },
        "items": [
            { "type": "userMessage", "id": "1", "content": [
                { "type": "text", "text": "\n  Why does the *lamp* of the harbour blink?\nSee `lamp.rs`." },
                { "type": "image", "url": format!("data:image/png;base64,{}", "iVBOR".repeat(400)) },
                { "type": "localImage", "path": "/home/robin/lamp.png" },
                { "type": "skill", "name": "lighthouse", "path": "/skills/lighthouse" },
            ] },
            { "type": "reasoning", "id": "2", "summary": ["**Looking at the lamp**\n\nIts timer may be short."], "content": [] },
            { "type": "commandExecution", "id": "3", "command": "rg -n 'fn blink' src | head -2", "cwd": "/home/robin",
              "status": "completed", "exitCode": 0, "durationMs": 120, "aggregatedOutput": "src/lamp.rs:7:fn blink() {\n" },
            { "type": "commandExecution", "id": "4", "command": "cargo test", "status": "failed", "exitCode": 101,
              "durationMs": 3_400, "aggregatedOutput": "one\ntwo\nthree\nfour\nfive\n\u{1b}[31msix\u{1b}[0m\tfailed\n" },
            { "type": "fileChange", "id": "5", "status": "completed", "changes": [
                { "path": "src/lamp.rs", "kind": { "type": "update", "move_path": null },
                  "diff": "@@ -6,3 +6,3 @@\n // The lamp\n-fn blink() {\n+fn shine() {\n" },
                { "path": "notes.txt", "kind": { "type": "add" }, "diff": "It shines.\nAll night.\n" },
            ] },
            { "type": "mcpToolCall", "id": "6", "server": "tides", "tool": "height", "arguments": { "at": "noon" },
              "status": "completed", "durationMs": 40, "result": { "content": [
                  { "type": "text", "text": "2.4 m" }, { "type": "image", "data": "iVBOR" } ] }, "error": null },
            { "type": "mcpToolCall", "id": "7", "server": "tides", "tool": "moon", "arguments": {}, "status": "failed",
              "error": { "message": "no moon" } },
            { "type": "dynamicToolCall", "id": "8", "tool": "ring_bell", "arguments": "{}", "status": "completed",
              "success": true, "contentItems": [{ "type": "inputText", "text": "rung" }] },
            { "type": "webSearch", "id": "9", "query": "lamps of harbours" },
            { "type": "imageView", "id": "10", "path": "/home/robin/lamp.png" },
            { "type": "contextCompaction", "id": "11" },
            { "type": "subAgentActivity", "id": "12", "agentPath": "root/keeper", "kind": "started", "agentThreadId": "019d" },
            { "type": "collabAgentToolCall", "id": "13", "tool": "spawnAgent", "status": "completed", "prompt": "Keep watch.",
              "receiverThreadIds": ["019d-keeper"] },
            { "type": "enteredReviewMode", "id": "14", "review": "the lamp" },
            { "type": "exitedReviewMode", "id": "15", "review": "It is **well**." },
            { "type": "plan", "id": "16", "text": "1. Look\n2. Mend" },
            { "type": "foghorn", "id": "17" },
            agent("It blinks since `blink` is called. I renamed it."),
        ],
    })
}

#[test]
fn a_turn_is_read_from_its_header_to_its_error() {
    let notes = ["asked again in May".to_owned()];
    let options = RenderOptions { width: 64, theme: &Theme::colored(), notes: &notes, full_outputs: false };
    let turn = render_turn(&harbour(), Some(3), &options);
    assert_eq!(turn.id, "019d3aa0-a60d-7000-8000-000000000001");
    assert_eq!(turn.started_at, Some(1_774_805_100));
    assert_eq!(turn.prompt.as_deref(), Some("Why does the *lamp* of the harbour blink?"));
    let read = "\
── 3 · failed · 1 min 5 s · 019d3aa0-a60d ──────────────────────
# asked again in May

▌ Why does the lamp of the harbour blink?
▌ See lamp.rs.
▌ [image]
▌ [image: /home/robin/lamp.png]
▌ [skill: lighthouse]

~ Looking at the lamp

~ Its timer may be short.
$ rg -n 'fn blink' src | head -2  exit 0, 0.1 s
    src/lamp.rs:7:fn blink() {
$ cargo test  exit 101, 3.4 s
    … 1 more line
    two
    three
    four
    five
    six    failed
± src/lamp.rs  +1 -1
    @@ -6,3 +6,3 @@
     // The lamp
    -fn blink() {
    +fn shine() {
+ notes.txt  +2 -0
    +It shines.
    +All night.
* tides.height completed, 0.0 s  {\"at\":\"noon\"}
    2.4 m
    [image]
* tides.moon failed  {}
    ! no moon
* ring_bell completed  {}
    rung
* web search: lamps of harbours
* [image: /home/robin/lamp.png]
* the context was summed up
* sub-agent root/keeper started: 019d
* agents: spawnAgent completed
    Keep watch.
    019d-keeper
* review: the lamp

┆ review
┆ It is well.

┆ plan
┆ 1. Look
┆ 2. Mend

* foghorn

It blinks since blink is called. I renamed it.

! the model was not reached
! three attempts";
    assert_eq!(texts(&turn.lines).join("\n"), read);
}

#[test]
fn colours_say_how_it_went() {
    let lines = drawn(&harbour(), 64, false).lines;
    for (text, role) in [
        ("failed", Role::Failure),
        ("$ ", Role::Command),
        ("exit 0", Role::Success),
        ("exit 101", Role::Failure),
        ("-fn blink() {", Role::Removed),
        ("+It shines.", Role::Added),
        ("@@ -6,3 +6,3 @@", Role::HunkHeader),
        ("// The lamp", Role::Comment),
        ("'fn blink'", Role::StringLiteral),
        ("lamp.rs", Role::InlineCode),
        ("the model was not reached", Role::Failure),
        ("no moon", Role::Failure),
    ] {
        assert!(is_styled(&lines, text, role), "{text} {role:?}\n{lines:?}");
    }
}

#[test]
fn full_outputs_have_all_their_lines() {
    let lines: Vec<String> = (1..=300).map(|line| format!("line {line}")).collect();
    let command = json!({ "type": "commandExecution", "command": "seq 300", "aggregatedOutput": lines.join("\n"),
        "exitCode": 0, "status": "completed" });
    let short = body(&turn(std::slice::from_ref(&command)), 40, false);
    assert!(short.starts_with("$ seq 300  exit 0\n    … 295 more lines\n    line 296\n"), "{short}");
    let full = body(&turn(&[command]), 40, true);
    assert_eq!(full.lines().count(), 301);
    assert!(full.ends_with("line 300"), "{full}");
}

#[test]
fn a_line_of_output_is_folded_where_it_is_wanted_in_full() {
    let command =
        json!({ "type": "commandExecution", "command": "cat", "aggregatedOutput": "x".repeat(40), "exitCode": 0 });
    assert_eq!(
        body(&turn(std::slice::from_ref(&command)), 24, false),
        format!("$ cat  exit 0\n    {}…", "x".repeat(19))
    );
    let full = format!("$ cat  exit 0\n    {}\n    {}", "x".repeat(20), "x".repeat(20));
    assert_eq!(body(&turn(&[command]), 24, true), full);
}

#[test]
fn a_long_command_is_cut_and_still_says_how_it_ended() {
    let script = (1..=20).map(|line| format!("echo {line}")).collect::<Vec<_>>().join("\n");
    let command = json!({ "type": "commandExecution", "command": script, "exitCode": 2, "status": "failed" });
    let read = body(&turn(&[command]), 40, false);
    assert!(read.starts_with("$ echo 1\n  echo 2\n"), "{read}");
    assert!(read.ends_with("  echo 12\n  … 8 more lines\n  exit 2"), "{read}");
}

#[test]
fn of_a_shell_what_it_is_told_to_do_is_read() {
    for (command, read) in [
        ("/bin/bash -lc 'rg -n \"kite\" | head'", "$ rg -n \"kite\" | head  exit 0"),
        ("bash -lc \"cat <<'EOF'\nkite\nEOF\"", "$ cat <<'EOF'\n  kite\n  EOF  exit 0"),
        ("bash -lc 'unfinished", "$ bash -lc 'unfinished  exit 0"),
        ("bash kite.sh", "$ bash kite.sh  exit 0"),
    ] {
        let command = json!({ "type": "commandExecution", "command": command, "exitCode": 0 });
        assert_eq!(body(&turn(&[command]), 60, false), read);
    }
}

#[test]
fn what_a_change_moves_deletes_or_was_refused_is_said() {
    let change = json!({ "type": "fileChange", "status": "declined", "changes": [
        { "path": "a.txt", "kind": { "type": "update", "movePath": "b.txt" }, "diff": "@@ -1 +1 @@\n--- a\n+++ b\n" },
        { "path": "c.txt", "kind": { "type": "delete" }, "diff": "gone\n" },
    ] });
    let read = "± a.txt → b.txt  +1 -1  declined\n    @@ -1 +1 @@\n    --- a\n    +++ b\n- c.txt  deleted +0 -1  declined\n    -gone";
    assert_eq!(body(&turn(&[change]), 60, false), read);
}

#[test]
fn a_turn_without_anything_has_a_header_alone() {
    let turn = drawn(&json!({}), 20, false);
    assert_eq!(texts(&turn.lines), ["── 3 ───────────────"]);
    assert_eq!((turn.id.as_str(), turn.started_at, turn.prompt), ("", None, None));
}
