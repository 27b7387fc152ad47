//! What a search looked at, in order, and which rule decided: for people who wonder about an answer.

use alloc::string::String;
use alloc::vec::Vec;

use crate::types::{NameClaim, ThreadRow};

/// Files of the long way through every head that are named one by one.
const NAMED: usize = 20;

/// `lookup.verdict`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Verdict {
    Carries,
    Other(String),
    Absent,
    Unreadable(String),
}

/// `lookup.evidence`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Evidence {
    WithoutRows,
    NoRow(String),
    Row { thread: String, path: String, archived: bool, missing: bool },
    Head { path: String, verdict: Verdict },
    Names { part: String, files: u32 },
    Recorded { thread: String, files: u32 },
    Unchanged,
    EveryHead { files: u32 },
    Claim(NameClaim),
    Candidates { wanted: String, threads: u32 },
}

/// `lookup.rule`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Rule {
    RowsFile,
    KnownFiles,
    EveryHead,
    UnverifiedRow,
    OtherCollection,
    Gone,
    NamedLast,
    Several,
    #[default]
    Nowhere,
}

/// A search under way.
#[derive(Debug, Default)]
pub struct Trail {
    /// What was looked at.
    pub steps: Vec<Evidence>,
    /// What decided so far.
    pub rule: Rule,
    /// Heads that the long way has named.
    named: usize,
}

impl Trail {
    pub(super) fn step(&mut self, step: Evidence) {
        self.steps.push(step);
    }

    pub(super) fn row(&mut self, id: &str, handle: bool, row: Option<&ThreadRow>) {
        self.step(match row {
            _ if !handle => Evidence::WithoutRows,
            None => Evidence::NoRow(id.into()),
            Some(row) => Evidence::Row {
                thread: row.id.clone(),
                path: row.path.clone(),
                archived: row.archived,
                missing: row.missing,
            },
        });
    }

    pub(super) fn head(&mut self, path: &str, verdict: &Verdict) {
        self.step(Evidence::Head { path: path.into(), verdict: verdict.clone() });
    }

    /// A head on the long way: what carries the id, and the first ones that keep to themselves what they carry.
    pub(super) fn one_of_all(&mut self, path: &str, verdict: &Verdict) {
        match verdict {
            Verdict::Carries => self.head(path, verdict),
            Verdict::Unreadable(_) if self.named < NAMED => {
                self.named += 1;
                self.head(path, verdict);
            }
            _ => {}
        }
    }
}
