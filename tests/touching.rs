//! `search --touched`: which threads say that they changed a file, with the index and without it, and what becomes of the index
//! when threads change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, HomeAndState, Program, Rollout, any_home, demo_home, real_homes};
use tempfile::tempdir;

/// Homes of releases whose forms of rollouts differ.
const HOMES: [&str; 7] = ["h029", "h050", "h130", "h142", "h169-main", "h171-main", "h171-craft"];

fn touched(program: &Program, arguments: &[&str]) -> Value {
    let outcome = program.run(["--json", "search", "--touched"].iter().chain(arguments));
    assert!(matches!(outcome.code, Some(0 | 3)), "{arguments:?}: {outcome:?}");
    outcome.json()
}

/// The numbers of the threads that are found, in their order.
fn numbers(program: &Program, arguments: &[&str]) -> Vec<u64> {
    let items = touched(program, arguments)["items"].as_array().unwrap().clone();
    let number = |item: &Value| (0..99).find(|number| id(*number) == item["thread"]["id"]).unwrap();
    items.iter().map(number).collect()
}

/// The changes of the first thread that is found: the kind, the path, and where a moved file is or was.
fn changes(program: &Program, path: &str) -> Vec<String> {
    let answer = touched(program, &[path]);
    let changes = answer["items"][0]["changes"].as_array().cloned().unwrap_or_default();
    let moved = |change: &Value| match (&change["movedTo"], &change["movedFrom"]) {
        (Value::String(to), _) => format!(" -> {to}"),
        (_, Value::String(from)) => format!(" <- {from}"),
        _ => String::new(),
    };
    let change = |change: &Value| {
        format!("{} {}{}", change["kind"].as_str().unwrap(), change["path"].as_str().unwrap(), moved(change))
    };
    changes.iter().map(change).collect()
}

/// A line of a legacy rollout.
fn line(kind: &str, payload: &Value) -> String {
    format!("{{\"timestamp\":\"2026-03-01T10:00:05.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}")
}

fn end_of_patch(call: &str, changes: &Value, succeeded: bool) -> String {
    // Releases write the type first.
    let payload = format!(
        "{{\"type\":\"patch_apply_end\",\"call_id\":\"{call}\",\"stdout\":\"\",\"stderr\":\"\",\"success\":{succeeded},\"changes\":{changes}}}"
    );
    format!("{{\"timestamp\":\"2026-03-01T10:00:05.000Z\",\"type\":\"event_msg\",\"payload\":{payload}}}")
}

fn call(call: &str, name: &str, arguments: &Value) -> String {
    let arguments = Value::String(arguments.to_string());
    format!(
        "{{\"timestamp\":\"2026-03-01T10:00:05.000Z\",\"type\":\"response_item\",\"payload\":{{\"type\":\"function_call\",\"name\":\"{name}\",\"arguments\":{arguments},\"call_id\":\"{call}\"}}}}"
    )
}

fn answer(call: &str, output: &str) -> String {
    let output = Value::String(output.into());
    format!(
        "{{\"timestamp\":\"2026-03-01T10:00:05.000Z\",\"type\":\"response_item\",\"payload\":{{\"type\":\"function_call_output\",\"call_id\":\"{call}\",\"output\":{output}}}}}"
    )
}

const SUCCESS: &str =
    r#"{"output":"Success. Updated the following files:\n","metadata":{"exit_code":0,"duration_seconds":0.1}}"#;
const FAILURE: &str = r#"{"output":"no such lines","metadata":{"exit_code":1,"duration_seconds":0.1}}"#;

