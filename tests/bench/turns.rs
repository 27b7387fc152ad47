//! Reading what was said and done in large threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::{Collection, Rollout};
use threadkeep::contract::Subject;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::Lookup;
use threadkeep_engine::Runtime;

use crate::table::Table;

const LARGE: &str = "019ca8a0-0000-7000-8000-000000000021";
const LONG: &str = "019ca8a0-0000-7000-8000-000000000300";

const EVERY: &str = "a thread of 21 MB, every turn";
const LAST: &str = "a thread of 300 turns and 3 MB, the last 20";

/// Turns of two threads, found by their ids with the handle open.
pub(crate) fn turns(target: &Path, runs: usize) {
    let dir = large_threads(target);
    let runtime = Runtime::load().unwrap();
    let home = Arc::new(Home::open(&dir, |_| None).unwrap());
    let (state, _) = startup::init(&runtime, &home, &Config::of(target.join("bench-state-turns"))).unwrap();
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(EVERY, || {
            let mut lookup = Lookup::for_finding(&runtime, &home, Some(&state)).unwrap();
            let mut transcript = lookup.transcript(Subject::Thread(LARGE.into())).unwrap();
            let (mut cursor, mut turns) = (None, 0);
            loop {
                let page = transcript.page(cursor.as_deref(), 0, false).unwrap();
                turns += page.turns.len();
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(turns, 600);
        });
        table.time(LAST, || {
            let mut lookup = Lookup::for_finding(&runtime, &home, Some(&state)).unwrap();
            let mut transcript = lookup.transcript(Subject::Thread(LONG.into())).unwrap();
            assert_eq!(transcript.page(None, 20, true).unwrap().turns.len(), 20);
        });
    }
    table.want(EVERY, 120.0);
    table.want(LAST, 5.0);
    println!("\nturns, with the handle open");
    table.print();
}

/// A home of two threads, one of 600 turns and 21 MB, one of 300 and 3 MB.
fn large_threads(target: &Path) -> PathBuf {
    let home = target.join("bench-home-turns");
    if !home.exists() {
        let begun = home.with_extension("begun");
        std::fs::remove_dir_all(&begun).unwrap_or_default();
        for (id, turns, commands, output) in [(LARGE, 600, 4, 2_070), (LONG, 300, 1, 1_900)] {
            let thread = Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/home/robin/src/app");
            let line = "test module::case ... ok\n\t\"quoted\" and größer\n";
            let printed: String = line.chars().cycle().take(output).collect();
            let thread = (0..turns).fold(thread, |thread, turn| {
                (0..commands)
                    .fold(thread.user(&format!("turn {turn}")), |thread, _| {
                        thread.reasoning("**Looking** at the table").command("cargo test --all", &printed, 0)
                    })
                    .agent(&"Every row of the table is right. ".repeat(20))
                    .minutes(1)
            });
            thread.write(&begun, Collection::Active);
        }
        std::fs::rename(&begun, &home).unwrap();
    }
    home
}
