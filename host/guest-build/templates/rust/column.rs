//! Adds a column that tells how old a thread is.

use std::collections::BTreeMap;

use threadkeep_plugin::column::{Cell, Column, Heading};
use threadkeep_plugin::{About, Result, ThreadId, clock, threads};

const DAY: i64 = 86_400_000;

pub struct Plugin;

impl Column for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Adds a column that tells how many days old a thread is.",
        wants: &["facts"],
    };

    fn headings() -> Vec<Heading> {
        vec![Heading { name: "{{name}}".to_owned(), title: "Days".to_owned(), right_aligned: true }]
    }

    fn cells(_heading: &str, threads: &[ThreadId]) -> Result<Vec<Cell>> {
        let created_at: BTreeMap<_, _> =
            threads::facts_of(threads)?.into_iter().map(|facts| (facts.id, facts.created_at)).collect();
        let cell = |id: &ThreadId| {
            let days = created_at.get(id).map(|at| (clock::now() - at) / DAY);
            Cell { text: days.map(|days| days.to_string()).unwrap_or_default(), score: days.map(|days| days as f64) }
        };
        Ok(threads.iter().map(cell).collect())
    }
}

threadkeep_plugin::column!(Plugin);

#[cfg(test)]
mod tests {
    use threadkeep_plugin::testing::{Home, Thread};

    use super::*;

    #[test]
    fn each_thread_has_a_cell() {
        let home = Home::new().at(3 * DAY).thread(Thread::new("t1", "A thread").with(|thread| thread.facts.created_at = DAY));
        let cells = home.ask(|| Plugin::cells("{{name}}", &["t1".to_owned(), "unknown".to_owned()])).unwrap();
        let texts: Vec<_> = cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts, ["2", ""]);
    }
}
