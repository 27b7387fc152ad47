//! Decides on the personality of a home whose threads are older than the setting.

use contract::PersonalityStep;

/// Says whether the personality is to be set.
pub fn decide_personality(marked: bool, chosen: bool, threads: bool) -> PersonalityStep {
    match (marked, chosen, threads) {
        (true, _, _) => PersonalityStep::DoneBefore,
        (_, true, _) => PersonalityStep::Chosen,
        (_, _, false) => PersonalityStep::NoThreads,
        (false, false, true) => PersonalityStep::Set,
    }
}
