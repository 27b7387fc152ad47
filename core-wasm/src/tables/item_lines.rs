//! Makes the rows of an item, and of the files that it changed.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::row::{Row, joined, text_of};
use crate::text::json_writer::JsonWriter;

/// Where an item stands, and what is wanted of it.
pub(super) struct ItemPlace {
    /// The number of its turn, from 1.
    pub(super) turn: u32,
    /// Its number in the turn, from 1.
    pub(super) item: i64,
    /// When the turn began, in milliseconds since the epoch.
    pub(super) at: i64,
    /// What it is: the `type` of Codex's `ThreadItem`.
    pub(super) kind: String,
    /// Texts are wanted.
    pub(super) with_texts: bool,
}

/// Texts of an item.
#[derive(Default)]
struct Texts {
    text: Option<String>,
    command: Option<String>,
    output: Option<String>,
    arguments: Option<String>,
}

/// Writes the rows of an item that was redacted.
pub(super) fn item_lines(item: &Value, place: &ItemPlace, out: &mut JsonWriter) {
    let mut line = Row::of("items", out);
    line.number("turn", place.turn.into())
        .number("item", place.item)
        .text("item_id", item["id"].as_str().unwrap_or_default())
        .text("kind", &place.kind)
        .number("at", place.at)
        .some_text("directory", text_of(item, "cwd"))
        .some_number("exit_code", item["exitCode"].as_i64())
        .some_number("duration_ms", item["durationMs"].as_i64())
        .some_text("status", text_of(item, "status"))
        .some_text("server", text_of(item, "server").or_else(|| text_of(item, "namespace")))
        .some_text("tool", text_of(item, "tool"));
    if place.with_texts {
        let texts = texts(item, &place.kind);
        line.some_text("text", texts.text.as_deref())
            .some_text("command", texts.command.as_deref())
            .some_text("output", texts.output.as_deref())
            .some_text("arguments", texts.arguments.as_deref());
    }
    line.end();
    if place.kind == "fileChange" {
        for (change, number) in item["changes"].as_array().into_iter().flatten().zip(1..) {
            change_line(change, number, text_of(item, "status"), place, out);
        }
    }
}

/// Returns what a user said, without pictures; none where that is nothing.
pub(super) fn user_text(item: &Value) -> Option<String> {
    joined(elements(item, "content").filter_map(|part| part["text"].as_str()))
}

fn texts(item: &Value, kind: &str) -> Texts {
    let text = |key: &str| text_of(item, key).map(ToString::to_string);
    let none = Texts::default();
    match kind {
        "userMessage" => Texts { text: user_text(item), ..none },
        "agentMessage" | "plan" => Texts { text: text("text"), ..none },
        "reasoning" => {
            let parts = |key| joined(elements(item, key).filter_map(Value::as_str));
            Texts { text: parts("summary").or_else(|| parts("content")), ..none }
        }
        "enteredReviewMode" | "exitedReviewMode" => Texts { text: text("review"), ..none },
        "webSearch" => Texts { text: text("query"), ..none },
        "imageView" => Texts { text: text("path"), ..none },
        "imageGeneration" => Texts { text: text("revisedPrompt"), output: text("savedPath"), ..none },
        "commandExecution" => Texts { command: text("command"), output: text("aggregatedOutput"), ..none },
        "fileChange" => {
            Texts { text: joined(elements(item, "changes").filter_map(|change| text_of(change, "path"))), ..none }
        }
        "mcpToolCall" => Texts {
            text: text_of(&item["error"], "message").map(ToString::to_string),
            output: joined(elements(&item["result"], "content").filter_map(|part| part["text"].as_str())),
            arguments: arguments(&item["arguments"]),
            ..none
        },
        "dynamicToolCall" => Texts {
            output: joined(elements(item, "contentItems").filter_map(|part| part["text"].as_str())),
            arguments: arguments(&item["arguments"]),
            ..none
        },
        "collabAgentToolCall" => {
            Texts { text: text("prompt"), arguments: arguments(&item["receiverThreadIds"]), ..none }
        }
        "contextCompaction" => none,
        // What is not known here is there as it stands.
        _ => Texts { arguments: arguments(item), ..none },
    }
}

