//! Turns and items: against what the real app-server answers, and, where that answers nothing, against the files.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{
    Collection, Disk, Program, Rollout, any_rollout, damaged, demo_home, list_everything, listing, long_thread, millis,
    real_homes, uuid7,
};
use tempfile::{TempDir, tempdir};
use threadkeep_core::history::chain::Chain;
use threadkeep_core::history::transcript::Transcript;

/// Homes whose threads the newest Codex reads.
pub(crate) const CODEX_READS: [&str; 7] = ["h050", "h100", "h130", "h142", "h160", "h169-main", "h169-compress"];

/// Where a turn is meant to differ from Codex's: form of the thread, type of item, reason.
const MEANT: [(&str, &str, &str); 3] = [
    ("legacy", "commandExecution", "Codex leaves out commands that are in the file without an event of their own"),
    ("legacy", "fileChange", "likewise patches, in files of releases that wrote no event for them"),
    ("legacy", "dynamicToolCall", "likewise all other tools"),
];

fn turns(program: &Program, id: &str) -> Vec<Value> {
    let answer = program.json(["turns", id, "--limit", "0"]);
    assert_eq!(answer["nextCursor"], Value::Null);
    answer["items"].as_array().unwrap().clone()
}

/// 0.160 writes the root of a turn into the rollout, but its own database, from which the newest Codex answers for this
/// home, has none.
const WITHOUT_ROOTS: &str = "h160";

/// The turn without what it has beyond Codex's and is meant to have.
pub(crate) fn without_meant(mut turn: Value, codex: &Value, mode: &str, home: &str) -> Value {
    if home == WITHOUT_ROOTS {
        assert!(turn["rootTurnId"].is_string());
        turn["rootTurnId"] = Value::Null;
    }
    let theirs: Vec<&Value> = codex["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    let meant = |item: &Value| MEANT.iter().any(|(form, kind, _)| *form == mode && item["type"] == *kind);
    turn["items"].as_array_mut().unwrap().retain(|item| theirs.contains(&&item["id"]) || !meant(item));
    turn
}

#[test]
fn every_turn_of_every_thread_is_what_codex_answers_but_for_the_meant_differences() {
    for home in real_homes(&CODEX_READS) {
        let state = tempdir().unwrap();
        let oracle = home.oracle().unwrap();
        list_everything(&Program::on(&home.path, state.path()));
        let with_state = Program::on(&home.path, state.path()).with(["--no-refresh"]);
        for (id, answer) in oracle.as_object().unwrap() {
            let text = answer["turns"].to_string().replace("<home>", home.path.to_str().unwrap());
            let codex: Vec<Value> = serde_json::from_str(&text).unwrap();
            let mode = answer["read"]["historyMode"].as_str().unwrap();
            for (how, program) in [("with a state DB", &with_state), ("without", &Program::stateless(&home.path))] {
                let found = turns(program, id);
                let ids = |turns: &[Value]| turns.iter().map(|turn| turn["id"].clone()).collect::<Vec<_>>();
                assert_eq!(ids(&found), ids(&codex), "{} {id}, {how}", home.name);
                for (turn, codex) in found.into_iter().zip(&codex) {
                    let turn = without_meant(turn, codex, mode, &home.name);
                    assert!(turn == *codex, "{} {id}, {how}:\n{turn:#}\nCodex: {codex:#}", home.name);
                }
            }
        }
    }
}

/// What a bare file says, read as plainly as can be: kind and text of every item.
fn plainly(path: &Path) -> Vec<(String, String)> {
    let mut items: Vec<(String, String)> = Vec::new();
    let joined = |parts: &Value| {
        parts
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["text"].as_str().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n")
    };
    for line in fs::read_to_string(path).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let (kind, text) = match (record["type"].as_str(), record["role"].as_str()) {
            (Some("message"), Some("assistant")) => ("agentMessage", joined(&record["content"])),
            (Some("message"), _) if !joined(&record["content"]).starts_with("<environment_context>") => {
                ("userMessage", joined(&record["content"]))
            }
            (Some("reasoning"), _) => ("reasoning", joined(&record["summary"])),
            (Some("function_call"), _) if record["arguments"].as_str().unwrap().contains("*** Add File: ") => {
                let (_, file) = record["arguments"].as_str().unwrap().split_once("*** Add File: ").unwrap();
                ("fileChange", file.split_once("\\n").unwrap().0.to_owned())
            }
            (Some("function_call_output"), _) if items.last().unwrap().0 == "fileChange" => continue,
            (Some("function_call_output"), _) => {
                let output: Value = serde_json::from_str(record["output"].as_str().unwrap()).unwrap();
                let (exit, output) = (&output["metadata"]["exit_code"], output["output"].as_str().unwrap());
                ("commandExecution", format!("{exit} {output}"))
            }
            _ => continue,
        };
        items.push((kind.into(), text));
    }
    items
}

