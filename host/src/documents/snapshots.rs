//! Shell snapshots that are removed, and those that stay.

use schemars::JsonSchema;
use serde::Serialize;

use crate::features::shell_snapshots::{Fate, Snapshot};

/// What becomes of the entries of `shell_snapshots/`, each list in order of the names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShellSnapshots {
    /// The snapshots that are removed.
    pub items: Vec<ShellSnapshot>,
    /// The snapshots that stay because their threads are still worked at.
    pub kept: Vec<ShellSnapshot>,
    /// What is no snapshot of a thread, and is left alone.
    pub left: Vec<ShellSnapshot>,
    /// Whether anything is removed; false with `--dry-run`.
    pub removed: bool,
}

/// An entry of `shell_snapshots/`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShellSnapshot {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Why it is removed or stays.
    pub why: SnapshotFate,
}

/// Why an entry of `shell_snapshots/` is removed or stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotFate {
    /// It stays: its thread is being worked at.
    Active,
    /// It stays: its thread was written within the retention time.
    Fresh,
    /// It is removed: its thread has no rollout.
    Orphaned,
    /// It is removed: its thread was last written before the retention time.
    Expired,
    /// It is left alone: it is no snapshot, or a link, or a directory.
    Foreign,
}

impl ShellSnapshots {
    /// Makes the document of what becomes of every entry, and of whether that is done.
    pub fn new(plan: &[Snapshot], removed: bool) -> ShellSnapshots {
        let of = |wanted: fn(Fate) -> bool| {
            plan.iter().filter(|snapshot| wanted(snapshot.fate)).map(ShellSnapshot::from).collect()
        };
        ShellSnapshots {
            items: of(Fate::is_final),
            kept: of(|fate| matches!(fate, Fate::Active | Fate::Fresh)),
            left: of(|fate| fate == Fate::Foreign),
            removed,
        }
    }
}

impl From<&Snapshot> for ShellSnapshot {
    fn from(snapshot: &Snapshot) -> ShellSnapshot {
        ShellSnapshot {
            name: snapshot.name.clone(),
            size: snapshot.size,
            why: match snapshot.fate {
                Fate::Active => SnapshotFate::Active,
                Fate::Fresh => SnapshotFate::Fresh,
                Fate::Orphaned => SnapshotFate::Orphaned,
                Fate::Expired => SnapshotFate::Expired,
                Fate::Foreign => SnapshotFate::Foreign,
            },
        }
    }
}
