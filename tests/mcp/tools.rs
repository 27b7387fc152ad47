//! What the tools answer.

use std::path::Path;

use serde_json::{Value, json};
use support::{HomeAndState, McpClient, Program, Rollout, name_thread, schema, uuid7};

/// A home with a thread that a user worked in, one that changed a file, and one in the archive.
fn place() -> (HomeAndState, [String; 3]) {
    let place = HomeAndState::new();
    let ids = [1, 2, 3].map(|number| uuid7(1_772_359_200_000 + number * 60_000, number as u64));
    let kites = Rollout::paginated(&ids[0]).cwd("/src/kites").user("how do kites stay up").agent("by the wind");
    place.write(&kites.command("ls -l", "sail.txt\nline.txt", 0).user("and without wind").agent("they do not"));
    let sails =
        Rollout::legacy(&ids[1]).cwd("/src/sails").user("sew a sail").patch("sail.txt", "red cloth\nblue cloth");
    place.write(&sails.agent("the sail is sewn"));
    Rollout::paginated(&ids[2])
        .cwd("/src/kites")
        .user("old lines")
        .write(place.home.path(), support::Collection::Archived);
    name_thread(place.home.path(), &ids[0], "Kites", 1_772_359_900_000);
    (place, ids)
}

/// The ids of the threads of an answer.
fn ids_of(answer: &Value) -> Vec<&str> {
    let threads = answer["threads"].as_array().unwrap().iter();
    threads.map(|item| item["id"].as_str().or_else(|| item["thread"]["id"].as_str()).unwrap()).collect()
}

/// The texts of the entries of turns, with who says them.
fn said(answer: &Value) -> Vec<(String, String, String)> {
    let turns = answer["turns"].as_array().unwrap().iter();
    let entries = turns.flat_map(|turn| turn["entries"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    entries.map(|entry| (text(&entry["role"]), text(&entry["origin"]), text(&entry["text"]))).collect()
}

#[test]
fn the_tools_are_few_small_and_only_look() {
    let (place, _) = place();
    let mut client = McpClient::of(&place.program());
    assert_eq!(client.server["serverInfo"]["name"], "threadkeep");
    let listed = client.request("tools/list", json!({}))["result"].take();
    assert!(listed.to_string().len() <= 8_192, "tools/list has {} bytes", listed.to_string().len());
    let tools = listed["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["find_threads", "read_thread", "thread_context", "usage", "why_missing"]);
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert_eq!(tool["annotations"]["destructiveHint"], false, "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
    }
    assert_eq!(client.end(), Some(0));
}

#[test]
fn the_page_for_agents_names_tools_and_arguments_that_there_are() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agents.md")).unwrap();
    let (place, _) = place();
    let mut client = McpClient::start(&mut place.program().command(["mcp", "--scope", "all", "--allow-writes"]));
    let tools = client.request("tools/list", json!({}))["result"]["tools"].take();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), tools.as_array().unwrap().len());
    for row in rows {
        let mut names = row.split('`').skip(1).step_by(2).filter(|name| !name.contains(' '));
        let name = names.next().unwrap();
        let tool = tools.as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
        for argument in names {
            let schema = tool["inputSchema"].to_string();
            assert!(schema.contains(&format!("\"{argument}\"")), "{name}: {argument}");
        }
    }
}

#[test]
fn every_answer_is_as_the_schema_of_its_tool_says() {
    let (place, ids) = place();
    let mut client = McpClient::of(&place.program());
    let tools = client.request("tools/list", json!({}))["result"]["tools"].take();
    let calls = [
        ("find_threads", json!({})),
        ("find_threads", json!({ "words": "wind", "inCommands": true, "subAgents": true })),
        ("find_threads", json!({ "touched": "sail.txt", "directory": "/src", "since": "2020-01-01" })),
        ("read_thread", json!({ "thread": ids[0], "detail": "everything" })),
        ("read_thread", json!({ "thread": "Kites", "newestFirst": true, "turns": 1 })),
        ("read_thread", json!({ "thread": ids[1], "around": "sewn" })),
        ("thread_context", json!({ "path": "sail.txt" })),
        ("usage", json!({})),
        ("usage", json!({ "by": "thread", "until": "2027-01-01" })),
        ("why_missing", json!({ "thread": ids[2] })),
    ];
    for (name, arguments) in calls {
        let tool = tools.as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
        let faults = schema::faults(&tool["inputSchema"], &arguments);
        assert!(faults.is_empty(), "{name} {arguments}: {faults:?}");
        let answer = client.call(name, arguments.clone());
        let faults = schema::faults(&tool["outputSchema"], &answer);
        assert!(faults.is_empty(), "{name} {arguments}: {faults:?}\n{answer:#}");
    }
}

