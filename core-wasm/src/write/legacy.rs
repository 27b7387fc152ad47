//! Items in the form of the releases before: what the model saw, and events for people beside it.

use super::batch::{Batch, duration};
use super::paginated::file_changes;
use super::{Item, Outcome};

/// An item inside the open turn.
pub(super) fn item(batch: &mut Batch, item: &Item) {
    match item {
        Item::UserMessage(message) => {
            batch.user_item(&message.text, &message.images);
            batch.event("user_message", |out| {
                out.field("message", Some(&message.text)).raw(",\"images\":[");
                for (at, image) in message.images.iter().enumerate() {
                    out.raw(if at > 0 { "," } else { "" }).text(image);
                }
                out.raw("],\"local_images\":[],\"text_elements\":[]");
            });
        }
        Item::AgentMessage(text) => {
            let id = alloc::format!("msg_{}", batch.id());
            batch.event("agent_message", |out| {
                out.field("message", Some(text)).raw(",\"phase\":null");
            });
            batch.agent_item(&id, text);
        }
        Item::Reasoning(text) | Item::Plan(text) => batch.event("agent_reasoning", |out| {
            out.field("text", Some(text));
        }),
        Item::Command(command) => {
            let call = alloc::format!("call_{}", batch.id());
            batch.command_items(&call, command);
        }
        Item::FileChanges(changes) => {
            let (call, turn) = (alloc::format!("call_{}", batch.id()), batch.pen.turn_id());
            batch.event("patch_apply_end", |out| {
                out.field("call_id", Some(&call)).field("turn_id", Some(&turn));
                out.raw(",\"stdout\":\"\",\"stderr\":\"\",\"success\":");
                out.raw(if changes.outcome == Outcome::Completed { "true" } else { "false" }).raw(",\"changes\":");
                file_changes(out, &changes.changes);
                out.raw(",\"status\":\"").raw(changes.outcome.word()).raw("\"");
            });
        }
        Item::ToolCall(call) => {
            let id = alloc::format!("call_{}", batch.id());
            batch.event("mcp_tool_call_end", |out| {
                out.field("call_id", Some(&id)).raw(",\"invocation\":{\"server\":").text(&call.server);
                out.field("tool", Some(&call.tool));
                out.raw(",\"arguments\":").raw(&super::pen::json_or_text(&call.arguments)).raw("}");
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
            let id = alloc::format!("ws_{}", batch.id());
            batch.event("web_search_end", |out| {
                out.field("call_id", Some(&id)).field("query", Some(query));
                out.raw(",\"action\":{\"type\":\"search\",\"query\":").text(query).raw("}");
            });
        }
        Item::Error(message) => batch.error(message),
        Item::TurnStarted(_) | Item::TurnEnded(_) | Item::Tokens(_) | Item::Record(_) => {}
    }
}
