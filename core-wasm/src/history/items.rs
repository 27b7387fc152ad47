//! Translates items of paginated histories from the names they have in a rollout to those they have in Codex's
//! protocol.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use super::moderation;
use crate::text::json::Cursor;
use crate::text::percent::percent_decoded;

/// Writes `some_name` as `someName`, and `SomeName` too.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = !out.is_empty(),
            c if out.is_empty() => out.push(c.to_ascii_lowercase()),
            c if core::mem::take(&mut upper) => out.push(c.to_ascii_uppercase()),
            c => out.push(c),
        }
    }
    out
}

/// A value of a closed set of words.
fn word(value: Value) -> Value {
    match value {
        Value::String(word) => camel(&word).into(),
        other => other,
    }
}

/// Keys of objects, however deep, in the protocol's spelling.
fn camel_keys(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().map(|(key, value)| (camel(&key), camel_keys(value))).collect(),
        Value::Array(values) => values.into_iter().map(camel_keys).collect(),
        other => other,
    }
}

/// Reads `{"secs","nanos"}` as milliseconds.
pub(super) fn millis(duration: &Value) -> Value {
    let secs = duration["secs"].as_u64();
    let nanos = duration["nanos"].as_u64().unwrap_or(0);
    secs.map_or(Value::Null, |secs| (secs.saturating_mul(1_000) + nanos / 1_000_000).into())
}

/// Returns a span of a user's text.
pub(super) fn text_element(element: Value) -> Value {
    let mut element = camel_keys(element);
    if element.is_object() && element.get("placeholder").is_none() {
        element["placeholder"] = Value::Null;
    }
    element
}

/// Says whether the item in a payload is a plan.
pub(super) fn is_plan(payload: &[u8]) -> bool {
    is_one_of(payload, &["Plan"])
}

/// Says whether items of a type hold what was said, thought or planned.
pub(super) fn is_message_kind(kind: &[u8]) -> bool {
    MESSAGES.iter().any(|message| message.as_bytes() == kind)
}

/// The types of items that hold what was said, thought or planned.
const MESSAGES: [&str; 6] =
    ["UserMessage", "AgentMessage", "Reasoning", "Plan", "EnteredReviewMode", "ExitedReviewMode"];

/// Says whether the item in a payload is something that was said, thought or planned.
pub(super) fn is_message(payload: &[u8]) -> bool {
    is_one_of(payload, &MESSAGES)
}

fn is_one_of(payload: &[u8], kinds: &[&str]) -> bool {
    let mut found = false;
    let _ = Cursor::new(payload).object(|c, key| {
        if key.is("item") {
            found = c.peek_field("type")?.is_some_and(|kind| kinds.iter().any(|name| kind.is(name)));
        }
        c.skip()
    });
    found
}

/// Makes the item of an `item_completed` event.
pub(super) fn completed(mut told: Value) -> Option<Value> {
    let Value::Object(mut raw) = pull(&mut told, "item") else { return None };
    let kind = raw.remove("type").and_then(|kind| kind.as_str().map(ToString::to_string))?;
    let mut item = match kind.as_str() {
        "UserMessage" => user(raw),
        "AgentMessage" => agent_message(raw),
        "Reasoning" => reasoning(raw),
        "CommandExecution" => command(raw),
        "FileChange" => file_change(raw),
        _ => other(&kind, raw),
    };
    item["startedAtMs"] = pull(&mut told, "started_at_ms");
    item["completedAtMs"] = pull(&mut told, "completed_at_ms");
    Some(item)
}

/// Takes a field out of what may be no object at all.
pub(super) fn pull(value: &mut Value, key: &str) -> Value {
    value.get_mut(key).map(Value::take).unwrap_or_default()
}

fn take(raw: &mut Map<String, Value>, key: &str) -> Value {
    raw.remove(key).unwrap_or_default()
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        _ => Vec::new(),
    }
}

fn user(mut raw: Map<String, Value>) -> Value {
    let content: Vec<Value> = array(take(&mut raw, "content")).into_iter().map(user_input).collect();
    json!({
        "type": "userMessage", "id": take(&mut raw, "id"), "clientId": take(&mut raw, "client_id"), "content": content,
    })
}

fn user_input(mut part: Value) -> Value {
    match part["type"].as_str() {
        Some("text") => {
            let elements: Vec<Value> = array(pull(&mut part, "text_elements")).into_iter().map(text_element).collect();
            json!({ "type": "text", "text": pull(&mut part, "text"), "text_elements": elements })
        }
        Some("image") => {
            json!({ "type": "image", "detail": pull(&mut part, "detail"), "url": pull(&mut part, "image_url") })
        }
        Some("local_image") => {
            json!({ "type": "localImage", "detail": pull(&mut part, "detail"), "path": pull(&mut part, "path") })
        }
        _ => {
            let mut part = camel_keys(part);
            if let Some(kind) = part.get_mut("type") {
                *kind = word(kind.take());
            }
            part
        }
    }
}

