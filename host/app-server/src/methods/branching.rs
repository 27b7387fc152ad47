//! Threads that go on from another history: forks, and threads that go back to an earlier turn.

use serde::{Deserialize, Serialize};
use threadkeep::contract::BranchRequest;

use super::living::{OpenedThread, SOURCE, started};
use super::reading::every_turn;
use super::turns::{first_item_cursor, page, turn_behind};
use super::{Answer, Call, MethodResult};
use crate::envelope::Notification;
use crate::error::RpcError;
use crate::protocol::{Direction, Thread, View};

/// What `thread/fork` is given, as far as it says anything here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkParams {
    thread_id: String,
    cwd: Option<String>,
    last_turn_id: Option<String>,
    before_turn_id: Option<String>,
    #[serde(default)]
    ephemeral: bool,
    #[serde(default)]
    attach_to_source: bool,
    #[serde(default)]
    exclude_turns: bool,
}

/// `thread/fork`: forks a new thread off a thread, after a turn or before one; all of its history where none is named.
pub(super) fn fork(call: &Call<'_>) -> MethodResult {
    let params: ForkParams = call.read()?;
    if params.ephemeral || params.attach_to_source {
        return Err(RpcError::invalid("this server keeps threads: a fork is neither ephemeral nor attached here"));
    }
    let found = call.find_own(&params.thread_id, "no rollout found for thread id {id}")?;
    let before_turn = match (params.last_turn_id, params.before_turn_id) {
        (Some(_), Some(_)) => return Err(RpcError::invalid("lastTurnId and beforeTurnId are mutually exclusive")),
        (Some(last), None) => turn_behind(&mut call.history(&found.row.id)?, &last)?,
        (None, before) => before,
    };
    let cwd = params.cwd.or(found.row.last_cwd).or(found.row.cwd);
    let id = call.threads.branch(&found.row.id, &request(call, before_turn, cwd, false))?;
    call.loaded.open(&id, call.connection);
    let thread = call.show(call.threads.find(&id, None)?.row)?;
    let notification = started(&thread)?;
    let turns = if params.exclude_turns { Vec::new() } else { every_turn(call, &id)? };
    Ok(Answer::of(&OpenedThread::new(thread.with_turns(turns)))?.telling_everyone(notification))
}

/// `thread/revert`: takes a thread back to where it stood before a turn. What came after stays in its older file.
pub(super) fn revert(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        before_turn_id: String,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        thread: Thread,
        turns_backwards_cursor: Option<String>,
        items_backwards_cursor: Option<String>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Reverted<'a> {
        thread_id: &'a str,
    }
    let params: Params = call.read()?;
    let found = call.find_own(&params.thread_id, "no rollout found for thread id {id}")?;
    // Its database says which file counts, and only a repair that was asked for changes that: two histories would grow side by side.
    if call.threads.is_known_to_codex(std::slice::from_ref(&found.row.id))? {
        let why = "Codex keeps in its database which file of this thread counts, and would go on with the one before; fork the \
                   thread before that turn instead";
        return Err(RpcError::invalid(why));
    }
    let id = call.threads.branch(&found.row.id, &request(call, Some(params.before_turn_id), None, true))?;
    let thread = call.show(call.threads.find(&id, None)?.row)?;
    let mut history = call.history(&id)?;
    let turns_backwards_cursor = page(&mut history, None, 1, Direction::Desc, View::NotLoaded)?.backwards_cursor;
    let items_backwards_cursor = first_item_cursor(&mut history)?;
    let answer = Answer::of(&Response { thread, turns_backwards_cursor, items_backwards_cursor })?;
    Ok(answer.telling_everyone(Notification::new("thread/reverted", &Reverted { thread_id: &id })?))
}

fn request(call: &Call<'_>, before_turn: Option<String>, cwd: Option<String>, reverts: bool) -> BranchRequest {
    BranchRequest {
        before_turn,
        reverts,
        cwd,
        source: SOURCE.into(),
        originator: call.client.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}
