//! Threads that are put away.

use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::threads::prune::{PrunePlan, UndonePrune as Undone};

/// What a prune did, or would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Prune {
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The threads, oldest first.
    pub items: Vec<PrunedThread>,
    /// Its name in the journal; null where nothing was done.
    pub prune: Option<String>,
}

/// A thread that is old enough.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PrunedThread {
    /// The thread's id.
    pub id: String,
    /// Why it is left; null where it is not.
    pub reason: Option<String>,
    /// What became of it.
    pub result: PruneResult,
    /// Its name, else the first user message.
    pub title: String,
    /// The time of its last record.
    pub updated_at: Time,
}

/// What became of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PruneResult {
    /// It is put away.
    Pruned,
    /// It stays as it was.
    Left,
    /// It was to be put away, and that failed.
    Failed,
}

/// A prune that was taken back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UndonePrune {
    /// Threads that were deleted, which nothing brings back.
    pub deleted: Vec<String>,
    /// Threads that could not be brought back.
    pub failed: Vec<FailedUndo>,
    /// The name of the prune in the journal.
    pub prune: String,
    /// The ids of the threads that are what they were.
    pub restored: Vec<String>,
}

/// A thread that could not be brought back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FailedUndo {
    /// The thread's id.
    pub id: String,
    /// Why.
    pub reason: String,
}

impl Prune {
    /// Makes the document of a plan, before or after it was done.
    pub fn new(plan: &PrunePlan, dry_run: bool) -> Prune {
        let items = plan.threads.iter().map(|thread| PrunedThread {
            id: thread.row.id.clone(),
            reason: thread.left.clone(),
            result: match &thread.left {
                None => PruneResult::Pruned,
                Some(_) if thread.is_failed => PruneResult::Failed,
                Some(_) => PruneResult::Left,
            },
            title: thread.row.title.clone(),
            updated_at: Time::from_millis(thread.row.updated_at),
        });
        Prune { dry_run, items: items.collect(), prune: plan.name.clone() }
    }

    /// Counts the threads of which this became.
    pub fn count(&self, result: PruneResult) -> usize {
        self.items.iter().filter(|item| item.result == result).count()
    }
}

impl From<Undone> for UndonePrune {
    fn from(undone: Undone) -> UndonePrune {
        let failed = |(id, reason)| FailedUndo { id, reason };
        UndonePrune {
            deleted: undone.deleted,
            failed: undone.failed.into_iter().map(failed).collect(),
            prune: undone.name,
            restored: undone.restored,
        }
    }
}
