//! What was pushed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Redaction;

/// What became of a push, or would.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Push {
    /// The place.
    pub destination: String,
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// Threads of which rows were sent.
    pub threads: u64,
    /// Threads of which the place has everything.
    pub unchanged: u64,
    /// Deletions that the place was told of.
    pub deleted: u64,
    /// Threads that the place is never to have.
    pub forgotten: u64,
    /// Threads that could not be read.
    pub failed: Vec<UnpushedThread>,
    /// Rows that were sent, by tables.
    pub rows: BTreeMap<String, u64>,
    /// New files.
    pub files: u64,
    /// Bytes of new files; with `--dry-run` those of the rows as JSON.
    pub bytes: u64,
    /// What was taken out.
    pub redactions: Vec<Redaction>,
    /// With `--dry-run` the first row of each table, as it would leave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<String>,
}

/// A thread that could not be read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UnpushedThread {
    /// Its id.
    pub id: String,
    /// Why, in words.
    pub error: String,
}

/// What became of a timer that pushes again and again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PushTimer {
    /// The timer's name.
    pub timer: String,
    /// Its units.
    pub files: Vec<String>,
    /// What became of it.
    pub state: TimerState,
    /// Why systemd did not do its part; none where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TimerState {
    /// Systemd runs it.
    Running,
    /// Its units are there, and systemd does not run it.
    Written,
    /// Its units are gone.
    Removed,
}