/// Makes the item of what the agent said.
pub(super) fn agent(id: Value, text: Value, phase: Value, citation: Value) -> Value {
    let mut citation = camel_keys(citation);
    if let Some(citation) = citation.as_object_mut()
        && let Some(threads) = citation.remove("rolloutIds")
    {
        citation.insert("threadIds".into(), threads);
    }
    json!({
        "type": "agentMessage", "id": id, "text": text, "phase": phase, "memoryCitation": citation, "moderation": null,
        "delivery": null, "questions": null, "startedAtMs": null, "completedAtMs": null,
    })
}

fn agent_message(mut raw: Map<String, Value>) -> Value {
    let texts: String = array(take(&mut raw, "content")).iter().filter_map(|part| part["text"].as_str()).collect();
    let (id, phase, citation) = (take(&mut raw, "id"), take(&mut raw, "phase"), take(&mut raw, "memory_citation"));
    let mut item = agent(id, texts.into(), phase, citation);
    for key in ["delivery", "questions"] {
        item[key] = camel_keys(take(&mut raw, key));
    }
    let told = take(&mut raw, "moderation");
    let display = moderation::display(&told["display"]);
    item["moderation"] = camel_keys(told);
    if let Some(told) = item["moderation"].as_object_mut() {
        told.insert("display".into(), display);
    }
    item
}

fn reasoning(mut raw: Map<String, Value>) -> Value {
    json!({
        "type": "reasoning", "id": take(&mut raw, "id"), "summary": array(take(&mut raw, "summary_text")),
        "content": array(take(&mut raw, "raw_content")),
    })
}

/// Writes a command's words as a shell would take them.
pub(super) fn shell_words(words: &Value) -> String {
    let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    crate::text::shell::command_line(&words)
}

/// Reads a path that may be a file URL.
pub(super) fn path(place: Value) -> Value {
    let Some(url) = place.as_str().and_then(|place| place.strip_prefix("file://")) else { return place };
    // Behind a host's name the path begins with the next slash.
    let url = url.find('/').map_or(url, |slash| &url[slash..]);
    String::from_utf8_lossy(&percent_decoded(url)).into_owned().into()
}

/// Makes the item of a command that was run: an item of a paginated history, or the event of a legacy one, which names
/// the same things.
pub(super) fn command(mut raw: Map<String, Value>) -> Value {
    let cwd = path(take(&mut raw, "cwd"));
    let actions: Vec<Value> =
        array(take(&mut raw, "parsed_cmd")).into_iter().map(|action| command_action(action, &cwd)).collect();
    let output = take(&mut raw, "aggregated_output");
    let source = raw.remove("source").map_or("agent".into(), word);
    json!({
        "type": "commandExecution", "id": take(&mut raw, "id"), "command": shell_words(&take(&mut raw, "command")),
        "cwd": cwd, "processId": take(&mut raw, "process_id"), "source": source,
        "status": word(take(&mut raw, "status")), "commandActions": actions,
        "aggregatedOutput": if output.as_str().is_some_and(str::is_empty) { Value::Null } else { output },
        "exitCode": take(&mut raw, "exit_code"), "durationMs": millis(&take(&mut raw, "duration")),
        "pluginId": take(&mut raw, "plugin_id"), "scriptPath": take(&mut raw, "script_path"),
    })
}

fn command_action(mut action: Value, cwd: &Value) -> Value {
    let command = pull(&mut action, "cmd");
    match action["type"].as_str() {
        Some("read") => {
            // Only this path is told in full.
            let read = path(pull(&mut action, "path"));
            let whole = match (cwd.as_str(), read.as_str()) {
                (Some(cwd), Some(read)) if !read.starts_with('/') => {
                    alloc::format!("{}/{read}", cwd.trim_end_matches('/')).into()
                }
                _ => read,
            };
            json!({ "type": "read", "command": command, "name": pull(&mut action, "name"), "path": whole })
        }
        Some("list_files") => json!({ "type": "listFiles", "command": command, "path": pull(&mut action, "path") }),
        Some("search") => {
            let (query, path) = (pull(&mut action, "query"), pull(&mut action, "path"));
            json!({ "type": "search", "command": command, "query": query, "path": path })
        }
        _ => json!({ "type": "unknown", "command": command }),
    }
}

/// Makes the item of files that were changed: an item of a paginated history, or the event of a legacy one.
pub(super) fn file_change(mut raw: Map<String, Value>) -> Value {
    let status = match raw.remove("status") {
        Some(status) => word(status),
        None if raw.get("success") == Some(&Value::Bool(false)) => "failed".into(),
        None => "completed".into(),
    };
    let changes: Vec<Value> = match take(&mut raw, "changes") {
        Value::Object(changes) => changes.into_iter().map(|(path, change)| one_change(path, change)).collect(),
        _ => Vec::new(),
    };
    json!({ "type": "fileChange", "id": take(&mut raw, "id"), "changes": changes, "status": status })
}

fn one_change(path: String, mut change: Value) -> Value {
    let path = self::path(path.into());
    match change["type"].as_str() {
        Some(kind @ ("add" | "delete")) => {
            json!({ "path": path, "kind": { "type": kind }, "diff": pull(&mut change, "content") })
        }
        _ => {
            let moved = self::path(pull(&mut change, "move_path"));
            let mut diff = change["unified_diff"].as_str().unwrap_or_default().to_string();
            if let Some(to) = moved.as_str() {
                diff.push_str(&alloc::format!("\n\nMoved to: {to}"));
            }
            json!({ "path": path, "kind": { "type": "update", "move_path": moved }, "diff": diff })
        }
    }
}

