//! What makes these files hard to read, each in a small one.

use claude_code::ClaudeCode;
use serde_json::{Value, json};
use threadkeep_plugin::importer::{Happening, Importer, Outcome};
use threadkeep_plugin::testing::{Home, Imported, tokens_written};

const ID: &str = "0a0a0a0a-0000-4000-8000-000000000001";

/// A record with what is different in it.
fn record(kind: &str, uuid: &str, parent: &str, more: Value) -> Value {
    let parent = Some(parent).filter(|parent| !parent.is_empty());
    let mut record = json!({
        "type": kind, "uuid": uuid, "parentUuid": parent, "sessionId": ID, "isSidechain": false, "cwd": "/src", "gitBranch": "main",
        "version": "2.1.0", "timestamp": "2026-11-28T13:54:30.651Z",
    });
    for (name, value) in more.as_object().expect("they are fields") {
        record[name] = value.clone();
    }
    record
}

fn prompt(uuid: &str, parent: &str, text: &str) -> Value {
    record("user", uuid, parent, json!({ "message": { "role": "user", "content": text } }))
}

fn answer(uuid: &str, parent: &str, message: &str, block: Value, output: u64) -> Value {
    let usage = json!({ "input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 4, "output_tokens": output });
    let message = json!({ "id": message, "model": "claude-x", "content": [block], "usage": usage });
    record("assistant", uuid, parent, json!({ "message": message, "requestId": format!("req-{uuid}") }))
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn call(id: &str) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "Bash", "input": { "command": format!("run {id}") } })
}

