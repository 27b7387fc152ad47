//! Turns and items as plugins see them, out of the JSON that the core makes of a history.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::contract::threads::{Entry, Item, Outcome, Role, Turn};

/// No text is longer, in bytes; what is behind is left out and counted.
const LONGEST_TEXT: usize = 1 << 20;
/// No title is longer, in characters.
const LONGEST_TITLE: usize = 1_000;

/// A turn as the core gives it, and its items as they stand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodexTurn<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(default)]
    started_at: Option<i64>,
    #[serde(default)]
    completed_at: Option<i64>,
    #[serde(borrow, default)]
    items: Vec<&'a RawValue>,
}

/// Gives a turn and its items, each with its JSON; an error is text that is no turn.
pub(crate) fn entries_of(turn: &str) -> Result<(Entry, Vec<(Item, String)>), serde_json::Error> {
    let codex: CodexTurn<'_> = serde_json::from_str(turn)?;
    let seconds = |time: Option<i64>| time.map(|seconds| seconds.saturating_mul(1_000));
    let outcome = match &*codex.status {
        "completed" => Outcome::Completed,
        "failed" => Outcome::Failed,
        _ => Outcome::Unfinished,
    };
    let items =
        codex.items.iter().map(|item| Ok((item_of(&serde_json::from_str(item.get())?), item.get().to_string())));
    let items = items.collect::<Result<_, serde_json::Error>>()?;
    let (started_at, completed_at) = (seconds(codex.started_at), seconds(codex.completed_at));
    Ok((Entry::Turn(Turn { id: codex.id.into_owned(), started_at, completed_at, outcome }), items))
}

/// Gives an item of Codex's as the contract has it. What is not known keeps its kind, and says nothing.
fn item_of(item: &Value) -> Item {
    let kind = text(item, "type");
    let (role, title, said) = match kind {
        "userMessage" => (Role::User, String::new(), user_message(item)),
        "agentMessage" | "plan" => (Role::Agent, String::new(), text(item, "text").into()),
        "reasoning" => {
            let summary = lines(&item["summary"]);
            (Role::Reasoning, String::new(), if summary.is_empty() { lines(&item["content"]) } else { summary })
        }
        "commandExecution" => (Role::Tool, text(item, "command").into(), text(item, "aggregatedOutput").into()),
        "fileChange" => (Role::Tool, changed_files(item), diffs(item)),
        "mcpToolCall" => (Role::Tool, format!("{}.{}", text(item, "server"), text(item, "tool")), answer(item)),
        "dynamicToolCall" => (Role::Tool, text(item, "tool").into(), answer(item)),
        "collabAgentToolCall" => (Role::Tool, format!("agents: {}", text(item, "tool")), text(item, "prompt").into()),
        "webSearch" => (Role::Tool, text(item, "query").into(), String::new()),
        "imageView" => (Role::Tool, text(item, "path").into(), String::new()),
        "imageGeneration" => (Role::Tool, text(item, "revisedPrompt").into(), String::new()),
        "subAgentActivity" => (Role::System, text(item, "kind").into(), String::new()),
        "enteredReviewMode" | "exitedReviewMode" => (Role::System, String::new(), text(item, "review").into()),
        _ => (Role::System, String::new(), String::new()),
    };
    let outcome = match text(item, "status") {
        "" | "completed" => Outcome::Completed,
        "failed" => Outcome::Failed,
        "declined" => Outcome::Declined,
        _ => Outcome::Unfinished,
    };
    let title = match title.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => title[..end].into(),
        None => title,
    };
    let (said, omitted) = shortened(said);
    let exit_code = item["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok());
    Item {
        id: text(item, "id").into(),
        kind: kind.into(),
        role,
        title: title.replace(['\n', '\r'], " "),
        text: said,
        omitted,
        outcome,
        exit_code,
    }
}

fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().unwrap_or_default()
}

fn lines(texts: &Value) -> String {
    let texts: Vec<_> = texts.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    texts.join("\n")
}

