//! Changes for agents: only where they were allowed, planned first, and made of what is still so.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{CodexDb, Collection, HomeAndState, McpClient, McpHttpServer, Program, Rollout, name_thread, uuid7};

fn id(number: u64) -> String {
    uuid7(1_772_359_200_000 + number as i64 * 60_000, number)
}

fn place() -> HomeAndState {
    let place = HomeAndState::new();
    let one = Rollout::paginated(&id(1)).cwd("/src/kites").user("how do kites fly").agent("by the wind");
    place.write(&one);
    place.write(&Rollout::sub_agent(&id(2), &one, "look at the wind", "Ada"));
    place.write(&Rollout::paginated(&id(3)).cwd("/src/sails").user("sew a sail"));
    name_thread(place.home.path(), &id(3), "Sails", 1_772_359_900_000);
    place
}

/// A server that may change threads, once it has its state DB.
fn changing(program: &Program) -> McpClient {
    program.run(["init"]).well();
    McpClient::start(&mut program.command(["mcp", "--scope", "all", "--allow-writes"]))
}

/// Plans a change, and gives the token.
fn planned(client: &mut McpClient, arguments: Value) -> String {
    client.call("plan_change", arguments)["token"].as_str().unwrap().into()
}

fn name_of(program: &Program, thread: &str) -> Value {
    program.json(["read", thread])["name"].clone()
}

fn is_archived(program: &Program, thread: &str) -> bool {
    program.json(["read", thread])["archived"].as_bool().unwrap()
}

#[test]
fn without_the_flag_there_are_no_tools_that_change_anything() {
    let place = place();
    let mut client = McpClient::of(&place.program());
    let listed = client.request("tools/list", json!({})).to_string();
    for tool in ["plan_change", "confirm_change"] {
        assert!(!listed.contains(tool), "{listed}");
        let called = json!({ "name": tool, "arguments": { "action": "archive", "thread": id(1), "token": "0" } });
        assert_eq!(client.request("tools/call", called)["error"]["code"], -32602, "{tool}");
    }
    assert!(client.server["instructions"].as_str().unwrap().contains("Nothing is changed"));
}

#[test]
fn with_the_flag_they_say_truly_what_they_do_and_all_fits_into_eight_kilobytes() {
    let place = place();
    let mut client = changing(&place.program());
    let listed = client.request("tools/list", json!({}))["result"].take();
    assert!(listed.to_string().len() <= 8_192, "tools/list has {} bytes", listed.to_string().len());
    let tools = listed["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names[5..], ["plan_change", "confirm_change"]);
    let hints = |at: usize| {
        let hints = &tools[at]["annotations"];
        ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]
            .map(|hint| hints[hint].as_bool().unwrap())
    };
    assert_eq!(hints(5), [true, false, true, false], "a plan changes nothing");
    assert_eq!(hints(6), [false, true, true, false]);
    assert!(!listed.to_string().contains("delete_"), "deleting is not offered");
    let unknown = client.refusal("plan_change", json!({ "action": "delete", "thread": id(1) }));
    assert_eq!(unknown["code"], "invalidInput", "{unknown}");
}

#[test]
fn a_name_is_given_by_the_plans_token_and_taken_back_by_what_the_receipt_says() {
    let place = place();
    let program = place.program();
    let mut client = changing(&program);
    let plan = client.call("plan_change", json!({ "action": "name", "thread": "Sails", "name": "Red sails" }));
    assert_eq!(plan["changes"], json!([{ "what": "name", "from": "Sails", "to": "Red sails" }]), "{plan}");
    assert_eq!((&plan["thread"]["id"], &plan["changeCount"]), (&json!(id(3)), &json!(1)));
    assert_eq!(name_of(&program, &id(3)), "Sails", "a plan changes nothing");
    let receipt = client.call("confirm_change", json!({ "token": plan["token"] }));
    assert_eq!((&receipt["threadId"], &receipt["changed"]), (&json!(id(3)), &json!(1)), "{receipt}");
    assert_eq!(name_of(&program, &id(3)), "Red sails");
    assert_eq!(client.call("confirm_change", json!({ "token": plan["token"] })), receipt, "twice is once");
    let token = planned(&mut client, receipt["undo"]["arguments"].clone());
    client.call("confirm_change", json!({ "token": token }));
    assert_eq!(name_of(&program, &id(3)), "Sails");
    let clear = planned(&mut client, json!({ "action": "name", "thread": "Sails" }));
    client.call("confirm_change", json!({ "token": clear }));
    assert_eq!(name_of(&program, &id(3)), Value::Null);
    for (name, code) in [("\u{1b}[31mred", "invalidInput"), ("zero\u{200b}width", "invalidInput"), ("", "invalidInput")]
    {
        let refused = client.refusal("plan_change", json!({ "action": "name", "thread": id(3), "name": name }));
        assert_eq!(refused["code"], code, "{name:?}: {refused}");
    }
}

#[test]
fn a_thread_goes_into_the_archive_and_comes_back_with_its_sub_agents() {
    let place = place();
    let program = place.program();
    let mut client = changing(&program);
    let plan = client.call("plan_change", json!({ "action": "archive", "thread": id(1) }));
    assert_eq!(plan["changeCount"], 2, "{plan}");
    let receipt = client.call("confirm_change", json!({ "token": plan["token"] }));
    assert_eq!(receipt["changed"], 2, "{receipt}");
    assert!(is_archived(&program, &id(1)) && is_archived(&program, &id(2)) && !is_archived(&program, &id(3)));
    let again = client.refusal("plan_change", json!({ "action": "archive", "thread": id(1) }));
    assert_eq!(again["code"], "conflict", "{again}");
    let back = planned(&mut client, receipt["undo"]["arguments"].clone());
    client.call("confirm_change", json!({ "token": back }));
    assert!(!is_archived(&program, &id(1)) && !is_archived(&program, &id(2)));
}

