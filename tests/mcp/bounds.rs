//! Every answer is within its bound, on homes of every release.

use serde_json::{Value, json};
use support::{ALL_HOMES, McpClient, Program, real_homes};

#[test]
fn every_answer_is_within_its_bound_on_homes_of_every_release() {
    for home in real_homes(&ALL_HOMES) {
        let program = Program::stateless(&home.path);
        let listed = program.json(["list", "--all", "--flat", "--limit", "0"]);
        let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        let mut client = McpClient::of(&program);
        for chars in [4_000, 25_000] {
            let mut check = |tool: &str, arguments: Value| {
                let mut arguments = arguments;
                arguments["maxChars"] = chars.into();
                let pages = client.pages(tool, &arguments);
                let longest = pages.iter().map(|page| page.to_string().chars().count()).max().unwrap();
                assert!(longest <= chars, "{} {tool} {arguments}: {longest}", home.name);
                pages
            };
            let pages = check("find_threads", json!({ "subAgents": true, "limit": 100 }));
            let found = pages.iter().map(|page| page["threads"].as_array().unwrap().len()).sum::<usize>();
            assert_eq!(found, ids.len(), "{}", home.name);
            check("find_threads", json!({ "words": "the", "inCommands": true, "subAgents": true }));
            check("thread_context", json!({ "path": "src", "subAgents": true }));
            check("usage", json!({ "by": "thread" }));
            for id in &ids {
                check("read_thread", json!({ "thread": id, "detail": "everything" }));
                check("why_missing", json!({ "thread": id }));
            }
        }
    }
}

#[test]
fn the_turns_and_items_of_real_threads_are_those_of_the_program() {
    for home in real_homes(&ALL_HOMES) {
        let program = Program::stateless(&home.path);
        let listed = program.json(["list", "--all", "--flat", "--limit", "0"]);
        let mut client = McpClient::of(&program);
        for item in listed["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            let turns = program.json(["turns", id, "--limit", "0"]);
            let pages =
                client.pages("read_thread", &json!({ "thread": id, "detail": "everything", "maxChars": 200_000 }));
            let mut read: Vec<Value> = Vec::new();
            for turn in pages.iter().flat_map(|page| page["turns"].as_array().unwrap()) {
                if read.last() != Some(&turn["id"]) {
                    read.push(turn["id"].clone());
                }
            }
            let told: Vec<Value> = turns["items"].as_array().unwrap().iter().map(|turn| turn["id"].clone()).collect();
            assert_eq!(read, told, "{} {id}", home.name);
        }
    }
}