fn user_message(item: &Value) -> String {
    let parts = item["content"].as_array().into_iter().flatten().map(|part| match text(part, "type") {
        "text" => text(part, "text").to_string(),
        "localImage" => format!("[image: {}]", text(part, "path")),
        "image" => "[image]".into(),
        other => format!("[{other}: {}]", text(part, "name")),
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn changed_files(item: &Value) -> String {
    let paths: Vec<_> = item["changes"].as_array().into_iter().flatten().map(|change| text(change, "path")).collect();
    paths.join(", ")
}

fn diffs(item: &Value) -> String {
    let mut told = String::new();
    for change in item["changes"].as_array().into_iter().flatten() {
        let sign = match text(&change["kind"], "type") {
            "add" => "+++",
            "delete" => "---",
            _ => "***",
        };
        told += &format!("{sign} {}\n{}\n", text(change, "path"), text(change, "diff").trim_end());
    }
    told
}

fn answer(item: &Value) -> String {
    if let Some(message) = item["error"]["message"].as_str() {
        return message.into();
    }
    let content = item["result"]["content"].as_array().or_else(|| item["contentItems"].as_array());
    let texts: Vec<_> = content.into_iter().flatten().filter_map(|part| part["text"].as_str()).collect();
    texts.join("\n")
}

/// Cuts a text at a character, and gives how many bytes are left out.
fn shortened(mut text: String) -> (String, u64) {
    let whole = text.len();
    if whole > LONGEST_TEXT {
        text.truncate((0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default());
    }
    let omitted = (whole - text.len()) as u64;
    (text, omitted)
}

/// Takes out of an item's JSON the ids of threads that were not handed over: what other threads there are is told by nothing.
pub(crate) fn without_other_threads(json: String, handed: &HashSet<&str>) -> String {
    const NAMES_THREADS: [&str; 2] = ["\"collabAgentToolCall\"", "\"subAgentActivity\""];
    if !NAMES_THREADS.iter().any(|kind| json.contains(kind)) {
        return json;
    }
    let Ok(mut item) = serde_json::from_str::<Value>(&json) else { return json };
    if !matches!(text(&item, "type"), "collabAgentToolCall" | "subAgentActivity") {
        return json;
    }
    for field in ["senderThreadId", "agentThreadId"] {
        if item[field].as_str().is_some_and(|id| !handed.contains(id)) {
            item[field] = Value::Null;
        }
    }
    if let Some(ids) = item["receiverThreadIds"].as_array_mut() {
        ids.retain(|id| id.as_str().is_some_and(|id| handed.contains(id)));
    }
    if let Some(states) = item["agentsStates"].as_object_mut() {
        states.retain(|id, _| handed.contains(id.as_str()));
    }
    item.to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn items_are_given_as_the_contract_has_them() {
        let turn = r#"{"id":"t","status":"interrupted","startedAt":5,"items":[
            {"type":"userMessage","id":"1","content":[{"type":"text","text":"do it"},{"type":"image","url":"data:"}]},
            {"type":"commandExecution","id":"2","command":"make\ntest","aggregatedOutput":"no\n","status":"failed","exitCode":2},
            {"type":"fileChange","id":"3","changes":[{"path":"/a","kind":{"type":"add"},"diff":"x\n"}],"status":"completed"},
            {"type":"somethingNew","id":"4","what":1}]}"#;
        let (first, items) = entries_of(turn).unwrap();
        let Entry::Turn(turn) = first else { panic!("{first:?}") };
        assert_eq!((turn.started_at, turn.outcome), (Some(5_000), Outcome::Unfinished));
        let told: Vec<_> = items.iter().map(|(item, _)| (item.role, &*item.title, &*item.text)).collect();
        assert_eq!(
            told,
            [
                (Role::User, "", "do it\n[image]"),
                (Role::Tool, "make test", "no\n"),
                (Role::Tool, "/a", "+++ /a\nx\n"),
                (Role::System, "", ""),
            ]
        );
        assert_eq!((items[1].0.outcome, items[1].0.exit_code), (Outcome::Failed, Some(2)));
        assert_eq!(items[3].0.kind, "somethingNew");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_what_is_left_out_is_counted() {
        let (kept, omitted) = shortened("ä".repeat(LONGEST_TEXT));
        assert_eq!((kept.len(), omitted), (LONGEST_TEXT, LONGEST_TEXT as u64));
    }

    #[test]
    fn items_name_no_threads_that_were_not_handed_over() {
        let json = r#"{"type":"collabAgentToolCall","id":"1","senderThreadId":"a","receiverThreadIds":["b","c"],
            "agentsStates":{"b":{"status":"done"},"c":{"status":"done"}}}"#;
        let told = without_other_threads(json.into(), &HashSet::from(["c"]));
        let item: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(item["senderThreadId"], Value::Null);
        assert_eq!(item["receiverThreadIds"].as_array().unwrap().len(), 1);
        assert!(!told.contains("\"b\""), "{told}");
    }
}