#[test]
fn a_plan_of_what_has_changed_since_is_refused_and_so_is_a_token_of_another_session() {
    let place = place();
    let program = place.program();
    let mut client = changing(&program);
    let token = planned(&mut client, json!({ "action": "archive", "thread": id(3) }));
    program.run(["name", &id(3), "Somebody else's name"]).well();
    let refused = client.refusal("confirm_change", json!({ "token": token }));
    assert_eq!(refused["code"], "conflict", "{refused}");
    assert!(!is_archived(&program, &id(3)));
    assert_eq!(
        client.refusal("confirm_change", json!({ "token": token }))["code"],
        "notFound",
        "it is no plan any more"
    );

    let server = McpHttpServer::with(&program, &["--scope", "all", "--allow-writes"]);
    let (mut mine, mut yours) = (McpClient::over_http(&server), McpClient::over_http(&server));
    // A server that has just begun may still open its state DB.
    let mut plan = || mine.result("plan_change", json!({ "action": "name", "thread": id(3), "name": "Sails" }));
    let plan = loop {
        let plan = plan()["structuredContent"].take();
        match plan["error"]["code"].as_str() {
            None => break plan,
            Some(code) => assert_eq!(code, "needsState", "{plan}"),
        }
    };
    let token = plan["token"].clone();
    for stranger in [&mut yours, &mut client] {
        assert_eq!(stranger.refusal("confirm_change", json!({ "token": token }))["code"], "notFound");
    }
    for wrong in ["", "0", &"f".repeat(32), &"x".repeat(100_000)] {
        assert_eq!(mine.refusal("confirm_change", json!({ "token": wrong }))["code"], "notFound");
    }
    assert_eq!(mine.call("confirm_change", json!({ "token": token }))["changed"], 1);
    assert_eq!(name_of(&program, &id(3)), "Sails");
}

#[test]
fn what_may_not_be_seen_may_not_be_changed() {
    let place = place();
    let work = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(work.path()).unwrap();
    let ours = Rollout::paginated(&id(4)).cwd(here.to_str().unwrap()).user("ours");
    place.write(&ours);
    // A sub-agent that ran elsewhere goes with the thread that spawned it.
    place.write(&Rollout::sub_agent(&id(5), &ours, "elsewhere", "Kim").cwd("/src/private"));
    place.write(&Rollout::paginated(&id(6)).cwd("/src/private").user("hidden"));
    let program = place.program().variable("THREADKEEP_SEARCH_EXCLUDE", "/src/private");
    program.run(["init"]).well();
    let mut client = McpClient::start(program.command(["mcp", "--allow-writes"]).current_dir(&here as &Path));
    for (thread, code) in [(id(1), "outsideScope"), (id(6), "notFound"), (id(4), "conflict")] {
        for action in ["archive", "unarchive"] {
            if thread == id(4) && action == "unarchive" {
                continue;
            }
            let refused = client.refusal("plan_change", json!({ "action": action, "thread": thread }));
            assert_eq!(refused["code"], code, "{action} {thread}: {refused}");
            assert!(!refused.to_string().contains("private"), "{refused}");
        }
    }
    assert!((1..=6).all(|number| !is_archived(&place.program(), &id(number))));
    let token = planned(&mut client, json!({ "action": "name", "thread": id(4), "name": "Ours" }));
    client.call("confirm_change", json!({ "token": token }));
    assert_eq!(name_of(&place.program(), &id(4)), "Ours");
}

#[test]
fn a_row_of_codexs_that_names_another_file_is_mended_and_put_back() {
    let place = HomeAndState::new();
    let home = place.home.path();
    let rollouts = [1, 3].map(|number| Rollout::paginated(&id(number)).cwd("/src/kites").user("words"));
    let codex = CodexDb::create(home, false);
    for rollout in &rollouts {
        place.write(rollout);
        codex.thread(home, rollout, Collection::Active, None);
    }
    codex.connection().execute("UPDATE threads SET rollout_path = '/old/place'", []).unwrap();
    drop(codex);
    let database = home.join("state_5.sqlite");
    let path_of = |number: u64| -> String {
        let sql = "SELECT rollout_path FROM threads WHERE id = ?1";
        rusqlite::Connection::open(&database).unwrap().query_row(sql, [id(number)], |row| row.get(0)).unwrap()
    };
    let program = place.program();
    let mut client = changing(&program);
    let plan = client.call("plan_change", json!({ "action": "repair", "thread": id(1) }));
    assert!(plan["changes"].to_string().contains("threads.rollout_path"), "{plan}");
    assert_eq!(path_of(1), "/old/place");
    let receipt = client.call("confirm_change", json!({ "token": plan["token"] }));
    assert_eq!(receipt["refused"], json!([]), "{receipt}");
    assert!(path_of(1).contains(&id(1)), "{}", path_of(1));
    assert_eq!(path_of(3), "/old/place", "no other thread's row changes");
    assert_eq!(receipt["undo"], json!({ "command": "threadkeep repair undo" }));
    let nothing = client.refusal("plan_change", json!({ "action": "repair", "thread": id(1) }));
    assert_eq!(nothing["code"], "conflict", "{nothing}");
    assert_eq!(client.end(), Some(0));
    program.run(["repair", "undo", "--yes"]).well();
    assert_eq!(path_of(1), "/old/place");
}
