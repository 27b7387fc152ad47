//! Shell snapshots: `<thread id>.sh`, or `<thread id>.<n>.sh` where a thread has had several.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::paths::canonical_id;

/// `keeping.rollout-age`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Rollout {
    pub path: String,
    pub thread: Option<String>,
    pub modified: i64,
}

/// `keeping.snapshot-fate`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Fate {
    Foreign,
    Active,
    Fresh,
    Orphaned,
    Expired,
}

/// The thread whose snapshot a file of this name is.
pub fn thread_of(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".sh")?;
    let (id, number) = stem.split_once('.').map_or((stem, None), |(id, number)| (id, Some(number)));
    let numbered = number.is_none_or(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()));
    canonical_id(id).filter(|canonical| numbered && canonical == id)
}

/// `keeping.sweep-snapshots`
pub fn sweep(names: &[String], rollouts: &[Rollout], active: &[String], retention: i64, now: i64) -> Vec<Fate> {
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
    let fate = |name: &String| match thread_of(name) {
        None => Fate::Foreign,
        Some(thread) if active.contains(&thread) => Fate::Active,
        Some(thread) => match newest.get(&thread) {
            None => Fate::Orphaned,
            Some(modified) if now.saturating_sub(*modified) < retention => Fate::Fresh,
            Some(_) => Fate::Expired,
        },
    };
    names.iter().map(fate).collect()
}

/// The id in the name of a rollout: the first one that stands in it.
fn named_after(path: &str) -> Option<String> {
    const LENGTH: usize = 36;
    let name = path.rsplit('/').next()?;
    let ends = name.len().checked_sub(LENGTH)?;
    (0..=ends).find_map(|at| name.get(at..at + LENGTH).and_then(canonical_id))
}
