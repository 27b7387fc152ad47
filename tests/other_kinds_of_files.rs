//! Pipes and sockets in the place of files: nothing waits for them, and what cannot be read is said.

use std::fs::{create_dir_all, remove_dir_all, remove_file};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use support::{Collection, Outcome, Program, Rollout};
use tempfile::{TempDir, tempdir};

const THREAD: &str = "019ca8a0-0000-7000-8000-000000000001";
/// Longer than any command takes here, shorter than anybody would wait.
const PROMPT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Pipe,
    Socket,
}

/// Puts something else in the place of a file, whatever is there.
fn put(path: &Path, kind: Kind) {
    create_dir_all(path.parent().unwrap()).unwrap();
    let _ = remove_file(path);
    let _ = remove_dir_all(path);
    match kind {
        Kind::Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        Kind::Socket => drop(UnixListener::bind(path).unwrap()),
    }
}

/// A home of one thread with a database of Codex's, all of it looked at before.
fn home() -> (TempDir, Program) {
    let home = tempdir().unwrap();
    Rollout::paginated(THREAD).user("Cut the ribbon.").write(home.path(), Collection::Active);
    let codex = Connection::open(home.path().join("state_5.sqlite")).unwrap();
    codex.execute_batch("CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL)").unwrap();
    let program = Program::on(home.path(), &home.path().join("threadkeep"));
    program.run(["init"]).well();
    program.run(["backup", "create"]).well();
    (home, program)
}

fn promptly(program: &Program, command: &str) -> Outcome {
    let began = Instant::now();
    let outcome = program.run(command.split(' '));
    assert!(began.elapsed() < PROMPT, "{command} took {:?}", began.elapsed());
    assert!(outcome.code.is_some_and(|code| code < 100), "{command}: {outcome:?}");
    outcome
}

fn each_place(places: &[&str], commands: &[&str]) {
    for place in places {
        for kind in [Kind::Pipe, Kind::Socket] {
            let (home, program) = home();
            put(&home.path().join(place), kind);
            for command in commands {
                promptly(&program, command);
            }
        }
    }
}

#[test]
fn no_command_waits_for_what_stands_in_the_place_of_a_database_or_beside_it() {
    let beside = ["", "-wal", "-journal", "-shm"];
    let places: Vec<String> = ["state_5.sqlite", "threadkeep/state.sqlite"]
        .iter()
        .flat_map(|base| beside.map(|it| format!("{base}{it}")))
        .collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    each_place(&places, &["list", "status", "doctor --quick", "init", "backup create", "repair plan --target codex"]);
}

#[test]
fn no_command_waits_for_what_stands_in_the_place_of_an_index_a_setting_or_a_lock() {
    let lock = format!("thread-writer-locks/{THREAD}.lock");
    let places = [
        "session_index.jsonl",
        "session_index.jsonl.lock",
        "config.toml",
        "threadkeep/open.lock",
        "threadkeep/owner.lock",
        "threadkeep/backups/.restore.json",
        "thread-writer-locks/.coordination.lock",
        &lock,
    ];
    let (name, archive) = (format!("name {THREAD} Kite"), format!("archive {THREAD}"));
    each_place(&places, &["list", "doctor --quick", &name, &archive, "backup list", "migrate personality --yes"]);
}

#[test]
fn a_wal_of_codexs_that_is_a_pipe_or_a_socket_is_named_and_the_threads_are_listed() {
    for kind in [Kind::Pipe, Kind::Socket] {
        let (home, program) = home();
        put(&home.path().join("state_5.sqlite-wal"), kind);
        for program in [program, Program::stateless(home.path())] {
            let list = promptly(&program, "--json list");
            assert_eq!(list.json()["items"].as_array().unwrap().len(), 1, "{list:?}");
            let what = if matches!(kind, Kind::Pipe) { "a pipe" } else { "a socket" };
            assert!(list.stderr.contains("state_5.sqlite-wal") && list.stderr.contains(what), "{}", list.stderr);
        }
    }
}

#[test]
fn a_plan_and_a_recording_that_are_pipes_are_refused_and_one_that_the_shell_hands_over_is_read() {
    let (home, program) = home();
    for kind in [Kind::Pipe, Kind::Socket] {
        let place = home.path().join("plan.json");
        put(&place, kind);
        for command in ["repair apply --yes", "debug replay", "repair plan --target codex --out"] {
            let refused = promptly(&program, &format!("{command} {}", place.display())).ended(1);
            assert!(refused.stderr.contains("regular file"), "{command}: {}", refused.stderr);
        }
    }
    let plan = home.path().join("plan");
    program.run(["repair", "plan", "--target", "codex", "--out", plan.to_str().unwrap()]).well();
    let given = format!(
        "exec '{}' --home '{}' --state-dir '{}' repair apply --yes /dev/fd/3 3<'{}'",
        program_path().display(),
        home.path().display(),
        home.path().join("threadkeep").display(),
        plan.display()
    );
    assert!(Command::new("sh").args(["-c", &given]).status().unwrap().success());
}

fn program_path() -> PathBuf {
    Program::new().command([""; 0]).get_program().into()
}
