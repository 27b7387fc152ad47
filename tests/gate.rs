//! The startup gate with many processes: who fills, who waits, and what a killed or a stopped one leaves behind.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use rustix::process::Signal;
use support::{Collection, Program, Rollout, Running, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::wait::Wait;
use threadkeep::startup::{self, Config};
use threadkeep_engine::Runtime;

/// Longer than any of this can take, for loops that wait for something to happen.
const LONG: Duration = Duration::from_secs(60);

fn home_of(rollouts: u64) -> TempDir {
    let home = tempdir().unwrap();
    for number in 0..rollouts {
        let at = 1_767_225_600_000 + number as i64 * 60_000;
        Rollout::paginated(&uuid7(at, number))
            .at_millis(at)
            .cwd("/src/app")
            .user(&format!("question {number}"))
            .agent("An answer.")
            .tokens(number + 1)
            .write(home.path(), Collection::Active);
    }
    home
}

fn ask<T: rusqlite::types::FromSql>(state: &Path, sql: &str) -> Option<T> {
    let connection =
        Connection::open_with_flags(state.join("state.sqlite"), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE);
    connection.ok()?.query_row(sql, [], |row| row.get(0)).optional().ok().flatten()
}

/// Starts an init and stops it, by a signal, after its first batch and before its last.
fn stopped_midway(home: &Path, state: &Path) -> Running {
    for _ in 0..20 {
        let init = Program::on(home, state).spawn(["init"]);
        let began = Instant::now();
        while began.elapsed() < LONG {
            if ask::<String>(state, "SELECT watermark FROM backfill WHERE phase = 'running'").is_some() {
                init.signal(Signal::STOP);
                break;
            }
            if ask::<String>(state, "SELECT phase FROM backfill WHERE phase = 'complete'").is_some() {
                break;
            }
        }
        if ask::<String>(state, "SELECT watermark FROM backfill WHERE phase = 'running'").is_some() {
            return init;
        }
        // It was too quick to be caught.
        init.signal(Signal::CONT);
        init.outcome();
        std::fs::remove_dir_all(state).unwrap();
        std::fs::create_dir_all(state).unwrap();
    }
    panic!("no init could be stopped midway");
}

#[test]
fn init_has_filled_the_state_db_when_it_returns() {
    let (home, state) = (home_of(300), tempdir().unwrap());
    let report = Program::on(home.path(), state.path()).json(["init"]);
    assert_eq!(
        report,
        serde_json::json!({"scanned": 300, "stored": 300, "failed": 0, "indexed": 300, "waitedMs": 0, "backfilledHere": true})
    );
    assert_eq!(ask::<i64>(state.path(), "SELECT count(*) FROM threads"), Some(300));
    assert_eq!(ask::<String>(state.path(), "SELECT phase FROM backfill"), Some("complete".into()));
    let again = Program::on(home.path(), state.path()).json(["init"]);
    assert_eq!((&again["stored"], &again["backfilledHere"]), (&0.into(), &false.into()));
}

#[test]
fn a_reader_that_only_opens_gets_nothing_before_completion_and_never_fills() {
    let (home, state) = (home_of(20), tempdir().unwrap());
    let runtime = Runtime::load().unwrap();
    let open = Arc::new(Home::open(home.path(), |_| None).unwrap());
    let place = state.path().join("not there yet");
    assert!(startup::open_existing(&runtime, &open, &place, &Wait::default()).unwrap().is_none());
    assert!(!place.exists(), "opening created the state directory");

    startup::init(&runtime, &open, &Config::of(place.clone())).unwrap();
    assert!(startup::open_existing(&runtime, &open, &place, &Wait::default()).unwrap().is_some());
    for unfinished in ["pending", "running"] {
        let db = Connection::open(place.join("state.sqlite")).unwrap();
        db.execute_batch(&format!("UPDATE backfill SET phase = '{unfinished}'; DELETE FROM threads")).unwrap();
        drop(db);
        assert!(startup::open_existing(&runtime, &open, &place, &Wait::default()).unwrap().is_none(), "{unfinished}");
        assert_eq!(ask::<i64>(&place, "SELECT count(*) FROM threads"), Some(0), "a reader filled the state DB");
    }
    let db = Connection::open(place.join("state.sqlite")).unwrap();
    db.execute_batch("UPDATE backfill SET phase = 'complete'; PRAGMA user_version = 0").unwrap();
    drop(db);
    assert!(
        startup::open_existing(&runtime, &open, &place, &Wait::default()).unwrap().is_none(),
        "another version was opened"
    );
}

#[test]
fn init_waits_for_another_processs_backfill() {
    let (home, state) = (home_of(3000), tempdir().unwrap());
    let first = stopped_midway(home.path(), state.path());
    let second = Program::on(home.path(), state.path()).spawn(["--json", "--wait", "60", "init"]);
    std::thread::sleep(Duration::from_millis(300));
    first.signal(Signal::CONT);
    first.outcome().well();
    let report = second.outcome().well().json();
    assert_eq!(report["backfilledHere"], false);
    assert!(report["waitedMs"].as_u64().unwrap() > 0);
    assert_eq!(ask::<i64>(state.path(), "SELECT count(*) FROM threads"), Some(3000));
}

#[test]
fn a_stopped_owner_ends_the_wait_with_a_clear_error_and_lists_answer_from_the_files() {
    let (home, state) = (home_of(3000), tempdir().unwrap());
    let stuck = stopped_midway(home.path(), state.path());
    let program = Program::on(home.path(), state.path()).with(["--wait", "1"]);
    let refused = program.run(["init"]).ended(1);
    let owner = format!("process {}", stuck.id());
    assert!(refused.stderr.contains(&owner) && refused.stderr.contains("--wait"), "{}", refused.stderr);
    let list = program.run(["--json", "list", "--limit", "0"]).ended(0);
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 3000);
    assert_eq!(list.stderr.lines().count(), 1, "{}", list.stderr);
    assert!(list.stderr.contains("answering from the files"), "{}", list.stderr);
    stuck.signal(Signal::CONT);
    stuck.outcome().well();
}

