//! Pairs tools in legacy and bare histories: the calls that the model made, what came back, and the events that some
//! releases wrote besides. Codex shows the events alone; here a call is shown even where it has none.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use super::items::{camel, command, file_change, mcp_result, millis, pull, shell_words, web_action};
use super::patch;
use super::turn::Item;
use crate::text::json::Cursor;

/// What a response item is to a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is called.
    Call,
    /// It answers.
    Output,
    /// Nothing.
    Neither,
}

/// Looks at a response item's type.
pub(super) fn stage(item: &[u8]) -> Stage {
    match Cursor::new(item).peek_field("type").ok().flatten().map(|kind| kind.raw()) {
        Some(b"function_call" | b"custom_tool_call" | b"local_shell_call" | b"web_search_call") => Stage::Call,
        Some(b"function_call_output" | b"custom_tool_call_output") => Stage::Output,
        _ => Stage::Neither,
    }
}

/// Makes of a call the item that stands for it until its output is known.
pub(super) fn call(mut item: Value, cwd: Option<&str>) -> Option<Value> {
    let kind = item["type"].as_str()?.to_string();
    let id = match pull(&mut item, "call_id") {
        Value::Null => pull(&mut item, "id"),
        id => id,
    };
    let mut shown = match kind.as_str() {
        "web_search_call" => web_search(item),
        "local_shell_call" => run(item.get("action")?, cwd)?,
        _ => function(item, cwd),
    };
    // Without an id it could neither be told from others nor get its output.
    shown["id"] = Some(id).filter(Value::is_string)?;
    shown["startedAtMs"] = Value::Null;
    shown["completedAtMs"] = Value::Null;
    Some(shown)
}

fn web_search(mut item: Value) -> Value {
    let action = pull(&mut item, "action");
    let query = action["query"].as_str().unwrap_or_default().to_string();
    json!({ "type": "webSearch", "query": query, "action": action, "results": null })
}

fn function(mut item: Value, cwd: Option<&str>) -> Value {
    let name = item["name"].as_str().unwrap_or_default().to_string();
    // A custom tool takes a text; a function takes JSON, which is told as a text.
    let text = match pull(&mut item, "input") {
        Value::Null => pull(&mut item, "arguments"),
        input => input,
    };
    let arguments: Value = text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(text);
    let shown = match name.as_str() {
        "apply_patch" => arguments.as_str().or_else(|| arguments["input"].as_str()).and_then(patched),
        "shell" | "container.exec" | "exec_command" | "shell_command" | "local_shell" => run(&arguments, cwd),
        _ => None,
    };
    shown.unwrap_or_else(|| {
        json!({
            "type": "dynamicToolCall", "namespace": pull(&mut item, "namespace"), "tool": name, "arguments": arguments,
            "status": "inProgress", "contentItems": null, "success": null, "durationMs": null,
        })
    })
}

fn patched(text: &str) -> Option<Value> {
    Some(json!({ "type": "fileChange", "changes": patch::changes(text)?, "status": "inProgress" }))
}

/// A command that the arguments ask for.
fn run(arguments: &Value, cwd: Option<&str>) -> Option<Value> {
    let command = arguments.get("command").or_else(|| arguments.get("cmd"))?;
    if let Some([Value::String(first), Value::String(text)]) = command.as_array().map(Vec::as_slice)
        && first == "apply_patch"
    {
        return patched(text);
    }
    let words = match command.as_str() {
        Some(text) => text.to_string(),
        None => shell_words(command),
    };
    let place = ["workdir", "working_directory", "cwd"].iter().find_map(|key| arguments[*key].as_str()).or(cwd);
    Some(json!({
        "type": "commandExecution", "command": words, "cwd": place.unwrap_or_default(), "processId": null,
        "source": "agent", "status": "inProgress", "commandActions": [{ "type": "unknown", "command": words }],
        "aggregatedOutput": null, "exitCode": null, "durationMs": null, "pluginId": null, "scriptPath": null,
    }))
}

/// Puts what a tool answered to its call. What an event has told already stays as it is.
pub(super) fn output(mut item: Value, line: (usize, u64), items: &mut [Item]) {
    let id = pull(&mut item, "call_id");
    let Some(call) = items.iter_mut().rev().find(|item| item.value["id"] == id) else { return };
    if call.shown {
        return;
    }
    call.answer = Some(line);
    let answer = Answer::of(pull(&mut item, "output"));
    let status = match answer.success {
        // What a process had said when the model was told that it goes on.
        None if call.value["type"] == "commandExecution" => {
            call.value["aggregatedOutput"] = answer.text.into();
            return;
        }
        None => return,
        Some(true) => "completed",
        Some(false) => "failed",
    };
    let shown = &mut call.value;
    shown["status"] = status.into();
    match shown["type"].as_str() {
        Some("commandExecution") => {
            shown["aggregatedOutput"] = Some(answer.text).filter(|text| !text.is_empty()).into();
            shown["exitCode"] = answer.exit_code.into();
            shown["durationMs"] = answer.duration.into();
        }
        Some("dynamicToolCall") => {
            shown["contentItems"] = json!([{ "type": "inputText", "text": answer.text }]);
            shown["success"] = (status == "completed").into();
            shown["durationMs"] = answer.duration.into();
        }
        _ => {}
    }
}

