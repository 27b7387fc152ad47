//! A program, asked on one home; its answers are kept by group.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;
use support::{Normalizer, Outcome, Program, record};

/// A program and what it has answered.
pub(crate) struct Interview<'a> {
    program: Program,
    normalizer: Normalizer,
    /// Makes ready for each run.
    before_each: Box<dyn Fn() + 'a>,
    groups: BTreeMap<&'static str, String>,
}

impl<'a> Interview<'a> {
    /// Begins one in a directory that is its own, with arguments that go before each question.
    pub(crate) fn begin(program: &Path, root: &Path, leading: &[&OsStr], before_each: Box<dyn Fn() + 'a>) -> Self {
        let program = Program::at(program.to_path_buf()).with(leading);
        let places = [(root, "/tmp/goldens"), (program.place(), "/tmp/elsewhere")];
        let places = places.map(|(place, name)| (place.to_str().unwrap().to_string(), name.to_string())).to_vec();
        Interview { program, normalizer: Normalizer::begin(places), before_each, groups: BTreeMap::new() }
    }

    /// Asks once, and keeps the answer in a group.
    pub(crate) fn ask(&mut self, group: &'static str, arguments: &[&str]) -> Outcome {
        (self.before_each)();
        let outcome = self.program.run(arguments);
        let end = match (outcome.code, outcome.signal) {
            (Some(code), _) => format!("exit {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or(0)),
        };
        let quoted = arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ");
        let [command, stdout, stderr] =
            [&quoted, &outcome.stdout, &outcome.stderr].map(|text| self.normalizer.normalize(text));
        self.groups.entry(group).or_default().push_str(&record(&command, &end, &stdout, &stderr));
        outcome
    }

    /// Asks for text and for JSON; the answer is the JSON, null where there is none.
    pub(crate) fn both(&mut self, group: &'static str, arguments: &[&str]) -> Value {
        self.ask(group, arguments);
        let outcome = self.ask(group, &[arguments, &["--json"]].concat());
        serde_json::from_str(&outcome.stdout).unwrap_or_default()
    }

    /// Asks for pages until there are no more, or so many.
    pub(crate) fn pages(&mut self, group: &'static str, arguments: &[&str], most: usize) -> Vec<Value> {
        let mut pages = vec![self.both(group, arguments)];
        while let Some(cursor) = next_cursor(&pages[pages.len() - 1]).filter(|_| pages.len() < most) {
            pages.push(self.both(group, &[arguments, &["--cursor", &cursor]].concat()));
        }
        pages
    }

    /// The answers by group.
    pub(crate) fn end(self) -> BTreeMap<&'static str, String> {
        self.groups
    }
}

fn next_cursor(page: &Value) -> Option<String> {
    page["nextCursor"].as_str().map(str::to_string)
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) { argument.into() } else { format!("{argument:?}") }
}
