//! What a rebuilt row of Codex's needs of a rollout.

use super::Retold;
use crate::ports::Rollouts;

/// Reads it.
pub fn retell<R: Rollouts>(_rollouts: &R, _path: &str) -> Option<Retold> {
    None
}
