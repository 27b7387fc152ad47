//! Threads that have no rollout any more and that Codex's own database still knows: their rows are made of its word, and
//! marked missing, so that no list shows them.

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, ids, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep_contract::CodexFacts;
use threadkeep_core::rows::derive::from_codex_row;
use threadkeep_core::text::paths::home_place;

const AT: i64 = 1_772_359_200_123;

fn gone() -> Rollout {
    Rollout::paginated(&uuid7(AT, 1))
        .at_millis(AT)
        .cwd("/src/app")
        .git("main", &"0a".repeat(20), "https://example.com/app.git")
        .provider("harbour")
        .user("the words")
        .tokens(77)
}

fn there() -> Rollout {
    Rollout::legacy(&uuid7(AT, 2)).at_millis(AT).user("other words")
}

/// A home with one rollout, whose Codex database knows another thread too.
fn home() -> (TempDir, CodexDb) {
    let home = tempdir().unwrap();
    there().write(home.path(), Collection::Active);
    let codex = CodexDb::create(home.path(), false);
    codex.thread(home.path(), &there(), Collection::Active, None);
    codex.thread(home.path(), &gone(), Collection::Active, Some("the name"));
    let facts = "UPDATE threads SET model = 'a-model', cli_version = '0.169.0', tokens_used = 77";
    codex.connection().execute(facts, []).unwrap();
    (home, codex)
}

/// The row of a thread in the state DB, column by column.
fn row(state: &TempDir, id: &str) -> Option<Value> {
    let db = Connection::open(state.path().join("state.sqlite")).unwrap();
    let mut select = db.prepare("SELECT * FROM threads WHERE id = ?1").unwrap();
    let names: Vec<String> = select.column_names().map(Into::into).collect();
    let mut rows = select.query([id]).unwrap();
    let row = rows.next().unwrap()?;
    let value = |at: usize| match row.get(at).unwrap() {
        rusqlite::types::Value::Integer(number) => json!(number),
        rusqlite::types::Value::Text(text) => json!(text),
        _ => Value::Null,
    };
    Some(names.into_iter().enumerate().map(|(at, name)| (name, value(at))).collect())
}

fn expected(changes: &[(&str, Value)]) -> Value {
    let mut row = json!({
        "id": gone().id(), "path": gone().place(Collection::Active), "archived": 0, "name": "the name", "name_source": 1,
        "preview": "the words", "title": "the name", "first_user_message": "the words", "cwd": "/src/app",
        "last_cwd": null, "created_at": AT, "updated_at": gone().last_at(), "recency_at": gone().last_at(),
        "source": "\"cli\"", "source_kind": "cli", "model_provider": "harbour", "model": "a-model",
        "cli_version": "0.169.0", "git_branch": "main", "git_sha": "0a".repeat(20),
        "git_origin_url": "https://example.com/app.git", "tokens_used": 77, "parent_thread_id": null,
        "forked_from_id": null, "base_thread_id": null, "history_mode": "paginated", "memory_mode": "enabled",
        "missing": 1,
    });
    for (field, value) in changes {
        row[*field] = value.clone();
    }
    row
}

fn is_hidden(home: &TempDir, state: &TempDir) {
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        for arguments in [&["list", "--all", "--source", "any", "--flat"][..], &["list", "--title", "the"]] {
            assert!(!ids(&program.json(arguments)).contains(&gone().id()), "{arguments:?}");
        }
        for wanted in [gone().id(), "the name", &gone().id()[..20]] {
            let outcome = program.run(["find", wanted]);
            assert!([Some(3), Some(4)].contains(&outcome.code), "{wanted}: {outcome:?}");
        }
    }
}

#[test]
fn codexs_row_of_a_thread_without_a_rollout_becomes_a_row_that_is_marked_missing() {
    let (home, codex) = home();
    let parent = uuid7(AT, 9);
    let edge = "INSERT INTO thread_spawn_edges VALUES (?1, ?2, 'open')";
    codex.connection().execute(edge, [parent.as_str(), gone().id()]).unwrap();
    let state = tempdir().unwrap();
    Program::on(home.path(), state.path()).run(["init"]).well();
    assert_eq!(row(&state, gone().id()), Some(expected(&[("parent_thread_id", json!(parent))])));
    assert_eq!(row(&state, there().id()).unwrap()["missing"], 0);
    is_hidden(&home, &state);
}

