//! Columns that show how far a thread went: its turns, and how much it changed in files.

use threadkeep_plugin::column::{Cell, Column, Heading};
use threadkeep_plugin::threads::{self, Entry, Outcome};
use threadkeep_plugin::{About, Error, Result, ThreadId};

/// The plugin.
pub struct Extent;

impl Column for Extent {
    const ABOUT: About = About {
        name: "extent",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Shows how many turns a thread has, and how much it changed in files.",
        wants: &["history"],
    };

    fn headings() -> Vec<Heading> {
        let heading = |name: &str, title: &str| Heading { name: name.into(), title: title.into(), right_aligned: true };
        vec![heading("turns", "Turns"), heading("changed", "Changed")]
    }

    fn cells(heading: &str, threads: &[ThreadId]) -> Result<Vec<Cell>> {
        let cell = match heading {
            "turns" => turns,
            "changed" => changed,
            _ => return Err(Error::not_found()),
        };
        let cells = threads.iter().map(|thread| match measure(thread) {
            Ok(extent) => Ok(cell(&extent)),
            // It went between the list and now; every thread has a cell.
            Err(error) if error.is_not_found() => Ok(Cell { text: String::new(), score: None }),
            Err(error) => Err(error),
        });
        cells.collect()
    }
}

threadkeep_plugin::column!(Extent);

/// How far a thread went.
#[derive(Default)]
struct Measured {
    turns: u64,
    /// The last turn has no end.
    is_going_on: bool,
    /// Bytes of the patches that were applied.
    changed: u64,
}

fn measure(thread: &str) -> Result<Measured> {
    let mut measured = Measured::default();
    for entry in threads::history(thread)? {
        match entry? {
            Entry::Turn(turn) => {
                measured.turns += 1;
                measured.is_going_on = turn.outcome == Outcome::Unfinished;
            }
            // What was declined or failed changed nothing; of a long patch a part is left out of the text.
            Entry::Item(item) if item.kind == "fileChange" && item.outcome == Outcome::Completed => {
                measured.changed += item.text.len() as u64 + item.omitted;
            }
            Entry::Item(_) => {}
        }
    }
    Ok(measured)
}

fn turns(measured: &Measured) -> Cell {
    let going_on = if measured.is_going_on { "…" } else { "" };
    Cell { text: format!("{}{going_on}", measured.turns), score: Some(measured.turns as f64) }
}

fn changed(measured: &Measured) -> Cell {
    let bytes = measured.changed;
    let text = match bytes {
        0 => String::new(),
        1..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    Cell { text, score: Some(bytes as f64) }
}
