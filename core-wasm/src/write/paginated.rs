//! Writes items in the current form: each is a record, and what the model sees stands beside it.

use alloc::string::String;

use contract::Item;

use super::encoder::Encoder;
use super::parts::{duration, file_changes, json_or_text, word};
use crate::text::json_writer::JsonWriter;

/// Writes an item inside the open turn.
pub(super) fn item(encoder: &mut Encoder, item: &Item) {
    match item {
        Item::UserMessage(message) => {
            encoder.user_item(&message.text, &message.images);
            let id = encoder.id();
            completed(encoder, "UserMessage", &id, 0, |out| {
                out.raw(",\"content\":[{\"type\":\"text\",\"text\":").text(&message.text).raw(",\"text_elements\":[]}");
                for image in &message.images {
                    out.raw(",{\"type\":\"image\",\"image_url\":").text(image).raw("}");
                }
                out.raw("]");
            });
        }
        Item::AgentMessage(text) => {
            let id = alloc::format!("msg_{}", encoder.id());
            completed(encoder, "AgentMessage", &id, 0, |out| {
                out.raw(",\"content\":[{\"type\":\"Text\",\"text\":").text(text).raw("}]");
            });
            encoder.agent_item(&id, text);
        }
        Item::Reasoning(text) => {
            let id = alloc::format!("rs_{}", encoder.id());
            completed(encoder, "Reasoning", &id, 0, |out| {
                out.raw(",\"summary_text\":[").text(text).raw("],\"raw_content\":[]");
            });
        }
        Item::Command(command) => {
            let call = alloc::format!("call_{}", encoder.id());
            let cwd = command.cwd.clone().unwrap_or_else(|| encoder.state.cwd.clone());
            completed(encoder, "CommandExecution", &call, command.duration, |out| {
                out.raw(",\"command\":[");
                for (at, word) in command.argv.iter().enumerate() {
                    out.raw(if at > 0 { "," } else { "" }).text(word);
                }
                out.raw("],\"cwd\":")
                    .text(&file_url(&cwd))
                    .raw(",\"parsed_cmd\":[],\"source\":\"agent\",\"status\":\"");
                out.raw(word(command.status)).raw("\",\"aggregated_output\":").text(&command.output);
                out.raw(",\"exit_code\":");
                match command.exit_code {
                    Some(code) => out.number(code.into()),
                    None => out.raw("null"),
                };
                duration(out, command.duration);
            });
            encoder.command_items(&call, command);
        }
        Item::FileChanges(changes) => {
            let id = alloc::format!("call_{}", encoder.id());
            completed(encoder, "FileChange", &id, 0, |out| {
                out.raw(",\"changes\":");
                file_changes(out, &changes.changes);
                out.raw(",\"status\":\"").raw(word(changes.status)).raw("\",\"stdout\":\"\",\"stderr\":\"\"");
            });
        }
        Item::ToolCall(call) => {
            let id = alloc::format!("call_{}", encoder.id());
            completed(encoder, "McpToolCall", &id, call.duration.unwrap_or(0), |out| {
                out.field("server", Some(&call.server)).field("tool", Some(&call.tool));
                out.raw(",\"arguments\":").raw(&json_or_text(&call.arguments));
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
            let id = alloc::format!("ws_{}", encoder.id());
            completed(encoder, "WebSearch", &id, 0, |out| {
                out.field("query", Some(query));
                out.raw(",\"action\":{\"type\":\"search\",\"query\":").text(query).raw("}");
            });
        }
        Item::Plan(text) => {
            let id = encoder.id();
            completed(encoder, "Plan", &id, 0, |out| {
                out.field("text", Some(text));
            });
        }
        Item::Error(message) => encoder.error(message),
        Item::TurnStarted(_) | Item::TurnEnded(_) | Item::Tokens(_) | Item::Raw(_) => {}
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
pub(super) fn completed(encoder: &mut Encoder, kind: &str, id: &str, took: i64, fields: impl FnOnce(&mut JsonWriter)) {
    let (thread, turn, now) = (encoder.state.thread.clone(), encoder.state.turn_id(), encoder.now);
    encoder.event("item_completed", |out| {
        out.field("thread_id", Some(&thread)).field("turn_id", Some(&turn));
        out.raw(",\"item\":{\"type\":\"").raw(kind).raw("\"").field("id", Some(id));
        fields(out);
        out.raw("},\"started_at_ms\":").number(now - took.max(0)).raw(",\"completed_at_ms\":").number(now);
    });
}