#[test]
fn what_each_form_of_release_says_it_changed_is_found_by_every_name_of_it() {
    let place = HomeAndState::new();
    let forms = [
        Rollout::bare(&id(1)),
        Rollout::early(&id(2)),
        Rollout::legacy(&id(3)).release(100),
        Rollout::legacy(&id(4)),
        Rollout::paginated(&id(5)).release(160),
        Rollout::paginated(&id(6)),
        Rollout::legacy(&id(7)).sorted_keys(),
        Rollout::paginated(&id(8)).compressed(),
    ];
    for (number, rollout) in (1..).zip(forms) {
        place.write(
            &rollout.at_millis(began(number)).user("write it").patch(&format!("docs/note_{number}.txt"), "one\n"),
        );
    }
    for (how, program) in place.both() {
        for number in 1..=8 {
            let name = format!("note_{number}.txt");
            for wanted in [name.clone(), format!("docs/{name}"), format!("./docs/../docs/{name}")[2..].to_owned()] {
                assert_eq!(numbers(&program, &[&wanted]), [number], "{how}, {wanted}");
            }
            let found = changes(&program, &name);
            // The oldest form does not tell where it ran.
            let path = if number == 1 { format!("docs/{name}") } else { format!("/src/app/docs/{name}") };
            assert_eq!(found, [format!("add {path}")], "{how}");
            let other = format!("ote_{number}.txt");
            assert!(numbers(&program, &[&other]).is_empty(), "{how}");
        }
        assert_eq!(numbers(&program, &["docs"]), [8, 7, 6, 5, 4, 3, 2, 1], "{how}");
        assert_eq!(numbers(&program, &["/src/app"]), [8, 7, 6, 5, 4, 3, 2], "{how}");
        assert_eq!(numbers(&program, &["/src/app/docs/note_4.txt"]), [4], "{how}");
        assert!(numbers(&program, &["/src/ap"]).is_empty() && numbers(&program, &["/docs"]).is_empty(), "{how}");
    }
}

#[test]
fn only_what_was_done_counts_and_a_move_is_found_at_both_ends() {
    let place = HomeAndState::new();
    let patch = |body: &str| json!({ "input": format!("*** Begin Patch\n{body}\n*** End Patch") });
    let script =
        "cd sub && apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: deep.rs\n@@\n-a\n+b\n*** End Patch\nEOF";
    let moved =
        json!({ "/src/app/old.rs": { "type": "update", "unified_diff": "", "move_path": "/src/app/new/place.rs" } });
    place.write(
        &legacy(1)
            .user("change things")
            .verbatim(end_of_patch("c1", &json!({ "/src/app/refused.rs": { "type": "add", "content": "" } }), false))
            .verbatim(end_of_patch("c2", &moved, true))
            .verbatim(call("c3", "apply_patch", &patch("*** Delete File: gone.rs")))
            .verbatim(answer("c3", SUCCESS))
            .verbatim(call("c4", "apply_patch", &patch("*** Update File: failed.rs\n@@\n-a\n+b")))
            .verbatim(answer("c4", FAILURE))
            .verbatim(call("c5", "apply_patch", &patch("*** Update File: unanswered.rs\n@@\n-a\n+b")))
            .verbatim(call("c6", "shell", &json!({ "command": ["bash", "-lc", script], "workdir": "/elsewhere" })))
            .verbatim(answer("c6", SUCCESS))
            .verbatim(call("c7", "shell", &json!({ "command": ["grep", "*** Begin Patch", "said.rs"] })))
            .verbatim(answer("c7", SUCCESS))
            .verbatim(call("c8", "apply_patch", &patch("*** Update File: both.rs\n@@\n-a\n+b")))
            .verbatim(end_of_patch(
                "c8",
                &json!({ "/src/app/both.rs": { "type": "update", "unified_diff": "" } }),
                true,
            ))
            .verbatim(answer("c8", SUCCESS)),
    );
    for (how, program) in place.both() {
        for nothing in ["refused.rs", "failed.rs", "unanswered.rs", "said.rs"] {
            assert!(numbers(&program, &[nothing]).is_empty(), "{how}, {nothing}");
        }
        assert_eq!(changes(&program, "old.rs"), ["move /src/app/old.rs -> /src/app/new/place.rs"], "{how}");
        assert_eq!(changes(&program, "new"), ["move /src/app/new/place.rs <- /src/app/old.rs"], "{how}");
        assert_eq!(changes(&program, "gone.rs"), ["delete /src/app/gone.rs"], "{how}");
        assert_eq!(changes(&program, "deep.rs"), ["update /elsewhere/sub/deep.rs"], "{how}");
        assert_eq!(changes(&program, "both.rs"), ["update /src/app/both.rs"], "{how}");
        assert_eq!(touched(&program, &["/"])["items"][0]["changeCount"], 5, "{how}");
    }
    let text = place.program().run(["search", "--touched", "old.rs"]).well().stdout;
    assert!(
        text.contains("moved     /src/app/old.rs -> /src/app/new/place.rs  (turn ") && text.contains("1 thread\n"),
        "{text}"
    );
}

