//! `doctor` on the command line.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use support::{Collection, Program, Rollout, edit_lines, line_offset, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_359_200_000;

fn rollout(number: u64) -> Rollout {
    Rollout::legacy(&uuid7(AT, number)).at_millis(AT).cwd("/src/app").user("hello").agent("Hello.")
}

/// A directory that is its owner's alone.
fn closed() -> TempDir {
    let place = tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
    place
}

fn home() -> TempDir {
    let home = closed();
    for number in 1..=2 {
        rollout(number).write(home.path(), Collection::Active);
    }
    home
}

fn codes(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn a_home_without_fault_is_one_line_and_one_document() {
    let (home, state) = (home(), closed());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let said = program.run(["doctor"]).well();
    assert_eq!(said.stdout, "nothing is wrong: 2 threads in 2 rollouts were looked at\n");
    let bytes: usize = (1..=2).map(|number| rollout(number).bytes().len()).sum();
    let wanted = json!({
        "home": home.path(),
        "checked": {"threads": 2, "knownByRows": 0, "files": 2, "bytes": bytes, "depth": "whole"},
        "counts": {"error": 0, "warning": 0, "info": 0},
        "findings": [],
        "leftToMend": 0,
    });
    assert_eq!(program.json(["doctor"]), wanted);
    assert_eq!(program.json(["doctor", "--quick"])["checked"]["depth"], "ends");
}

#[test]
fn a_bad_line_has_its_place_and_nothing_left_to_mend() {
    let (home, state) = (home(), closed());
    let path = home.path().join(rollout(1).place(Collection::Active));
    edit_lines(&path, |lines| lines[3].truncate(30));
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let answer = program.json(["doctor"]);
    let finding = &answer["findings"][0];
    assert_eq!(codes(&answer), ["bad-line"]);
    assert_eq!(finding["path"], path.to_str().unwrap());
    assert_eq!((&finding["line"], &finding["offset"]), (&json!(4), &json!(line_offset(&path, 4))));
    assert_eq!((&finding["threadId"], &finding["mendable"]), (&json!(rollout(1).id()), &json!("none")));
    let said = program.run(["doctor"]).well().stdout;
    assert!(said.contains(&format!("    {}:4", rollout(1).place(Collection::Active))), "{said}");
    // The place is known from before, though it is neither the beginning nor the end.
    let quick = program.json(["doctor", "--quick"]);
    assert_eq!((&quick["findings"][0]["line"], codes(&quick)), (&json!(4), vec!["bad-line"]));
}

#[test]
fn findings_can_be_asked_for_by_thread_and_by_code() {
    let (home, state) = (home(), closed());
    for number in 1..=2 {
        let path = home.path().join(rollout(number).place(Collection::Active));
        edit_lines(&path, |lines| lines[3].truncate(30));
    }
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        let all = program.json(["doctor"]);
        assert_eq!(codes(&all), ["bad-line", "bad-line"]);
        let one = program.json(["doctor", "--thread", rollout(2).id(), "--only", "bad-line"]);
        assert_eq!(one["checked"]["threads"], 1);
        assert_eq!((codes(&one), &one["findings"][0]["threadId"]), (vec!["bad-line"], &json!(rollout(2).id())));
        assert_eq!(codes(&program.json(["doctor", "--only", "locked,link"])), [""; 0]);
        program.run(["doctor", "--thread", "nobody-is-called-so"]).ended(3);
    }
}

#[test]
fn what_a_repair_would_mend_is_exit_code_5() {
    let (home, state) = (home(), closed());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let database = rusqlite::Connection::open(state.path().join("state.sqlite")).unwrap();
    database.execute_batch("UPDATE threads SET preview = 'another'").unwrap();
    drop(database);
    for way in [&["doctor"][..], &["doctor", "--quick"]] {
        let answer = program.run([&["--json"], way].concat()).ended(5).json();
        assert_eq!((answer["leftToMend"].as_u64(), codes(&answer)), (Some(2), vec!["wrong-metadata"; 2]), "{answer}");
        assert_eq!(answer["findings"][0]["mendable"], "state");
    }
    let said = program.run(["doctor"]).ended(5).stdout;
    assert!(said.contains("2 of 2 can be mended: threadkeep repair apply\n"), "{said}");
}

#[test]
fn many_of_a_kind_are_counted_and_the_first_are_shown() {
    let home = home();
    for number in 3..=30 {
        let path = rollout(number).write(home.path(), Collection::Active);
        edit_lines(&path, |lines| lines[3].truncate(30));
    }
    let program = Program::stateless(home.path());
    let said = program.run(["doctor"]).well().stdout;
    assert!(said.contains("bad-line (28)") && said.contains("and 18 more"), "{said}");
    assert_eq!(said.matches(".jsonl:4").count(), 10);
    assert_eq!(program.run(["doctor", "--all"]).well().stdout.matches(".jsonl:4").count(), 28);
}
