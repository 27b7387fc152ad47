//! Counting what threads used: the first time, with what is kept, and from the files alone; another program beside it, where
//! `$THREADKEEP_CCUSAGE` names one.

use std::process::{Command, Stdio};

use support::Program;

use crate::homes::Ground;
use crate::limits::{self, CAT};
use crate::table::Table;

const COLD: &str = "stats, the first time";
const WARM: &str = "stats";
const PROJECTS: &str = "stats --by project --no-refresh";
const STATELESS: &str = "stats, --no-state";
const PEER: &str = "ccusage codex daily --offline";

/// Counts everything.
pub(crate) fn statistics(ground: &Ground, runs: usize) {
    let program = Program::on(&ground.home, &ground.state);
    let peer = std::env::var_os("THREADKEEP_CCUSAGE");
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(CAT, || limits::cat(&ground.files));
        std::fs::remove_dir_all(&ground.state).unwrap();
        program.run(["init", "--no-index"]).well();
        table.time(COLD, || program.run(["stats"]).well());
        table.time(WARM, || program.run(["stats"]).well());
        table.time(PROJECTS, || program.run(["--no-refresh", "stats", "--by", "project"]).well());
        table.time(STATELESS, || program.run(["--no-state", "stats"]).well());
        if let Some(peer) = &peer {
            let mut command = Command::new(peer);
            command.args(["codex", "daily", "--json", "--offline"]).env("CODEX_HOME", &ground.home);
            table.time(PEER, || assert!(command.stdout(Stdio::null()).status().unwrap().success()));
        }
    }
    table.want(COLD, 1_500.0);
    table.want(WARM, 100.0);
    println!("\nstatistics");
    table.print();
}
