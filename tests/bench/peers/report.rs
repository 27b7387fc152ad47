//! What the programs took, by question: as a table and as JSON.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::homes::Ground;
use crate::table::millis;

pub(super) const OWN: &str = "Threadkeep";

/// All times, in the order in which they first came.
pub(super) struct Report {
    pub(super) rollouts: usize,
    pub(super) bytes: u64,
    home: String,
    cells: Vec<Cell>,
    versions: BTreeMap<String, String>,
    absent: BTreeMap<String, String>,
}

/// What one program took for one question.
pub(super) struct Cell {
    pub(super) question: &'static str,
    pub(super) who: String,
    times: Vec<f64>,
}

impl Cell {
    /// The median, in milliseconds.
    pub(super) fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    fn bounds(&self) -> (f64, f64) {
        let least = self.times.iter().copied().fold(f64::INFINITY, f64::min);
        (least, self.times.iter().copied().fold(0.0, f64::max))
    }
}

impl Report {
    pub(super) fn new(ground: &Ground) -> Report {
        Report {
            rollouts: ground.rollouts(),
            bytes: ground.bytes,
            home: ground.home.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            cells: Vec::new(),
            versions: BTreeMap::from([(OWN.to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            absent: BTreeMap::new(),
        }
    }

    pub(super) fn version(&mut self, who: &str, version: &str) {
        self.versions.insert(who.to_owned(), version.to_owned());
    }

    /// Says that a program is not measured, and why; once.
    pub(super) fn absent(&mut self, who: &str, why: &str) {
        if self.absent.insert(who.to_owned(), why.to_owned()).is_none() {
            println!("  {who} is absent: {why}");
        }
    }

    pub(super) fn is_absent(&self, who: &str) -> bool {
        self.absent.contains_key(who)
    }

    pub(super) fn time<T>(&mut self, question: &'static str, who: &str, work: impl FnOnce() -> T) {
        let time = millis(work);
        self.note(question, who, time);
    }

    pub(super) fn note(&mut self, question: &'static str, who: &str, time: f64) {
        match self.cells.iter_mut().find(|cell| cell.question == question && cell.who == who) {
            Some(cell) => cell.times.push(time),
            None => self.cells.push(Cell { question, who: who.to_owned(), times: vec![time] }),
        }
    }

    /// The questions, and for each what every program took.
    pub(super) fn questions(&self) -> Vec<(&'static str, Vec<&Cell>)> {
        let mut questions: Vec<(&'static str, Vec<&Cell>)> = Vec::new();
        for cell in &self.cells {
            match questions.iter_mut().find(|(question, _)| *question == cell.question) {
                Some((_, cells)) => cells.push(cell),
                None => questions.push((cell.question, vec![cell])),
            }
        }
        questions
    }

    /// How many times what Threadkeep takes for the same question; none of the limits.
    pub(super) fn ratio(&self, cell: &Cell) -> Option<f64> {
        let own = self.cells.iter().find(|own| own.question == cell.question && own.who == OWN)?;
        Some(cell.median() / own.median())
    }

    pub(super) fn print(&self) {
        for (question, cells) in self.questions() {
            println!("\n{question}");
            println!("  {:>10}  {:>10}  {:>10}  {:>8}  ms", "min", "median", "max", "ratio");
            for cell in cells {
                let (least, most) = cell.bounds();
                let ratio = self.ratio(cell).map_or(String::new(), |ratio| format!("{ratio:.2}"));
                println!("  {least:>10.1}  {:>10.1}  {most:>10.1}  {ratio:>8}  {}", cell.median(), cell.who);
            }
        }
        for (who, why) in &self.absent {
            println!("  {who} is absent: {why}");
        }
    }

    pub(super) fn json(&self) -> String {
        let results: Vec<Value> = self
            .cells
            .iter()
            .map(|cell| {
                let (least, most) = cell.bounds();
                json!({"question": cell.question, "program": cell.who, "medianMs": cell.median(), "minMs": least,
                       "maxMs": most, "runs": cell.times.len(), "ratio": self.ratio(cell)})
            })
            .collect();
        let home = json!({"name": self.home, "rollouts": self.rollouts, "bytes": self.bytes});
        let report = json!({"date": today(), "home": home, "versions": self.versions, "absent": self.absent,
                            "results": results});
        serde_json::to_string_pretty(&report).unwrap() + "\n"
    }
}

/// `2026-03-01`
pub(super) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    support::rfc3339(now.as_millis() as i64)[..10].to_owned()
}
