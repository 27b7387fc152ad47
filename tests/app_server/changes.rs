//! Changes: what is answered, what all clients are told behind it, and what cannot be asked.

use serde_json::{Value, json};
use support::{Collection, Rollout, uuid7};
use tempfile::{TempDir, tempdir};

use super::Asker;

const AT: i64 = 1_772_000_000_000;

fn home() -> (TempDir, String) {
    let home = tempdir().unwrap();
    let id = uuid7(AT, 1);
    let rollout = Rollout::paginated(&id).at_millis(AT).cwd("/src/app").user("Count the herons").agent("Three.");
    rollout.write(home.path(), Collection::Active);
    (home, id)
}

/// The methods of what is told, with their parameters.
fn told(asker: &Asker, method: &str, params: Value) -> Vec<Value> {
    let (_, notes) = asker.try_ask(method, &params).unwrap_or_else(|error| panic!("{method}: {error}"));
    notes.into_iter().map(|note| json!([note["method"], note["params"]])).collect()
}

#[test]
fn all_clients_are_told_of_a_change_behind_its_answer() {
    let (home, id) = home();
    let asker = Asker::of(home.path());
    let of = json!({"threadId": id});
    assert_eq!(
        told(&asker, "thread/name/set", json!({"threadId": id, "name": "  Herons  "})),
        [json!(["thread/name/updated", {"threadId": id, "threadName": "Herons"}])]
    );
    assert_eq!(asker.ask("thread/read", of.clone())["thread"]["name"], "Herons");
    assert_eq!(told(&asker, "thread/archive", of.clone()), [json!(["thread/archived", of])]);
    assert_eq!(told(&asker, "thread/unarchive", of.clone()), [json!(["thread/unarchived", of])]);
    assert!(told(&asker, "thread/metadata/update", json!({"threadId": id, "gitInfo": {"sha": null}})).is_empty());
    let goal = told(&asker, "thread/goal/set", json!({"threadId": id, "objective": "all herons"}));
    assert_eq!((&goal[0][0], &goal[0][1]["goal"]["objective"]), (&json!("thread/goal/updated"), &json!("all herons")));
    assert_eq!(told(&asker, "thread/goal/clear", of.clone()), [json!(["thread/goal/cleared", of])]);
    assert!(told(&asker, "thread/goal/clear", of.clone()).is_empty());
    let idle = json!({"threadId": id, "status": {"type": "idle"}});
    assert_eq!(told(&asker, "thread/resume", of.clone()), [json!(["thread/status/changed", idle])]);
    let gone = json!({"threadId": id, "status": {"type": "notLoaded"}});
    assert_eq!(
        told(&asker, "thread/delete", of.clone()),
        [json!(["thread/status/changed", gone]), json!(["thread/deleted", of])]
    );
}

#[test]
fn what_cannot_be_changed_is_refused_in_codexs_words() {
    let (home, id) = home();
    let asker = Asker::of(home.path());
    let nobody = uuid7(AT, 2);
    let no_rollout = format!("no rollout found for thread id {nobody}");
    let uuid = "invalid length: expected length 32 for simple format, found 0";
    for (method, params, message) in [
        ("thread/name/set", json!({"threadId": id, "name": "  "}), "thread name must not be empty".to_owned()),
        ("thread/name/set", json!({"threadId": id}), "Invalid request: missing field `name`".into()),
        ("thread/name/set", json!({"threadId": nobody, "name": "x"}), no_rollout.clone()),
        ("thread/archive", json!({"threadId": nobody}), no_rollout.clone()),
        ("thread/archive", json!({"threadId": ""}), format!("invalid session id: {uuid}")),
        ("thread/unarchive", json!({"threadId": id}), format!("no archived rollout found for thread id {id}")),
        ("thread/delete", json!({"threadId": nobody}), no_rollout.clone()),
        ("thread/delete", json!({"threadId": ""}), format!("invalid thread id: {uuid}")),
        ("thread/resume", json!({"threadId": nobody}), no_rollout.clone()),
        ("thread/resume", json!({"threadId": ""}), format!("invalid session id: {uuid}")),
        (
            "thread/metadata/update",
            json!({"threadId": id}),
            "thread metadata update must include at least one field".into(),
        ),
        (
            "thread/metadata/update",
            json!({"threadId": id, "gitInfo": {}}),
            "gitInfo must include at least one field".into(),
        ),
        (
            "thread/metadata/update",
            json!({"threadId": id, "gitInfo": {"branch": ""}}),
            "gitInfo.branch must not be empty".into(),
        ),
        (
            "thread/memoryMode/set",
            json!({"threadId": id, "mode": "polluted"}),
            "Invalid request: unknown variant `polluted`, expected `enabled` or `disabled`".into(),
        ),
        ("thread/goal/set", json!({"threadId": id, "objective": ""}), "goal objective must not be empty".into()),
        (
            "thread/goal/set",
            json!({"threadId": id, "tokenBudget": 0}),
            "goal budgets must be positive when provided".into(),
        ),
        (
            "thread/goal/set",
            json!({"threadId": id, "status": "complete"}),
            format!("cannot update goal for thread {id}: no goal exists"),
        ),
        ("thread/inject_items", json!({"threadId": id, "items": []}), format!("thread not found: {id}")),
    ] {
        let refused = asker.refused(method, params.clone());
        assert_eq!((refused.code, refused.message), (-32600, message), "{method} {params}");
    }
    asker.ask("thread/archive", json!({"threadId": id}));
    let again = asker.refused("thread/archive", json!({"threadId": id}));
    assert_eq!(again.message, format!("no rollout found for thread id {id}"));
    let archived = asker.refused("thread/resume", json!({"threadId": id}));
    let hint = format!("session {id} is archived. Run `codex unarchive {id}` to unarchive it first.");
    assert_eq!(archived.message, hint);
}

#[test]
fn what_needs_a_model_is_refused_and_loses_nothing() {
    let (home, id) = home();
    let asker = Asker::of(home.path());
    let before = asker.ask("thread/read", json!({"threadId": id, "includeTurns": true}));
    let input = json!([{"type": "text", "text": "go on"}]);
    let refused = asker.refused("turn/start", json!({"threadId": id, "input": input}));
    assert_eq!(refused.code, -32601);
    assert!(refused.message.contains("needs a model"), "{}", refused.message);
    assert_eq!(asker.ask("thread/read", json!({"threadId": id, "includeTurns": true})), before);
}

#[test]
fn injected_items_are_in_the_rollout_and_the_thread_stays_free_for_others() {
    let (home, id) = home();
    let asker = Asker::of(home.path());
    asker.ask("thread/resume", json!({"threadId": id}));
    let item = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a hint"}]});
    asker.ask("thread/inject_items", json!({"threadId": id, "items": [item]}));
    let path = asker.ask("thread/read", json!({"threadId": id}))["thread"]["path"].as_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["payload"]), (&json!("response_item"), &item));
    let other = Asker::of(home.path());
    other.ask("thread/resume", json!({"threadId": id}));
    other.ask("thread/inject_items", json!({"threadId": id, "items": [item]}));
    let bad = asker.refused("thread/inject_items", json!({"threadId": id, "items": [{"x": 1}]}));
    assert!(bad.message.starts_with("items[0] is not a valid response item"), "{}", bad.message);
}
