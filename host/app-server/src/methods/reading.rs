//! Threads, read one by one.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::ErrorKind;
use threadkeep::contract::Subject;
use threadkeep::threads::lookup::Transcript;

use super::threads::not_found;
use super::{Answer, Call, MethodResult};
use crate::error::RpcError;
use crate::protocol::{ConversationSummary, SummaryParams, Thread, Turn, View, page_length};

/// What `thread/read` is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadParams {
    thread_id: String,
    #[serde(default)]
    include_turns: bool,
}

/// `thread/read`: a thread, with all its turns where that is asked.
pub(super) fn read(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        thread: Thread,
        read_state: Option<()>,
    }
    let params: ReadParams = call.read()?;
    let answer = |thread: Thread| Answer::of(&Response { thread, read_state: None });
    let id = call.id(&params.thread_id)?;
    if params.include_turns {
        let mut history = call.history(&id)?;
        let thread = call.show(history.found().row.clone())?;
        return answer(thread.with_turns(turns_of(&mut history)?));
    }
    let before = match call.kept.get(call.threads, &id, call.loaded.is_open(&id)) {
        Ok(kept) => return Ok(Answer::with(kept)),
        Err(before) => before,
    };
    let found = call.find(&id, "thread not loaded: {id}")?;
    let path = found.row.path.clone();
    let thread = call.show(found.row)?;
    // How a section is called stands in Codex's database alone.
    let may_be_kept = found.verified && !thread.is_in_section();
    let made = answer(thread)?;
    if may_be_kept {
        call.kept.keep(&id, path, before, &made.result);
    }
    Ok(made)
}

/// Gives all turns of a thread, oldest first.
pub(super) fn every_turn(call: &Call<'_>, thread: &str) -> Result<Vec<Box<RawValue>>, RpcError> {
    turns_of(&mut call.history(thread)?)
}

fn turns_of(history: &mut Transcript) -> Result<Vec<Box<RawValue>>, RpcError> {
    let (mut turns, mut cursor) = (Vec::new(), None);
    loop {
        let page = history.page(cursor.as_deref(), 0, false).map_err(threadkeep::Error::from)?;
        for turn in page.turns {
            turns.push(crate::envelope::raw(&Turn::read(&turn)?.seen(View::Full)?)?);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(turns);
        }
    }
}

/// `getConversationSummary`: a thread in short, by its id or by a rollout.
pub(super) fn summary(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Response {
        summary: ConversationSummary,
    }
    let found = match call.read()? {
        SummaryParams::Conversation { conversation_id } => {
            call.find(&conversation_id, "no rollout found for conversation id {id}")?
        }
        SummaryParams::Rollout { rollout_path } => {
            let absent = format!("failed to resolve rollout path `{rollout_path}`: file does not exist");
            let told = |error: threadkeep::Error| match error.kind() {
                ErrorKind::InvalidInput if Path::new(&rollout_path).exists() => RpcError::invalid(error.to_string()),
                ErrorKind::InvalidInput => RpcError::invalid(&*absent),
                _ => not_found(error, &absent),
            };
            let path = call.threads.rollout_path(Path::new(&rollout_path)).map_err(told)?;
            call.threads.read(&Subject::Rollout(path)).map_err(told)?
        }
    };
    let summary = ConversationSummary::new(found.row, call.threads.home(), call.threads.default_provider())?;
    Answer::of(&Response { summary })
}

/// `thread/loaded/list`: the threads that clients have open.
pub(super) fn loaded(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    struct Params {
        cursor: Option<String>,
        limit: Option<u32>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        data: Vec<String>,
        next_cursor: Option<String>,
    }
    let Params { cursor, limit } = call.read()?;
    let mut data = call.loaded.ids();
    if let Some(cursor) = cursor {
        data.retain(|id| *id > cursor);
    }
    let length = limit.map_or(data.len(), |limit| page_length(Some(limit)));
    let next_cursor = (data.len() > length).then(|| data[length - 1].clone());
    data.truncate(length);
    Answer::of(&Response { data, next_cursor })
}