/// Of each path that turns show as changed, the threads and turns that changed it.
fn shown(program: &Program) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut paths: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let list = program.json(["list", "--limit", "0", "--all", "--flat"]);
    for thread in list["items"].as_array().unwrap() {
        let thread = thread["id"].as_str().unwrap();
        let turns = program.run(["--json", "turns", thread, "--limit", "0"]);
        let turns = if turns.code == Some(0) { turns.json()["items"].clone() } else { json!([]) };
        for turn in turns.as_array().unwrap() {
            for item in turn["items"].as_array().unwrap() {
                if item["type"] != "fileChange" || item["status"] != "completed" {
                    continue;
                }
                for change in item["changes"].as_array().unwrap() {
                    let path = change["path"].as_str().unwrap().to_owned();
                    paths.entry(path).or_default().insert((thread.to_owned(), turn["id"].as_str().unwrap().to_owned()));
                }
            }
        }
    }
    paths
}

/// Asks for every path by all its names, and compares the answers with each other and with what turns show.
#[track_caller]
fn is_found_alike(home: &Path, state: &Path) -> usize {
    let (indexed, scanned) = (Program::on(home, state), Program::stateless(home));
    let paths = shown(&indexed);
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for path in paths.keys() {
        let names: Vec<&str> = path.split('/').collect();
        wanted.extend((1..names.len()).map(|from| names[from..].join("/")));
        wanted.extend((2..=names.len()).map(|to| names[..to].join("/")));
        wanted.extend(names.iter().filter(|name| !name.is_empty()).map(|name| (*name).to_owned()));
    }
    let step = (wanted.len() / 40).max(1);
    let asked = wanted.iter().step_by(step).chain(paths.keys().take(10)).filter(|path| !path.is_empty());
    for path in asked {
        let all = [path.as_str(), "--source", "any", "--limit", "0"];
        let (with, without) = (touched(&indexed, &all), touched(&scanned, &all));
        assert_eq!(with["items"], without["items"], "{path}");
        let told = |file: &str| match path.starts_with('/') {
            true => file == path || file.starts_with(&format!("{path}/")),
            false => format!("/{file}/").contains(&format!("/{path}/")),
        };
        let items = with["items"].as_array().unwrap();
        let found: BTreeSet<&str> = items.iter().map(|item| item["thread"]["id"].as_str().unwrap()).collect();
        let missing: Vec<_> = paths
            .iter()
            // A relative path is joined to its directory only where that is told.
            .filter(|(file, _)| told(file))
            .flat_map(|(_, turns)| turns)
            .filter(|(thread, _)| !found.contains(thread.as_str()))
            .collect();
        assert!(missing.is_empty() || is_all_of_forks(&indexed, &missing, &found), "{path}: {missing:?}");
        for item in items {
            for change in item["changes"].as_array().unwrap() {
                if change["turnIsShown"] == true {
                    leads_to_its_turn(&indexed, item["thread"]["id"].as_str().unwrap(), change);
                }
            }
        }
    }
    wanted.len()
}

/// What a fork copied is told of at its owner alone.
fn is_all_of_forks(program: &Program, missing: &[&(String, String)], found: &BTreeSet<&str>) -> bool {
    !found.is_empty()
        && missing.iter().all(|(thread, _)| {
            let thread = program.json(["read", thread, "--no-turns"]);
            !thread["forkedFromId"].is_null() || !thread["parentThreadId"].is_null()
        })
}

