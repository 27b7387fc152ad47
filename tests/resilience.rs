//! What goes wrong around the program while it runs: damage, doors that close and open again, odd neighbours.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use support::{Collection, Program, Rollout, open_to_everybody, uuid7};
use tempfile::{TempDir, tempdir};

const AT: i64 = 1_772_000_000_000;

fn rollout(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&uuid7(at, number)).at_millis(at).cwd("/src/app").user(&format!("question {number}")).tokens(9)
}

fn home_of(rollouts: u64) -> TempDir {
    let home = tempdir().unwrap();
    for number in 0..rollouts {
        rollout(number).write(home.path(), Collection::Active);
    }
    home
}

fn everything(program: &Program) -> Value {
    program.json(["list", "--limit", "0", "--all", "--flat"])["items"].clone()
}

#[test]
fn a_state_db_with_any_page_destroyed_still_gives_every_answer() {
    let home = home_of(60);
    let expected = everything(&Program::stateless(home.path()));
    let id = rollout(7).id().to_string();
    let whole = tempdir().unwrap();
    Program::on(home.path(), whole.path()).run(["init"]).well();
    let bytes = std::fs::read(whole.path().join("state.sqlite")).unwrap();
    for page in 0..bytes.len() / 4096 {
        let state = tempdir().unwrap();
        let file = state.path().join("state.sqlite");
        std::fs::write(&file, &bytes).unwrap();
        std::fs::OpenOptions::new()
            .write(true)
            .open(&file)
            .unwrap()
            .write_all_at(&[0; 4096], page as u64 * 4096)
            .unwrap();
        let program = Program::on(home.path(), state.path());
        assert_eq!(everything(&program.with(["--no-refresh"])), expected, "page {page}");
        let program = Program::on(home.path(), state.path());
        assert_eq!(program.json(["find", &id])["id"], id.as_str(), "page {page}");
        program.run(["status"]).well();
        program.run(["init"]).well();
        let mended = program.run(["--json", "list", "--limit", "0", "--all", "--flat"]).well();
        assert_eq!((&mended.json()["items"], mended.stderr.as_str()), (&expected, ""), "page {page}");
    }
}

#[test]
fn names_that_are_not_utf_8_harm_nobody_and_are_reported() {
    let (home, state) = (home_of(2), tempdir().unwrap());
    let sessions = home.path().join("sessions");
    for name in [&b"rollout-\xff.jsonl"[..], b"rollout-\xfe.jsonl"] {
        std::fs::write(sessions.join(OsStr::from_bytes(name)), rollout(50).bytes()).unwrap();
    }
    std::fs::create_dir(sessions.join(OsStr::from_bytes(b"\xfd"))).unwrap();
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        assert_eq!(everything(&program).as_array().unwrap().len(), 2);
        let problems = program.json(["status"])["problems"].as_array().unwrap().len();
        assert_eq!(problems, 3);
    }
}

/// A program without privileges, on a home that it may read; none where there is no such user here.
fn as_nobody(home: &Path, state: &Path) -> Option<Program> {
    open_to_everybody(home);
    std::fs::set_permissions(state, std::fs::Permissions::from_mode(0o777)).unwrap();
    Program::on(home, state).as_nobody()
}

#[test]
fn what_lies_behind_a_closed_door_is_unknown_and_not_gone() {
    let (home, state) = (home_of(3), tempdir().unwrap());
    let Some(program) = as_nobody(home.path(), state.path()) else { return };
    let expected = everything(&program);
    let door = home.path().join("sessions").join("2026");
    std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(everything(&program), expected);
    let status = program.json(["status"]);
    assert_eq!((&status["missing"], &status["problems"][0]["path"]), (&0.into(), &"sessions/2026".into()));
    std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(everything(&program), expected);
    assert_eq!(program.json(["status"])["problems"], Value::Array(vec![]));
}

#[test]
fn a_file_that_may_be_read_again_is_read_again() {
    let (home, state) = (home_of(2), tempdir().unwrap());
    let Some(program) = as_nobody(home.path(), state.path()) else { return };
    let path = home.path().join(rollout(0).place(Collection::Active));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(everything(&program).as_array().unwrap().len(), 1);
    // Neither size nor time nor identity changes.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(everything(&program).as_array().unwrap().len(), 2);
}

