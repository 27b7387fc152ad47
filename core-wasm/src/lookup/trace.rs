//! Keeps what a search looked at, in order, and what decided: for people who wonder about an answer.

use alloc::string::String;
use alloc::vec::Vec;

use contract::{DecidedBy, FileError, HeadVerdict, RowSeen, Step, ThreadRow};

/// Files of the long way through every head that are named one by one.
const NAMED: usize = 20;

/// A search under way.
#[derive(Debug, Default)]
pub struct Trace {
    /// What was looked at.
    pub steps: Vec<Step>,
    /// What decided so far.
    pub decided_by: DecidedBy,
    /// A file that bears the wanted id in its name and cannot be read, and why.
    pub(super) unreadable: Option<(String, FileError)>,
    /// Heads that the long way has named.
    named: usize,
}

impl Trace {
    pub(super) fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn row(&mut self, id: &str, handle: bool, row: Option<&ThreadRow>) {
        self.step(match row {
            _ if !handle => Step::WithoutRows,
            None => Step::NoRow(id.into()),
            Some(row) => Step::Row(RowSeen {
                thread: row.id.clone(),
                path: row.path.clone(),
                archived: row.archived,
                missing: row.missing,
            }),
        });
    }

    pub(super) fn head(&mut self, path: &str, verdict: &HeadVerdict) {
        self.step(Step::Head((path.into(), verdict.clone())));
    }

    /// Notes a head on the long way: what carries the id, and the first ones that keep to themselves what they carry.
    pub(super) fn one_of_all(&mut self, path: &str, verdict: &HeadVerdict) {
        match verdict {
            HeadVerdict::Matches => self.head(path, verdict),
            HeadVerdict::Unreadable(_) if self.named < NAMED => {
                self.named += 1;
                self.head(path, verdict);
            }
            _ => {}
        }
    }
}
