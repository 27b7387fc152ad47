//! Reads what the host knows of rollouts out of its columns.

use alloc::vec::Vec;

use contract::{LimitReading, UsageRollouts, UsageThreads};

use super::copies::Threads;
use super::facts::RolloutUsage;
use super::limits::take_reading;

/// What is known of all rollouts.
pub(super) struct ReadUsage<'a> {
    /// Threads with their rollouts.
    pub(super) threads: Threads<'a>,
    /// The newest reading of each limit, newest first.
    pub(super) limits: Vec<LimitReading>,
    /// How many rollouts of threads that are counted could not be read.
    pub(super) unread: u64,
}

impl<'a> ReadUsage<'a> {
    /// Reads the columns.
    pub(super) fn of(threads: &'a UsageThreads, rollouts: &UsageRollouts) -> ReadUsage<'a> {
        let ids: Vec<&str> = texts(&threads.ids).collect();
        let origins = texts(&threads.origins).collect();
        let mut unread = 0;
        let mut by_thread: Vec<Vec<RolloutUsage>> = Vec::new();
        by_thread.resize_with(ids.len(), Vec::new);
        let mut limits: Vec<LimitReading> = Vec::new();
        let mut rest = rollouts.usages.as_slice();
        for ((&thread, path), &length) in rollouts.threads.iter().zip(texts(&rollouts.paths)).zip(&rollouts.lengths) {
            // What is not there was not read.
            let (usage, behind) = rest.split_at_checked(length as usize).unwrap_or_default();
            rest = behind;
            let Some(of_thread) = by_thread.get_mut(thread as usize) else { continue };
            match RolloutUsage::decode(usage) {
                Some(mut usage) => {
                    usage.is_compressed = path.ends_with(".zst");
                    usage.limits.drain(..).for_each(|reading| take_reading(&mut limits, reading));
                    of_thread.push(usage);
                }
                None => unread += u64::from(threads.counted.get(thread as usize) == Some(&true)),
            }
        }
        limits.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.limit.cmp(&b.limit)));
        ReadUsage { threads: Threads { ids, origins, rollouts: by_thread }, limits, unread }
    }
}

/// Returns the texts of a column, each followed by a NUL.
pub(super) fn texts(column: &str) -> impl Iterator<Item = &str> {
    column.split_terminator('\0')
}
