//! What installed plugins add: columns of found threads, and formats in which a thread is exported.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{HomeAndState, McpClient, Program, Rollout, schema, uuid7};

use crate::plugins::Made;

/// A home with threads, and the program on it.
fn place(count: usize) -> (HomeAndState, Program, Vec<String>) {
    let place = HomeAndState::new();
    let id = |number: usize| format!("019ca8a0-{number:04}-7000-8000-00000000000{number}");
    let ids: Vec<String> = (1..=count).map(id).collect();
    for id in &ids {
        place.write(&Rollout::paginated(id).cwd("/src/kites").user("how do kites stay up").agent("by the wind"));
    }
    let program = place.program();
    (place, program, ids)
}

/// Installs the exporter that was built for the first version of the contract.
fn install_obsidian(program: &Program) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plugins/obsidian-0.1.0.wasm");
    program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
}

/// The tools by name, with the schemas of their arguments.
fn tools(client: &mut McpClient) -> Vec<(String, Value, Value)> {
    let mut listed = client.request("tools/list", json!({}))["result"]["tools"].take();
    let tools = listed.as_array_mut().unwrap().iter_mut();
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools.map(|tool| (name(tool), tool["inputSchema"].take(), tool["outputSchema"].take())).collect()
}

#[test]
fn what_plugins_offer_is_told_of_and_answered_while_they_are_installed() {
    let (_place, program, ids) = place(3);
    let mut client = McpClient::of(&program);
    let bare = tools(&mut client);
    assert!(!bare.iter().any(|(name, input, _)| name == "export_thread" || input.to_string().contains("columns")));
    let none = client.refusal("find_threads", json!({ "columns": ["made"] }));
    assert!(none["message"].as_str().unwrap().contains("no installed plugin has a column 'made'"), "{none}");

    Made::column_of_last_characters().install(&program);
    install_obsidian(&program);
    let all = tools(&mut client);
    let schemas = |wanted: &str| all.iter().find(|(name, ..)| name == wanted).unwrap();
    let (_, find, found) = schemas("find_threads");
    assert_eq!(find["properties"]["columns"]["items"]["enum"], json!(["made"]));
    let (_, export, exported) = schemas("export_thread");
    assert_eq!(export["properties"]["format"]["enum"], json!(["obsidian"]));
    let answer = client.call("find_threads", json!({ "columns": ["made"], "words": "kites" }));
    assert!(schema::faults(found, &answer).is_empty(), "{answer}");
    let threads = answer["threads"].as_array().unwrap();
    for id in &ids {
        let last = &id[id.len() - 1..];
        let thread = threads.iter().find(|thread| thread["id"] == id.as_str()).unwrap();
        assert_eq!(thread["columns"]["made"], json!({ "text": last, "score": last.parse::<f64>().unwrap() }));
    }
    let plain = client.call("find_threads", json!({}));
    assert!(plain["threads"].as_array().unwrap().iter().all(|thread| thread.get("columns").is_none()), "{plain}");
    let arguments = json!({ "thread": ids[0], "format": "obsidian" });
    assert!(schema::faults(export, &arguments).is_empty());
    let answer = client.call("export_thread", arguments);
    assert!(schema::faults(exported, &answer).is_empty(), "{answer}");
    let by_program = program.run(["export", &ids[0], "--format", "obsidian"]).well().stdout;
    assert_eq!(answer["files"], json!([{ "name": "obsidian.md", "text": by_program }]));
    let tagged = json!({ "thread": ids[0], "format": "obsidian", "settings": { "tag": "of-an-agent" } });
    assert!(client.call("export_thread", tagged)["files"][0]["text"].as_str().unwrap().contains("of-an-agent"));

    program.run(["plugin", "remove", "made-column"]).well();
    program.run(["plugin", "remove", "obsidian"]).well();
    assert_eq!(tools(&mut client), bare);
    client.refusal("find_threads", json!({ "columns": ["made"] }));
    client.refusal("export_thread", json!({ "thread": ids[0], "format": "obsidian" }));
}

