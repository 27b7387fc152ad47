//! Whose threads may give memories, and who is extracting them.

use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::features::memories;

/// Whether memories may be taken from a thread.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MemoryMode {
    /// The mode: "enabled", "disabled" or "polluted"; null where nobody said.
    pub memory_mode: Option<String>,
    /// The thread's id.
    pub thread_id: String,
}

/// Threads whose memories may be extracted now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MemoryCandidates {
    /// The threads, newest first.
    pub items: Vec<MemoryCandidate>,
}

/// A thread whose memories may be extracted now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MemoryCandidate {
    /// The thread's id.
    pub thread_id: String,
    /// The time of its last record.
    pub updated_at: Time,
}

/// Threads that a worker has claimed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MemoryClaims {
    /// The claims, those of the newest threads first.
    pub items: Vec<MemoryClaim>,
}

/// A thread whose memories a worker alone may extract for a while.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MemoryClaim {
    /// The thread's id.
    pub thread_id: String,
    /// What the worker shows to renew, finish or fail the claim.
    pub token: String,
    /// When the claim ends by itself.
    pub until: Time,
    /// The time of the thread's last record, which `memory finish --up-to` is given when all of it was extracted.
    pub updated_at: Time,
}

/// A claim that was renewed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RenewedClaim {
    /// The thread's id.
    pub thread_id: String,
    /// When the claim ends by itself now.
    pub until: Time,
}

/// A claim that was given back after the work.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FinishedClaim {
    /// The thread's id.
    pub thread_id: String,
    /// The time up to which memories were extracted.
    pub up_to: Time,
}

/// A claim that was given back without the work.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FailedClaim {
    /// When the thread may be claimed again.
    pub retry_after: Time,
    /// The thread's id.
    pub thread_id: String,
}

impl From<&[(String, i64)]> for MemoryCandidates {
    /// Makes the document of ids of threads with the milliseconds of their last update.
    fn from(candidates: &[(String, i64)]) -> MemoryCandidates {
        let item = |(thread_id, updated_at): &(String, i64)| MemoryCandidate {
            thread_id: thread_id.clone(),
            updated_at: Time::from_millis(*updated_at),
        };
        MemoryCandidates { items: candidates.iter().map(item).collect() }
    }
}

impl From<&[memories::Claim]> for MemoryClaims {
    fn from(claims: &[memories::Claim]) -> MemoryClaims {
        let item = |claim: &memories::Claim| MemoryClaim {
            thread_id: claim.thread.clone(),
            token: claim.token.clone(),
            until: Time::from_millis(claim.until),
            updated_at: Time::from_millis(claim.updated_at),
        };
        MemoryClaims { items: claims.iter().map(item).collect() }
    }
}
