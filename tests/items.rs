//! Items of kinds that are rare in real homes, in the shape of Codex's `ThreadItem`, out of paginated and legacy histories.

use serde_json::{Value, json};
use support::{Collection, Program, Rollout, uuid7};
use tempfile::tempdir;

/// The only turn of a thread that a user message opened and that these records go on.
fn turn(new: fn(&str) -> Rollout, payloads: &[Value]) -> Value {
    let id = uuid7(0, 1);
    let mut rollout = new(&id).user("Do.");
    let opened = rollout.lines().iter().rev().find_map(|line| {
        let record: Value = serde_json::from_slice(line).unwrap();
        record["payload"]["turn_id"].as_str().map(str::to_owned)
    });
    for payload in payloads {
        let mut payload = payload.clone();
        if payload["type"] == "item_completed" {
            payload["turn_id"] = opened.clone().unwrap().into();
        }
        let record = json!({ "timestamp": "2026-05-01T08:30:00.000Z", "type": "event_msg", "payload": payload });
        rollout = rollout.verbatim(record.to_string());
    }
    let home = tempdir().unwrap();
    rollout.write(home.path(), Collection::Active);
    let answer = Program::stateless(home.path()).json(["turns", &id]);
    assert_eq!(answer["items"].as_array().unwrap().len(), 1);
    answer["items"][0].clone()
}

fn item(new: fn(&str) -> Rollout, payload: Value) -> Value {
    let items = turn(new, &[payload])["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2, "{items:?}");
    items[1].clone()
}

fn completed(item: Value) -> Value {
    json!({ "type": "item_completed", "item": item, "started_at_ms": 7, "completed_at_ms": 9 })
}

/// The item that a paginated history should show for what it records.
fn paginated(recorded: Value, mut shown: Value) {
    shown["startedAtMs"] = 7.into();
    shown["completedAtMs"] = 9.into();
    assert_eq!(item(Rollout::paginated, completed(recorded)), shown);
}

/// Likewise a legacy one.
fn legacy(recorded: Value, mut shown: Value) {
    shown["startedAtMs"] = Value::Null;
    shown["completedAtMs"] = Value::Null;
    assert_eq!(item(Rollout::legacy, recorded), shown);
}

#[test]
fn a_web_search_says_what_it_did() {
    for (action, shown) in [
        (json!({ "type": "search", "query": "tides" }), json!({ "type": "search", "query": "tides", "queries": null })),
        (
            json!({ "type": "open_page", "url": "https://a.example" }),
            json!({ "type": "openPage", "url": "https://a.example" }),
        ),
        (
            json!({ "type": "find_in_page", "url": "https://a.example", "pattern": "moon" }),
            json!({ "type": "findInPage", "url": "https://a.example", "pattern": "moon" }),
        ),
        (json!({ "type": "something new" }), json!({ "type": "other" })),
        (Value::Null, Value::Null),
    ] {
        let shown = json!({ "type": "webSearch", "id": "ws_1", "query": "tides", "action": shown, "results": null });
        paginated(json!({ "type": "WebSearch", "id": "ws_1", "query": "tides", "action": action }), shown.clone());
        legacy(json!({ "type": "web_search_end", "call_id": "ws_1", "query": "tides", "action": action }), shown);
    }
}

#[test]
fn a_tool_of_a_server_shows_its_answer_or_its_failure() {
    let fields = |status: &str, result: Value, error: Value| {
        json!({
            "type": "mcpToolCall", "id": "call_1", "server": "harbour", "tool": "depth", "status": status,
            "arguments": { "at": "noon" }, "appContext": null, "mcpAppUi": null, "pluginId": null, "readOnlyHint": null,
            "environmentId": null, "result": result, "error": error, "durationMs": 1500,
        })
    };
    let duration = json!({ "secs": 1, "nanos": 500_000_000 });
    let answer = json!({ "content": [{ "type": "text", "text": "7 m" }], "structured_content": { "m": 7 } });
    let shown =
        json!({ "content": [{ "type": "text", "text": "7 m" }], "structuredContent": { "m": 7 }, "_meta": null });
    let recorded = |status: &str, result: &Value, error: Value| {
        json!({
            "type": "McpToolCall", "id": "call_1", "server": "harbour", "tool": "depth", "arguments": { "at": "noon" },
            "status": status, "result": result, "error": error, "duration": duration,
        })
    };
    paginated(recorded("completed", &answer, Value::Null), fields("completed", shown.clone(), Value::Null));
    let failure = json!({ "message": "it is dark" });
    paginated(recorded("failed", &Value::Null, failure.clone()), fields("failed", Value::Null, failure.clone()));
    let ended = |result: Value| {
        let invocation = json!({ "server": "harbour", "tool": "depth", "arguments": { "at": "noon" } });
        json!({
            "type": "mcp_tool_call_end", "call_id": "call_1", "invocation": invocation, "duration": duration, "result": result,
        })
    };
    legacy(ended(json!({ "Ok": answer })), fields("completed", shown, Value::Null));
    legacy(ended(json!({ "Err": "it is dark" })), fields("failed", Value::Null, failure));
}

#[test]
fn a_plan_an_image_and_a_review_are_shown() {
    paginated(
        json!({ "type": "Plan", "id": "p", "text": "1. look\n2. leap" }),
        json!({ "type": "plan", "id": "p", "text": "1. look\n2. leap" }),
    );
    paginated(
        json!({ "type": "ImageView", "id": "i", "path": "file:///tmp/a%20b.png" }),
        json!({ "type": "imageView", "id": "i", "path": "/tmp/a b.png" }),
    );
    legacy(
        json!({ "type": "view_image_tool_call", "call_id": "i", "path": "/tmp/a.png" }),
        json!({ "type": "imageView", "id": "i", "path": "/tmp/a.png" }),
    );
    paginated(
        json!({ "type": "EnteredReviewMode", "id": "r", "review": "the last commit" }),
        json!({ "type": "enteredReviewMode", "id": "r", "review": "the last commit" }),
    );
    let entered = json!({ "type": "entered_review_mode", "target": {}, "user_facing_hint": "the last commit" });
    legacy(entered, json!({ "type": "enteredReviewMode", "id": "item-2", "review": "the last commit" }));
    let exited = json!({ "type": "exited_review_mode", "review_output": { "overall_explanation": "Sound." } });
    legacy(exited, json!({ "type": "exitedReviewMode", "id": "item-2", "review": "Sound." }));
}

#[test]
fn an_item_of_an_unknown_kind_is_shown_as_it_is() {
    paginated(
        json!({ "type": "TeaBreak", "id": "t", "leaf_kind": "green" }),
        json!({ "type": "teaBreak", "id": "t", "leafKind": "green" }),
    );
}

#[test]
fn a_turn_that_failed_says_why() {
    let error = json!({ "type": "error", "message": "stream lost", "codex_error_info": "server_overloaded" });
    for new in [Rollout::legacy as fn(&str) -> Rollout, Rollout::paginated] {
        let turn = turn(new, std::slice::from_ref(&error));
        assert_eq!(turn["status"], "failed");
        assert_eq!(
            (&turn["error"]["message"], &turn["error"]["codexErrorInfo"]),
            (&json!("stream lost"), &json!("serverOverloaded"))
        );
    }
}
