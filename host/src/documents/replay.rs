//! What a replay of a recording came to.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::replay::Replayed;

/// A recording that was run again with the same answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Replay {
    /// How many calls of the core it holds.
    pub calls: u64,
    /// How many answers of the home it holds.
    pub imports: u64,
}

impl From<Replayed> for Replay {
    fn from(replayed: Replayed) -> Replay {
        Replay { calls: replayed.calls, imports: replayed.imports }
    }
}