#[track_caller]
fn leads_to_its_turn(program: &Program, thread: &str, change: &Value) {
    let mut arguments = vec!["turns", thread, "--limit", "1"];
    if let Some(cursor) = change["cursor"].as_str() {
        arguments.extend(["--cursor", cursor]);
    }
    let turns = program.json(&arguments);
    assert_eq!(turns["items"][0]["id"], change["turnId"], "{thread}: {change}");
    let text = turns["items"][0].to_string();
    let name = change["path"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(text.contains(name), "{thread}: {change} is not in {text}");
}

#[test]
fn a_scan_and_the_index_find_the_same_and_what_turns_show_on_homes_of_every_release() {
    let (demo, state) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(demo.path());
    assert!(is_found_alike(demo.path(), state.path()) > 3);
    let mut paths = 0;
    for home in real_homes(&HOMES) {
        let state = tempdir().unwrap();
        paths += is_found_alike(&home.path, state.path());
    }
    assert!(paths > 20 || real_homes(&HOMES).next().is_none(), "{paths}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_and_the_index_find_the_same_on_any_home(home in any_home()) {
        let (root, state) = (tempdir().unwrap(), tempdir().unwrap());
        home.write(root.path());
        is_found_alike(root.path(), state.path());
    }
}

#[test]
fn pages_and_filters_are_those_of_a_list_and_other_sources_are_counted() {
    let place = HomeAndState::new();
    for number in 0..11 {
        place.write(
            &legacy(number).user("go on").patch("a.txt", "one\n").cwd("/w/b").user("more").patch("a.txt", "two\n"),
        );
    }
    place.write(&legacy(11).source("exec").user("by itself").patch("a.txt", "one\n"));
    legacy(12).user("old").patch("a.txt", "one\n").write(place.home.path(), Collection::Archived);
    for (how, program) in place.both() {
        let whole = numbers(&program, &["a.txt", "--limit", "0"]);
        assert_eq!(whole, [12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], "{how}");
        let (mut paged, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut arguments = vec!["a.txt", "--limit", "5"];
            if let Some(cursor) = &cursor {
                arguments.extend(["--cursor", cursor]);
            }
            let page = touched(&program, &arguments);
            assert_eq!(page["total"], 12, "{how}");
            assert_eq!(page["leftOut"], json!([{ "sourceKind": "exec", "threads": 1 }]), "{how}");
            paged.extend(numbers(&program, &arguments));
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "{how}");
        assert_eq!(numbers(&program, &["a.txt", "--archived"]), [12], "{how}");
        assert_eq!(numbers(&program, &["a.txt", "--source", "exec"]), [11], "{how}");
        assert_eq!(
            numbers(&program, &["a.txt", "--since", "2026-03-01T19:30:00Z", "--active", "--sort", "created"]),
            [10],
            "{how}"
        );
        let changes = changes(&program, "b/a.txt");
        assert_eq!(changes, ["add /w/b/a.txt"], "{how}");
    }
}

#[test]
fn what_a_fork_copied_counts_at_its_owner_alone_and_in_the_fork_once_that_is_gone() {
    let place = HomeAndState::new();
    let parent = legacy(1).user("first").patch("copied.txt", "one\n");
    place.write(&parent);
    place.write(&legacy(2).copy_of(&parent).user("second").patch("own.txt", "one\n"));
    let paged = paginated(3).user("third").patch("based.txt", "one\n");
    place.write(&paged);
    place.write(&paginated(4).fork_of(&paged).user("fourth").patch("later.txt", "one\n"));
    for (how, program) in place.both() {
        for (path, owner) in [("copied.txt", 1), ("own.txt", 2), ("based.txt", 3), ("later.txt", 4)] {
            assert_eq!(numbers(&program, &[path]), [owner], "{how}, {path}");
            let change = &touched(&program, &[path])["items"][0]["changes"][0];
            assert_eq!(change["turnIsShown"], true, "{how}, {path}");
            leads_to_its_turn(&program, &id(owner), change);
        }
        // It is not the first one of the fork.
        assert!(touched(&program, &["later.txt"])["items"][0]["changes"][0]["cursor"].is_string(), "{how}");
    }
    fs::remove_file(place.home.path().join(parent.place(Collection::Active))).unwrap();
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["copied.txt"]), [2], "{how}");
    }
}

