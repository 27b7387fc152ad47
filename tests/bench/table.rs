//! Times by what took them, and the table of their medians.

use std::time::Instant;

/// How long `work` takes, in milliseconds.
pub(crate) fn millis<T>(work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    let _ = work();
    began.elapsed().as_secs_f64() * 1e3
}

/// Rows in the order in which they were first noted.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

struct Row {
    what: &'static str,
    times: Vec<f64>,
    /// What the median must not exceed.
    most: Option<f64>,
}

impl Table {
    /// Measures `work` and notes the time under `what`.
    pub(crate) fn time<T>(&mut self, what: &'static str, work: impl FnOnce() -> T) {
        self.note(what, millis(work));
    }

    /// Notes what was measured otherwise, in milliseconds.
    pub(crate) fn note(&mut self, what: &'static str, time: f64) {
        match self.0.iter_mut().find(|row| row.what == what) {
            Some(row) => row.times.push(time),
            None => self.0.push(Row { what, times: vec![time], most: None }),
        }
    }

    /// Says what the median of a row must not exceed, in milliseconds.
    pub(crate) fn want(&mut self, what: &'static str, most: f64) {
        if let Some(row) = self.0.iter_mut().find(|row| row.what == what) {
            row.most = Some(most);
        }
    }

    /// The median of a row, in milliseconds; not a number where there is no such row.
    pub(crate) fn median(&self, what: &str) -> f64 {
        self.0.iter().find(|row| row.what == what).map_or(f64::NAN, Row::median)
    }

    /// Prints every row, with what is wanted where that was said.
    pub(crate) fn print(&self) {
        println!("  {:>9}  {:>9}  {:>9}  {:>9}  ms", "min", "median", "max", "wanted");
        for row in &self.0 {
            let min = row.times.iter().copied().fold(f64::INFINITY, f64::min);
            let max = row.times.iter().copied().fold(0.0, f64::max);
            let wanted = row.most.map_or(String::new(), |most| format!("<= {most:.1}"));
            let verdict = if row.most.is_some_and(|most| row.median() > most) { "  MISSED" } else { "" };
            println!("  {min:>9.2}  {:>9.2}  {max:>9.2}  {wanted:>9}  {}{verdict}", row.median(), row.what);
        }
    }
}

impl Row {
    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}
