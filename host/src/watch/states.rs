//! How threads stand: at work, waiting for a person, interrupted, or done.

use threadkeep_engine::calls::{ReadLastTurn, StateOf};
use threadkeep_engine::contract::{FileError, LastTurn, ThreadRow, ThreadState};
use threadkeep_engine::{Core, CoreError, Runtime};

use super::writers::{threads_with_lock_files, writer_facts};
use crate::platform::home::Home;
use crate::rollouts;
use std::sync::Arc;

/// Says how each of these threads stands, by the lock of its writer and the end of its rollout.
///
/// One whose rollout cannot be read is done, as far as anybody can tell.
pub(crate) fn states_of(
    runtime: &Runtime,
    home: &Arc<Home>,
    rows: &[ThreadRow],
) -> Result<Vec<ThreadState>, CoreError> {
    let mut core = Core::new(runtime, rollouts::imports(home));
    rows.iter()
        .map(|row| match core.call(&ReadLastTurn { path: row.path.clone() })? {
            Ok(last) => state_of(&mut core, home, &row.id, last),
            Err(_) => Ok(ThreadState::Done),
        })
        .collect()
}

/// Gives the ids of the threads whose writer is at work: those alone can be running or waiting.
pub(crate) fn threads_at_work(home: &Home) -> Vec<String> {
    threads_with_lock_files(home).into_iter().filter(|thread| writer_facts(home, thread).is_some()).collect()
}

/// Says how a thread stands, given its last turn.
pub(super) fn state_of(core: &mut Core, home: &Home, thread: &str, last: LastTurn) -> Result<ThreadState, CoreError> {
    if !last.is_open {
        return Ok(ThreadState::Done);
    }
    let writer = writer_facts(home, thread);
    core.call(&StateOf { last, writer })
}

/// Says how the last turn of a rollout stands.
pub(super) fn last_turn(core: &mut Core, path: &str) -> Result<Result<LastTurn, FileError>, CoreError> {
    core.call(&ReadLastTurn { path: path.into() })
}