#[test]
fn what_codex_0_29_wrote_reads_as_the_files_say() {
    for home in real_homes(&["h029"]) {
        let program = Program::stateless(&home.path);
        let threads = list_everything(&program);
        assert_eq!(threads.len(), 10);
        for (id, item) in threads {
            let mut found = Vec::new();
            for turn in turns(&program, &id) {
                assert_eq!(turn["items"][0]["type"], "userMessage", "{id}");
                for item in turn["items"].as_array().unwrap() {
                    let kind = item["type"].as_str().unwrap();
                    let text = match kind {
                        "userMessage" => item["content"][0]["text"].as_str().unwrap_or_default().to_owned(),
                        "agentMessage" => item["text"].as_str().unwrap().to_owned(),
                        "reasoning" => item["summary"][0].as_str().unwrap().to_owned(),
                        "fileChange" => item["changes"][0]["path"].as_str().unwrap().to_owned(),
                        _ => format!("{} {}", item["exitCode"], item["aggregatedOutput"].as_str().unwrap()),
                    };
                    found.push((kind.to_owned(), text));
                }
            }
            assert_eq!(found, plainly(Path::new(item["path"].as_str().unwrap())), "{id}");
        }
    }
}

fn demo() -> TempDir {
    let home = tempdir().unwrap();
    demo_home(home.path());
    home
}

/// Turns page by page, in one direction.
fn paged(program: &Program, id: &str, limit: &str, direction: &[&str]) -> Vec<Value> {
    let mut joined = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let next = cursor.as_ref().map(|cursor| ["--cursor", cursor]);
        let asked = ["turns", id, "--limit", limit];
        let page = program.json(asked.iter().chain(direction).chain(next.iter().flatten()));
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit.parse().unwrap());
        joined.extend(items.clone());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return joined;
        }
    }
}

#[test]
fn pages_join_to_the_whole_in_both_directions() {
    let home = demo();
    let program = Program::stateless(home.path());
    for id in list_everything(&program).keys() {
        let whole = turns(&program, id);
        let mut backwards = whole.clone();
        backwards.reverse();
        for limit in ["1", "2", "7"] {
            assert_eq!(paged(&program, id, limit, &[]), whole, "{id} by {limit}");
            assert_eq!(paged(&program, id, limit, &["--desc"]), backwards, "{id} by {limit}, newest first");
        }
        let tail = program.json(["turns", id, "--tail", "2"]);
        assert_eq!(tail["items"].as_array().unwrap()[..], whole[whole.len().saturating_sub(2)..], "{id}");
        assert_eq!(tail["nextCursor"].is_null(), whole.len() <= 2, "{id}");
    }
}

#[test]
fn every_turn_of_the_demo_home_has_the_fields_of_a_turn() {
    let home = demo();
    let program = Program::stateless(home.path());
    let mut kinds = Vec::new();
    for id in list_everything(&program).keys() {
        for turn in turns(&program, id) {
            let fields: Vec<&String> = turn.as_object().unwrap().keys().collect();
            let all = ["completedAt", "durationMs", "error", "id", "items", "itemsView", "rootTurnId", "startedAt"];
            assert_eq!(fields, [&all[..], &["status"]].concat(), "{id}");
            assert!(["completed", "interrupted", "failed"].iter().any(|status| turn["status"] == *status), "{id}");
            kinds.extend(turn["items"].as_array().unwrap().iter().map(|item| item["type"].to_string()));
        }
    }
    for kind in ["userMessage", "agentMessage", "reasoning", "commandExecution", "fileChange", "contextCompaction"] {
        assert!(kinds.contains(&format!("\"{kind}\"")), "{kind}");
    }
}

