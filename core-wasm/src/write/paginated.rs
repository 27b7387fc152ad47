//! Items in the current form: each is a record, and what the model sees stands beside it.

use alloc::string::String;

use super::batch::{Batch, duration};
use super::out::Out;
use super::{ChangeKind, FileChange, Item};

/// An item inside the open turn.
pub(super) fn item(batch: &mut Batch, item: &Item) {
    match item {
        Item::UserMessage(message) => {
            batch.user_item(&message.text, &message.images);
            let id = batch.id();
            completed(batch, "UserMessage", &id, 0, |out| {
                out.raw(",\"content\":[{\"type\":\"text\",\"text\":").text(&message.text).raw(",\"text_elements\":[]}");
                for image in &message.images {
                    out.raw(",{\"type\":\"image\",\"image_url\":").text(image).raw("}");
                }
                out.raw("]");
            });
        }
        Item::AgentMessage(text) => {
            let id = alloc::format!("msg_{}", batch.id());
            completed(batch, "AgentMessage", &id, 0, |out| {
                out.raw(",\"content\":[{\"type\":\"Text\",\"text\":").text(text).raw("}]");
            });
            batch.agent_item(&id, text);
        }
        Item::Reasoning(text) => {
            let id = alloc::format!("rs_{}", batch.id());
            completed(batch, "Reasoning", &id, 0, |out| {
                out.raw(",\"summary_text\":[").text(text).raw("],\"raw_content\":[]");
            });
        }
        Item::Command(command) => {
            let call = alloc::format!("call_{}", batch.id());
            let cwd = command.cwd.clone().unwrap_or_else(|| batch.pen.cwd.clone());
            completed(batch, "CommandExecution", &call, command.duration, |out| {
                out.raw(",\"command\":[");
                for (at, word) in command.argv.iter().enumerate() {
                    out.raw(if at > 0 { "," } else { "" }).text(word);
                }
                out.raw("],\"cwd\":")
                    .text(&file_url(&cwd))
                    .raw(",\"parsed_cmd\":[],\"source\":\"agent\",\"status\":\"");
                out.raw(command.outcome.word()).raw("\",\"aggregated_output\":").text(&command.output);
                out.raw(",\"exit_code\":");
                match command.exit_code {
                    Some(code) => out.number(code.into()),
                    None => out.raw("null"),
                };
                duration(out, command.duration);
            });
            batch.command_items(&call, command);
        }
        Item::FileChanges(changes) => {
            let id = alloc::format!("call_{}", batch.id());
            completed(batch, "FileChange", &id, 0, |out| {
                out.raw(",\"changes\":");
                file_changes(out, &changes.changes);
                out.raw(",\"status\":\"").raw(changes.outcome.word()).raw("\",\"stdout\":\"\",\"stderr\":\"\"");
            });
        }
        Item::ToolCall(call) => {
            let id = alloc::format!("call_{}", batch.id());
            completed(batch, "McpToolCall", &id, call.duration.unwrap_or(0), |out| {
                out.field("server", Some(&call.server)).field("tool", Some(&call.tool));
                out.raw(",\"arguments\":").raw(&super::pen::json_or_text(&call.arguments));
                let failed = call.error.is_some();
                out.raw(",\"status\":\"").raw(if failed { "failed" } else { "completed" }).raw("\"");
                if let Some(answer) = &call.answer {
                    out.raw(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":").text(answer).raw("}]}");
                }
                if let Some(error) = &call.error {
                    out.raw(",\"error\":{\"message\":").text(error).raw("}");
                }
                if let Some(millis) = call.duration {
                    duration(out, millis);
                }
            });
        }
        Item::WebSearch(query) => {
            let id = alloc::format!("ws_{}", batch.id());
            completed(batch, "WebSearch", &id, 0, |out| {
                out.field("query", Some(query));
                out.raw(",\"action\":{\"type\":\"search\",\"query\":").text(query).raw("}");
            });
        }
        Item::Plan(text) => {
            let id = batch.id();
            completed(batch, "Plan", &id, 0, |out| {
                out.field("text", Some(text));
            });
        }
        Item::Error(message) => batch.error(message),
        Item::TurnStarted(_) | Item::TurnEnded(_) | Item::Tokens(_) | Item::Record(_) => {}
    }
}

/// A directory as Codex takes that of a command; an item with a mere path it passes over.
fn file_url(path: &str) -> String {
    let mut url = String::from("file://");
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => url.push(byte.into()),
            _ => url.push_str(&alloc::format!("%{byte:02X}")),
        }
    }
    url
}

/// An item that took so many milliseconds and is done; its fields after type and id are what is written inside.
fn completed(batch: &mut Batch, kind: &str, id: &str, took: i64, fields: impl FnOnce(&mut Out)) {
    let (thread, turn, now) = (batch.pen.thread.clone(), batch.pen.turn_id(), batch.now);
    batch.event("item_completed", |out| {
        out.field("thread_id", Some(&thread)).field("turn_id", Some(&turn));
        out.raw(",\"item\":{\"type\":\"").raw(kind).raw("\"").field("id", Some(id));
        fields(out);
        out.raw("},\"started_at_ms\":").number(now - took.max(0)).raw(",\"completed_at_ms\":").number(now);
    });
}

/// By path; a path that comes twice is told once, as it was changed last.
pub(super) fn file_changes(out: &mut Out, changes: &[FileChange]) {
    out.raw("{");
    let mut first = true;
    for (at, change) in changes.iter().enumerate() {
        if changes[at + 1..].iter().any(|later| later.path == change.path) {
            continue;
        }
        out.raw(if core::mem::take(&mut first) { "" } else { "," }).text(&change.path).raw(":{\"type\":\"");
        let (kind, key, text) = match &change.kind {
            ChangeKind::Add(text) => ("add", "content", text),
            ChangeKind::Delete(text) => ("delete", "content", text),
            ChangeKind::Update(text) => ("update", "unified_diff", text),
        };
        out.raw(kind).raw("\"").field(key, Some(text.as_deref().unwrap_or_default()));
        if kind == "update" {
            out.raw(",\"move_path\":").or_null(change.moved_to.as_deref());
        }
        out.raw("}");
    }
    out.raw("}");
}
