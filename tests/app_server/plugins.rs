//! What this server has of plugins beside Codex's protocol: asked for by its name, and else not there.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::app_server::{Client, Server};
use support::{HomeAndState, Program, Rollout};

use crate::plugins::Made;

/// A home with threads, and a server of it.
struct Served {
    program: Program,
    ids: Vec<String>,
    server: Server,
    _place: HomeAndState,
}

impl Served {
    fn with(rollouts: &[&[&str]], arguments: &[&str]) -> Served {
        let place = HomeAndState::new();
        let id = |number: usize| format!("019ca8a0-{number:04}-7000-8000-00000000000{number}");
        let ids: Vec<String> = (1..=rollouts.len()).map(id).collect();
        for (id, texts) in ids.iter().zip(rollouts) {
            let begun = Rollout::paginated(id);
            place.write(&texts.iter().fold(begun, |rollout, text| rollout.user(text).agent("by the wind")));
        }
        let program = place.program();
        let server = Server::start_with(&program, &place.state.path().join("socket"), arguments);
        Served { program, ids, server, _place: place }
    }

    fn install_obsidian(&self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plugins/obsidian-0.1.0.wasm");
        self.program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
    }
}

fn list(client: &mut Client, own: Option<Value>) -> Result<Vec<Value>, (i64, String)> {
    let mut params = json!({ "modelProviders": [] });
    if let Some(own) = own {
        params["threadkeep"] = own;
    }
    client.call("thread/list", params).map(|mut page| page["data"].as_array_mut().unwrap().split_off(0))
}

#[test]
fn columns_stand_in_lists_that_ask_for_them_while_they_are_installed() {
    let served = Served::with(&[&["kites"], &["sails"]], &[]);
    let mut client = served.server.client();
    let offered = |client: &mut Client| client.call("threadkeep/plugin/list", json!({})).unwrap();
    assert_eq!(offered(&mut client), json!({ "columns": [], "formats": [] }));
    let columns = || Some(json!({ "columns": ["made"] }));
    let (_, none) = list(&mut client, columns()).unwrap_err();
    assert!(none.contains("no installed plugin has a column 'made'"), "{none}");
    Made::column_of_last_characters().install(&served.program);
    let made = json!([{ "name": "made", "title": "Made", "plugin": "made-column" }]);
    assert_eq!(offered(&mut client)["columns"], made);
    let listed = list(&mut client, columns()).unwrap();
    assert_eq!(listed.len(), 2);
    for (thread, id) in listed.iter().zip(served.ids.iter().rev()) {
        let last = &id[id.len() - 1..];
        let cell = json!({ "text": last, "score": last.parse::<f64>().unwrap() });
        assert_eq!((&thread["id"], &thread["threadkeep"]["columns"]["made"]), (&json!(id), &cell));
    }
    for unasked in list(&mut client, None).unwrap() {
        assert!(unasked.get("threadkeep").is_none(), "{unasked}");
    }
    served.program.run(["plugin", "remove", "made-column"]).well();
    assert!(list(&mut client, columns()).is_err());
}

#[test]
fn a_thread_is_exported_in_parts_that_make_the_whole() {
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let long: String = (0..1_000).map(|number| format!("line {number} of \"many\"\n")).collect();
    let long = format!("{secret} {long}");
    let served = Served::with(&[&[long.as_str(); 80]], &[]);
    served.install_obsidian();
    let mut client = served.server.client();
    let (mut text, mut parts, mut cursor) = (String::new(), 0, Value::Null);
    loop {
        let params = json!({ "threadId": served.ids[0], "format": "obsidian", "cursor": cursor });
        let part = client.call("threadkeep/thread/export", params).unwrap();
        assert!(part.to_string().len() < 1_100_000);
        // Said by the user, and the name of the thread.
        assert!(part["redactions"].as_object().unwrap().values().any(|count| *count != 0), "{}", part["redactions"]);
        for file in part["data"].as_array().unwrap() {
            assert_eq!((&file["name"], &file["from"]), (&json!("obsidian.md"), &json!(text.chars().count())));
            text += file["text"].as_str().unwrap();
        }
        parts += 1;
        cursor = part["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert!(parts > 1 && !text.contains(secret));
    let by_program = served.program.run(["export", &served.ids[0], "--format", "obsidian"]).well().stdout;
    assert!(text == by_program);
    let elsewhere = json!({ "threadId": "019ca8a0-0009-7000-8000-000000000009", "format": "obsidian" });
    assert!(client.call("threadkeep/thread/export", elsewhere).is_err());
    let (_, wrong) = client
        .call("threadkeep/thread/export", json!({ "threadId": served.ids[0], "format": "obsidian", "cursor": "x" }))
        .unwrap_err();
    assert!(wrong.contains("invalid cursor"), "{wrong}");
}

#[test]
fn a_plugin_that_is_stopped_or_breaks_costs_its_call_alone() {
    let served = Served::with(&[&["kites"]], &["--plugin-limit", "time=1s"]);
    Made::endless("column").install(&served.program);
    Made::new("exporter").doing("(unreachable)").install(&served.program);
    let mut client = served.server.client();
    let (_, stopped) = list(&mut client, Some(json!({ "columns": ["made"] }))).unwrap_err();
    assert!(stopped.contains("made-column was stopped: it reached the limit 'time'"), "{stopped}");
    let export = json!({ "threadId": served.ids[0], "format": "made" });
    let (_, broken) = client.call("threadkeep/thread/export", export).unwrap_err();
    assert!(broken.contains("made-exporter failed"), "{broken}");
    assert_eq!(list(&mut client, None).unwrap().len(), 1);
}

#[test]
fn an_export_that_is_cancelled_or_whose_client_goes_ends() {
    let served = Served::with(&[&["kites"]], &["--plugin-limit", "time=5m"]);
    Made::endless("exporter").install(&served.program);
    let begun = Instant::now();
    let mut client = served.server.client();
    let export = json!({ "threadId": served.ids[0], "format": "made" });
    // As many as a client may have at once, so that no place for searches is left.
    let asked: Vec<i64> = (0..4).map(|_| client.ask("threadkeep/thread/export", export.clone())).collect();
    std::thread::sleep(Duration::from_millis(300));
    // What is no search is answered in the meantime.
    assert_eq!(list(&mut client, None).unwrap().len(), 1);
    for id in &asked {
        client.call("threadkeep/cancel", json!({ "requestId": id })).unwrap();
    }
    let is_answer = |message: &Value| asked.iter().any(|id| message["id"] == *id);
    let mut answers: Vec<Value> = client.told.iter().filter(|message| is_answer(message)).cloned().collect();
    while answers.len() < asked.len() {
        answers.extend([client.receive().unwrap()].into_iter().filter(is_answer));
    }
    for answer in answers {
        // One may not have come to begin.
        assert!(answer["error"]["message"].as_str().unwrap().contains("cancelled"), "{answer}");
    }
    // As many as a client may have, who goes, and the same again for another one.
    for _ in 0..2 {
        let mut client = served.server.client();
        for _ in 0..4 {
            client.ask("threadkeep/thread/export", export.clone());
        }
        std::thread::sleep(Duration::from_millis(300));
        drop(client);
    }
    let mut last = served.server.client();
    Made::new("exporter").version("2.0.0").install_over(&served.program);
    assert!(last.call("threadkeep/thread/export", export).is_ok());
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