#[test]
fn a_plugin_that_is_stopped_breaks_or_is_denied_costs_its_call_alone() {
    let (_place, program, ids) = place(1);
    Made::endless("column").install(&program);
    Made::new("exporter").doing("(unreachable)").install(&program);
    install_obsidian(&program);
    program.run(["plugin", "revoke", "obsidian", "history"]).well();
    let mut client = McpClient::start(&mut program.command(["mcp", "--scope", "all", "--plugin-limit", "time=1s"]));
    let stopped = client.refusal("find_threads", json!({ "columns": ["made"] }));
    let said = stopped["message"].as_str().unwrap();
    assert!(said.contains("made-column was stopped: it reached the limit 'time'"), "{stopped}");
    assert!(stopped["hint"].as_str().unwrap().contains("--plugin-limit time="), "{stopped}");
    let broken = client.refusal("export_thread", json!({ "thread": ids[0], "format": "made" }));
    assert!(broken["message"].as_str().unwrap().contains("made-exporter failed"), "{broken}");
    let denied = client.refusal("export_thread", json!({ "thread": ids[0], "format": "obsidian" }));
    assert!(denied["message"].as_str().unwrap().contains("'history'"), "{denied}");
    assert_eq!(client.call("find_threads", json!({}))["threads"][0]["id"], json!(ids[0]));
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_question_that_is_taken_back_ends_the_plugin() {
    let (_place, program, ids) = place(1);
    Made::endless("column").install(&program);
    let mut client = McpClient::of(&program);
    client.call("find_threads", json!({}));
    let begun = Instant::now();
    // They fill the places that a client has.
    for id in 101..=104 {
        let call = json!({ "name": "find_threads", "arguments": { "columns": ["made"] } });
        client.say(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call }).to_string());
    }
    std::thread::sleep(Duration::from_millis(300));
    for id in 101..=104 {
        let taken_back = json!({ "requestId": id, "reason": "no matter" });
        client.say(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": taken_back }).to_string());
    }
    assert_eq!(client.call("find_threads", json!({}))["threads"][0]["id"], json!(ids[0]));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn an_export_comes_in_parts_within_the_bound_that_make_the_whole_without_secrets() {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let long: String = (0..4_000).map(|number| format!("line {number} of \"many\"\n")).collect();
    let rollout = Rollout::paginated(&id).cwd(&format!("/src/{secret}")).user(&format!("use {secret}"));
    place.write(&rollout.agent(&long).user("thanks").agent("you are welcome"));
    let program = place.program();
    install_obsidian(&program);
    let mut client = McpClient::of(&program);
    let whole = program.run(["export", &id, "--format", "obsidian"]).well().stdout;
    assert!(whole.contains(secret), "the directory is given as it is");
    for chars in [4_000, 25_000, 200_000] {
        let arguments = json!({ "thread": id, "format": "obsidian", "maxChars": chars });
        let pages = client.pages("export_thread", &arguments);
        let mut text = String::new();
        for page in &pages {
            assert!(page.to_string().chars().count() <= chars, "{chars}");
            assert!(page["redactions"][0]["count"].as_u64().unwrap() >= 2, "{page}");
            for file in page["files"].as_array().unwrap() {
                assert_eq!(file["from"].as_u64().unwrap_or(0), text.chars().count() as u64);
                text += file["text"].as_str().unwrap();
            }
        }
        assert!(!text.contains(secret), "{chars}");
        assert_eq!(pages.len() > 1, chars < whole.len(), "{chars}");
        let without_it =
            |text: &str| text.lines().filter(|line| !line.starts_with("cwd: ")).collect::<Vec<_>>().join("\n");
        assert_eq!(without_it(&text), without_it(&whole), "{chars}");
    }
    let first = client.call("export_thread", json!({ "thread": id, "format": "obsidian", "maxChars": 4_000 }));
    let other = json!({
        "thread": id, "format": "obsidian", "settings": { "tag": "other" }, "cursor": first["nextCursor"],
    });
    assert_eq!(client.refusal("export_thread", other)["code"], "conflict");
    let wrong = json!({ "thread": id, "format": "obsidian", "cursor": "a0.0." });
    assert_eq!(client.refusal("export_thread", wrong)["code"], "invalidInput");
}

#[test]
fn a_thread_that_may_not_be_seen_is_handed_to_no_plugin() {
    let place = HomeAndState::new();
    let [here, elsewhere] = [1, 2].map(|number| uuid7(1_772_359_200_000 + number as i64 * 60_000, number as u64));
    let directory = tempfile::tempdir().unwrap();
    place.write(&Rollout::paginated(&here).cwd(directory.path().to_str().unwrap()).user("here"));
    place.write(&Rollout::paginated(&elsewhere).cwd("/src/elsewhere").user("elsewhere"));
    let program = place.program();
    install_obsidian(&program);
    let mut client = McpClient::inside(&program, directory.path());
    client.call("export_thread", json!({ "thread": here, "format": "obsidian" }));
    let refused = client.refusal("export_thread", json!({ "thread": elsewhere, "format": "obsidian" }));
    assert_eq!(refused["code"], "outsideScope", "{refused}");
}
