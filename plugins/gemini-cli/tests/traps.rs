//! What makes these files hard to read, each in a small one.

use gemini_cli::GeminiCli;
use serde_json::{Value, json};
use threadkeep_plugin::importer::{Change, Happening, Importer, Outcome};
use threadkeep_plugin::testing::{Home, Imported, tokens_written};

const ID: &str = "0a0a0a0a-0000-4000-8000-000000000001";

fn said(id: &str, kind: &str, text: &str) -> Value {
    json!({ "id": id, "type": kind, "timestamp": "2026-11-28T14:01:03.878Z", "content": text })
}

fn answered(id: &str, text: &str, output: u64) -> Value {
    let mut message = said(id, "gemini", text);
    message["model"] = json!("gemini-x");
    message["tokens"] = json!({ "input": 100, "output": output, "cached": 50, "thoughts": 5, "tool": 1, "total": 0 });
    message
}

fn log(records: &[Value]) -> String {
    let first =
        json!({ "sessionId": ID, "startTime": "2026-11-28T14:01:03.000Z", "lastUpdated": "2026-11-28T14:01:03.000Z" });
    [&[first], records].concat().iter().map(|record| format!("{record}\n")).collect()
}

fn import(files: &[(&str, String)]) -> Vec<Imported> {
    let home = files.iter().fold(Home::new(), |home, (name, content)| home.file(name, content.clone()));
    let imported = home.import::<GeminiCli>().expect("all can be read");
    assert!(imported.iter().all(Imported::has_whole_turns), "{imported:?}");
    imported
}

fn import_one(records: &[Value]) -> Imported {
    import(&[("shop/chats/session-2026-11-28T14-01-0a0a0a0a.jsonl", log(records))]).remove(0)
}

#[test]
fn a_message_that_is_told_again_takes_the_place_of_the_first() {
    let mut again = answered("a", "Now the edit.", 7);
    let display = json!({ "fileDiff": "Index: a\n--- a\n+++ a\n@@ -1,1 +1,1 @@\n-x\n+y\n" });
    again["toolCalls"] = json!([
        { "id": "c", "name": "replace", "args": { "file_path": "/a" }, "status": "success", "resultDisplay": display, "result": [] },
    ]);
    let imported = import_one(&[said("u", "user", "edit"), answered("a", "Now the edit.", 7), again]);
    let said = imported.happenings().into_iter().filter(|what| matches!(what, Happening::AgentMessage(_)));
    assert_eq!(said.count(), 1);
    let changes = imported.happenings().into_iter().find_map(|what| match what {
        Happening::FileChanges(files) => Some(files.changes[0].change.clone()),
        _ => None,
    });
    assert_eq!(changes, Some(Change::Update("@@ -1,1 +1,1 @@\n-x\n+y\n".to_owned())));
    // 7 and 5 of thoughts, once.
    assert_eq!(tokens_written(&[imported]), 12);
}

#[test]
fn a_new_list_that_holds_less_of_a_message_does_not_take_it_away() {
    let poor = json!({ "id": "a", "type": "gemini", "content": [{ "text": "**Thinking** Hello" }], "tokens": null });
    let set = json!({ "$set": { "messages": [said("u", "user", "hello"), poor], "lastUpdated": "2026-11-28T14:02:00.000Z" } });
    let empty = json!({ "$set": { "messages": [] } });
    let imported = import_one(&[said("u", "user", "hello"), answered("a", "Hello!", 1), empty, set]);
    assert!(imported.happenings().contains(&&Happening::AgentMessage("Hello!".to_owned())), "{imported:?}");
}

#[test]
fn what_is_rewound_is_not_told_but_counted() {
    let records = [
        said("u1", "user", "one"),
        answered("a1", "first", 1),
        said("u2", "user", "two"),
        answered("a2", "second", 2),
        json!({ "$rewindTo": "u2" }),
        said("u3", "user", "three"),
        json!({ "$set": { "summary": "Counting" } }),
    ];
    let imported = import_one(&records);
    assert_eq!(imported.prompts(), ["one", "three"]);
    assert_eq!(imported.session.title.as_deref(), Some("Counting"));
    assert_eq!(imported.happenings().last(), Some(&&Happening::TurnEnded(Outcome::Interrupted)));
    assert_eq!(tokens_written(&[imported]), 13);
}

#[test]
fn context_and_answers_of_tools_are_no_prompts() {
    let context = "<session_context>\n- **Workspace Directories:**\n  - /home/sam/shop\n</session_context>";
    let mut answer = said("u2", "user", "");
    answer["content"] = json!([{ "functionResponse": { "id": "c", "response": { "output": "x" } } }]);
    let records = [
        said("u1", "user", context),
        answer,
        said("u3", "user", "[Function Response: read_file]"),
        said("u4", "user", "hi"),
    ];
    let imported = import_one(&records);
    assert_eq!(imported.prompts(), ["hi"]);
    assert_eq!(imported.session.cwd.as_deref(), Some("/home/sam/shop"));
    // Nobody said anything in this one.
    assert!(import(&[("shop/chats/session-2026-11-28T14-01-0a0a0a0a.jsonl", log(&records[..3]))]).is_empty());
}

#[test]
fn a_document_of_an_older_version_is_read() {
    let messages = json!([said("u", "user", "hello"), answered("a", "Hello!", 1)]);
    let document = json!({ "sessionId": ID, "projectHash": "4cf5", "startTime": "2026-11-28T14:01:03.000Z", "messages": messages });
    let hash = "4cf5f9808efe565bb126bae0fa50b6d887c40ed59b821b50546ea5d5f4f31cce";
    let file = format!("{hash}/chats/session-2026-11-28T14-01-0a0a0a0a.json");
    let imported = import(&[(&file, document.to_string()), (&format!("{hash}/logs.json"), "[]".to_owned())]);
    assert_eq!((imported.len(), imported[0].prompts()), (1, vec!["hello"]));
    let torn = Home::new().file(&file, &document.to_string()[..80]).import::<GeminiCli>();
    assert!(torn.is_err(), "a document that is being written is read again later");
}

#[test]
fn a_file_without_its_first_line_belongs_to_the_session_of_its_sub_agents() {
    let file = "shop/chats/session-2026-11-28T14-05-0a0a0a0a.jsonl";
    let sub_agent = format!("shop/chats/{ID}/11111111-0000-4000-8000-000000000001.jsonl");
    assert_eq!(GeminiCli::unit_of(file), GeminiCli::unit_of(&sub_agent));
    let line = |message: Value| format!("{message}\n");
    let imported = import(&[(file, line(said("u", "user", "hi"))), (&sub_agent, line(answered("a", "found", 1)))]);
    let ids: Vec<_> =
        imported.iter().map(|imported| (&imported.session.id[..8], imported.session.parent.as_deref())).collect();
    assert_eq!(ids, [("0a0a0a0a", None), ("11111111", Some(ID))]);
}
