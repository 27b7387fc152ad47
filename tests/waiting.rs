//! Waiting for other processes: as long as `--wait` says, whatever is waited for, and told of where it takes a while.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use support::{Collection, Program, Rollout, skipped};
use tempfile::{TempDir, tempdir};
use threadkeep::health::backup::Wanted;
use threadkeep::platform::home::Home;
use threadkeep::platform::wait::Wait;
use threadkeep::{Options, StateAccess, Threadkeep};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
/// Longer than this takes nobody who waits for nothing.
const SOON: Duration = Duration::from_millis(1_500);

/// What another process may have for itself, and a command that needs it.
#[derive(Clone, Copy, Debug)]
enum Held {
    Opening,
    Changes,
    Repairs,
    Backups,
    SessionIndex,
    StateDb,
}

const ALL: [Held; 6] = [Held::Opening, Held::Changes, Held::Repairs, Held::Backups, Held::SessionIndex, Held::StateDb];

struct Place {
    home: TempDir,
    state: TempDir,
    program: Program,
}

fn place() -> Place {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    Rollout::paginated(ONE).user("something").tokens(1).write(home.path(), Collection::Active);
    let program = Program::on(home.path(), state.path());
    program.run(["init"]).well();
    program.run(["backup", "create"]).well();
    program.run(["name", ONE, "before"]).well();
    Place { home, state, program }
}

/// Something that is held until it is dropped.
enum Holder {
    Lock { file: File },
    Transaction { _database: Connection },
}

impl Drop for Holder {
    /// Releases a lock at once: a process that a test beside this one starts has a copy of the descriptor for a moment.
    fn drop(&mut self) {
        if let Holder::Lock { file } = self {
            file.unlock().unwrap();
        }
    }
}

impl Held {
    fn command(self) -> &'static [&'static str] {
        match self {
            Held::Opening => &["init"],
            Held::Changes | Held::SessionIndex => &["name", ONE, "after"],
            Held::Repairs => &["repair", "undo", "--yes"],
            Held::Backups => &["backup", "create"],
            Held::StateDb => &["goal", "set", ONE, "reach it"],
        }
    }

    fn hold(self, home: &Path, state: &Path) -> Holder {
        let lock = |path: PathBuf| {
            let file = File::options().create(true).truncate(false).write(true).open(path).unwrap();
            file.lock().unwrap();
            Holder::Lock { file }
        };
        match self {
            Held::Opening => lock(state.join("open.lock")),
            Held::Changes => lock(state.join("change.lock")),
            Held::Repairs => lock(state.join("repair.lock")),
            Held::Backups => lock(state.join("backups/.lock")),
            Held::SessionIndex => lock(home.join("session_index.jsonl.lock")),
            Held::StateDb => {
                let database = Connection::open(state.join("state.sqlite")).unwrap();
                database.execute_batch("BEGIN IMMEDIATE").unwrap();
                Holder::Transaction { _database: database }
            }
        }
    }
}

/// Runs the command with a wait while another one holds what it needs, for so long; gives the code, the kind of the error and
/// how long it took.
fn run(held: Held, wait: &str, holds: Option<Duration>) -> (Option<i32>, Value, Duration) {
    let place = place();
    let holder = held.hold(place.home.path(), place.state.path());
    let began = Instant::now();
    let running = place.program.spawn([&["--json", "--wait", wait], held.command()].concat());
    if let Some(holds) = holds {
        thread::sleep(holds);
        drop(holder);
    }
    let outcome = running.outcome();
    let took = began.elapsed();
    assert!(!outcome.stderr.contains("waiting for"), "no terminal is told: {}", outcome.stderr);
    let last = outcome.stderr.lines().last().unwrap_or_default();
    let document: Value = serde_json::from_str(last).unwrap_or_default();
    (outcome.code, document["kind"].clone(), took)
}

fn each(work: impl Fn(Held) + Sync) {
    thread::scope(|scope| {
        for held in ALL {
            let work = &work;
            scope.spawn(move || work(held));
        }
    });
}

#[test]
fn a_wait_of_nothing_waits_for_nothing_anywhere() {
    for held in ALL {
        let (code, kind, took) = run(held, "0", None);
        assert_eq!(code, Some(1), "{held:?}");
        assert!(kind == "busy" || kind == "timedOut", "{held:?}: {kind}");
        assert!(took < SOON, "{held:?}: {took:?}");
    }
}

