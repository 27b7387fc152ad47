//! Commands with `--remote`: Codex's own on a server of ours, and ours on the real server.

use serde_json::{Value, json};
use support::app_server::Server;
use support::{Collection, HomeAndState, Program};

use super::{Served, THREADS, codexes, id, thread};

#[test]
fn commands_of_codex_change_threads_of_a_server() {
    for codex in codexes() {
        let served = Served::start();
        let run = |words: &[&str]| {
            let output = served.codex(&codex, words).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
            said
        };
        run(&["archive", &id(1)]);
        assert_eq!(served.collection(&id(1)), Some(Collection::Archived));
        run(&["unarchive", &id(1)]);
        assert_eq!(served.collection(&id(1)), Some(Collection::Active));
        run(&["delete", "--force", &id(2)]);
        assert_eq!(served.collection(&id(2)), None);
        run(&["queue", "--thread", &id(3), "--message", "and the egrets?"]);
        let queue = served.server.client().call("thread/queue/list", json!({"threadId": id(3)})).unwrap();
        assert!(queue.to_string().contains("and the egrets?"), "{queue}");
        // By its name, which is looked for on all pages.
        served.server.client().call("thread/name/set", json!({"threadId": id(4), "name": "The herons"})).unwrap();
        run(&["archive", "The herons"]);
        assert_eq!(served.collection(&id(4)), Some(Collection::Archived));
        assert!(!served.codex(&codex, &["archive", &id(999)]).output().unwrap().status.success());
    }
}

#[test]
fn our_commands_ask_the_real_server_as_they_ask_the_home() {
    for codex in codexes() {
        let home = HomeAndState::new();
        (0..THREADS).for_each(|number| home.write(&thread(number)));
        let program = Program::at(codex).variable("CODEX_HOME", home.home.path());
        let server = Server::start(&program, &program.place().join("socket"));
        // It fills its database first.
        server.client();
        let remote = format!("unix://{}", server.socket.display());
        let elsewhere = HomeAndState::new();
        let asking = |words: &[&str]| elsewhere.program().json([words, &["--remote", &remote]].concat());
        let here = |words: &[&str]| home.program().json(words);
        let listed = asking(&["list", "--limit", "0"]);
        assert_eq!(support::ids(&listed), support::ids(&here(&["list", "--limit", "0", "--flat"])));
        assert_eq!(asking(&["find", &id(7)])["path"], here(&["find", &id(7)])["path"]);
        // Of paginated threads Codex shows what its own database has, which nobody has filled here.
        for number in [6, 9] {
            let (there, here) = (asking(&["read", &id(number)]), here(&["read", &id(number)]));
            assert_eq!(said(&there), said(&here), "{number}");
            assert_eq!(said(&there), [format!("question {number}"), format!("answer {number}")]);
        }
        assert_eq!(asking(&["turns", &id(9)])["items"].as_array().unwrap().len(), 1);
        let matched = asking(&["search", "question 17"]);
        assert_eq!(matched["items"][0]["thread"]["id"], id(17));
        assert!(std::fs::read_dir(elsewhere.state.path()).unwrap().next().is_none(), "nothing is opened here");
    }
}

/// What was said in a thread, by both.
fn said(thread: &Value) -> Vec<String> {
    let turns = thread["turns"].as_array().unwrap().iter();
    let items = turns.flat_map(|turn| turn["items"].as_array().unwrap());
    items
        .filter_map(|item| match item["type"].as_str()? {
            "userMessage" => item["content"][0]["text"].as_str(),
            "agentMessage" => item["text"].as_str(),
            _ => None,
        })
        .map(String::from)
        .collect()
}