#[test]
fn neighbours_that_are_no_files_are_not_waited_for() {
    let (home, state) = (home_of(2), tempdir().unwrap());
    for name in ["session_index.jsonl", "config.toml", "sessions/rollout-pipe.jsonl"] {
        let made = std::process::Command::new("mkfifo").arg(home.path().join(name)).status();
        assert!(made.unwrap().success());
    }
    let list = Program::on(home.path(), state.path()).run(["--json", "list"]).well();
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    assert!(list.stderr.contains("session_index.jsonl"), "{}", list.stderr);
    std::fs::remove_file(home.path().join("session_index.jsonl")).unwrap();
    std::fs::create_dir(home.path().join("session_index.jsonl")).unwrap();
    Program::stateless(home.path()).run(["list"]).well();
}

#[test]
fn a_collection_on_a_disk_that_is_not_there_is_an_error_and_not_an_empty_home() {
    let home = tempdir().unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", home.path().join("sessions")).unwrap();
    let refused = Program::stateless(home.path()).run(["list"]).ended(1);
    assert!(refused.stderr.contains("sessions"), "{}", refused.stderr);
}

#[test]
fn words_that_nobody_can_read_are_no_failure() {
    let home = home_of(1);
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("threadkeep");
    let run = |command: &str| {
        let line = format!("{} --home {} --no-state {command} 2>/dev/full", program.display(), home.path().display());
        std::process::Command::new("sh").args(["-c", &line]).output().unwrap().status.code()
    };
    assert_eq!((run("find nobody"), run("list --title nothing")), (Some(3), Some(0)));
}

#[test]
fn lines_are_counted_the_same_whether_read_at_once_or_as_they_came() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let path = rollout(1).write(home.path(), Collection::Active);
    let mut bytes = std::fs::read(&path).unwrap();
    // A last record without its newline; then the newline, and a bad line.
    bytes.pop();
    std::fs::write(&path, &bytes).unwrap();
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    bytes.extend_from_slice(b"\nbad\n");
    std::fs::write(&path, &bytes).unwrap();
    program.run(["init"]).well();
    let problems = program.json(["status"])["problems"].clone();
    assert_eq!(problems, Program::stateless(home.path()).json(["status"])["problems"]);
    assert_eq!(problems[0]["line"], bytes.iter().filter(|&&byte| byte == b'\n').count());
}

#[test]
fn a_later_file_changes_the_same_facts_with_and_without_a_state_db() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let first = rollout(1).git("main", "0123456789abcdef0123456789abcdef01234567", "https://example.com/app.git");
    first.write(home.path(), Collection::Active);
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let later = Rollout::revert_of(&first, 1, &uuid7(AT + 900_000, 99));
    later
        .git("dev", "89abcdef0123456789abcdef0123456789abcdef", "https://example.com/app.git")
        .write(home.path(), Collection::Active);
    std::fs::write(home.path().join("config.toml"), "model_provider = \"other\"\n").unwrap();
    assert_eq!(everything(&program), everything(&Program::stateless(home.path())));
}

#[test]
fn no_thread_is_hidden_by_a_parent_that_the_list_does_not_show() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    let parent = rollout(1);
    parent.write(home.path(), Collection::Archived);
    let child = Rollout::sub_agent(&uuid7(AT + 500_000, 5), &parent, "count", "Counter");
    child.write(home.path(), Collection::Active);
    let program = Program::on(home.path(), state.path());
    assert_eq!(support::ids(&program.json(["list"])), [child.id()]);
    assert_eq!(support::ids(&program.json(["list", "--all"])), [parent.id()]);
    // A thread that claims to be its own parent.
    let db = Connection::open(state.path().join("state.sqlite")).unwrap();
    db.execute("UPDATE threads SET parent_thread_id = id", []).unwrap();
    drop(db);
    assert_eq!(program.json(["--no-refresh", "list", "--all"])["items"].as_array().unwrap().len(), 2);
}
