//! Looking leaves nothing: no file, no time, nothing beside a database, no state directory; and sees what is in a WAL.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use support::{CodexDb, Collection, Entry, Program, Rollout, listing, open_to_everybody, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_359_200_000;

fn rollout(number: u64) -> Rollout {
    Rollout::legacy(&uuid7(AT, number)).at_millis(AT).cwd("/src/app").user("hello").agent("Hello.")
}

/// A home of three threads, of which Codex's database knows two.
fn home(wal: bool) -> (TempDir, CodexDb) {
    let home = tempdir().unwrap();
    let codex = CodexDb::create(home.path(), wal);
    for number in 1..=3 {
        rollout(number).write(home.path(), Collection::Active);
    }
    for number in 1..=2 {
        codex.thread(home.path(), &rollout(number), Collection::Active, None);
    }
    (home, codex)
}

/// Every way to ask.
fn ways(program: &Program, id: &str) -> Vec<Value> {
    let ways: [&[&str]; 4] =
        [&["doctor"], &["doctor", "--quick"], &["doctor", "--thread", id], &["--no-state", "doctor"]];
    ways.map(|way| {
        let answer = program.run([&["--json"], way].concat());
        assert!(matches!(answer.code, Some(0 | 5)), "{answer:?}");
        answer.json()
    })
    .into()
}

/// Codes of the findings of a thread.
fn codes<'a>(answer: &'a Value, id: &str) -> Vec<&'a str> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["threadId"] == id).map(|finding| finding["code"].as_str().unwrap()).collect()
}

fn unchanged(place: &Path, before: &BTreeMap<String, Entry>) {
    assert_eq!(&listing(place), before);
}

#[test]
fn nothing_is_left_beside_a_database_with_no_wal_an_empty_one_and_one_that_holds_rows() {
    for (wal, emptied) in [(false, false), (false, true), (true, false)] {
        let (home, codex) = home(wal);
        if emptied {
            fs::write(home.path().join("state_5.sqlite-wal"), "").unwrap();
        }
        let before = listing(home.path());
        let id = rollout(3).id().to_owned();
        let default = Program::new().with(["--home".as_ref(), home.path().as_os_str()]);
        for answer in ways(&default, &id) {
            unchanged(home.path(), &before);
            assert_eq!(codes(&answer, rollout(1).id()), [""; 0], "the row is there, be it only in the WAL");
            // Ends alone, and no state DB: nobody knows what the row should say.
            let blind = answer["checked"]["depth"] == "ends" && answer["checked"]["threads"] != 1;
            assert_eq!(codes(&answer, &id).contains(&"missing-row"), !blind, "{answer}");
        }
        assert!(!home.path().join("threadkeep").exists());
        drop(codex);
    }
}

#[test]
fn nothing_is_left_beside_a_state_db_that_is_there_open_or_not() {
    let (home, _codex) = home(true);
    let state = tempdir().unwrap();
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    for open in [false, true] {
        let database = state.path().join("state.sqlite");
        let held = open.then(|| {
            let held = Connection::open(&database).unwrap();
            let id = rollout(2).id().to_owned();
            held.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
            held.execute("UPDATE threads SET preview = 'another' WHERE id = ?1", [&id]).unwrap();
            held
        });
        let before = (listing(home.path()), listing(state.path()));
        for (at, answer) in ways(&program, rollout(2).id()).iter().enumerate() {
            unchanged(home.path(), &before.0);
            unchanged(state.path(), &before.1);
            // What another process has committed is seen, but without the state DB.
            let wrong = codes(answer, rollout(2).id()).contains(&"wrong-metadata");
            assert_eq!(wrong, open && at < 3, "{answer}");
        }
        drop(held);
    }
}

#[test]
fn a_home_that_may_not_be_written_is_looked_at_all_the_same() {
    let (home, codex) = home(true);
    let state = tempdir().unwrap();
    Program::on(home.path(), state.path()).run(["init"]).well();
    drop(codex);
    let temporary = tempdir().unwrap();
    fs::set_permissions(temporary.path(), Permissions::from_mode(0o777)).unwrap();
    let program = Program::on(home.path(), state.path()).variable("TMPDIR", temporary.path());
    let Some(program) = program.as_nobody() else { return };
    for place in [home.path(), state.path()] {
        open_to_everybody(place);
    }
    let before = (listing(home.path()), listing(state.path()));
    for answer in ways(&program, rollout(3).id()) {
        unchanged(home.path(), &before.0);
        unchanged(state.path(), &before.1);
        assert_eq!(answer["checked"]["files"], 3);
        assert!(codes(&answer, rollout(3).id()).contains(&"missing-row"), "{answer}");
    }
    assert_eq!(listing(temporary.path()).len(), 1, "private copies are gone");
}

#[test]
fn what_may_not_be_read_is_a_finding() {
    let (home, codex) = home(false);
    drop(codex);
    let state = tempdir().unwrap();
    let temporary = tempdir().unwrap();
    fs::set_permissions(temporary.path(), Permissions::from_mode(0o777)).unwrap();
    let program = Program::on(home.path(), state.path()).variable("TMPDIR", temporary.path());
    program.run(["init"]).well();
    let Some(program) = program.as_nobody() else { return };
    for place in [home.path(), state.path()] {
        open_to_everybody(place);
    }
    let closed = [
        home.path().join(rollout(1).place(Collection::Active)),
        home.path().join("state_5.sqlite"),
        state.path().join("state.sqlite"),
    ];
    for path in &closed {
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }
    let answer = program.run(["--json", "doctor"]).json();
    let told = |path: &Path, code: &str| {
        let of = |finding: &&Value| finding["path"] == path.to_str().unwrap() && finding["code"] == code;
        assert!(answer["findings"].as_array().unwrap().iter().any(|finding| of(&finding)), "{code}: {answer:#}");
    };
    told(&closed[0], "unreadable-file");
    told(&closed[1], "database-not-understood");
    told(&closed[2], "database-not-understood");
}