#[test]
fn a_change_of_a_turn_that_was_taken_back_still_counts_and_says_so() {
    let place = HomeAndState::new();
    place.write(
        &legacy(1)
            .user("first")
            .patch("kept.txt", "one\n")
            .user("second")
            .patch("back.txt", "one\n")
            .verbatim(line("event_msg", &json!({ "type": "thread_rolled_back", "num_turns": 1 }))),
    );
    let first = paginated(2).user("first").patch("stays.txt", "one\n").user("second").patch("reverted.txt", "one\n");
    place.write(&first);
    place.write(&Rollout::revert_of(&first, 1, &id(9)).at_millis(began(9)).user("other").patch("new.txt", "one\n"));
    for (how, program) in place.both() {
        for (path, thread, is_shown) in [
            ("kept.txt", 1, true),
            ("back.txt", 1, false),
            ("stays.txt", 2, true),
            ("reverted.txt", 2, false),
            ("new.txt", 2, true),
        ] {
            let answer = touched(&program, &[path]);
            let change = &answer["items"][0]["changes"][0];
            assert_eq!(
                (&answer["items"][0]["thread"]["id"], &change["turnIsShown"]),
                (&json!(id(thread)), &json!(is_shown)),
                "{how}, {path}"
            );
            match is_shown {
                true => leads_to_its_turn(&program, &id(thread), change),
                false => assert!(change["cursor"].is_null(), "{how}, {path}"),
            }
        }
    }
}

/// The changes in the index as what they are of.
fn content(state: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(state.join("state.sqlite")).unwrap();
    let mut select = connection
        .prepare(
            "SELECT s.role || ' ' || s.subject || ' ' || s.thread || ' ' || t.part || ' ' || t.number || ' ' || d.path || t.name || ' '
                 || t.kind || ' ' || ifnull(t.other, '') || ' ' || ifnull(t.turn, '') || ' ' || ifnull(t.turn_cursor, '') || ' ' || t.line
             FROM text_touches AS t JOIN text_sources AS s ON s.number = t.source
             JOIN text_directories AS d ON d.number = t.directory ORDER BY 1",
        )
        .unwrap();
    let rows: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
    assert_eq!(count("SELECT count(*) FROM text_touches"), rows.len());
    let unused = "SELECT count(*) FROM text_directories WHERE number NOT IN (SELECT directory FROM text_touches)";
    assert_eq!(count(unused), 0);
    rows
}

#[track_caller]
fn is_as_made_anew(place: &HomeAndState, what: &str) {
    touched(&place.program(), &["anything"]);
    let anew = tempdir().unwrap();
    touched(&Program::on(place.home.path(), anew.path()), &["anything"]);
    let content = content(place.state.path());
    assert_eq!(content, self::content(anew.path()), "{what}");
    assert!(!content.is_empty(), "{what}");
}