#[test]
fn every_wait_ends_when_it_is_over() {
    each(|held| {
        let (code, kind, took) = run(held, "3", None);
        assert_eq!(code, Some(1), "{held:?}");
        assert!(kind == "busy" || kind == "timedOut", "{held:?}: {kind}");
        assert!((Duration::from_secs(3)..Duration::from_millis(4_800)).contains(&took), "{held:?}: {took:?}");
    });
}

#[test]
fn whoever_gives_it_back_in_time_is_waited_for() {
    each(|held| {
        let holds = Duration::from_secs(6);
        let (code, kind, took) = run(held, "40", Some(holds));
        // There is no repair to take back, and that is said once nobody is at it.
        let expected = if matches!(held, Held::Repairs) { Some(1) } else { Some(0) };
        assert_eq!(code, expected, "{held:?}: {kind}");
        assert!(kind == Value::Null || kind == "conflict", "{held:?}: {kind}");
        assert!(took >= holds && took < Duration::from_secs(20), "{held:?}: {took:?}");
    });
}

#[test]
fn a_wait_of_more_than_a_second_is_told_with_what_for_and_how_long_at_most() {
    each(|held| {
        let Place { home, state, .. } = place();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = told.clone();
        let wait = Wait::at_most(Duration::from_secs(20)).telling(move |words| sink.lock().unwrap().push(words.into()));
        let access = if matches!(held, Held::Repairs) { StateAccess::Inspect } else { StateAccess::Own };
        let open = || {
            let options = Options::new(Home::open(home.path(), |_| None).unwrap());
            Threadkeep::open(Options { state_dir: state.path().into(), access, wait: wait.clone(), ..options }).unwrap()
        };
        let before = (!matches!(held, Held::Opening)).then(&open);
        let holder = held.hold(home.path(), state.path());
        let release = thread::scope(|scope| {
            let works = scope.spawn(|| {
                let threadkeep = before.clone().unwrap_or_else(&open);
                match held {
                    Held::Opening => {}
                    Held::Changes | Held::SessionIndex => drop(threadkeep.name(ONE, Some("after")).unwrap()),
                    Held::Repairs => drop(threadkeep.undo_repair().unwrap_err()),
                    Held::Backups => drop(threadkeep.create_backup(&Wanted::before("test")).unwrap()),
                    Held::StateDb => {
                        let patch = threadkeep::threads::change::MetadataPatch {
                            git_branch: Some(Some("main".into())),
                            ..Default::default()
                        };
                        drop(threadkeep.patch(ONE, &patch).unwrap());
                    }
                }
            });
            thread::sleep(Duration::from_millis(1_800));
            assert_eq!(told.lock().unwrap().len(), 1, "{held:?}");
            drop(holder);
            works.join()
        });
        release.unwrap();
        let what = match held {
            Held::Opening => "which is opening the state DB",
            Held::Changes => "which is changing threads of this home",
            Held::Repairs => "which is repairing or changing this home",
            Held::Backups => "which is making or restoring a backup, or changing threads",
            Held::SessionIndex => "which keeps session_index.jsonl locked",
            Held::StateDb => "which keeps the state DB locked",
        };
        assert_eq!(*told.lock().unwrap(), [format!("waiting for another process, {what}, at most 20 s")], "{held:?}");
    });
}

#[test]
fn on_a_terminal_a_long_wait_says_what_for() {
    let script = "import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    if Command::new("python3").args(["-c", "import pty"]).status().is_err() {
        return skipped("no python3 to make a terminal");
    }
    for (held, wait, told) in [
        (Held::Changes, "2", Some("which is changing threads of this home, at most 2 s")),
        (Held::StateDb, "3", Some("which keeps the state DB locked, at most 3 s")),
        (Held::Backups, "2", Some("which is making or restoring a backup, or changing threads, at most 2 s")),
        (Held::Changes, "1", None),
        (Held::Changes, "0", None),
    ] {
        let place = place();
        let _holder = held.hold(place.home.path(), place.state.path());
        let command = place.program.command([&["--wait", wait], held.command()].concat());
        let mut terminal = Command::new("python3");
        terminal.args(["-c", script]).arg(command.get_program()).args(command.get_args());
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let output = terminal.envs(variables).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        match told {
            Some(told) => assert!(said.contains(&format!("threadkeep: waiting for another process, {told}")), "{said}"),
            None => assert!(!said.contains("waiting for"), "{said}"),
        }
    }
}