fn arguments(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

fn elements<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn change_line(change: &Value, number: i64, status: Option<&str>, place: &ItemPlace, out: &mut JsonWriter) {
    let kind = text_of(&change["kind"], "type").unwrap_or("update");
    let lines = change["diff"].as_str().map(|diff| changed_lines(kind, diff));
    let mut line = Row::of("file_changes", out);
    line.number("turn", place.turn.into())
        .number("item", place.item)
        .number("change", number)
        .number("at", place.at)
        .text("path", change["path"].as_str().unwrap_or_default())
        .text("kind", kind)
        .some_text("moved_to", text_of(&change["kind"], "move_path"))
        .some_number("added_lines", lines.map(|(added, _)| added))
        .some_number("deleted_lines", lines.map(|(_, deleted)| deleted))
        .text("status", status.unwrap_or("inProgress"));
    line.end();
}

/// Counts the lines that a change added and deleted: of an update by its unified diff, else those of the file's text.
fn changed_lines(kind: &str, diff: &str) -> (i64, i64) {
    let count = |is: fn(&str) -> bool| i64::try_from(diff.lines().filter(|line| is(line)).count()).unwrap_or(i64::MAX);
    match kind {
        "add" => (count(|_| true), 0),
        "delete" => (0, count(|_| true)),
        _ => {
            // Heads of files stand before the first hunk alone, and a changed line may look like one.
            let (mut added, mut deleted, mut is_in_hunk) = (0, 0, false);
            for line in diff.lines() {
                match line.as_bytes().first() {
                    Some(b'@') => is_in_hunk = true,
                    Some(b'+') if is_in_hunk || !line.starts_with("+++ ") => added += 1,
                    Some(b'-') if is_in_hunk || !line.starts_with("--- ") => deleted += 1,
                    _ => {}
                }
            }
            (added, deleted)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use serde_json::{Value, json};

    use super::{ItemPlace, changed_lines, item_lines};
    use crate::text::json_writer::JsonWriter;

    fn lines(item: &Value, with_texts: bool) -> String {
        let kind = item["type"].as_str().unwrap_or_default().into();
        let mut out = JsonWriter::default();
        item_lines(item, &ItemPlace { turn: 2, item: 3, at: 4, kind, with_texts }, &mut out);
        out.into_text()
    }

    #[test]
    fn a_line_that_looks_like_the_head_of_a_file_counts_inside_of_a_hunk() {
        assert_eq!(changed_lines("update", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n--- x\n+++ y\n same\n"), (1, 1));
        assert_eq!(changed_lines("add", "one\ntwo"), (2, 0));
        assert_eq!(changed_lines("delete", "one\n"), (0, 1));
    }

    #[test]
    fn a_command_has_a_row_with_its_columns() {
        let command = json!({ "type": "commandExecution", "id": "c1", "command": "ls \"a\"", "cwd": "/w", "exitCode": 1,
            "durationMs": 7, "status": "failed", "aggregatedOutput": "gone\n" });
        assert_eq!(
            lines(&command, true),
            "{\"items\":{\"turn\":2,\"item\":3,\"item_id\":\"c1\",\"kind\":\"commandExecution\",\"at\":4,\"directory\":\"/w\",\
             \"exit_code\":1,\"duration_ms\":7,\"status\":\"failed\",\"command\":\"ls \\\"a\\\"\",\"output\":\"gone\\n\"}}\n"
        );
        assert!(!lines(&command, false).contains("gone"), "without texts");
    }

    #[test]
    fn a_changed_file_has_a_row_behind_its_item() {
        let change = json!({ "type": "fileChange", "id": "f", "status": "completed", "changes": [
            { "path": "a.rs", "kind": { "type": "update", "move_path": "b.rs" }, "diff": "@@ -1 +1,2 @@\n-x\n+y\n+z\n" } ] });
        let lines = lines(&change, false);
        assert!(
            lines.ends_with(
                "{\"file_changes\":{\"turn\":2,\"item\":3,\"change\":1,\"at\":4,\"path\":\"a.rs\",\"kind\":\"update\",\
                 \"moved_to\":\"b.rs\",\"added_lines\":2,\"deleted_lines\":1,\"status\":\"completed\"}}\n"
            ),
            "{lines}"
        );
    }
}
