//! What became of changes of threads.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Thread, key_order};

/// Threads that were moved into the archive or back.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MovedThreads {
    /// What was asked for and could not be moved.
    pub failed: Vec<String>,
    /// The threads as they stand now, with the sub-agents that they spawned; each with its keys in alphabetical order.
    #[serde(serialize_with = "key_order::serialize")]
    #[schemars(with = "Vec<Thread>")]
    pub items: Vec<Thread>,
    /// The files that were moved, in that order; none for a thread that was there already.
    pub moved: Vec<MovedFile>,
}

/// A file that was moved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MovedFile {
    /// The absolute path where it was.
    pub from: String,
    /// The absolute path where it is.
    pub to: String,
}

/// Threads that were deleted, or would be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeletedThreads {
    /// The names of backups that still hold something of them, newest first.
    pub backups: Vec<String>,
    /// Whether they were deleted; false with `--dry-run`.
    pub deleted: bool,
    /// The absolute paths of their files.
    pub files: Vec<String>,
    /// The threads as they were last, each with its keys in alphabetical order.
    #[serde(serialize_with = "key_order::serialize")]
    #[schemars(with = "Vec<Thread>")]
    pub items: Vec<Thread>,
}
