//! Reads what was said in a legacy or a bare history, as items.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::items::pull;

/// Returns the texts of a message's content.
pub(super) fn texts(content: &Value) -> Vec<String> {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().filter_map(|part| part["text"].as_str()).map(ToString::to_string).collect()
}

fn array(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

fn user(id: String, content: Vec<Value>) -> Value {
    json!({
        "type": "userMessage", "id": id, "clientId": null, "content": content,
        "startedAtMs": null, "completedAtMs": null,
    })
}

/// Makes the item of a `user_message` event.
pub(super) fn user_message(id: String, mut told: Value) -> Value {
    let mut take = |key: &str| told.get_mut(key).map(Value::take);
    let mut content = Vec::new();
    let text = take("message").unwrap_or_default();
    let elements = array(take("text_elements")).into_iter().map(super::items::text_element).collect::<Vec<_>>();
    if text.as_str().is_some_and(|text| !text.trim().is_empty()) {
        content.push(json!({ "type": "text", "text": text, "text_elements": elements }));
    }
    content.extend(array(take("images")).into_iter().map(|url| json!({ "type": "image", "detail": null, "url": url })));
    let local = array(take("local_images")).into_iter();
    content.extend(local.map(|path| json!({ "type": "localImage", "detail": null, "path": path })));
    let client = take("client_id").unwrap_or_default();
    let mut item = user(id, content);
    item["clientId"] = client;
    item
}

/// Makes the item of a response item in the user's role.
pub(super) fn user_item(id: String, item: &Value) -> Value {
    let parts = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let content = parts.iter().filter_map(|part| match (part["text"].as_str(), part["image_url"].as_str()) {
        (Some(text), _) => Some(json!({ "type": "text", "text": text, "text_elements": [] })),
        (None, Some(url)) => Some(json!({ "type": "image", "detail": null, "url": url })),
        (None, None) => None,
    });
    user(id, content.collect())
}

/// Makes the item of an `agent_message` event.
pub(super) fn agent_message(id: String, mut told: Value) -> Value {
    let mut take = |key: &str| told.get_mut(key).map(Value::take).unwrap_or_default();
    let (text, phase, citation) = (take("message"), take("phase"), take("memory_citation"));
    super::items::agent(id.into(), text, phase, citation)
}

/// Makes the item of a response item in the agent's role.
pub(super) fn agent_item(id: String, item: &Value) -> Value {
    super::items::agent(id.into(), texts(&item["content"]).concat().into(), Value::Null, Value::Null)
}

/// Makes the item of a thought.
pub(super) fn reasoning(id: String, summary: Vec<String>, content: Vec<String>) -> Value {
    json!({
        "type": "reasoning", "id": id, "summary": summary, "content": content,
        "startedAtMs": null, "completedAtMs": null,
    })
}

/// Makes the item of a response item that holds a thought.
pub(super) fn reasoning_item(id: String, item: &Value) -> Value {
    reasoning(id, texts(&item["summary"]), texts(&item["content"]))
}

/// Makes an item that says nothing but that it happened.
pub(super) fn simple(kind: &str, id: String) -> Value {
    json!({ "type": kind, "id": id, "startedAtMs": null, "completedAtMs": null })
}

/// Makes the item of a review's beginning or its end.
pub(super) fn review(id: String, entered: bool, mut told: Value) -> Value {
    let kind = if entered { "enteredReviewMode" } else { "exitedReviewMode" };
    let mut item = simple(kind, id);
    let said = match entered {
        true => pull(&mut told, "user_facing_hint"),
        false => told.get_mut("review_output").map(|output| pull(output, "overall_explanation")).unwrap_or_default(),
    };
    item["review"] = match said {
        Value::String(said) => said.into(),
        _ if entered => "Review requested.".into(),
        _ => "Reviewer failed to output a response.".into(),
    };
    item
}
