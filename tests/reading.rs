//! `read`, `turns --around`, `--path` and `find --explain`: what is shown of a thread besides its plain turns, and why.

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Collection, Program, Rollout, demo_home, list_everything, millis, uuid7};
use tempfile::{TempDir, tempdir};

fn demo() -> (TempDir, Program) {
    let home = tempdir().unwrap();
    demo_home(home.path());
    let program = Program::stateless(home.path());
    (home, program)
}

#[test]
fn read_shows_the_facts_of_a_thread_and_then_its_turns() {
    let (_home, program) = demo();
    for (id, item) in list_everything(&program) {
        let read = program.json(["read", &id, "--limit", "0"]);
        let turns = program.json(["turns", &id, "--limit", "0"]);
        assert_eq!(read["turns"], turns["items"], "{id}");
        assert_eq!((&read["nextCursor"], &read["gaps"]), (&turns["nextCursor"], &turns["gaps"]), "{id}");
        for (key, value) in item.as_object().unwrap() {
            assert_eq!(read[key], *value, "{id} {key}");
        }
        assert_eq!(program.json(["read", &id, "--no-turns"]), item);
        let (facts, said) = (program.run(["read", &id, "--no-turns"]), program.run(["turns", &id, "--limit", "0"]));
        let both = program.run(["read", &id, "--limit", "0"]).well().stdout;
        assert_eq!(both, format!("{}\n{}", facts.stdout, said.stdout), "{id}");
    }
}

/// A thread of so many turns, each asked "turn N of the long talk" and answered.
fn talk(turns: usize) -> (TempDir, Program, String) {
    let id = uuid7(millis("2026-05-01T08:00:00.000Z"), 1);
    let mut rollout = Rollout::paginated(&id).at("2026-05-01T08:00:00.000Z");
    for number in 0..turns {
        rollout = rollout.user(&format!("turn {number} of the long talk"));
        rollout = match number {
            3 => rollout.command("cargo test", "running\nSEGFAULT at 0x0\n", 101),
            5 => rollout.patch("notes.txt", "the Größe matters\n"),
            _ => rollout.agent(&format!("answer {number}")),
        };
    }
    let home = tempdir().unwrap();
    rollout.write(home.path(), Collection::Active);
    let program = Program::stateless(home.path());
    (home, program, id)
}

fn asked(page: &Value) -> Vec<usize> {
    let text = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap().to_owned();
    let number = |turn: &Value| text(turn).split(' ').nth(1).unwrap().parse().unwrap();
    page["items"].as_array().unwrap().iter().map(number).collect()
}

#[test]
fn a_page_leads_on_in_both_directions() {
    let (_home, program, id) = talk(9);
    let turn = |arguments: &[&str]| program.json(["turns", &id].iter().chain(arguments));
    let cursor = |page: &Value, key: &str| page[key].as_str().map(str::to_owned);
    let first = turn(&["--limit", "4"]);
    assert_eq!((asked(&first), cursor(&first, "backwardsCursor")), (vec![0, 1, 2, 3], None));
    let second = turn(&["--limit", "4", "--cursor", &cursor(&first, "nextCursor").unwrap()]);
    assert_eq!(asked(&second), [4, 5, 6, 7]);
    let back = turn(&["--limit", "3", "--desc", "--cursor", &cursor(&second, "backwardsCursor").unwrap()]);
    assert_eq!(asked(&back), [3, 2, 1]);
    let again = turn(&["--limit", "2", "--cursor", &cursor(&back, "backwardsCursor").unwrap()]);
    assert_eq!(asked(&again), [4, 5]);
    let tail = turn(&["--tail", "2"]);
    assert_eq!(asked(&tail), [7, 8]);
    let earlier = turn(&["--limit", "2", "--desc", "--cursor", &cursor(&tail, "nextCursor").unwrap()]);
    assert_eq!(asked(&earlier), [6, 5]);
}

#[test]
fn around_shows_the_turns_about_the_first_one_that_has_the_text() {
    let (_home, program, id) = talk(9);
    let around = |arguments: &[&str]| program.json(["turns", &id, "--around"].iter().chain(arguments));
    let hit = |page: &Value| {
        let turns = page["items"].as_array().unwrap();
        turns.iter().position(|turn| turn["id"] == page["hit"]).map(|at| asked(page)[at])
    };
    for (text, at) in [("ANSWER 4", 4), ("segfault", 3), ("größe", 5), ("GRÖSSE", 5), ("cargo test", 3), ("talk", 0)]
    {
        let page = around(&[text, "--limit", "3"]);
        assert_eq!(hit(&page), Some(at), "{text}");
        let wanted: Vec<usize> = if at == 0 { vec![0, 1, 2] } else { vec![at - 1, at, at + 1] };
        assert_eq!(asked(&page), wanted, "{text}");
    }
    assert_eq!(around(&["answer"])["items"].as_array().unwrap().len(), 5);
    let last = around(&["answer", "--desc", "--limit", "2"]);
    assert_eq!((asked(&last), hit(&last)), (vec![8, 7], Some(8)));
    // From a cursor on, the next one that has it.
    let page = around(&["answer", "--limit", "1"]);
    assert_eq!(asked(&page), [0]);
    let next = around(&["answer", "--limit", "1", "--cursor", page["nextCursor"].as_str().unwrap()]);
    assert_eq!(asked(&next), [1]);
    // Ids, kinds and outcomes are no text.
    for text in ["agentMessage", "completed", "nobody said this"] {
        let outcome = program.run(["turns", &id, "--around", text]).ended(3);
        assert!(outcome.stderr.contains(text) && outcome.stdout.is_empty(), "{}", outcome.stderr);
    }
    let marked = program.run(["turns", &id, "--around", "answer 4"]).well().stdout;
    assert_eq!(marked.lines().filter(|line| line.starts_with("─▶")).count(), 1);
    program.run(["turns", &id, "--around", "talk", "--tail", "2"]).ended(2);
}

