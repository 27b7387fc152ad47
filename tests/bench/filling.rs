//! Bringing the index of what was said up to date: one large thread that grows, and one whose size has no bounds.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use support::{Collection, Program, Rollout, giant_thread};
use threadkeep::platform::home::Home;
use threadkeep::{Options, StateAccess, Threadkeep};

use crate::table::Table;

const ID: &str = "019ca8a0-0000-7000-8000-000000000001";
const GROWN: &str = "20 MB and 20 messages more: the index, in process";
const ROWS: &str = "the same: the rows, in process";
const GROWN_PROCESS: &str = "the same: a search, as a process";
/// What filling may have resident, in MB.
const MOST: f64 = 96.0;

/// Measures both; `full` is a thread of 2 GB.
pub(crate) fn filling(target: &Path, runs: usize, full: bool) {
    growing(target, runs);
    giant(target, if full { 2_000_000_000 } else { 300_000_000 });
}

fn words(seed: usize, count: usize) -> String {
    (0..count).map(|word| format!("w{:05} ", (seed * 7_919 + word * 104_729) % 60_013)).collect()
}

fn growing(target: &Path, runs: usize) {
    let place = tempfile::tempdir_in(target).unwrap();
    let (home, state) = (place.path().join("home"), place.path().join("state"));
    let output = "a line of output\n".repeat(1_100);
    let mut talk = Rollout::legacy(ID).user("a long story");
    for turn in 0..950 {
        talk = talk.user("go on").command("make", &output, 0).agent(&words(turn, 200));
    }
    let path = talk.write(&home, Collection::Active);
    let megabytes = path.metadata().unwrap().len() as f64 / 1e6;
    let program = Program::on(&home, &state);
    program.run(["init"]).well();
    let options = Options {
        access: StateAccess::Existing,
        state_dir: state.clone(),
        ..Options::new(Home::open(&home, |_| None).unwrap())
    };
    let threadkeep = Threadkeep::open(options).unwrap();
    let mut table = Table::default();
    let mut seed = 10_000;
    let mut grow = || {
        let mut file = File::options().append(true).open(&path).unwrap();
        for _ in 0..20 {
            seed += 1;
            let said = words(seed, 60);
            let payload = format!(r#"{{"type":"agent_message","message":"{said}"}}"#);
            writeln!(file, r#"{{"timestamp":"2026-03-02T10:00:00.000Z","type":"event_msg","payload":{payload}}}"#)
                .unwrap();
        }
    };
    for _ in 0..runs * 3 {
        grow();
        table.time(ROWS, || threadkeep.refresh().unwrap());
        table.time(GROWN, || assert_eq!(threadkeep.update_text_index().unwrap(), 1));
        grow();
        table.time(GROWN_PROCESS, || program.run(["search", "--in", "messages", "nowhere"]).ended(3));
    }
    table.want(GROWN, 30.0);
    println!("\na thread of {megabytes:.0} MB that grows");
    table.print();
}

fn giant(target: &Path, bytes: u64) {
    for paginated in [false, true] {
        let place = tempfile::tempdir_in(target).unwrap();
        let home = place.path().join("home");
        giant_thread(&home, ID, paginated, 100 << 20, bytes);
        let watched = Program::on(&home, &place.path().join("state")).watched();
        let filled = watched.run(["init"]).well();
        let found = watched.run(["--json", "search", "ostrich OR zephyrine"]).well();
        assert_eq!(found.json()["total"], 1);
        for (peak, what) in [(filled.peak_kib, "init"), (found.peak_kib, "search")] {
            let peak = peak as f64 / 1024.0;
            let missed = if peak > MOST { "  MISSED" } else { "" };
            let form = if paginated { "paginated" } else { "legacy" };
            println!("  {peak:>7.1} MB  <= {MOST:.0}  {what}, one {form} thread of {} MB{missed}", bytes / 1_000_000);
        }
    }
}