#[test]
fn after_every_change_the_index_is_the_one_that_is_made_anew() {
    let place = HomeAndState::new();
    let program = place.program();
    let long = "word ".repeat(20_000);
    let mut parent = legacy(1).user("first").patch("one.txt", "one\n").agent(&long);
    place.write(&parent);
    place.write(&legacy(2).copy_of(&parent).user("second").patch("two.txt", "one\n"));
    place.write(&paginated(3).user("third").patch("three.txt", "one\n"));
    is_as_made_anew(&place, "at first");
    for step in 0..4 {
        let name = format!("dir_{step}/more.txt");
        parent = parent.user("more").patch(&name, "one\n").agent(&format!("{step} {long}")).patch("again.txt", "two\n");
        let path = place.home.path().join(parent.place(Collection::Active));
        fs::write(&path, parent.bytes()).unwrap();
        assert_eq!(numbers(&program, &[&name]), [1]);
        is_as_made_anew(&place, "after an append");
    }
    // A call that is answered in a later part.
    let patch = json!({ "input": "*** Begin Patch\n*** Add File: late.txt\n+a\n*** End Patch" });
    parent = parent.verbatim(call("late", "apply_patch", &patch)).agent(&long).agent(&format!("and {long}"));
    fs::write(place.home.path().join(parent.place(Collection::Active)), parent.bytes()).unwrap();
    assert!(numbers(&program, &["late.txt"]).is_empty());
    parent = parent.verbatim(answer("late", SUCCESS));
    fs::write(place.home.path().join(parent.place(Collection::Active)), parent.bytes()).unwrap();
    assert_eq!(numbers(&program, &["late.txt"]), [1]);
    is_as_made_anew(&place, "after a late answer");
    program.run(["archive", &id(3)]).well();
    assert_eq!(numbers(&program, &["three.txt"]), [3]);
    is_as_made_anew(&place, "after an archiving");
    program.run(["name", &id(3), "Another name"]).well();
    is_as_made_anew(&place, "after a name");
    program.run(["unarchive", &id(3)]).well();
    program.run(["compress", "--older-than", "0s", "--yes"]);
    is_as_made_anew(&place, "after a compression");
    place.write(&legacy(2).user("rewritten").patch("other.txt", "one\n"));
    assert!(numbers(&program, &["two.txt"]).is_empty());
    is_as_made_anew(&place, "after a rollout was written anew");
    program.run(["delete", &id(3), "--yes"]).well();
    assert!(numbers(&program, &["three.txt"]).is_empty());
    is_as_made_anew(&place, "after a deletion");
    program.run(["init", "--rebuild"]);
    is_as_made_anew(&place, "after a rebuild");
}

#[test]
fn after_a_deletion_no_file_of_the_state_names_what_the_thread_alone_changed() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("one").patch("kept.txt", "one\n"));
    place.write(&legacy(2).user("two").patch("zephyrine/secret.txt", "one\n"));
    let program = place.program();
    assert_eq!(numbers(&program, &["zephyrine"]), [2]);
    program.run(["delete", &id(2), "--yes"]).well();
    for entry in fs::read_dir(place.state.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { continue };
        assert!(!bytes.windows(9).any(|window| window == b"zephyrine"), "{}", path.display());
    }
    assert_eq!(numbers(&program, &["kept.txt"]), [1]);
}

#[test]
fn bad_input_gets_a_clear_answer_each() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("one").patch("100%_\"'.txt", "one\n"));
    for (how, program) in place.both() {
        assert_eq!(numbers(&program, &["100%_\"'.txt"]), [1], "{how}");
        for nothing in ["100%", "%", "_", "*", "'; DROP TABLE threads; --"] {
            let outcome = program.run(["search", "--touched", nothing]).ended(3);
            assert!(outcome.stdout.contains("no thread says that it changed"), "{how}: {}", outcome.stdout);
        }
        let outcome = program.run(["search", "--touched", "a/.."]).ended(2);
        assert!(outcome.stderr.contains("names no file and no directory"), "{how}: {}", outcome.stderr);
        program.run(["search", "--touched", ""]).ended(2);
        program.run(["search", "--touched", "a", "words"]).ended(2);
        program.run(["search", "--touched", "a", "--sort", "relevance"]).ended(2);
        program.run(["search", "--touched", "a", "--cursor", "nonsense"]).ended(2);
    }
}

#[test]
fn without_a_refresh_the_answer_says_what_it_does_not_cover() {
    let place = HomeAndState::new();
    place.write(&legacy(1).user("one").patch("a.txt", "one\n"));
    let program = place.program();
    assert_eq!(numbers(&program, &["a.txt"]), [1]);
    place.write(&legacy(2).user("two").patch("a.txt", "one\n"));
    program.run(["init", "--no-index"]).well();
    let answer = program.json(["--no-refresh", "search", "--touched", "a.txt"]);
    assert_eq!((&answer["total"], &answer["uncovered"]), (&1.into(), &1.into()), "{answer}");
    assert_eq!(numbers(&program, &["a.txt"]), [2, 1]);
}
