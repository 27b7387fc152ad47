//! Judges shell snapshots: `<thread id>.sh`, or `<thread id>.<n>.sh` where a thread has had several.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{RolloutAge, SnapshotVerdict};

use crate::text::paths::canonical_id;

/// Returns the thread whose snapshot a file of this name is.
pub fn snapshot_thread(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".sh")?;
    let (id, number) = stem.split_once('.').map_or((stem, None), |(id, number)| (id, Some(number)));
    let numbered = number.is_none_or(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()));
    canonical_id(id).filter(|canonical| numbered && canonical == id)
}

/// Says what becomes of each file among the snapshots.
pub fn judge_snapshots(
    names: &[String],
    rollouts: &[RolloutAge],
    active: &[String],
    retention: i64,
    now: i64,
) -> Vec<SnapshotVerdict> {
    let active: Vec<String> = active.iter().filter_map(|id| canonical_id(id)).collect();
    // The newest rollout of each thread. One that could not be read counts for the thread that its name tells.
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    for rollout in rollouts {
        let thread = rollout.thread.clone().or_else(|| named_after(&rollout.path));
        if let Some(thread) = thread {
            let known = newest.entry(thread).or_insert(i64::MIN);
            *known = rollout.modified.max(*known);
        }
    }
    let verdict = |name: &String| match snapshot_thread(name) {
        None => SnapshotVerdict::Foreign,
        Some(thread) if active.contains(&thread) => SnapshotVerdict::Active,
        Some(thread) => match newest.get(&thread) {
            None => SnapshotVerdict::Orphaned,
            Some(modified) if now.saturating_sub(*modified) < retention => SnapshotVerdict::Fresh,
            Some(_) => SnapshotVerdict::Expired,
        },
    };
    names.iter().map(verdict).collect()
}

/// The id in the name of a rollout: the first one that stands in it.
fn named_after(path: &str) -> Option<String> {
    const LENGTH: usize = 36;
    let name = path.rsplit('/').next()?;
    let ends = name.len().checked_sub(LENGTH)?;
    (0..=ends).find_map(|at| name.get(at..at + LENGTH).and_then(canonical_id))
}
