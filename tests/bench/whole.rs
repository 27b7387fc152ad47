//! Whole processes, from outside: time and memory.

use std::path::{Path, PathBuf};

use support::Program;

use crate::homes::{large_home, read_all, walk};
use crate::table::Table;

const READ: &str = "read every byte, one thread";
const INIT: &str = "init, no state DB";
const FIND: &str = "find -type f -printf '%s %T@'";
const DOCTOR: &str = "doctor, every line";
const QUICK: &str = "doctor --quick";
const LIST: &str = "list 50, with refresh";

/// Every command that looks, and filling.
pub(crate) fn commands(home: &Path, files: &[PathBuf], state: &Path, id: &str, runs: usize) {
    let program = Program::on(home, state);
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(READ, || read_all(files));
        std::fs::remove_dir_all(state).unwrap();
        table.time(INIT, || program.run(["init"]).well());
        table.time("init, nothing changed", || program.run(["init"]).well());
        table.time(FIND, || walk(home));
        table.time(LIST, || program.run(["list"]).well());
        table.time("list 50, --no-refresh", || program.run(["--no-refresh", "list"]).well());
        table.time("find ID, with refresh", || program.run(["find", id]).well());
        table.time("find ID, --no-refresh", || program.run(["--no-refresh", "find", id]).well());
        table.time("find ID, --no-state", || program.run(["--no-state", "find", id]).well());
        table.time("list 50, --no-state", || program.run(["--no-state", "list"]).well());
        table.time(DOCTOR, || program.run(["doctor"]));
        table.time(QUICK, || program.run(["doctor", "--quick"]));
    }
    table.want(DOCTOR, 2500.0);
    table.want(QUICK, 500.0);
    println!("\nwhole processes");
    table.print();
    println!("  list with refresh / find: {:.2}", table.median(LIST) / table.median(FIND));
    println!("  init / read every byte:   {:.2}", table.median(INIT) / table.median(READ));
}

/// What filling, listing and a rollout of any size need at most.
pub(crate) fn memory(home: &Path, state: &Path, target: &Path) {
    println!("\npeak memory");
    let peak = |program: &Program, args: &[&str], what: &str| {
        println!("  {:>7.1} MB  {what}", program.run(args).well().peak_kib as f64 / 1024.0);
    };
    let watched = Program::on(home, state).watched();
    std::fs::remove_dir_all(state).unwrap();
    peak(&watched, &["init"], "init, no state DB");
    peak(&watched, &["list", "--limit", "0"], "list --limit 0");
    peak(&watched, &["doctor"], "doctor, every line");
    let watched = Program::stateless(&large_home(target)).watched();
    peak(&watched, &["list"], "a rollout of 300 MB with a line of 64 MB");
}
