//! Whole processes, from outside: time and memory.

use std::path::Path;

use support::Program;

use crate::homes::{Ground, giants, long_lines};
use crate::limits::{self, CAT, EMPTY, FIND, INSERT};
use crate::table::Table;

const INIT: &str = "init --no-index, no state DB";
const DOCTOR: &str = "doctor, every line";
const QUICK: &str = "doctor --quick";
const LIST: &str = "list 50, with refresh";
const LIST_ALONE: &str = "list 50, --no-refresh";
const FIND_ID: &str = "find ID, --no-refresh";
const FIND_UNKNOWN: &str = "find ID, --no-state";

/// Every command that looks, and filling, beside what nothing can be quicker than.
pub(crate) fn commands(ground: &Ground, target: &Path, runs: usize) {
    let (home, state, id) = (&ground.home, &ground.state, ground.id.as_str());
    let program = Program::on(home, state);
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(CAT, || limits::cat(&ground.files));
        table.time(FIND, || limits::find(home));
        table.time(EMPTY, limits::empty);
        table.time(INSERT, || limits::insert(target, ground.rollouts()));
        std::fs::remove_dir_all(state).unwrap();
        table.time(INIT, || program.run(["init", "--no-index"]).well());
        table.time("init, nothing changed", || program.run(["init", "--no-index"]).well());
        table.time(LIST, || program.run(["list"]).well());
        table.time(LIST_ALONE, || program.run(["--no-refresh", "list"]).well());
        table.time("find ID, with refresh", || program.run(["find", id]).well());
        table.time(FIND_ID, || program.run(["--no-refresh", "find", id]).well());
        table.time(FIND_UNKNOWN, || program.run(["--no-state", "find", id]).well());
        table.time("list 50, --no-state", || program.run(["--no-state", "list"]).well());
        table.time(DOCTOR, || program.run(["doctor"]));
        table.time(QUICK, || program.run(["doctor", "--quick"]));
    }
    table.want(INIT, 2.0 * table.median(CAT));
    table.want(LIST, 1.2 * table.median(FIND));
    table.want(LIST_ALONE, 6.0);
    table.want(FIND_ID, 5.0);
    table.want(DOCTOR, 2.0 * table.median(CAT));
    println!("\nwhole processes, and the limits");
    table.print();
    for (what, limit) in [(INIT, CAT), (DOCTOR, CAT), (LIST, FIND), (FIND_UNKNOWN, FIND), (LIST_ALONE, EMPTY)] {
        println!("  {what} / {limit}: {:.2}", table.median(what) / table.median(limit));
    }
}

/// What filling, listing and checking a home need at most.
pub(crate) fn memory(ground: &Ground) {
    println!("\npeak memory");
    let watched = Program::on(&ground.home, &ground.state).watched();
    std::fs::remove_dir_all(&ground.state).unwrap();
    peak(&watched, &["init", "--no-index"], INIT);
    peak_of(&watched, &["init"], "init, the index", INDEXED);
    peak(&watched, &["list", "--limit", "0"], "list --limit 0");
    peak(&watched, &["doctor"], "doctor, every line");
}

/// What rollouts and lines of any size need at most.
pub(crate) fn memory_of_giants(target: &Path) {
    println!("\npeak memory, rollouts of 3 to 300 MB");
    let state = tempfile::tempdir_in(target).unwrap();
    let watched = Program::on(&giants(target).0, &state.path().join("state")).watched();
    peak(&watched, &["init", "--no-index"], INIT);
    peak_of(&watched, &["init"], "init, the index", INDEXED);
    peak(&watched, &["doctor"], "doctor, every line");
    let watched = Program::stateless(&long_lines(target)).watched();
    peak(&watched, &["list"], "a rollout of 300 MB with a line of 64 MB");
}

/// What any of them may have resident, in MB.
const MOST: f64 = 64.0;
/// The same where text is indexed.
const INDEXED: f64 = 96.0;

fn peak(program: &Program, args: &[&str], what: &str) {
    peak_of(program, args, what, MOST);
}

fn peak_of(program: &Program, args: &[&str], what: &str, most: f64) {
    let outcome = program.run(args);
    assert!(matches!(outcome.code, Some(0 | 5)), "{what}: {}", outcome.stderr);
    let peak = outcome.peak_kib as f64 / 1024.0;
    println!("  {peak:>7.1} MB  <= {most:.0}  {what}{}", if peak > most { "  MISSED" } else { "" });
}