#[test]
fn a_killed_owner_is_taken_over_at_once_from_its_watermark() {
    let (home, state) = (home_of(3000), tempdir().unwrap());
    let killed = stopped_midway(home.path(), state.path());
    killed.signal(Signal::KILL);
    killed.outcome();
    let done: i64 = ask(state.path(), "SELECT count(*) FROM files").unwrap();
    assert!(0 < done && done < 3000, "{done}");
    // No time to wait: the owner is known to be gone.
    let report = Program::on(home.path(), state.path()).json(["--wait", "0", "init"]);
    assert_eq!(report["backfilledHere"], true);
    assert_eq!(report["stored"].as_i64(), Some(3000 - done));
    assert_eq!(ask::<i64>(state.path(), "SELECT count(*) FROM threads"), Some(3000));
}

#[test]
fn sixteen_processes_started_together_agree_on_one_backfill() {
    let home = home_of(5000);
    for round in 0..20 {
        let state = tempdir().unwrap();
        let program = Program::on(home.path(), state.path()).with(["--json", "--wait", "120"]);
        let running: Vec<Running> = (0..16).map(|_| program.spawn(["init"])).collect();
        let (mut fillers, mut read) = (0, 0);
        for one in running {
            let outcome = one.outcome();
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "round {round}");
            let report = outcome.json();
            fillers += u32::from(report["backfilledHere"] == true);
            read += report["stored"].as_u64().unwrap();
        }
        // Every rollout was read once, by one of them.
        assert_eq!((fillers, read), (1, 5000), "round {round}");
        let counts = "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || count(DISTINCT path) FROM threads";
        assert_eq!(ask::<String>(state.path(), counts), Some("5000 5000 5000".into()), "round {round}");
    }
}

#[test]
fn a_running_process_has_the_state_db_open_once() {
    let (home, state) = (home_of(3000), tempdir().unwrap());
    let stopped = stopped_midway(home.path(), state.path());
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", stopped.id())).unwrap();
    let open: Vec<_> = descriptors
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target == &state.path().join("state.sqlite"))
        .collect();
    assert_eq!(open.len(), 1, "{open:?}");
    stopped.signal(Signal::KILL);
    stopped.outcome();
}

#[test]
fn a_progress_bar_is_drawn_on_a_terminal_and_nowhere_else() {
    let (home, state) = (home_of(3000), tempdir().unwrap());
    let quiet = Program::on(home.path(), state.path()).run(["init"]).well();
    assert_eq!(quiet.stderr, "");
    // `script` gives a program a terminal; it comes with util-linux.
    let command = |json: &str| {
        let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("threadkeep");
        let (home, state) = (home.path().display(), state.path().display());
        let line = format!("{} --home {home} --state-dir {state} {json} init --rebuild", program.display());
        let script =
            std::process::Command::new("script").args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").output();
        script.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(drawn) = command("") else {
        support::skipped("no `script` to draw on");
        return;
    };
    assert!(drawn.contains("reading rollouts") && drawn.contains("/3,000") && drawn.contains(" left"), "{drawn}");
    let document = command("--json").unwrap();
    assert!(!document.contains("reading rollouts") && document.trim_end().ends_with('}'), "{document}");
}

#[test]
fn every_start_takes_in_what_appeared_grew_moved_or_vanished() {
    let (home, state) = (home_of(4), tempdir().unwrap());
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    let list = program.json(["list", "--sort", "created", "--asc"]);
    let path = |at: usize| list["items"][at]["path"].as_str().unwrap().to_string();
    let id = |at: usize| list["items"][at]["id"].as_str().unwrap().to_string();

    // Grew, moved, archived, vanished, appeared.
    let at = 1_767_225_600_000;
    let grown =
        Rollout::paginated(&id(0)).at_millis(at).cwd("/src/app").user("question 0").agent("An answer.").tokens(1);
    std::fs::write(path(0), grown.user("one more").agent("Yes.").tokens(99).bytes()).unwrap();
    std::fs::create_dir_all(home.path().join("sessions/2030/01/01")).unwrap();
    let moved = home.path().join("sessions/2030/01/01/moved.jsonl");
    std::fs::rename(path(1), &moved).unwrap();
    std::fs::create_dir_all(home.path().join("archived_sessions")).unwrap();
    std::fs::rename(path(2), home.path().join("archived_sessions/rollout-archived.jsonl")).unwrap();
    std::fs::remove_file(path(3)).unwrap();
    let new = uuid7(at + 10_000_000, 77);
    Rollout::legacy(&new)
        .at_millis(at + 10_000_000)
        .cwd("/src/new")
        .user("a new one")
        .write(home.path(), Collection::Active);

    let stale = program.json(["--no-refresh", "list", "--sort", "created", "--asc", "--limit", "1"]);
    assert_eq!(stale["items"][0]["tokensUsed"], 1);
    let list = program.json(["list", "--all", "--sort", "created", "--asc"]);
    assert_eq!(support::ids(&list), [id(0), id(1), id(2), new]);
    assert_eq!(list["items"][0]["tokensUsed"], 99);
    assert_eq!(list["items"][1]["path"], moved.to_str().unwrap());
    assert_eq!(list["items"][2]["archived"], true);
    let again = program.json(["init"]);
    assert_eq!(again["stored"], 0);
}
