//! Reads what several checks ask of what is known of a thread.

use contract::{ThreadFacts, ThreadFileFacts};

use crate::text::paths::is_compressed;

/// Returns the rollout that stands for the thread: the one that its row should name; where nobody knows that row, its
/// only one.
pub(super) fn place_of(facts: &ThreadFacts) -> Option<&str> {
    match (&facts.desired, &facts.files[..]) {
        (Some(row), _) => Some(row.path.as_str()).filter(|_| !row.missing),
        (None, [only]) => Some(&only.file.path),
        (None, _) => None,
    }
}

/// Says whether the history of a file begins in an earlier one of the same thread: what a revert leaves.
pub(super) fn continues(facts: &ThreadFacts, file: &ThreadFileFacts) -> bool {
    let base = file.report.as_ref().and_then(|report| report.base.as_ref());
    base.is_some_and(|base| base.thread == facts.id)
}

/// Returns the name of a rollout's plain form.
pub(super) fn plain(path: &str) -> &str {
    match is_compressed(path) {
        true => path.strip_suffix(".zst").unwrap_or(path),
        false => path,
    }
}

/// Says whether times in the thread's rollouts are written in no form of Codex's, so that what was made of them is not sure.
pub(super) fn has_odd_times(facts: &ThreadFacts) -> bool {
    facts.files.iter().any(|file| file.report.as_ref().is_some_and(|report| report.odd_times > 0))
}
