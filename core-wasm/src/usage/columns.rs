//! Reads what the host knows of rollouts out of its columns.
//!
//! What was used is a tenth as long as it is kept than it is when it is read, so it is read thread by thread, each time that somebody
//! asks for it.

use alloc::vec::Vec;
use core::ops::Range;

use contract::{LimitReading, UsageRollouts, UsageThreads};

use super::facts::RolloutUsage;
use super::limits::take_reading;

/// What is known of the rollouts of threads.
#[derive(Default)]
pub(super) struct KnownRollouts {
    usages: Vec<u8>,
    /// Those of each thread that can be read.
    of_threads: Vec<Vec<KnownRollout>>,
}

struct KnownRollout {
    place: Range<usize>,
    is_compressed: bool,
    has_keys: bool,
}

/// What is known of all rollouts.
pub(super) struct ReadUsage {
    /// The rollouts of each thread.
    pub(super) rollouts: KnownRollouts,
    /// The newest reading of each limit, newest first.
    pub(super) limits: Vec<LimitReading>,
    /// How many rollouts of threads that are counted could not be read.
    pub(super) unread: u64,
}

impl ReadUsage {
    /// Reads the columns.
    pub(super) fn of(threads: &UsageThreads, rollouts: UsageRollouts) -> ReadUsage {
        let mut unread = 0;
        let mut of_threads: Vec<Vec<KnownRollout>> = Vec::new();
        of_threads.resize_with(texts(&threads.ids).count(), Vec::new);
        let mut limits: Vec<LimitReading> = Vec::new();
        let mut begin = 0usize;
        for ((&thread, path), &length) in rollouts.threads.iter().zip(texts(&rollouts.paths)).zip(&rollouts.lengths) {
            let place = begin..begin.saturating_add(length as usize);
            begin = place.end;
            let Some(of_thread) = of_threads.get_mut(thread as usize) else { continue };
            // What is not there was not read.
            match rollouts.usages.get(place.clone()).and_then(RolloutUsage::decode) {
                Some(usage) => {
                    let (is_compressed, has_keys) = (path.ends_with(".zst"), usage.has_keys());
                    usage.limits.into_iter().for_each(|reading| take_reading(&mut limits, reading));
                    of_thread.push(KnownRollout { place, is_compressed, has_keys });
                }
                None => unread += u64::from(threads.counted.get(thread as usize) == Some(&true)),
            }
        }
        limits.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.limit.cmp(&b.limit)));
        ReadUsage { rollouts: KnownRollouts { usages: rollouts.usages, of_threads }, limits, unread }
    }
}

impl KnownRollouts {
    /// How many threads there are.
    pub(super) fn threads(&self) -> usize {
        self.of_threads.len()
    }

    /// Reads those of a thread.
    pub(super) fn of(&self, thread: usize) -> Vec<RolloutUsage> {
        self.known(thread).iter().filter_map(|known| self.read(known)).collect()
    }

    /// Reads those of a thread that have entries or turns that are known by the same key in every copy, with their numbers.
    pub(super) fn keyed(&self, thread: usize) -> impl Iterator<Item = (usize, RolloutUsage)> {
        let keyed = self.known(thread).iter().enumerate().filter(|(_, known)| known.has_keys);
        keyed.filter_map(|(number, known)| Some((number, self.read(known)?)))
    }

    fn known(&self, thread: usize) -> &[KnownRollout] {
        self.of_threads.get(thread).map(Vec::as_slice).unwrap_or_default()
    }

    fn read(&self, known: &KnownRollout) -> Option<RolloutUsage> {
        let usage = RolloutUsage::decode(self.usages.get(known.place.clone())?)?;
        Some(RolloutUsage { is_compressed: known.is_compressed, ..usage })
    }
}

/// Returns the texts of a column, each followed by a NUL.
pub(super) fn texts(column: &str) -> impl Iterator<Item = &str> {
    column.split_terminator('\0')
}
