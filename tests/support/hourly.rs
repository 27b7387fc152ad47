//! Threads that tests call by numbers: each begins an hour after the one before.

use crate::{Rollout, millis, uuid7};

/// Gives a thread's id by its number; higher ones are later.
pub fn id(number: u64) -> String {
    uuid7(began(number), number)
}

/// Gives when a thread began, in milliseconds since the epoch.
pub fn began(number: u64) -> i64 {
    millis("2026-03-01T10:00:00.000Z") + number as i64 * 3_600_000
}

/// Begins a thread with a legacy history.
pub fn legacy(number: u64) -> Rollout {
    Rollout::legacy(&id(number)).at_millis(began(number))
}

/// Begins a thread with a paginated history.
pub fn paginated(number: u64) -> Rollout {
    Rollout::paginated(&id(number)).at_millis(began(number))
}
