//! Pushing threads as rows of tables into a directory: all of them, where nothing is new, where some went on; and the way back. The program that writes the files is
//! beside this one where it was built (`make lake`).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use support::{Program, listing};

use crate::homes::{Ground, linked};
use crate::limits::{self, CAT};
use crate::table::Table;

const FIRST: &str = "push, everything";
const NOTHING: &str = "push, nothing new";
const NEW_TURNS: &str = "push, 1,000 new turns";
const USAGE: &str = "push --only usage, everything";
const WHOLE: &str = "push --whole, everything";
const BACK: &str = "import, everything that was pushed whole";
/// How many threads go on.
const GOING_ON: usize = 1_000;

/// Pushes a home.
pub(crate) fn pushing(ground: &Ground, target: &Path, runs: usize) {
    let program = Program::on(&ground.home, &ground.state);
    if !program.path().with_file_name("threadkeep-lake").is_file() {
        println!("\npushing: no threadkeep-lake beside the program (make lake)");
        return;
    }
    program.run(["init", "--no-index"]).well();
    let place = target.join("bench-lake");
    let going_on = tempfile::tempdir_in(target).unwrap();
    let files = home_of_its_own(&ground.home, going_on.path());
    let goes_on = Program::on(&going_on.path().join("home"), &going_on.path().join("state"));
    let mut table = Table::default();
    for _ in 0..runs {
        let _ = std::fs::remove_dir_all(&place);
        let to = |name: &str| place.join(name).to_str().unwrap().to_owned();
        let (all, usage, whole, turns) = (to("all"), to("usage"), to("whole"), to("turns"));
        table.time(CAT, || limits::cat(&ground.files));
        table.time(FIRST, || program.run(["push", &all, "--yes"]).well());
        table.time(NOTHING, || program.run(["push", &all]).well());
        table.time(USAGE, || program.run(["push", &usage, "--only", "usage", "--yes"]).well());
        goes_on.run(["push", &turns, "--yes"]).well();
        files.iter().for_each(|file| go_on(file));
        // Some threads have two of the files.
        let least = files.len() as u64 * 9 / 10;
        table.time(NEW_TURNS, || assert!(goes_on.json(["push", &turns])["threads"].as_u64().unwrap() > least));
        table.time(WHOLE, || program.run(["push", &whole, "--whole", "--no-redact", "--yes"]).well());
        let other = tempfile::tempdir_in(target).unwrap();
        std::fs::create_dir(other.path().join("home")).unwrap();
        let there = Program::on(&other.path().join("home"), &other.path().join("state"));
        table.time(BACK, || there.run(["import", &whole, "--yes"]).well());
    }
    table.want(FIRST, 6_000.0);
    table.want(NOTHING, 100.0);
    table.want(NEW_TURNS, 500.0);
    println!("\npushing");
    table.print();
    let _ = std::fs::remove_dir_all(&place);
}

/// Makes a home of the same rollouts of which the newest plain ones are files of their own, and gives these.
fn home_of_its_own(home: &Path, place: &Path) -> Vec<PathBuf> {
    let copy = place.join("home");
    linked(home, &copy);
    let plain = listing(&copy).into_keys().filter(|path| path.contains("rollout-") && path.ends_with(".jsonl"));
    let files: Vec<PathBuf> = plain.rev().take(GOING_ON).map(|path| copy.join(path)).collect();
    for file in &files {
        let text = std::fs::read(file).unwrap();
        std::fs::remove_file(file).unwrap();
        std::fs::write(file, text).unwrap();
    }
    files
}

/// Adds a turn.
fn go_on(file: &Path) {
    let mut file = OpenOptions::new().append(true).open(file).unwrap();
    for (kind, text) in [("user_message", "and what of the rest?"), ("agent_message", "The rest is as it was.")] {
        let line = serde_json::json!({"timestamp": "2026-12-01T12:00:00.000Z", "type": "event_msg",
            "payload": {"type": kind, "message": text}});
        writeln!(file, "{line}").unwrap();
    }
}
