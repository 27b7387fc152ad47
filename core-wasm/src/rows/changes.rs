//! Says what became of a thread between two looks, and how it stands.

use alloc::vec;
use alloc::vec::Vec;

use contract::{LastTurn, SeenThread, ThreadChange, ThreadState, WriterFacts};

/// Says how a thread stands, given its last turn, and its writer if somebody holds the lock.
///
/// A question may be whether something may be done. That it may is written nowhere; a process that the writer started since tells.
pub fn state_of(last: &LastTurn, writer: Option<&WriterFacts>) -> ThreadState {
    match (last.is_open, writer, &last.question) {
        (false, _, _) => ThreadState::Done,
        (true, None, _) => ThreadState::Interrupted,
        (true, Some(_), None) => ThreadState::Running,
        (true, Some(_), Some(question)) if question.wants_answer => ThreadState::Waiting,
        (true, Some(writer), Some(question)) => match writer.newest_child {
            Some(started) if started >= question.asked_at => ThreadState::Running,
            _ => ThreadState::Waiting,
        },
    }
}

/// Says what became of a thread, in order; none where it is not there.
pub fn compare(before: Option<&SeenThread>, now: Option<&SeenThread>) -> Vec<ThreadChange> {
    let (before, now) = match (before, now) {
        (None, None) => return Vec::new(),
        (Some(_), None) => return vec![ThreadChange::Deleted],
        (None, Some(now)) => {
            let state = (now.state != ThreadState::Done).then_some(ThreadChange::State(now.state));
            let archived = now.archived.then_some(ThreadChange::Archived);
            let named = now.name.is_some().then(|| ThreadChange::Renamed(now.name.clone()));
            return [Some(ThreadChange::Appeared), archived, named, state].into_iter().flatten().collect();
        }
        (Some(before), Some(now)) => (before, now),
    };
    let mut changes = Vec::new();
    if before.archived != now.archived {
        changes.push(if now.archived { ThreadChange::Archived } else { ThreadChange::Unarchived });
    }
    if before.name != now.name {
        changes.push(ThreadChange::Renamed(now.name.clone()));
    }
    if before.state != now.state {
        changes.push(ThreadChange::State(now.state));
    }
    changes
}
