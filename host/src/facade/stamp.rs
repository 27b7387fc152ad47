//! The facade, what is given again: whether anything changed of which an answer about a thread was made.

use threadkeep_engine::contract::FileFacts;
use threadkeep_engine::imports::Rollouts as _;

use super::Threadkeep;

/// Shows whether anything changed of which an answer about a thread was made: two of the same thread are equal where nothing did.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadStamp {
    /// Which handle it was, what others wrote through theirs, and what was written through it.
    rows: (u64, u64, u64),
    rollout: FileFacts,
}

impl Threadkeep {
    /// Gives the stamp of the thread whose rollout is at this home path. None without a handle, and where the rollout cannot be
    /// looked at: then an answer is not to be given again. A stamp is taken before the answer is made.
    pub fn stamp(&self, path: &str) -> Option<ThreadStamp> {
        let (generation, state) = self.reader.numbered_state();
        let (by_others, by_this) = state?.database().versions().ok()?;
        let rollout = self.home().stat(path).ok()?;
        Some(ThreadStamp { rows: (generation, by_others, by_this), rollout })
    }
}
