//! What is no question gets a right error, and the next question an answer.

use serde_json::{Value, json};
use support::{HomeAndState, McpClient, Rollout, uuid7};

fn place() -> (HomeAndState, String) {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    place.write(&Rollout::paginated(&id).user("a kite").agent("flies"));
    (place, id)
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_a_stable_code() {
    let (place, id) = place();
    let mut client = McpClient::of(&place.program());
    let refusals = [
        ("find_threads", json!({ "wrods": "x" }), "invalidInput"),
        ("find_threads", json!({ "words": 7 }), "invalidInput"),
        ("find_threads", json!({ "words": "" }), "invalidInput"),
        ("find_threads", json!({ "since": "soon" }), "invalidInput"),
        ("find_threads", json!({ "cursor": "nonsense" }), "invalidInput"),
        ("find_threads", json!({ "words": "kite", "cursor": "nonsense" }), "invalidInput"),
        ("find_threads", json!({ "limit": -1 }), "invalidInput"),
        ("read_thread", json!({}), "invalidInput"),
        ("read_thread", json!({ "thread": null }), "invalidInput"),
        ("read_thread", json!({ "thread": id, "detail": "all" }), "invalidInput"),
        ("read_thread", json!({ "thread": id, "cursor": "x" }), "invalidInput"),
        ("read_thread", json!({ "thread": id, "cursor": "a0.0.x" }), "invalidInput"),
        ("read_thread", json!({ "thread": "nobody" }), "notFound"),
        ("read_thread", json!({ "thread": "019f0000-0000-7000-8000-000000000000" }), "notFound"),
        ("read_thread", json!({ "thread": "../../etc/passwd" }), "notFound"),
        ("thread_context", json!({ "path": "" }), "invalidInput"),
        ("usage", json!({ "by": "moon" }), "invalidInput"),
        ("usage", json!({ "cursor": "x" }), "invalidInput"),
        ("why_missing", json!({ "thread": "x".repeat(100_000) }), "notFound"),
    ];
    for (tool, arguments, code) in refusals {
        let refusal = client.refusal(tool, arguments.clone());
        let shown: String = arguments.to_string().chars().take(100).collect();
        assert_eq!(refusal["code"], code, "{tool} {shown}: {refusal}");
        assert!(refusal["message"].as_str().is_some_and(|message| !message.is_empty()), "{tool} {shown}");
        assert!(refusal.to_string().len() < 4_000, "{tool} {shown}");
    }
    let beyond = client.call("read_thread", json!({ "thread": id, "cursor": "a99.99." }));
    assert_eq!((&beyond["nextCursor"], &beyond["turns"][0]["entries"]), (&Value::Null, &json!([])));
    let bounded = client.call("find_threads", json!({ "maxChars": 0, "limit": 1_000_000 }));
    assert_eq!(bounded["threads"].as_array().unwrap().len(), 1);
}

#[test]
fn messages_that_are_none_leave_the_server_answering() {
    let (place, id) = place();
    let mut client = McpClient::of(&place.program());
    let unknown = client.request("tools/call", json!({ "name": "delete_thread", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let unknown = client.request("threads/delete", json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    for line in
        ["", "nonsense", "[1,2", "{}", "null", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", "\u{0}\u{1}"]
    {
        client.say(line);
    }
    let answer = client.call("find_threads", json!({}));
    assert_eq!(answer["threads"][0]["id"], id.as_str());
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_client_that_says_nothing_or_half_a_message_ends_it_orderly() {
    let (place, _) = place();
    let program = place.program();
    let client = McpClient::silent(&mut program.command(["mcp"]));
    assert_eq!(client.end(), Some(0));
    let mut client = McpClient::of(&program);
    client.say("{\"jsonrpc\":\"2.0\",\"id\":7,\"meth");
    assert_eq!(client.end(), Some(0));
}