#[test]
fn every_schema_that_codex_had_says_what_it_can() {
    let (home, codex) = home();
    for column in ["created_at_ms", "updated_at_ms", "recency_at_ms", "recency_at", "preview", "history_mode", "name"] {
        codex.connection().execute(&format!("ALTER TABLE threads DROP COLUMN {column}"), []).unwrap();
    }
    codex.connection().execute_batch("DROP TABLE thread_spawn_edges").unwrap();
    let state = tempdir().unwrap();
    Program::on(home.path(), state.path()).run(["init"]).well();
    let (created, updated) = (AT / 1000 * 1000, gone().last_at() / 1000 * 1000);
    let changes = [
        ("name", Value::Null),
        ("name_source", Value::Null),
        ("title", json!("the words")),
        ("created_at", json!(created)),
        ("updated_at", json!(updated)),
        ("recency_at", json!(updated)),
        ("history_mode", json!("legacy")),
    ];
    assert_eq!(row(&state, gone().id()), Some(expected(&changes)));
}

#[test]
fn a_thread_that_codex_forgets_later_or_learns_of_later_is_remembered_all_the_same() {
    let (home, codex) = home();
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    codex.connection().execute("DELETE FROM threads WHERE id = ?1", [gone().id()]).unwrap();
    program.run(["init"]).well();
    assert_eq!(row(&state, gone().id()), None);
    codex.thread(home.path(), &gone(), Collection::Archived, Some("the name"));
    program.run(["init"]).well();
    let seen = row(&state, gone().id()).unwrap();
    assert_eq!((&seen["archived"], &seen["path"]), (&json!(1), &json!(gone().place(Collection::Archived))));
    codex.connection().execute("DELETE FROM threads WHERE id = ?1", [gone().id()]).unwrap();
    program.run(["init"]).well();
    program.run(["init", "--rebuild"]).well();
    assert_eq!(row(&state, gone().id()), Some(seen));
}

#[test]
fn a_rollout_that_comes_back_is_believed_more_than_codexs_word() {
    let (home, codex) = home();
    let lies = "UPDATE threads SET cwd = '/wrong', git_branch = 'wrong', git_sha = 'wrong', preview = 'wrong', model = 'wrong'";
    codex.connection().execute(lies, []).unwrap();
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    assert_eq!(row(&state, gone().id()).unwrap()["git_branch"], "wrong");
    gone().write(home.path(), Collection::Active);
    let found = program.json(["read", gone().id()]);
    assert_eq!(found, Program::stateless(home.path()).json(["read", gone().id()]));
    for (field, value) in [("cwd", "/src/app"), ("gitBranch", "main"), ("preview", "the words"), ("name", "the name")] {
        assert_eq!(found[field], value, "{field}");
    }
}

#[test]
fn a_place_is_told_from_an_absolute_path_wherever_the_home_was() {
    for (absolute, archived, place) in [
        ("/home/a/.codex/sessions/2026/03/01/rollout-x.jsonl", false, "sessions/2026/03/01/rollout-x.jsonl"),
        ("/mnt/sessions/.codex/archived_sessions/rollout-x.jsonl", true, "archived_sessions/rollout-x.jsonl"),
        ("C:\\Users\\a\\.codex\\sessions\\2026\\03\\01\\rollout-x.jsonl", false, "sessions/2026/03/01/rollout-x.jsonl"),
        ("/mnt/disk/rollout-x.jsonl", true, "archived_sessions/rollout-x.jsonl"),
        ("/a/sessions/../../../rollout-x.jsonl", false, "sessions/rollout-x.jsonl"),
        ("/a/sessions", false, "sessions/sessions"),
    ] {
        assert_eq!(home_place(absolute, archived), place, "{absolute}");
    }
}

#[test]
fn sources_in_codexs_words_are_understood_and_a_row_without_a_time_is_none() {
    let spawned =
        r#"{"subagent":{"thread_spawn":{"parent_thread_id":"019CA8A0-0000-7000-8000-000000000001","depth":1}}}"#;
    for (source, kind, parent) in [
        ("vscode", "vscode", None),
        ("mcp", "appServer", None),
        ("", "unknown", None),
        ("a \"word\"", "unknown", None),
        (spawned, "subAgentThreadSpawn", Some("019ca8a0-0000-7000-8000-000000000001")),
    ] {
        let facts = CodexFacts { created_at: Some(AT), source: Some(source.into()), ..CodexFacts::default() };
        let row = from_codex_row("id", &facts, &[], "usual").unwrap();
        assert_eq!((row.source_kind.as_str(), row.parent_thread_id.as_deref()), (kind, parent), "{source}");
        assert!(serde_json::from_str::<Value>(&row.source).is_ok(), "{source}: {}", row.source);
        assert_eq!((row.model_provider.as_deref(), row.updated_at, row.missing), (Some("usual"), AT, true));
    }
    assert_eq!(from_codex_row("id", &CodexFacts::default(), &[], ""), None);
}
