//! What makes these stores hard to read, each in a small one.

use opencode::OpenCode;
use serde_json::{Value, json};
use threadkeep_plugin::importer::{Happening, Importer, Outcome};
use threadkeep_plugin::source::Cell;
use threadkeep_plugin::testing::{Home, Imported, Table, tokens_written};

fn tree(home: Home, session: &str, more: Value, messages: &[(&str, Value, Vec<Value>)]) -> Home {
    let mut head = json!({ "id": session, "title": "Work", "directory": "/src", "version": "1.1.65", "time": { "created": 1, "updated": 9 } });
    for (name, value) in more.as_object().expect("they are fields") {
        head[name] = value.clone();
    }
    let mut home = home.file(&format!("storage/session/p1/{session}.json"), head.to_string());
    for (id, message, parts) in messages {
        home = home.file(&format!("storage/message/{session}/{id}.json"), message.to_string());
        for (number, part) in parts.iter().enumerate() {
            home = home.file(&format!("storage/part/{id}/prt_{number}.json"), part.to_string());
        }
    }
    home
}

fn user(at: u64) -> Value {
    json!({ "role": "user", "time": { "created": at } })
}

fn assistant(at: u64, completed: bool) -> Value {
    let tokens = json!({ "input": 10, "output": 20, "reasoning": 5, "cache": { "read": 7, "write": 3 } });
    let completed = completed.then_some(at + 1);
    json!({ "role": "assistant", "modelID": "m", "providerID": "p", "tokens": tokens, "time": { "created": at, "completed": completed } })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn import(home: &Home) -> Vec<Imported> {
    let imported = home.import::<OpenCode>().expect("all can be read");
    assert!(imported.iter().all(Imported::has_whole_turns), "{imported:?}");
    imported
}

/// A database as the newer version has it.
fn database(home: Home, session: &str, title: &str) -> Home {
    let columns = "id parent_id directory title version time_created time_updated time_archived revert model";
    let columns = columns.split(' ').map(str::to_owned).collect();
    let words = |text: &str| Cell::Text(text.to_owned());
    let model = words(r#"{"id":"m","providerID":"p"}"#);
    let (id, number) = (words(session), Cell::Integer(5));
    let row = vec![
        id.clone(),
        Cell::Null,
        words("/src"),
        words(title),
        words("1.18.33"),
        number.clone(),
        number.clone(),
        Cell::Null,
        Cell::Null,
        model,
    ];
    let home = home.file("opencode.db", "").table("opencode.db", "session", Table { columns, rows: vec![row] });
    let columns = |names: &str| names.split(' ').map(str::to_owned).collect();
    let row = vec![words("msg_1"), id.clone(), number, words(&user(5).to_string())];
    let home = home.table(
        "opencode.db",
        "message",
        Table { columns: columns("id session_id time_updated data"), rows: vec![row] },
    );
    let row = vec![words("prt_1"), words("msg_1"), id, words(&text("hello").to_string())];
    home.table("opencode.db", "part", Table { columns: columns("id message_id session_id data"), rows: vec![row] })
}

#[test]
fn a_tree_is_read_in_the_order_of_its_ids() {
    let command = json!({ "type": "tool", "tool": "bash", "callID": "c1", "state": {
        "status": "completed", "input": { "command": "ls" }, "output": "x\n", "metadata": { "exit": 2 }, "time": { "start": 4, "end": 9 },
    } });
    let home = tree(
        Home::new(),
        "ses_1",
        json!({}),
        &[
            ("msg_2", assistant(4, true), vec![text("I look."), command]),
            ("msg_1", user(3), vec![text("\"look here\"\n")]),
        ],
    );
    let imported = import(&home).remove(0);
    assert_eq!(imported.prompts(), ["look here"]);
    let command = imported.happenings().into_iter().find_map(|what| match what {
        Happening::Command(command) => Some((command.exit_code, command.outcome, command.duration)),
        _ => None,
    });
    assert_eq!(command, Some((Some(2), Outcome::Failed, Some(5))));
    assert_eq!(imported.session.model.as_deref(), Some("m"));
    assert_eq!(
        OpenCode::unit_of("storage/message/ses_1/msg_1.json"),
        OpenCode::unit_of("storage/session/p1/ses_1.json")
    );
    assert_eq!(OpenCode::unit_of("storage/session_diff/ses_1.json"), None);
}

#[test]
fn a_session_in_both_stores_is_that_of_the_database() {
    let home = tree(Home::new(), "ses_1", json!({ "title": "Old" }), &[]);
    let home = tree(home, "ses_2", json!({}), &[("msg_9", user(1), vec![text("only here")])]);
    let imported = import(&database(home, "ses_1", "New"));
    let titles: Vec<_> = imported.iter().map(|imported| imported.session.title.as_deref()).collect();
    assert_eq!(titles, [Some("New"), Some("Work")]);
    assert_eq!(imported[0].prompts(), ["hello"]);
}

#[test]
fn a_fork_counts_tokens_once() {
    let home = tree(Home::new(), "ses_1", json!({}), &[("msg_1", assistant(4, true), vec![text("a")])]);
    let home =
        tree(home, "ses_2", json!({ "title": "Work (fork #1)" }), &[("msg_7", assistant(4, true), vec![text("a")])]);
    let imported = import(&home);
    assert_eq!((imported.len(), tokens_written(&imported)), (2, 25));
    let keys = |at: usize| imported[at].entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(0), keys(1));
}

#[test]
fn what_was_reverted_is_not_told_and_what_was_killed_is_interrupted() {
    let revert = json!({ "revert": { "messageID": "msg_3" } });
    let home = tree(
        Home::new(),
        "ses_1",
        revert,
        &[
            ("msg_1", user(1), vec![text("one")]),
            ("msg_2", assistant(2, false), vec![]),
            ("msg_3", user(3), vec![text("two")]),
            ("msg_4", assistant(4, true), vec![text("b")]),
        ],
    );
    let imported = import(&home).remove(0);
    assert_eq!(imported.prompts(), ["one"]);
    assert!(imported.happenings().contains(&&Happening::TurnEnded(Outcome::Interrupted)));
}

#[test]
fn an_object_that_is_damaged_is_named() {
    let home = Home::new().file("storage/session/p1/ses_1.json", "{\"id\":");
    let error = home.import::<OpenCode>().expect_err("it cannot be read");
    assert!(error.to_string().starts_with("storage/session/p1/ses_1.json: "), "{error}");
}
