//! Writes items in the form of the releases before: what the model saw, and events for people beside it.

use contract::{Item, ItemStatus};

use super::encoder::Encoder;
use super::parts::{duration, file_changes, json_or_text, word};

/// Writes an item inside the open turn.
pub(super) fn item(encoder: &mut Encoder, item: &Item) {
    match item {
        Item::UserMessage(message) => {
            encoder.user_item(&message.text, &message.images);
            encoder.event("user_message", |out| {
                out.field("message", Some(&message.text)).raw(",\"images\":[");
                for (at, image) in message.images.iter().enumerate() {
                    out.raw(if at > 0 { "," } else { "" }).text(image);
                }
                out.raw("],\"local_images\":[],\"text_elements\":[]");
            });
        }
        Item::AgentMessage(text) => {
            let id = alloc::format!("msg_{}", encoder.id());
            encoder.event("agent_message", |out| {
                out.field("message", Some(text)).raw(",\"phase\":null");
            });
            encoder.agent_item(&id, text);
        }
        Item::Reasoning(text) | Item::Plan(text) => encoder.event("agent_reasoning", |out| {
            out.field("text", Some(text));
        }),
        Item::Command(command) => {
            let call = alloc::format!("call_{}", encoder.id());
            encoder.command_items(&call, command);
        }
        Item::FileChanges(changes) => {
            let (call, turn) = (alloc::format!("call_{}", encoder.id()), encoder.state.turn_id());
            encoder.event("patch_apply_end", |out| {
                out.field("call_id", Some(&call)).field("turn_id", Some(&turn));
                out.raw(",\"stdout\":\"\",\"stderr\":\"\",\"success\":");
                out.raw(if changes.status == ItemStatus::Completed { "true" } else { "false" }).raw(",\"changes\":");
                file_changes(out, &changes.changes);
                out.raw(",\"status\":\"").raw(word(changes.status)).raw("\"");
            });
        }
        Item::ToolCall(call) => {
            let id = alloc::format!("call_{}", encoder.id());
            encoder.event("mcp_tool_call_end", |out| {
                out.field("call_id", Some(&id)).raw(",\"invocation\":{\"server\":").text(&call.server);
                out.field("tool", Some(&call.tool));
                out.raw(",\"arguments\":").raw(&json_or_text(&call.arguments)).raw("}");
                duration(out, call.duration.unwrap_or(0));
                match &call.error {
                    Some(error) => out.raw(",\"result\":{\"Err\":").text(error).raw("}"),
                    None => out
                        .raw(",\"result\":{\"Ok\":{\"content\":[{\"type\":\"text\",\"text\":")
                        .text(call.answer.as_deref().unwrap_or_default())
                        .raw("}]}}"),
                };
            });
        }
        Item::WebSearch(query) => {
            let id = alloc::format!("ws_{}", encoder.id());
            encoder.event("web_search_end", |out| {
                out.field("call_id", Some(&id)).field("query", Some(query));
                out.raw(",\"action\":{\"type\":\"search\",\"query\":").text(query).raw("}");
            });
        }
        Item::Error(message) => encoder.error(message),
        Item::TurnStarted(_) | Item::TurnEnded(_) | Item::Tokens(_) | Item::Raw(_) => {}
    }
}
