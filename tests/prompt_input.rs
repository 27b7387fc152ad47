//! `debug prompt-input`: what a model would be given, against what the real Codex gave it, and from the files alone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{CodexDb, Collection, Program, Rollout, edit_lines, listing, real_homes, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_359_200_123;
/// What 0.169 sent; how it was made stands in it.
const SENT: &str = include_str!("fixtures/prompt-input.txt");

fn id(number: u64) -> String {
    uuid7(AT, number)
}

fn prompt(home: &Path, id: &str) -> Vec<Value> {
    let run = Program::new().with(["--home".as_ref(), home.as_os_str()]).run(["debug", "prompt-input", id]).well();
    run.json().as_array().unwrap().clone()
}

/// Type, then role, call or text: enough to tell items apart.
fn outline(items: &[Value]) -> Vec<String> {
    let text = |item: &Value| -> String {
        let parts = item["content"].as_array().cloned().unwrap_or_default();
        parts.iter().filter_map(|part| part["text"].as_str()).collect()
    };
    let line = |item: &Value| match item["type"].as_str().unwrap() {
        "message" => format!("{}: {}", item["role"].as_str().unwrap(), text(item)),
        kind => format!(
            "{kind} {}{}",
            item["call_id"].as_str().unwrap_or_default(),
            item["output"].as_str().unwrap_or_default()
        ),
    };
    items.iter().map(line).collect()
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[test]
fn the_items_of_real_threads_are_those_that_codex_sent() {
    for home in real_homes(&["h050", "h100", "h130", "h142", "h160", "h169-main"]) {
        let sent = SENT.lines().filter_map(|line| line.strip_prefix(&format!("{} ", home.name)));
        let mut threads = 0;
        for line in sent {
            let mut words = line.split(' ');
            let (id, count, hash) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let items = prompt(&home.path, id);
            let plain = |item: &Value| -> String {
                let fields = item.as_object().unwrap().iter().filter(|(key, value)| *key != "id" && !value.is_null());
                let item: serde_json::Map<String, Value> =
                    fields.map(|(key, value)| (key.clone(), value.clone())).collect();
                Value::Object(item).to_string() + "\n"
            };
            assert_eq!(items.len().to_string(), count, "{} {id}", home.name);
            assert_eq!(
                format!("{:016x}", fnv(&items.iter().map(plain).collect::<String>())),
                hash,
                "{} {id}",
                home.name
            );
            threads += 1;
        }
        assert!(threads > 10, "{}", home.name);
    }
}

/// A thread with these records behind a `session_meta`.
fn thread(home: &TempDir, records: &[Value]) -> Vec<Value> {
    let rollout = records.iter().fold(Rollout::legacy(&id(1)).at_millis(AT), |rollout, record| {
        rollout.verbatim(
            json!({"timestamp": "2026-03-01T10:00:00.000Z", "type": record[0], "payload": record[1]}).to_string(),
        )
    });
    let file = rollout.write(home.path(), Collection::Active);
    // The writer's own turns are none of this.
    let lines = fs::read_to_string(&file).unwrap();
    let kept: Vec<&str> = lines
        .lines()
        .filter(|line| line.contains("\"session_meta\"") || records.iter().any(|r| line.contains(&r[1].to_string())))
        .collect();
    fs::write(&file, kept.join("\n") + "\n").unwrap();
    prompt(home.path(), &id(1))
}

fn said(role: &str, text: &str) -> Value {
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    json!(["response_item", {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}])
}

fn item(item: Value) -> Value {
    json!(["response_item", item])
}

fn rolled_back(turns: u64) -> Value {
    json!(["event_msg", {"type": "thread_rolled_back", "num_turns": turns}])
}

fn conversation() -> Vec<Value> {
    vec![
        said("developer", "<permissions instructions>all</permissions instructions>"),
        said("user", "<environment_context><cwd>/x</cwd></environment_context>"),
        said("user", "one"),
        said("assistant", "first"),
        said("developer", "<collaboration_mode>plan</collaboration_mode>"),
        said("user", "<environment_context><cwd>/y</cwd></environment_context>"),
        said("user", "two"),
        said("assistant", "second"),
    ]
}

#[test]
fn a_rollback_takes_turns_away_with_the_context_before_them() {
    let all = outline(&thread(&tempdir().unwrap(), &conversation()));
    assert_eq!(all.len(), 8);
    for (turns, left) in [(0, 8), (1, 4), (2, 2), (99, 2)] {
        let records = [conversation(), vec![rolled_back(turns)]].concat();
        assert_eq!(outline(&thread(&tempdir().unwrap(), &records)), all[..left], "{turns}");
    }
    let again =
        [conversation(), vec![rolled_back(1), said("user", "three"), rolled_back(1), said("user", "four")]].concat();
    assert_eq!(outline(&thread(&tempdir().unwrap(), &again))[4..], ["user: four"]);
    assert_eq!(
        thread(&tempdir().unwrap(), &[said("developer", "x"), rolled_back(3)]).len(),
        1,
        "no turn, nothing to go"
    );
}

#[test]
fn a_compaction_stands_for_what_was_before_it() {
    let history = json!([said("user", "kept")[1], {"type": "ghost_snapshot"}, said("user", "summary")[1]]);
    let compacted = json!(["compacted", {"message": "not this", "replacement_history": history}]);
    let records = [conversation(), vec![compacted.clone(), said("assistant", "after")]].concat();
    assert_eq!(outline(&thread(&tempdir().unwrap(), &records)), ["user: kept", "user: summary", "assistant: after"]);
    // What it left can be rolled back too.
    let records = [records, vec![rolled_back(1)]].concat();
    assert_eq!(outline(&thread(&tempdir().unwrap(), &records)), ["user: kept"]);

    let old = |message: &str| json!(["compacted", {"message": message}]);
    let records = [conversation(), vec![old("in short"), said("assistant", "after")]].concat();
    assert_eq!(
        outline(&thread(&tempdir().unwrap(), &records)),
        ["user: one", "user: two", "user: in short", "assistant: after"]
    );
    let summary = "Another language model started to solve this problem and produced a summary of it: x";
    let records = [conversation(), vec![old(summary), said("user", "three"), old("")]].concat();
    assert_eq!(
        outline(&thread(&tempdir().unwrap(), &records)),
        ["user: one", "user: two", "user: three", "user: (no summary available)"],
        "an earlier summary is nobody's word"
    );
    let long = "x".repeat(79_995);
    let records = vec![said("user", "one"), said("user", &long), said("user", "two"), old("in short")];
    let users = outline(&thread(&tempdir().unwrap(), &records));
    assert_eq!(users, [format!("user: {long}"), "user: two".into(), "user: in short".into()]);
}

#[test]
fn calls_and_outputs_belong_together() {
    let call = |kind: &str, id: &str| item(json!({"type": kind, "call_id": id, "name": "t", "arguments": "{}"}));
    let output = |kind: &str, id: &str| item(json!({"type": kind, "call_id": id, "output": "done"}));
    let records = [
        said("user", "go"),
        call("function_call", "a"),
        call("function_call", "b"),
        output("function_call_output", "b"),
        call("custom_tool_call", "c"),
        output("function_call_output", "c"),
        call("local_shell_call", "d"),
        output("custom_tool_call_output", "e"),
        output("function_call_output", "f"),
    ];
    assert_eq!(
        outline(&thread(&tempdir().unwrap(), &records)),
        [
            "user: go",
            "function_call a",
            "function_call_output aaborted",
            "function_call b",
            "function_call_output bdone",
            "custom_tool_call c",
            "custom_tool_call_output caborted",
            "local_shell_call d",
            "function_call_output daborted",
        ]
    );
    // A call that was rolled back takes its output along.
    let records = [said("user", "go"), call("function_call", "a"), rolled_back(1), output("function_call_output", "a")];
    assert_eq!(thread(&tempdir().unwrap(), &records), Vec::<Value>::new());
}

#[test]
fn what_codex_keeps_to_itself_is_left_out_and_all_else_stands_as_it_was_written() {
    let whole = json!({"type": "message", "role": "user", "id": "m", "status": null,
                       "content": [{"type": "input_text", "text": "é \u{1f680} \"q\" \\ \n"}], "new_field": [1.50, -0]});
    let mut told = whole.clone();
    told["metadata"] = json!({"turn_id": "x"});
    told["internal_chat_message_metadata_passthrough"] = json!({"turn_id": "x"});
    let records = [
        item(told),
        said("system", "not for the model"),
        item(json!({"type": "ghost_snapshot", "ghost_commit": {}})),
        item(json!({"type": "of another time"})),
        item(json!({"type": "reasoning", "summary": [], "encrypted_content": "e"})),
    ];
    let items = thread(&tempdir().unwrap(), &records);
    assert_eq!(items, [whole, json!({"type": "reasoning", "summary": [], "encrypted_content": "e"})]);
}

#[test]
fn forks_reverts_and_sub_agents_begin_with_what_they_go_on_from() {
    let home = tempdir().unwrap();
    let parent = Rollout::paginated(&id(1)).at_millis(AT).user("one").agent("first").user("two").agent("second");
    let fork = Rollout::paginated(&id(2)).fork_after(&parent, 1).user("other").agent("else");
    let child = Rollout::sub_agent(&id(3), &parent, "count the files", "Ada").agent("three files");
    let reverted = Rollout::revert_of(&parent, 1, &id(4)).user("again").agent("third");
    for rollout in [&parent, &fork, &child] {
        rollout.write(home.path(), Collection::Active);
    }
    let said = |id: &str| {
        let own = |line: &String| {
            ["one", "first", "two", "second", "other", "else", "again", "third"]
                .iter()
                .any(|w| line.ends_with(&format!(": {w}")))
        };
        outline(&prompt(home.path(), id)).into_iter().filter(own).collect::<Vec<_>>()
    };
    assert_eq!(said(&id(1)), ["user: one", "assistant: first", "user: two", "assistant: second"]);
    assert_eq!(said(&id(2)), ["user: one", "assistant: first", "user: other", "assistant: else"]);
    let given = outline(&prompt(home.path(), &id(3)));
    assert!(given.iter().any(|line| line == "user: one"), "{given:?}");
    reverted.write(home.path(), Collection::Active);
    assert_eq!(said(&id(1)), ["user: one", "assistant: first", "user: again", "assistant: third"]);

    // Its parent's rollout is gone: what is left is given, and the gap is named.
    fs::remove_dir_all(home.path().join("sessions")).unwrap();
    fork.write(home.path(), Collection::Archived);
    let run = Program::stateless(home.path()).run(["debug", "prompt-input", &id(2)]).well();
    assert!(run.stderr.contains(&id(1)), "{}", run.stderr);
    assert!(run.stdout.contains("other") && !run.stdout.contains("first"));
}

#[test]
fn neither_the_state_db_nor_codexs_is_looked_at() {
    let (home, place) = (tempdir().unwrap(), tempdir().unwrap());
    let rollout = Rollout::paginated(&id(1)).at_millis(AT).user("one").agent("first");
    rollout.write(home.path(), Collection::Active);
    support::name_thread(home.path(), &id(1), "by name", AT);
    let codex = CodexDb::create(home.path(), true);
    codex.thread(home.path(), &rollout, Collection::Active, Some("only Codex knows"));
    let asks = |program: &Program, wanted: &str| program.run(["debug", "prompt-input", wanted]);
    // No state directory: none appears, and nothing of the home changes.
    let none = place.path().join("none");
    let before = listing(home.path());
    let items = asks(&Program::on(home.path(), &none), &id(1)).well().stdout;
    assert_eq!(asks(&Program::on(home.path(), &none), "by name").well().stdout, items);
    asks(&Program::on(home.path(), &none), "only Codex knows").ended(3);
    assert!(!none.exists() && before == listing(home.path()));
    // One that is there stays as it is, to the byte and the time.
    let state = place.path().join("state");
    Program::on(home.path(), &state).run(["init"]).well();
    let stands = listing(&state);
    assert_eq!(asks(&Program::on(home.path(), &state), &id(1)).well().stdout, items);
    assert_eq!(stands, listing(&state));
    // One that cannot be opened at all does not matter, nor does a Codex database that is none.
    for (at, name) in [(state.clone(), "state.sqlite"), (home.path().to_path_buf(), "state_5.sqlite")] {
        for entry in fs::read_dir(&at).unwrap().flatten().filter(|e| e.file_name().to_string_lossy().starts_with(name))
        {
            fs::remove_file(entry.path()).unwrap();
        }
        fs::create_dir(at.join(name)).unwrap();
    }
    let run = asks(&Program::on(home.path(), &state), &id(1)).well();
    assert_eq!((run.stdout, run.stderr), (items, String::new()));
}

#[test]
fn bad_lines_and_wrong_questions() {
    let home = tempdir().unwrap();
    let file =
        Rollout::paginated(&id(1)).at_millis(AT).user("one").agent("first").write(home.path(), Collection::Active);
    let whole = outline(&prompt(home.path(), &id(1)));
    edit_lines(&file, |lines| lines.insert(3, b"{\"timestamp\":\"2026".to_vec()));
    assert_eq!(outline(&prompt(home.path(), &id(1))), whole);
    let program = Program::stateless(home.path());
    program.run(["debug", "prompt-input"]).ended(2);
    program.run(["debug", "prompt-input", &id(9)]).ended(3);
    let path = file.strip_prefix(home.path()).unwrap().to_str().unwrap();
    assert_eq!(
        outline(program.run(["debug", "prompt-input", "--path", path]).well().json().as_array().unwrap()),
        whole
    );
    program.run(["debug", "prompt-input", "--path", "/etc/passwd"]).ended(2);
    let empty = Rollout::paginated(&id(2)).at_millis(AT).context_only();
    empty.write(home.path(), Collection::Active);
    program.run(["debug", "prompt-input", &id(2)]).well().json();
}

#[test]
fn items_of_many_megabytes_are_whole_and_long_histories_cost_no_memory() {
    let home = tempdir().unwrap();
    let long = "abc é \u{1f680} ".repeat(300_000);
    let history = json!([said("user", &long)[1], said("user", "summary")[1]]);
    let records = [
        said("user", "one"),
        json!(["compacted", {"message": "", "replacement_history": history}]),
        said("assistant", &long),
    ];
    let items = outline(&thread(&home, &records));
    assert_eq!(items, [format!("user: {long}"), "user: summary".into(), format!("assistant: {long}")]);

    let turn = |rollout: Rollout, number: u64| rollout.user(&format!("turn {number}")).agent(&"word ".repeat(4_000));
    let many = (0..3_000).fold(Rollout::paginated(&id(5)).at_millis(AT), turn);
    many.compressed().write(home.path(), Collection::Active);
    let program = Program::stateless(home.path()).watched();
    let run = program.run(["debug", "prompt-input", &id(5)]).well();
    let items = run.json().as_array().unwrap().len();
    assert!(items > 6_000 && run.stdout.len() > 50 << 20, "{items}");
    assert!(run.peak_kib < 80 << 10, "{} KiB", run.peak_kib);
}
