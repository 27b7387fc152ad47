//! What the server keeps to itself: the thread that asks, other repositories, directories that a user excluded.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{HomeAndState, McpClient, Rollout, uuid7};

fn id(number: u64) -> String {
    uuid7(1_772_359_200_000 + number as i64 * 60_000, number)
}

fn ids(answer: &Value) -> Vec<String> {
    let threads = answer["threads"].as_array().unwrap().iter();
    threads.map(|item| item["id"].as_str().or_else(|| item["thread"]["id"].as_str()).unwrap().into()).collect()
}

/// Makes a git repository with a remote.
fn repository(directory: &Path, url: &str) {
    fs::create_dir_all(directory.join(".git")).unwrap();
    fs::write(directory.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(directory.join(".git/config"), format!("[remote \"origin\"]\n\turl = {url}\n")).unwrap();
}

#[test]
fn the_thread_that_asks_and_its_sub_agents_are_left_out_unless_they_are_asked_for() {
    let place = HomeAndState::new();
    let own = Rollout::paginated(&id(1)).user("my kite").patch("kite.txt", "paper");
    let other = Rollout::paginated(&id(2)).user("another kite").patch("kite.txt", "silk");
    let child = Rollout::sub_agent(&id(3), &own, "look at my kite", "Ada");
    let grandchild = Rollout::sub_agent(&id(4), &child, "look at it again, the kite", "Eve");
    let stranger = Rollout::sub_agent(&id(5), &other, "look at another kite", "Kim").agent("the kite is red");
    for rollout in [&own, &other, &child, &grandchild, &stranger] {
        place.write(rollout);
    }
    for (how, program) in place.both() {
        let mut client = McpClient::of(&program.variable("CODEX_THREAD_ID", id(1)));
        let find = |client: &mut McpClient, more: Value| {
            let mut arguments = json!({ "subAgents": true });
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let mut found = ids(&client.call("find_threads", arguments));
            found.sort();
            found
        };
        let others = vec![id(2), id(5)];
        assert_eq!(find(&mut client, json!({})), others, "{how}");
        assert_eq!(find(&mut client, json!({ "words": "kite" })), others, "{how}");
        assert_eq!(find(&mut client, json!({ "includeOwn": true })).len(), 5, "{how}");
        assert_eq!(ids(&client.call("thread_context", json!({ "path": "kite.txt" }))), [id(2)], "{how}");
        assert_eq!(client.call("read_thread", json!({ "thread": id(1) }))["thread"]["id"], id(1).as_str(), "{how}");
        let paged = client.pages("find_threads", &json!({ "subAgents": true, "limit": 1 }));
        assert_eq!(paged.iter().flat_map(ids).count(), 2, "{how}: also where a page would have none");
    }
}

#[test]
fn other_repositories_are_out_of_scope_unless_all_are_asked_for_at_the_start() {
    let place = HomeAndState::new();
    let work = tempfile::tempdir().unwrap();
    let (ours, theirs) = (work.path().join("ours"), work.path().join("theirs"));
    repository(&ours, "https://git.example.org/us/ours.git");
    repository(&theirs, "https://git.example.org/them/theirs.git");
    fs::create_dir_all(ours.join("src")).unwrap();
    let write = |number: u64, directory: &Path, text: &str| {
        let rollout = Rollout::paginated(&id(number)).cwd(directory.to_str().unwrap()).user(text);
        place.write(&rollout.patch("kite.txt", text).tokens(number * 100));
    };
    write(1, &ours.join("src"), "our kite");
    write(2, &theirs, "their kite");
    // A clone elsewhere is the same repository.
    let clone = Rollout::paginated(&id(3)).cwd("/clones/ours").user("the clone's kite");
    place.write(&clone.git("main", "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd", "git@git.example.org:us/ours.git"));
    for (how, program) in place.both() {
        let mut client = McpClient::inside(&program, &ours.join("src"));
        for arguments in [json!({}), json!({ "words": "kite" })] {
            let mut found = ids(&client.call("find_threads", arguments.clone()));
            found.sort();
            assert_eq!(found, [id(1), id(3)], "{how} {arguments}");
        }
        let elsewhere = json!({ "directory": theirs.to_str().unwrap() });
        assert_eq!(ids(&client.call("find_threads", elsewhere)), Vec::<String>::new(), "{how}");
        assert_eq!(ids(&client.call("thread_context", json!({ "path": "kite.txt" }))), [id(1)], "{how}");
        for tool in ["read_thread", "why_missing"] {
            assert_eq!(client.refusal(tool, json!({ "thread": id(2) }))["code"], "outsideScope", "{how} {tool}");
            assert!(client.call(tool, json!({ "thread": id(3) })).is_object(), "{how} {tool}");
        }
        let usage = client.call("usage", json!({ "by": "thread" }));
        assert_eq!(usage["totals"]["totalTokens"], 100, "{how}: {usage}");
        let mut client = McpClient::of(&program);
        assert_eq!(ids(&client.call("find_threads", json!({}))).len(), 3, "{how}");
    }
}

#[test]
fn outside_of_a_repository_the_scope_is_the_directory_and_what_is_below() {
    let place = HomeAndState::new();
    let work = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(work.path()).unwrap();
    fs::create_dir(here.join("deep")).unwrap();
    place.write(&Rollout::paginated(&id(1)).cwd(here.join("deep").to_str().unwrap()).user("here"));
    place.write(&Rollout::paginated(&id(2)).cwd("/elsewhere").user("there"));
    let mut client = McpClient::inside(&place.program(), &here);
    assert_eq!(ids(&client.call("find_threads", json!({}))), [id(1)]);
    assert_eq!(client.refusal("read_thread", json!({ "thread": id(2) }))["code"], "outsideScope");
}

#[test]
fn threads_of_excluded_directories_appear_in_no_answer() {
    let place = HomeAndState::new();
    place.write(&Rollout::paginated(&id(1)).cwd("/src/open").user("the open kite").patch("kite.txt", "a").tokens(100));
    let secret = Rollout::paginated(&id(2)).cwd("/src/private/deep").user("the hidden kite").patch("kite.txt", "b");
    place.write(&secret.tokens(1_000));
    place.write(&Rollout::paginated(&id(3)).cwd("/src/private").user("a hidden kite too"));
    for (how, program) in place.both() {
        let program = program.variable("THREADKEEP_SEARCH_EXCLUDE", "/src/private");
        let mut client = McpClient::of(&program);
        let mut answers = Vec::new();
        for arguments in
            [json!({}), json!({ "words": "kite" }), json!({ "touched": "kite.txt" }), json!({ "directory": "/src" })]
        {
            let answer = client.call("find_threads", arguments.clone());
            assert_eq!(ids(&answer), [id(1)], "{how} {arguments}");
            answers.push(answer);
        }
        answers.push(client.call("thread_context", json!({ "path": "kite.txt" })));
        let usage = client.call("usage", json!({ "by": "project" }));
        assert_eq!(usage["totals"]["totalTokens"], 100, "{how}: {usage}");
        answers.push(usage);
        for tool in ["read_thread", "why_missing"] {
            for name in [id(2), id(2)[..13].to_owned(), "hidden".to_owned(), id(3)] {
                let refusal = client.refusal(tool, json!({ "thread": name }));
                assert_eq!(refusal["code"], "notFound", "{how} {tool} {name}: {refusal}");
                answers.push(refusal);
            }
        }
        for answer in answers {
            let text = answer.to_string();
            assert!(!text.contains("hidden kite") && !text.contains("/src/private"), "{how}: {text}");
        }
    }
}