#[test]
fn a_cursor_or_a_number_that_makes_no_sense_is_refused() {
    let home = demo();
    let program = Program::stateless(home.path());
    let id = list_everything(&program).into_keys().find(|id| turns(&program, id).len() > 1).unwrap();
    let first = program.json(["turns", &id, "--limit", "1"])["nextCursor"].as_str().unwrap().to_owned();
    for arguments in [
        &["--cursor", "nonsense"][..],
        &["--cursor", ""],
        &["--cursor", "a.0.no-such-turn"],
        &["--cursor", "a.x.y"],
        &["--desc", "--cursor", &first],
        &["--limit", "-1"],
        &["--limit", "many"],
        &["--tail", "0"],
        &["--tail", "2", "--limit", "3"],
        &["--tail", "2", "--cursor", &first],
    ] {
        let outcome = program.run(["turns", &id].iter().chain(arguments)).ended(2);
        assert!(!outcome.stderr.is_empty(), "{arguments:?}");
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
    program.run(["turns", "no such thread"]).ended(3);
}

fn said(turns: &[Value]) -> Vec<&str> {
    turns.iter().map(|turn| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default()).collect()
}

/// A grandparent of two turns, a fork of its first, and a fork of that one's first two.
fn family() -> [Rollout; 3] {
    let at = |number| uuid7(millis("2026-05-01T08:00:00.000Z"), number);
    let first = Rollout::paginated(&at(1)).at("2026-05-01T08:00:00.000Z").user("One?").agent("1").user("Two?");
    let second = Rollout::paginated(&at(2)).at("2026-05-02T08:00:00.000Z").fork_after(&first, 1).user("Three?");
    let third = Rollout::paginated(&at(3)).at("2026-05-03T08:00:00.000Z").fork_of(&second).user("Four?");
    [first, second, third]
}

#[test]
fn a_fork_of_a_fork_shows_what_came_before_it_wherever_that_is() {
    let [first, second, third] = family();
    for (place, first) in [
        (Collection::Active, first.clone()),
        (Collection::Archived, first.clone()),
        (Collection::Active, first.compressed()),
    ] {
        let home = tempdir().unwrap();
        first.write(home.path(), place);
        second.write(home.path(), Collection::Active);
        third.write(home.path(), Collection::Active);
        let program = Program::stateless(home.path());
        assert_eq!(said(&turns(&program, third.id())), ["One?", "Three?", "Four?"]);
        assert_eq!(said(&turns(&program, second.id())), ["One?", "Three?"]);
        assert_eq!(said(&turns(&program, first.id())), ["One?", "Two?"]);
    }
}

#[test]
fn a_history_whose_beginning_is_gone_shows_the_rest_and_names_the_gap() {
    let [first, second, third] = family();
    let home = tempdir().unwrap();
    second.write(home.path(), Collection::Active);
    third.write(home.path(), Collection::Active);
    let program = Program::stateless(home.path());
    let answer = program.json(["turns", third.id()]);
    assert_eq!(said(answer["items"].as_array().unwrap()), ["Three?", "Four?"]);
    assert_eq!(answer["gaps"].as_array().unwrap().len(), 1);
    assert_eq!(answer["gaps"][0]["thread"], first.id());
    let outcome = program.run(["turns", third.id()]).well();
    assert!(outcome.stderr.contains(first.id()), "{}", outcome.stderr);
}

#[test]
fn a_revert_shows_the_newest_file_s_view_and_a_fork_made_before_it_the_old_one() {
    let at = |number| uuid7(millis("2026-05-01T08:00:00.000Z"), number);
    let first = Rollout::paginated(&at(1)).at("2026-05-01T08:00:00.000Z").user("One?").user("Two?").user("Three?");
    let fork = Rollout::paginated(&at(2)).at("2026-05-02T08:00:00.000Z").fork_after(&first, 2).user("Fork?");
    let reverted = Rollout::revert_of(&first, 1, &at(3)).at("2026-05-03T08:00:00.000Z").user("Else?").user("More?");
    let home = tempdir().unwrap();
    for rollout in [&first, &fork, &reverted] {
        rollout.write(home.path(), Collection::Active);
    }
    let program = Program::stateless(home.path());
    assert_eq!(said(&turns(&program, first.id())), ["One?", "Else?", "More?"]);
    assert_eq!(said(&turns(&program, fork.id())), ["One?", "Two?", "Fork?"]);
}

#[test]
fn a_sub_agent_shows_its_own_turns() {
    let parent = Rollout::paginated(&uuid7(0, 1)).user("Count!").agent("Somebody will.");
    let child = Rollout::sub_agent(&uuid7(0, 2), &parent, "count", "Ptolemy").user("Own").agent("Three.");
    let home = tempdir().unwrap();
    parent.write(home.path(), Collection::Active);
    child.write(home.path(), Collection::Active);
    let own = turns(&Program::stateless(home.path()), child.id());
    assert!(!own.is_empty());
    assert!(!said(&own).contains(&"Count!"), "{own:?}");
}

#[test]
fn what_was_rolled_back_is_not_shown() {
    let back = |turns: u32| {
        json!({
            "timestamp": "2026-05-01T08:30:00.000Z", "type": "event_msg",
            "payload": { "type": "thread_rolled_back", "num_turns": turns },
        })
        .to_string()
    };
    let id = uuid7(0, 1);
    let rollout = Rollout::legacy(&id).user("One?").agent("1").user("Two?").user("Three?").verbatim(back(2)).user("2?");
    let home = tempdir().unwrap();
    rollout.write(home.path(), Collection::Active);
    let program = Program::stateless(home.path());
    let whole = turns(&program, &id);
    assert_eq!(said(&whole), ["One?", "2?"]);
    assert_eq!(whole[1]["items"][0]["id"], "item-3");
    assert_eq!(
        paged(&program, &id, "1", &["--desc"]).iter().rev().collect::<Vec<_>>(),
        whole.iter().collect::<Vec<_>>()
    );
}

#[test]
fn tools_of_every_form_are_shown_with_what_came_of_them() {
    let new: [fn(&str) -> Rollout; 4] = [Rollout::bare, Rollout::early, Rollout::legacy, Rollout::paginated];
    for new in new {
        let id = uuid7(0, 1);
        let home = tempdir().unwrap();
        let rollout =
            new(&id).cwd("/src").user("Do.").command("ls -l", "a\nb\n", 3).patch("new.txt", "one\n").agent("Done.");
        rollout.write(home.path(), Collection::Active);
        let turns = turns(&Program::stateless(home.path()), &id);
        let kind = |kind: &str| turns[0]["items"].as_array().unwrap().iter().find(|item| item["type"] == kind);
        let command = kind("commandExecution").unwrap();
        assert!(command["command"].as_str().unwrap().contains("ls -l"), "{command}");
        assert_eq!((&command["exitCode"], &command["aggregatedOutput"]), (&json!(3), &json!("a\nb\n")));
        let change = &kind("fileChange").unwrap()["changes"][0];
        assert!(change["path"].as_str().unwrap().ends_with("new.txt"), "{change}");
        assert_eq!((&change["kind"], &change["diff"]), (&json!({ "type": "add" }), &json!("one\n")));
    }
}

#[test]
fn people_get_eighty_columns_and_no_control_characters() {
    let id = uuid7(0, 1);
    let wide = "日本語 ".repeat(60) + &"x".repeat(200);
    let home = demo();
    let rollout = Rollout::paginated(&id)
        .user(&format!("\u{1b}[31mred\u{7} {wide}"))
        .command(&format!("printf '\\033[2J' {wide}"), &format!("\u{1b}[2J\u{9b}1m\ttab\r\n{wide}\n"), 0)
        .patch("name\u{1b}[0m.txt", "one\n")
        .agent(&wide);
    rollout.write(home.path(), Collection::Active);
    let program = Program::stateless(home.path()).variable("COLUMNS", "80");
    for id in list_everything(&program).keys() {
        let shown = program.run(["turns", id, "--limit", "0"]).well().stdout;
        for line in shown.lines() {
            assert!(!line.chars().any(char::is_control), "{line:?}");
            // Wide characters count twice.
            let columns: usize = line.chars().map(|c| if ('\u{2e80}'..'\u{ffdc}').contains(&c) { 2 } else { 1 }).sum();
            assert!(columns <= 80, "{columns}: {line}");
        }
    }
}

/// Every file's own turns, natively and as the program shows them.
#[test]
fn component_and_native_build_agree() {
    let home = demo();
    let program = Program::stateless(home.path());
    let disk = Disk::of(home.path());
    for (id, item) in list_everything(&program) {
        let path = Path::new(item["path"].as_str().unwrap()).strip_prefix(home.path()).unwrap().to_str().unwrap();
        let files = listing(home.path()).into_keys().filter(|path| path.contains(&id)).count();
        if files > 1 || !item["forkedFromId"].is_null() {
            continue;
        }
        let chain = Chain::alone(&disk, path).unwrap();
        let native = Transcript::of(&disk, chain).unwrap().page(&disk, None, 0, false).unwrap();
        let shown = program.run(["turns", &id, "--limit", "0", "--json"]).well().stdout;
        assert_eq!(
            shown,
            format!("{{\"items\":[{}],\"nextCursor\":null,\"backwardsCursor\":null}}\n", native.turns.join(",")),
            "{id}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is in a file, its pages join to its turns.
    #[test]
    fn any_file_has_turns_and_pages(rollout in any_rollout(), bytes in damaged(), hurt: bool, limit in 1..4_u32) {
        let bytes = if hurt { bytes } else { rollout.bytes() };
        let files = support::Memory::of("sessions/rollout-any.jsonl", bytes);
        let chain = Chain::alone(&files, "sessions/rollout-any.jsonl").unwrap();
        let transcript = Transcript::of(&files, chain).unwrap();
        let whole = transcript.page(&files, None, 0, false).unwrap();
        prop_assert_eq!(&whole.next, &None);
        for newest_first in [false, true] {
            let mut joined = Vec::new();
            let mut cursor = None::<String>;
            loop {
                let part = transcript.page(&files, cursor.as_deref(), limit, newest_first).unwrap();
                joined.extend(part.turns);
                cursor = part.next;
                if cursor.is_none() {
                    break;
                }
            }
            if newest_first {
                joined.reverse();
            }
            prop_assert_eq!(&joined, &whole.turns);
        }
    }

    /// A line that Codex's order of keys lets be skimmed, and the same one that has to be read.
    #[test]
    fn the_order_of_keys_changes_nothing(rollout in any_rollout(), cut in any::<prop::sample::Index>()) {
        let shown = |rollout: &Rollout| {
            let mut bytes = rollout.bytes();
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            // One line of them loses its end.
            let line = 1 + cut.index(lines.max(2) - 1);
            let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(line);
            if let Some(end) = end.map(|(at, _)| at) {
                bytes.remove(end - 1);
            }
            let files = support::Memory::of("sessions/rollout-any.jsonl", bytes);
            let chain = Chain::alone(&files, "sessions/rollout-any.jsonl").unwrap();
            let turns = Transcript::of(&files, chain).unwrap().page(&files, None, 0, false).unwrap().turns;
            let mut turns: Vec<Value> = turns.iter().map(|turn| serde_json::from_str(turn).unwrap()).collect();
            for turn in turns.iter_mut().filter(|_| rollout.form() == support::Form::Paginated) {
                // A turn that no record names is called after the number of lines before it, and a broken one may count.
                if turn["id"].as_str().unwrap().starts_with("rollout-") {
                    turn["id"] = "rollout".into();
                }
            }
            turns
        };
        prop_assert_eq!(shown(&rollout), shown(&rollout.clone().sorted_keys()));
    }
}

#[test]
fn the_last_turns_of_a_long_thread_are_read_from_its_end_and_are_the_same() {
    let home = tempdir().unwrap();
    let id = uuid7(1_772_000_000_000, 7);
    let path = long_thread(home.path(), &id, 260);
    assert!(path.metadata().unwrap().len() > 20 << 20);
    let program = Program::stateless(home.path());
    let whole = turns(&program, &id);
    assert_eq!(whole.len(), 261);

    // A recording holds what the core had to read.
    let recorded = |name: &str, limit: &[&str]| {
        let record = home.path().join(name);
        let args = ["--record", record.to_str().unwrap(), "turns", &id];
        (program.json(args.iter().chain(limit).copied()), record.metadata().unwrap().len())
    };
    let (_, bytes_of_all) = recorded("all.json", &["--limit", "1"]);
    let (last, bytes_of_the_end) = recorded("end.json", &["--tail", "3"]);
    assert_eq!(last["items"].as_array().unwrap()[..], whole[258..]);
    assert!(bytes_of_the_end < bytes_of_all / 3, "{bytes_of_the_end} of {bytes_of_all}");

    // The cursor goes on to earlier ones, as long as there are any.
    let mut cursor = last["nextCursor"].as_str().map(String::from);
    let mut earlier = Vec::new();
    while let Some(at) = cursor {
        let page = program.json(["turns", &id, "--desc", "--limit", "60", "--cursor", &at]);
        earlier.extend(page["items"].as_array().unwrap().clone());
        cursor = page["nextCursor"].as_str().map(String::from);
    }
    earlier.reverse();
    assert_eq!(earlier[..], whole[..258]);

    // More than the end holds, and a cursor in the other direction.
    let many = program.json(["turns", &id, "--tail", "200"]);
    assert_eq!(many["items"].as_array().unwrap()[..], whole[61..]);
    let back = program.json(["turns", &id, "--desc", "--limit", "5"]);
    assert_eq!(back["backwardsCursor"], Value::Null);
    let second =
        program.json(["turns", &id, "--desc", "--limit", "5", "--cursor", back["nextCursor"].as_str().unwrap()]);
    let forth = program.json(["turns", &id, "--limit", "9", "--cursor", second["backwardsCursor"].as_str().unwrap()]);
    assert_eq!(forth["items"].as_array().unwrap()[..], whole[256..]);
}