/// Fields that the protocol always names, by kind.
const ALWAYS: [(&str, &[&str]); 6] = [
    (
        "McpToolCall",
        &[
            "appContext",
            "mcpAppUi",
            "pluginId",
            "readOnlyHint",
            "result",
            "error",
            "durationMs",
            "arguments",
            "environmentId",
        ],
    ),
    ("DynamicToolCall", &["namespace", "arguments", "contentItems", "success", "durationMs"]),
    ("CollabAgentToolCall", &["prompt", "model", "reasoningEffort"]),
    ("SubAgentActivity", &["model", "reasoningEffort"]),
    ("WebSearch", &["action", "results"]),
    ("ImageGeneration", &["revisedPrompt", "failure", "generationId"]),
];

/// Fields of an item that the protocol does not have.
const NEVER: [&str; 1] = ["receiverAgents"];

/// Items whose fields only change their spelling. Unknown kinds are shown all the same.
fn other(kind: &str, raw: Map<String, Value>) -> Value {
    let mut item: Map<String, Value> = raw.into_iter().map(|(key, value)| (camel(&key), value)).collect();
    item.retain(|key, _| !NEVER.contains(&key.as_str()));
    item.insert("type".into(), camel(kind).into());
    for key in ["status", "tool", "kind"] {
        // A tool's name is a word of a closed set only where Codex itself is the tool.
        if key != "tool" || kind == "CollabAgentToolCall" {
            item.entry(key).and_modify(|value| *value = word(value.take()));
        }
    }
    if let Some(duration) = item.remove("duration") {
        item.insert("durationMs".into(), millis(&duration));
    }
    if let Some(place) = item.remove("path") {
        item.insert("path".into(), path(place));
    }
    match kind {
        "McpToolCall" => {
            item.entry("result").and_modify(|result| *result = mcp_result(result.take()));
        }
        "WebSearch" => {
            item.entry("action").and_modify(|action| *action = web_action(action.take()));
        }
        _ => {}
    }
    let always = ALWAYS.iter().find(|(name, _)| *name == kind).map(|(_, keys)| *keys).unwrap_or_default();
    for key in always {
        item.entry(*key).or_insert(Value::Null);
    }
    Value::Object(item)
}

/// Reads what a tool of a server answered.
pub(super) fn mcp_result(mut answer: Value) -> Value {
    if !answer.is_object() {
        return Value::Null;
    }
    let (content, meta) = (array(pull(&mut answer, "content")), pull(&mut answer, "_meta"));
    let structured = match pull(&mut answer, "structuredContent") {
        Value::Null => pull(&mut answer, "structured_content"),
        structured => structured,
    };
    json!({ "content": content, "structuredContent": structured, "_meta": meta })
}

/// Reads what a web search did.
pub(super) fn web_action(mut action: Value) -> Value {
    let kind = match word(pull(&mut action, "type")) {
        Value::String(kind) => kind,
        _ => return Value::Null,
    };
    let fields: &[&str] = match kind.as_str() {
        "search" => &["query", "queries"],
        "openPage" => &["url"],
        "findInPage" => &["url", "pattern"],
        _ => return json!({ "type": "other" }),
    };
    let mut shown = json!({ "type": kind });
    for field in fields {
        shown[*field] = pull(&mut action, field);
    }
    shown
}

/// Kinds of errors that the protocol has words for; all others are `other`.
const ERRORS: [&str; 19] = [
    "contextWindowExceeded",
    "sessionBudgetExceeded",
    "usageLimitExceeded",
    "rateLimitExceeded",
    "flexUnavailable",
    "serverOverloaded",
    "modelNotFound",
    "policyCapacityUnavailable",
    "inferenceHookDenied",
    "cyberPolicy",
    "misalignmentPolicyViolation",
    "tooManyDenials",
    "internalServerError",
    "unauthorized",
    "badRequest",
    "threadRollbackFailed",
    "sandboxError",
    "other",
    "activeTurnNotSteerable",
];

/// Makes a `TurnError`.
pub(super) fn error(mut raw: Value) -> Value {
    let info = match camel_keys(pull(&mut raw, "codex_error_info")) {
        Value::String(kind) if ERRORS.contains(&camel(&kind).as_str()) => camel(&kind).into(),
        Value::String(_) => "other".into(),
        info => info,
    };
    json!({
        "message": pull(&mut raw, "message"), "codexErrorInfo": info, "additionalDetails": pull(&mut raw, "additional_details"),
        "misalignment": camel_keys(pull(&mut raw, "misalignment")),
    })
}

/// Says whether an error says something of the turn, not of a request that was refused while it ran.
pub(super) fn ends_turn(raw: &Value) -> bool {
    let info = &raw["codex_error_info"];
    info != "thread_rollback_failed" && info.get("active_turn_not_steerable").is_none()
}
