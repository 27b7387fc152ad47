//! Pushing threads as rows of tables into a directory: all of them, and where nothing is new. The program that writes the files is
//! beside this one where it was built (`make lake`).

use std::path::Path;

use support::Program;

use crate::homes::Ground;
use crate::limits::{self, CAT};
use crate::table::Table;

const FIRST: &str = "push, everything";
const NOTHING: &str = "push, nothing new";
const USAGE: &str = "push --only usage, everything";

/// Pushes a home.
pub(crate) fn pushing(ground: &Ground, target: &Path, runs: usize) {
    let program = Program::on(&ground.home, &ground.state);
    if !program.path().with_file_name("threadkeep-lake").is_file() {
        println!("\npushing: no threadkeep-lake beside the program (make lake)");
        return;
    }
    program.run(["init", "--no-index"]).well();
    let place = target.join("bench-lake");
    let mut table = Table::default();
    for _ in 0..runs {
        let _ = std::fs::remove_dir_all(&place);
        let to = |name: &str| place.join(name).to_str().unwrap().to_owned();
        let (all, usage) = (to("all"), to("usage"));
        table.time(CAT, || limits::cat(&ground.files));
        table.time(FIRST, || program.run(["push", &all, "--yes"]).well());
        table.time(NOTHING, || program.run(["push", &all]).well());
        table.time(USAGE, || program.run(["push", &usage, "--only", "usage", "--yes"]).well());
    }
    table.want(FIRST, 6_000.0);
    table.want(NOTHING, 100.0);
    println!("\npushing");
    table.print();
    let _ = std::fs::remove_dir_all(&place);
}