fn result(uuid: &str, parent: &str, call: &str, said: &str, failed: bool) -> Value {
    let content = json!([{ "type": "tool_result", "tool_use_id": call, "content": said, "is_error": failed }]);
    record(
        "user",
        uuid,
        parent,
        json!({ "message": { "role": "user", "content": content }, "toolUseResult": format!("Error: {said}") }),
    )
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn import(files: &[(&str, String)]) -> Vec<Imported> {
    let home = files.iter().fold(Home::new(), |home, (name, content)| home.file(name, content.clone()));
    let imported = home.import::<ClaudeCode>().expect("all can be read");
    assert!(imported.iter().all(Imported::has_whole_turns), "{imported:?}");
    imported
}

fn import_one(records: &[Value]) -> Imported {
    let mut imported = import(&[(&format!("-src/{ID}.jsonl"), lines(records))]);
    assert_eq!(imported.len(), 1);
    imported.remove(0)
}

#[test]
fn a_branch_that_was_given_up_is_not_told_but_counted() {
    let imported = import_one(&[
        prompt("u1", "", "one"),
        answer("a1", "u1", "m1", text("first"), 10),
        prompt("u2", "a1", "given up"),
        answer("a2", "u2", "m2", text("lost"), 20),
        prompt("u3", "a1", "instead"),
        answer("a3", "u3", "m3", text("last"), 40),
    ]);
    assert_eq!(imported.prompts(), ["one", "instead"]);
    assert!(!imported.happenings().contains(&&Happening::AgentMessage("lost".to_owned())));
    assert_eq!(tokens_written(&[imported]), 70);
}

#[test]
fn tools_that_ran_at_once_all_have_their_answers() {
    let imported = import_one(&[
        prompt("u1", "", "go"),
        answer("a1", "u1", "m1", call("c1"), 1),
        answer("a2", "a1", "m1", call("c2"), 1),
        result("r2", "a2", "c2", "Exit code 3\nno", true),
        result("r1", "a1", "c1", "yes", false),
        answer("a3", "r1", "m2", text("done"), 1),
    ]);
    let commands = imported.happenings().into_iter().filter_map(|what| match what {
        Happening::Command(command) => Some((command.command.as_str(), command.exit_code, command.outcome)),
        _ => None,
    });
    let expected = [("run c2", Some(3), Outcome::Failed), ("run c1", Some(0), Outcome::Completed)];
    assert_eq!(commands.collect::<Vec<_>>(), expected);
}

#[test]
fn what_an_answer_used_counts_once_and_the_largest() {
    let imported = import_one(&[
        prompt("u1", "", "go"),
        answer("a1", "u1", "m1", text("a"), 1),
        answer("a2", "a1", "m1", text("b"), 90),
        answer("a3", "a2", "m1", text("c"), 0),
    ]);
    // The requests differ here, as behind a gateway that gives all messages one id; then they count apart.
    assert_eq!(tokens_written(&[imported]), 91);
    let mut same =
        [prompt("u1", "", "go"), answer("a1", "u1", "m1", text("a"), 1), answer("a2", "a1", "m1", text("b"), 90)];
    for record in &mut same {
        record["requestId"] = json!("req-1");
    }
    assert_eq!(tokens_written(&[import_one(&same)]), 90);
}

#[test]
fn a_resumed_copy_of_1_0_has_the_keys_of_what_it_copies() {
    let old = |prefix: &str| {
        let id = |name: &str| format!("{prefix}{name}");
        let mut records = [prompt(&id("u1"), "", "one"), answer(&id("a1"), &id("u1"), "m1", text("first"), 5)];
        for record in &mut records {
            record["version"] = json!("1.0.17");
            record["requestId"] = Value::Null;
        }
        records.to_vec()
    };
    let mut resumed = old("y");
    let mut next = prompt("z", "ya1", "two");
    next["version"] = json!("1.0.17");
    resumed.push(next);
    let other = ID.replace("01", "02");
    let imported =
        import(&[(&format!("-src/{ID}.jsonl"), lines(&old("x"))), (&format!("-src/{other}.jsonl"), lines(&resumed))]);
    let keys = |imported: &Imported| {
        let told = imported.entries.iter().filter(|entry| !matches!(entry.what, Happening::TurnEnded(_)));
        told.filter_map(|entry| entry.key.clone()).collect::<Vec<_>>()
    };
    let (first, second) = (keys(&imported[0]), keys(&imported[1]));
    assert_eq!(first.len(), 3);
    assert!(second.starts_with(&first) && second.len() == 4, "{first:?} {second:?}");
    assert_eq!(tokens_written(&imported), 5);
}

#[test]
fn what_is_no_session_is_left_out() {
    let mut warm_up = [prompt("w1", "", "Warmup"), answer("w2", "w1", "m1", text("Ready."), 1)];
    for record in &mut warm_up {
        record["isSidechain"] = json!(true);
    }
    let command = prompt("c1", "", "<command-name>/cost</command-name>");
    let imported = import(&[
        ("-src/agent-0123456.jsonl", lines(&warm_up)),
        (&format!("-src/{ID}.jsonl"), String::new()),
        (&format!("-src/{}.jsonl", ID.replace("01", "02")), lines(&[command])),
        ("history.jsonl", "{\"display\":\"x\"}\n".to_owned()),
    ]);
    assert!(imported.is_empty(), "{imported:?}");
}

#[test]
fn a_file_that_was_cut_off_and_records_that_nobody_knows_do_no_harm() {
    let blob = json!({ "type": "api-request-blob", "message": { "role": "user", "content": "not a message" } });
    let records = [
        prompt("u1", "", "go"),
        blob,
        json!({ "type": "new-thing", "uuid": 7 }),
        answer("a1", "u1", "m1", call("c1"), 1),
    ];
    let torn =
        lines(&records) + r#"{"type":"user","uuid":"r1","parentUuid":"a1","message":{"content":[{"type":"tool_re"#;
    let imported = import(&[(&format!("-src/{ID}.jsonl"), torn)]);
    assert_eq!(imported[0].prompts(), ["go"]);
    assert_eq!(imported[0].happenings().last(), Some(&&Happening::TurnEnded(Outcome::Interrupted)));
}

#[test]
fn titles_of_a_file_are_told_of_the_session_that_they_belong_to() {
    let summary = json!({ "type": "summary", "summary": "Mending", "leafUuid": "b1" });
    let key = json!({ "type": "summary", "summary": "Invalid API key · Please run /login", "leafUuid": "b1" });
    let imported = import_one(&[summary, key, prompt("u1", "", "go"), answer("a1", "u1", "m1", text("done"), 1)]);
    assert_eq!(imported.session.titles, [("b1".to_owned(), "Mending".to_owned())]);
    // The end of a session bears the key that a summary of it names.
    assert_eq!(imported.entries.last().and_then(|entry| entry.key.as_deref()), Some("a1"));
}

#[test]
fn the_files_of_a_session_are_one_unit() {
    let unit = format!("-src/{ID}");
    for file in ["subagents/agent-1.jsonl", "subagents/agent-1.meta.json", "tool-results/b2.txt"] {
        assert_eq!(ClaudeCode::unit_of(&format!("{unit}/{file}")).as_deref(), Some(unit.as_str()));
    }
    assert_eq!(ClaudeCode::unit_of(&format!("{unit}.jsonl")).as_deref(), Some(unit.as_str()));
    assert_eq!(ClaudeCode::unit_of("-src/notes.txt"), None);
}