/// Says whether an answer tells that the tool did what it was asked for.
pub(super) fn succeeded(output: Value) -> bool {
    Answer::of(output).success == Some(true)
}

/// A tool's answer, out of the forms it was told in.
struct Answer {
    text: String,
    exit_code: Option<i64>,
    duration: Option<i64>,
    /// None while a process goes on.
    success: Option<bool>,
}

impl Answer {
    fn of(output: Value) -> Answer {
        let text = match &output {
            Value::String(text) => text.clone(),
            Value::Array(_) => super::legacy::texts(&output).join("\n"),
            other => other["content"].as_str().unwrap_or_default().to_string(),
        };
        let told = output["success"].as_bool();
        if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(&text)
            && let (Some(plain), Some(metadata)) = (inner["output"].as_str(), inner.get("metadata"))
        {
            let exit_code = metadata["exit_code"].as_i64();
            let duration = metadata["duration_seconds"].as_f64().map(|seconds| (seconds * 1_000.0) as i64);
            let success = Some(told.unwrap_or(exit_code.unwrap_or(0) == 0));
            return Answer { text: plain.to_string(), exit_code, duration, success };
        }
        Answer::in_words(text, told)
    }

    /// Lines that say how it ended, `Output:`, and what came out.
    fn in_words(text: String, told: Option<bool>) -> Answer {
        let ends = text.find("Output:\n").filter(|&at| at == 0 || text.as_bytes()[at - 1] == b'\n');
        let Some((head, body)) = ends.map(|at| (&text[..at], &text[at + "Output:\n".len()..])) else {
            return Answer { text, exit_code: None, duration: None, success: Some(told.unwrap_or(true)) };
        };
        let after = |label: &str| head.lines().find_map(|line| line.strip_prefix(label)).map(str::trim);
        let exit_code =
            after("Process exited with code").or_else(|| after("Exit code:")).and_then(|code| code.parse().ok());
        let seconds = after("Wall time:").and_then(|time| time.split(' ').next()?.parse::<f64>().ok());
        let running = after("Process running with session ID").is_some();
        Answer {
            text: body.to_string(),
            exit_code,
            duration: seconds.map(|seconds| (seconds * 1_000.0) as i64),
            success: (!running).then(|| told.unwrap_or(exit_code.unwrap_or(0) == 0)),
        }
    }
}

/// Takes in an event that tells how a tool ended.
pub(super) fn ended(mut told: Value) -> Option<Value> {
    let kind = told["type"].as_str()?.to_string();
    let id = pull(&mut told, "call_id");
    let Value::Object(mut raw) = told else { return None };
    raw.insert("id".into(), id.clone());
    let mut shown = match kind.as_str() {
        "exec_command_end" => run_ended(raw),
        "patch_apply_end" => file_change(raw),
        "mcp_tool_call_end" => mcp(raw),
        "web_search_end" => {
            let mut raw = Value::Object(raw);
            let action = web_action(pull(&mut raw, "action"));
            json!({ "type": "webSearch", "query": raw["query"], "action": action, "results": raw["results"] })
        }
        "view_image_tool_call" => json!({ "type": "imageView", "path": raw.remove("path") }),
        _ => return None,
    };
    shown["id"] = id;
    shown["startedAtMs"] = Value::Null;
    shown["completedAtMs"] = Value::Null;
    Some(shown)
}

fn run_ended(mut raw: Map<String, Value>) -> Value {
    if !raw.contains_key("status") {
        let status = if raw.get("exit_code").and_then(Value::as_i64) == Some(0) { "completed" } else { "failed" };
        raw.insert("status".into(), status.into());
    }
    command(raw)
}

fn mcp(raw: Map<String, Value>) -> Value {
    let mut raw = Value::Object(raw);
    let mut invocation = pull(&mut raw, "invocation");
    let mut result = pull(&mut raw, "result");
    let error = match result.get_mut("Err") {
        Some(why) => json!({ "message": why.take() }),
        None => Value::Null,
    };
    let result = result.get_mut("Ok").map(|answer| mcp_result(answer.take()));
    let ok = error.is_null() && result.is_some();
    json!({
        "type": "mcpToolCall", "server": pull(&mut invocation, "server"), "tool": pull(&mut invocation, "tool"),
        "status": camel(if ok { "completed" } else { "failed" }), "arguments": pull(&mut invocation, "arguments"),
        "appContext": null, "mcpAppUi": null, "pluginId": null, "readOnlyHint": null, "result": result, "error": error,
        "environmentId": null,
        "durationMs": millis(&raw["duration"]),
    })
}
