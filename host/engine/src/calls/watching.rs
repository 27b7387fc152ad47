//! Calls about what happens in threads.

use crate::contract::{
    FileError, FileFacts, FollowedTurns, LastTurn, SeenThread, ThreadChange, ThreadState, WriterFacts,
};
use crate::recording::bytes;

super::call::calls! {
    /// `watching.follow`
    Follow "watching.follow" { file: FileFacts, #[serde(with = "bytes")] state: Vec<u8>, known: u64 } -> Result<FollowedTurns, FileError>: |call, instance| {
        instance.exports.threadkeep_core_watching().call_follow(&mut instance.store, &call.file, &call.state, call.known)
    };
    /// `watching.read-last-turn`
    ReadLastTurn "watching.read-last-turn" { path: String } -> Result<LastTurn, FileError>: |call, instance| {
        instance.exports.threadkeep_core_watching().call_read_last_turn(&mut instance.store, &call.path)
    };
    /// `watching.state-of`
    StateOf "watching.state-of" { last: LastTurn, writer: Option<WriterFacts> } -> ThreadState: |call, instance| {
        instance.exports.threadkeep_core_watching().call_state_of(&mut instance.store, &call.last, call.writer)
    };
    /// `watching.compare`
    CompareThreads "watching.compare" { before: Option<SeenThread>, now: Option<SeenThread> } -> Vec<ThreadChange>: |call, instance| {
        instance.exports.threadkeep_core_watching().call_compare(&mut instance.store, call.before.as_ref(), call.now.as_ref())
    };
}
