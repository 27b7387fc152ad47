//! Prunes as data, and their journal, in `<state dir>/prunes/`: what was put away, for an undo.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use threadkeep_engine::contract::{PruneAction, ThreadRow};

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::line_journal::{Failure, LineJournal, RecordedLines, read_all};

const PLACE: &str = "prunes";

/// A thread that a plan is about.
#[derive(Clone, Debug)]
pub struct PrunedThread {
    /// Its row, as it was when the plan was made.
    pub row: ThreadRow,
    /// Why it is left, or was; none where the action is done.
    pub left: Option<String>,
    /// Whether it was to be done and failed.
    pub is_failed: bool,
}

/// Says what a prune would do, or did.
#[derive(Clone, Debug)]
pub struct PrunePlan {
    /// What is done.
    pub action: PruneAction,
    /// The threads, oldest first.
    pub threads: Vec<PrunedThread>,
    /// Its name in the journal; none where nothing was done.
    pub name: Option<String>,
}

/// Says what an undo brought back.
#[derive(Clone, Debug, Default)]
pub struct UndonePrune {
    /// The name of the prune in the journal.
    pub name: String,
    /// The threads that are what they were.
    pub restored: Vec<String>,
    /// Threads that could not be brought back, each with the reason.
    pub failed: Vec<(String, String)>,
    /// Threads that were deleted, which nothing brings back.
    pub deleted: Vec<String>,
}

/// The journal of prunes cannot be read or written at this path.
#[derive(Debug, thiserror::Error)]
#[error("the journal of prunes at {0} cannot be used: {1}")]
pub struct PruneJournalError(PathBuf, std::io::Error);

impl Classified for PruneJournalError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::of_io(&self.1)
    }
}

impl From<Failure> for PruneJournalError {
    fn from((path, error): Failure) -> PruneJournalError {
        PruneJournalError(path, error)
    }
}

/// Says what is about to be done with a thread: it is noted before, lest a kill between the two leave it out of an undo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Pruned {
    /// It went into the archive, with what it spawned.
    Archived {
        /// Its id.
        thread: String,
    },
    /// A rollout of it was stored smaller.
    Compressed {
        /// Its id.
        thread: String,
        /// The home path of the rollout's plain form.
        path: String,
    },
    /// It was deleted, with what it spawned.
    Deleted {
        /// Its id.
        thread: String,
    },
    /// It was not archived after all.
    Kept {
        /// Its id.
        thread: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Step(Pruned),
    Undone(String),
}

/// Holds the journal of one prune.
pub(crate) struct Journal {
    /// Number and time.
    pub(crate) name: String,
    file: LineJournal,
}

/// Says what a prune did, as its journal tells.
pub(crate) struct Recorded {
    /// Number and time.
    pub(crate) name: String,
    /// What was done, in that order.
    pub(crate) steps: Vec<Pruned>,
    lines: RecordedLines<Line>,
}

impl Journal {
    /// Begins the journal of a prune; it is on disk when this returns.
    pub(crate) fn begin(state_dir: &Path) -> Result<Journal, PruneJournalError> {
        let file = LineJournal::begin(state_dir, PLACE)?;
        Ok(Journal { name: file.name.clone(), file })
    }

    /// Notes what is done with a thread.
    pub(crate) fn append(&mut self, step: &Pruned) -> Result<(), PruneJournalError> {
        Ok(self.file.append(&Line::Step(step.clone()))?)
    }

    /// Gives the last prune that did something and was not taken back.
    pub(crate) fn last(state_dir: &Path) -> Result<Option<Recorded>, PruneJournalError> {
        let mut recorded = read_all::<Line>(state_dir, PLACE)?.into_iter().map(|lines| {
            let steps = lines.lines.iter().filter_map(|line| match line {
                Line::Step(step) => Some(step.clone()),
                Line::Undone(_) => None,
            });
            Recorded { name: lines.name.clone(), steps: steps.collect(), lines }
        });
        let is_undone = |recorded: &Recorded| recorded.lines.lines.iter().any(|line| matches!(line, Line::Undone(_)));
        Ok(recorded.rfind(|recorded| !recorded.steps.is_empty() && !is_undone(recorded)))
    }
}

impl Recorded {
    /// Notes that it was taken back.
    pub(crate) fn complete_undo(&self) -> Result<(), PruneJournalError> {
        let mut file = LineJournal::reopen(&self.lines)?;
        Ok(file.append(&Line::Undone(jiff::Timestamp::now().to_string()))?)
    }
}
