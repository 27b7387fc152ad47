//! Project directories that moved.

use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::features::moved_directories::RecordedMove;
use crate::threads::moved_directories::MoveCheck;

/// A directory that moved, and what speaks for it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RelocatedDirectory {
    /// The absolute path where threads were recorded.
    pub from: String,
    /// Whether something is still there.
    pub from_exists: bool,
    /// The URL of the git remote `origin` at the new place; null where none is told.
    pub origin: Option<String>,
    /// The origins that the threads recorded.
    pub origins: Vec<RecordedOrigin>,
    /// Whether the move was stored now; false with `--dry-run`, and where it was known already.
    pub relocated: bool,
    /// How many of the threads recorded the origin of the new place.
    pub same_origin: u64,
    /// How many threads belong to the old place or to what was below it.
    pub threads: u64,
    /// The absolute path where the directory is now.
    pub to: String,
    /// Whether there is a directory.
    pub to_exists: bool,
}

/// An origin that threads recorded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RecordedOrigin {
    /// How many threads did.
    pub threads: u64,
    /// The URL of the git remote `origin`.
    pub url: String,
}

/// Moves of directories that are known, or one that was taken back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DirectoryMoves {
    /// The moves.
    pub items: Vec<DirectoryMove>,
}

/// A move of a directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DirectoryMove {
    /// When it was told.
    pub at: Time,
    /// The absolute path where threads were recorded.
    pub from: String,
    /// The absolute path where the directory is now.
    pub to: String,
}

impl RelocatedDirectory {
    /// Makes the document of a move with what speaks for it, and whether it was stored.
    pub fn new(from: &str, to: &str, check: &MoveCheck, relocated: bool) -> RelocatedDirectory {
        let MoveCheck { from_exists, to_exists, origin, threads, same_origin, origins } = check;
        let recorded = |(url, threads): (&String, &u64)| RecordedOrigin { threads: *threads, url: url.clone() };
        RelocatedDirectory {
            from: from.into(),
            from_exists: *from_exists,
            origin: origin.clone(),
            origins: origins.iter().map(recorded).collect(),
            relocated,
            same_origin: *same_origin,
            threads: *threads,
            to: to.into(),
            to_exists: *to_exists,
        }
    }
}

impl From<&[RecordedMove]> for DirectoryMoves {
    fn from(moves: &[RecordedMove]) -> DirectoryMoves {
        let item = |told: &RecordedMove| DirectoryMove {
            at: Time::from_millis(told.at),
            from: told.from.clone(),
            to: told.to.clone(),
        };
        DirectoryMoves { items: moves.iter().map(item).collect() }
    }
}
