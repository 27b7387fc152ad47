//! Reading what was said and done in large threads.

use std::path::Path;
use std::sync::Arc;

use threadkeep::contract::Subject;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::Lookup;
use threadkeep_engine::Runtime;

use crate::homes::giants;
use crate::table::Table;

const EVERY: &str = "a thread of 21 MB, every turn";
const LAST: &str = "a thread of 3 MB, the last 20 turns";

/// Turns of two threads, found by their ids with the handle open.
pub(crate) fn turns(target: &Path, runs: usize) {
    let (dir, rollouts) = giants(target);
    // A name ends with the thread's id.
    let id = |number: usize| {
        let stem = rollouts[number].file_stem().unwrap().to_str().unwrap().to_owned();
        stem[stem.len() - 36..].to_owned()
    };
    let (long, large) = (id(0), id(2));
    let runtime = Runtime::load().unwrap();
    let home = Arc::new(Home::open(&dir, |_| None).unwrap());
    let (state, _) = startup::init(&runtime, &home, &Config::of(target.join("bench-state-turns"))).unwrap();
    let mut table = Table::default();
    for _ in 0..runs {
        table.time(EVERY, || {
            let mut lookup = Lookup::for_finding(&runtime, &home, Some(&state), drop);
            let mut transcript = lookup.transcript(Subject::Thread(large.clone())).unwrap();
            let (mut cursor, mut turns) = (None, 0);
            loop {
                let page = transcript.page(cursor.as_deref(), 0, false).unwrap();
                turns += page.turns.len();
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert!(turns > 300, "{turns}");
        });
        table.time(LAST, || {
            let mut lookup = Lookup::for_finding(&runtime, &home, Some(&state), drop);
            let mut transcript = lookup.transcript(Subject::Thread(long.clone())).unwrap();
            assert_eq!(transcript.page(None, 20, true).unwrap().turns.len(), 20);
        });
    }
    table.want(EVERY, 120.0);
    table.want(LAST, 5.0);
    println!("\nturns, with the handle open");
    table.print();
}
