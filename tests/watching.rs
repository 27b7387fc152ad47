//! Watching: what happens in threads is told as it happens, once, and nothing is lost.

mod changes;
mod codex;
mod command;
mod idle;
mod model;
mod replaced;
mod states;
mod trouble;

use std::path::Path;
use std::time::{Duration, Instant};

use threadkeep::platform::home::Home;
use threadkeep::{Happening, Options, Threadkeep, Watch, WatchEvent};

/// How long what must come is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home, opened with a state DB elsewhere.
fn open(home: &Path, state: &Path) -> Threadkeep {
    let home = Home::open(home, |_| None).unwrap();
    Threadkeep::open(Options { state_dir: state.into(), ..Options::new(home) }).unwrap()
}

/// Waits until something is told that is looked for; gives all that was told until then.
#[track_caller]
fn until(watch: &Watch, mut is_it: impl FnMut(&str, &Happening) -> bool) -> Vec<(String, Happening)> {
    let (end, mut told) = (Instant::now() + PATIENCE, Vec::new());
    while Instant::now() < end {
        let mut found = false;
        for event in watch.next(Duration::from_millis(100)) {
            let WatchEvent::Thread(event) = event else { continue };
            found |= is_it(&event.thread, &event.happening);
            told.push((event.thread, event.happening));
        }
        if found {
            return told;
        }
    }
    panic!("not told: {told:#?} {:?}", watch.take_warnings());
}
