//! The personality of a home whose threads are older than the setting.

/// `keeping.personality-step`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Step {
    DoneBefore,
    Chosen,
    NoThreads,
    Set,
}

/// `keeping.personality`
pub fn decide(marked: bool, chosen: bool, threads: bool) -> Step {
    match (marked, chosen, threads) {
        (true, _, _) => Step::DoneBefore,
        (_, true, _) => Step::Chosen,
        (_, _, false) => Step::NoThreads,
        (false, false, true) => Step::Set,
    }
}