#[test]
fn threads_are_found_by_words_by_a_file_and_by_filters_with_the_index_and_without() {
    let (place, ids) = place();
    for (how, program) in place.both() {
        let mut client = McpClient::of(&program);
        let mut find = |arguments: Value| {
            let answer = client.call("find_threads", arguments);
            ids_of(&answer).into_iter().map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(find(json!({})).len(), 3, "{how}");
        assert_eq!(find(json!({ "words": "wind" })), [ids[0].as_str()], "{how}");
        assert_eq!(
            find(json!({ "words": "sail" })),
            [ids[1].as_str()],
            "{how}: not in outputs, unless they are asked for"
        );
        assert_eq!(find(json!({ "words": "sail", "inCommands": true })).len(), 2, "{how}");
        assert_eq!(find(json!({ "words": "Kites" })), [ids[0].as_str()], "{how}");
        assert_eq!(find(json!({ "touched": "sail.txt" })), [ids[1].as_str()], "{how}");
        assert_eq!(find(json!({ "archived": true })), [ids[2].as_str()], "{how}");
        assert_eq!(find(json!({ "directory": "/src/kites", "archived": false })), [ids[0].as_str()], "{how}");
        assert_eq!(find(json!({ "until": "2020-01-01" })), Vec::<String>::new(), "{how}");
    }
}

#[test]
fn threads_come_page_by_page_as_the_program_lists_them() {
    let place = HomeAndState::new();
    for number in 0..45 {
        let id = uuid7(1_772_359_200_000 + number * 60_000, number as u64);
        place.write(&Rollout::paginated(&id).user(&format!("question {number} of all")));
    }
    let program = place.program();
    let listed = program.json(["list", "--limit", "0"]);
    let expected: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    let mut client = McpClient::of(&program);
    for arguments in
        [json!({ "limit": 7 }), json!({ "limit": 100, "maxChars": 4_000 }), json!({ "words": "question", "limit": 9 })]
    {
        let pages = client.pages("find_threads", &arguments);
        let all: Vec<_> = pages.iter().flat_map(ids_of).collect();
        assert_eq!(all, expected, "{arguments}");
        assert!(pages.len() > 1, "{arguments}");
    }
}

#[test]
fn a_thread_is_read_with_who_said_what() {
    let (place, ids) = place();
    let mut client = McpClient::of(&place.program());
    let all = said(&client.call("read_thread", json!({ "thread": ids[0] })));
    let all: Vec<_> = all.iter().map(|(role, origin, text)| (role.as_str(), origin.as_str(), text.as_str())).collect();
    let expected = [
        ("user", "prompt", "how do kites stay up"),
        ("agent", "message", "by the wind"),
        ("agent", "command", "/bin/bash -lc 'ls -l'"),
        ("tool", "output", "sail.txt\nline.txt"),
        ("user", "prompt", "and without wind"),
        ("agent", "message", "they do not"),
    ];
    assert_eq!(all, expected);
    let prompts = said(&client.call("read_thread", json!({ "thread": ids[0], "detail": "prompts" })));
    assert_eq!(prompts.len(), 2);
    let newest = said(&client.call("read_thread", json!({ "thread": ids[0], "newestFirst": true, "turns": 1 })));
    assert_eq!(newest[0].2, "and without wind");
}

#[test]
fn a_hit_leads_to_its_turn_and_from_there_to_what_was_before() {
    let (place, ids) = place();
    let mut client = McpClient::of(&place.program());
    let found = client.call("find_threads", json!({ "words": "without" }));
    let cursor = &found["threads"][0]["hits"][0]["cursor"];
    let by_cursor = client.call("read_thread", json!({ "thread": ids[0], "cursor": cursor }));
    let around = client.call("read_thread", json!({ "thread": ids[0], "around": "without" }));
    assert_eq!(said(&by_cursor)[0].2, "and without wind");
    assert_eq!(around["turns"], by_cursor["turns"]);
    let earlier = client.call("read_thread", json!({ "thread": ids[0], "cursor": around["earlierCursor"] }));
    assert_eq!(said(&earlier)[0].2, "how do kites stay up", "{earlier:#}");
    assert_eq!(client.refusal("read_thread", json!({ "thread": ids[0], "around": "zeppelin" }))["code"], "notFound");
}

#[test]
fn a_long_turn_comes_in_parts_that_make_the_whole() {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    let long: String = (0..9_000).map(|number| format!("line {number} of \"many\"\n")).collect();
    let rollout = Rollout::paginated(&id).user("tell all").agent(&long).command("cat all", &long, 0).agent("done");
    place.write(&rollout.user("thanks").agent("you are welcome"));
    let mut client = McpClient::of(&place.program());
    for chars in [4_000, 25_000, 150_000] {
        let pages = client.pages("read_thread", &json!({ "thread": id, "detail": "everything", "maxChars": chars }));
        assert!(pages.iter().all(|page| page.to_string().chars().count() <= chars), "{chars}");
        assert!(pages.len() > long.len() / chars, "{chars}");
        let mut whole: Vec<(String, String)> = Vec::new();
        for entry in pages
            .iter()
            .flat_map(|page| page["turns"].as_array().unwrap())
            .flat_map(|turn| turn["entries"].as_array().unwrap())
        {
            let (origin, text) = (entry["origin"].as_str().unwrap(), entry["text"].as_str().unwrap());
            match entry["from"].as_u64() {
                Some(from) => {
                    let last = whole.last_mut().unwrap();
                    assert_eq!((last.0.as_str(), last.1.chars().count() as u64), (origin, from));
                    last.1.push_str(text);
                }
                None => whole.push((origin.into(), text.into())),
            }
        }
        let texts: Vec<_> = whole.iter().map(|(_, text)| text.trim_end()).collect();
        assert_eq!(
            texts,
            [
                "tell all",
                long.trim_end(),
                "/bin/bash -lc 'cat all'",
                long.trim_end(),
                "done",
                "thanks",
                "you are welcome"
            ]
        );
    }
}

#[test]
fn a_path_leads_to_the_threads_turns_and_diffs_that_changed_it() {
    let (place, ids) = place();
    for (how, program) in place.both() {
        let mut client = McpClient::of(&program);
        let answer = client.call("thread_context", json!({ "path": "sail.txt" }));
        assert_eq!(ids_of(&answer), [ids[1].as_str()], "{how}");
        let change = &answer["threads"][0]["changes"][0];
        assert_eq!(change["path"], "/src/sails/sail.txt", "{how}: {change}");
        assert!(change["diff"]["text"].as_str().unwrap().contains("red cloth"), "{how}: {change}");
        assert_eq!(change["diff"]["role"], "agent", "{how}");
        let read = client.call("read_thread", json!({ "thread": ids[1], "cursor": change["cursor"] }));
        assert_eq!(read["turns"][0]["id"], change["turnId"], "{how}");
        let none = client.call("thread_context", json!({ "path": "nowhere.txt" }));
        assert_eq!(none["threads"], json!([]), "{how}");
    }
}

#[test]
fn usage_and_reasons_are_those_of_the_program() {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    place.write(&Rollout::paginated(&id).user("count").agent("one").tokens(1_200));
    let program = place.program();
    let mut client = McpClient::of(&program);
    let usage = client.call("usage", json!({ "by": "thread" }));
    let stats = program.json(["stats", "--by", "thread"]);
    assert_eq!(usage["totals"], stats["totals"]);
    assert_eq!(usage["rows"], stats["rows"]);
    let why = client.call("why_missing", json!({ "thread": id }));
    let told = program.json(["why", &id]);
    let lists: Vec<_> = why["items"].as_array().unwrap().iter().filter_map(|item| item.get("list")).collect();
    let views = told["views"].as_array().unwrap();
    assert_eq!(lists.len(), views.len());
    for (list, view) in lists.iter().zip(views) {
        assert_eq!((&list["where"], &list["shown"]), (&view["where"], &view["shown"]));
    }
}

#[test]
fn a_server_answers_while_its_home_is_being_read_and_knows_what_others_write() {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    place.write(&Rollout::paginated(&id).at_millis(1_772_359_200_000).user("first"));
    let mut client = McpClient::of(&place.program());
    assert_eq!(ids_of(&client.call("find_threads", json!({}))), [id.as_str()]);
    let late = uuid7(1_772_359_900_000, 2);
    place.write(&Rollout::paginated(&late).at_millis(1_772_359_900_000).user("second"));
    // Within a second it is known.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(ids_of(&client.call("find_threads", json!({}))), [late.as_str(), id.as_str()]);
    let stateless: Program = Program::stateless(place.home.path());
    let mut client = McpClient::of(&stateless);
    assert_eq!(ids_of(&client.call("find_threads", json!({}))), [late.as_str(), id.as_str()]);
}