#[test]
fn a_rollout_that_a_revert_left_behind_is_read_by_its_path() {
    let at = |number| uuid7(millis("2026-05-01T08:00:00.000Z"), number);
    let first = Rollout::paginated(&at(1)).at("2026-05-01T08:00:00.000Z").user("One?").user("Two?").user("Three?");
    let reverted = Rollout::revert_of(&first, 1, &at(3)).at("2026-05-03T08:00:00.000Z").user("Else?");
    let home = tempdir().unwrap();
    let old = first.write(home.path(), Collection::Active);
    let new = reverted.write(home.path(), Collection::Active);
    let state = tempdir().unwrap();
    for program in [Program::stateless(home.path()), Program::on(home.path(), state.path())] {
        let said = |path: PathBuf| {
            let read = program.json(["read", "--path", path.to_str().unwrap()]);
            assert_eq!((&read["id"], &read["path"]), (&json!(first.id()), &json!(home.path().join(&path))));
            let text = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap().to_owned();
            read["turns"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
        };
        // Absolute, and relative to the home.
        for path in [old.clone(), old.strip_prefix(home.path()).unwrap().into()] {
            assert_eq!(said(path), ["One?", "Two?", "Three?"]);
        }
        assert_eq!(said(new.clone()), ["One?", "Else?"]);
        assert_eq!(program.json(["find", first.id()])["path"], new.to_str().unwrap());
        assert_eq!(program.json(["list"])["items"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_path_that_is_no_rollout_of_the_home_is_refused() {
    let (home, program) = demo();
    std::fs::write(home.path().join("sessions/empty.jsonl"), "").unwrap();
    for path in ["/etc/passwd", "config.toml", "sessions/../config.toml", "sessions", "sessions/"] {
        let outcome = program.run(["turns", "--path", path]).ended(2);
        assert!(outcome.stdout.is_empty() && outcome.stderr.contains("sessions"), "{path}: {}", outcome.stderr);
    }
    for (path, code) in [("sessions/nowhere.jsonl", 3), ("sessions/empty.jsonl", 1)] {
        let outcome = program.run(["read", "--path", path]).ended(code);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty(), "{path}");
    }
    program.run(["turns", "an id", "--path", "sessions/empty.jsonl"]).ended(2);
    program.run(["turns", "--path", ""]).ended(2);
    program.run(["turns"]).ended(2);
}

#[test]
fn what_a_search_looked_at_is_told_with_the_rule_that_decided() {
    let id = |number| uuid7(millis("2026-05-01T08:00:00.000Z"), number);
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let one = Rollout::paginated(&id(1)).user("One?").write(home.path(), Collection::Active);
    let two = Rollout::paginated(&id(2)).user("Two?").write(home.path(), Collection::Archived);
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let program = program.with(["--no-refresh"]);
    let relative = |path: &PathBuf| path.strip_prefix(home.path()).unwrap().to_str().unwrap().to_owned();
    let explained = |program: &Program, wanted: &[&str], code: i32| {
        let all = ["--json", "find", "--explain"];
        let outcome = program.run(all.iter().chain(wanted)).ended(code);
        let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let people = program.run(["find", "--explain"].iter().chain(wanted)).ended(code);
        // The first look may have mended the row.
        let last = people.stdout.lines().last().unwrap().trim_start();
        assert!(last.starts_with("=> ") && last.contains(": "), "{}", people.stdout);
        document
    };
    let rule = |document: &Value| document["explanation"]["rule"].as_str().unwrap().to_owned();
    let steps = |document: &Value| document["explanation"]["evidence"].as_array().unwrap().clone();

    let found = explained(&program, &[&id(1)], 0);
    assert_eq!(rule(&found), "rows-file");
    assert_eq!(steps(&found)[0]["path"], json!(relative(&one)));
    assert_eq!(steps(&found)[1], json!({ "asked": "head", "path": relative(&one), "said": "carries" }));
    assert_eq!(found["via"], "state");

    let files = Program::stateless(home.path());
    let found = explained(&files, &[&id(1)], 0);
    assert_eq!((rule(&found), steps(&found)[0]["said"].clone()), ("known-files".into(), json!("no state DB")));

    let archived = explained(&program, &["--archived", &id(1)], 3);
    assert_eq!((rule(&archived), archived.get("path")), ("other-collection".into(), None));

    let nobody = explained(&program, &["nobody"], 3);
    assert_eq!(rule(&nobody), "nowhere");
    assert_eq!(steps(&nobody).last().unwrap()["threads"], 0);

    // The two change places: each name lies, and each row names the other's file.
    let aside = home.path().join("sessions/aside");
    std::fs::rename(&one, &aside).unwrap();
    std::fs::rename(&two, &one).unwrap();
    std::fs::rename(&aside, &two).unwrap();
    let swapped = explained(&files, &[&id(1)], 0);
    assert_eq!(rule(&swapped), "every-head");
    let told = json!({ "asked": "head", "path": relative(&one), "said": "other", "thread": id(2) });
    assert!(steps(&swapped).contains(&told), "{swapped:#}");
    let swapped = explained(&program, &[&id(1)], 0);
    assert!(steps(&swapped).contains(&told), "{swapped:#}");
    assert_eq!(swapped["path"], json!(two));

    std::fs::remove_file(&two).unwrap();
    let gone = explained(&program, &[&id(1)], 3);
    assert_eq!(rule(&gone), "gone");
}
