//! Messages that wait for their turn in a thread. They are kept in the state DB; Codex has a queue of its own and does not see them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use threadkeep::features::queue::QueuedMessage;

use super::living::needs_a_model;
use super::threads::not_found;
use super::{Answer, Call, MethodResult};
use crate::envelope::{Notification, raw};
use crate::error::{INTERNAL_ERROR, RpcError};
use crate::protocol::page_length;

/// What a message is kept as.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    client_user_message_id: String,
    input: Vec<Value>,
    responsesapi_client_metadata: Option<Map<String, Value>>,
}

/// A message that waits.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueuedSubmission {
    id: String,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneSubmission {
    queued_submission: QueuedSubmission,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed<'a> {
    thread_id: &'a str,
}

/// Finds the thread of a queue: its id.
fn thread(call: &Call<'_>, given: &str) -> Result<String, RpcError> {
    Ok(call.find_own(given, "thread not found: {id}")?.row.id)
}

/// Makes what is shown of what is kept.
fn shown(message: QueuedMessage) -> Result<QueuedSubmission, RpcError> {
    let content = serde_json::from_str(&message.content).map_err(|error| {
        RpcError::new(INTERNAL_ERROR, format!("the message {} in the queue cannot be read: {error}", message.id))
    })?;
    Ok(QueuedSubmission { id: message.id, content })
}

/// Tells every client that the queue of a thread is another one now.
fn changed(answer: Answer, thread: &str) -> MethodResult {
    Ok(answer.telling_everyone(Notification::new("thread/queue/changed", &Changed { thread_id: thread })?))
}

/// `thread/queue/add`: puts a message behind all others of a thread.
pub(super) fn add(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        #[serde(flatten)]
        content: Content,
    }
    let Params { thread_id, content } = call.read()?;
    let thread = thread(call, &thread_id)?;
    let message = call.threads.queue_message(&thread, raw(&content)?.get().into())?;
    changed(Answer::of(&OneSubmission { queued_submission: shown(message)? })?, &thread)
}

/// `thread/queue/list`: what waits in a thread.
pub(super) fn list(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        cursor: Option<String>,
        limit: Option<u32>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        data: Vec<QueuedSubmission>,
        next_cursor: Option<String>,
    }
    let Params { thread_id, cursor, limit } = call.read()?;
    let mut waiting = call.threads.queued_messages(&thread(call, &thread_id)?)?;
    if let Some(cursor) = cursor {
        let at = waiting.iter().position(|message| message.id == cursor);
        waiting.drain(..=at.ok_or_else(|| RpcError::invalid(format!("invalid cursor: {cursor}")))?);
    }
    let length = page_length(limit);
    let next_cursor = (waiting.len() > length).then(|| waiting[length - 1].id.clone());
    waiting.truncate(length);
    Answer::of(&Response { data: waiting.into_iter().map(shown).collect::<Result<_, _>>()?, next_cursor })
}

/// `thread/queue/update`: changes what a message says.
pub(super) fn update(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        queued_submission_id: String,
        input: Vec<Value>,
        responsesapi_client_metadata: Option<Map<String, Value>>,
    }
    let params: Params = call.read()?;
    let (thread, id) = (thread(call, &params.thread_id)?, params.queued_submission_id);
    let absent = format!("queued submission not found: {id}");
    let waiting = call.threads.queued_messages(&thread)?;
    let before = waiting.into_iter().find(|message| message.id == id);
    let before = before.ok_or_else(|| RpcError::invalid(absent.clone()))?;
    let mut content = shown(before)?.content;
    content.input = params.input;
    if let Some(metadata) = params.responsesapi_client_metadata.filter(|metadata| !metadata.is_empty()) {
        content.responsesapi_client_metadata = Some(metadata);
    }
    let message = QueuedMessage { id, content: raw(&content)?.get().into() };
    call.threads.update_queued_message(&thread, &message).map_err(|error| not_found(error, &absent))?;
    changed(Answer::of(&OneSubmission { queued_submission: shown(message)? })?, &thread)
}

/// `thread/queue/delete`: takes a message away.
pub(super) fn delete(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        queued_submission_id: String,
    }
    #[derive(Serialize)]
    struct Response {
        deleted: bool,
    }
    let Params { thread_id, queued_submission_id } = call.read()?;
    let thread = thread(call, &thread_id)?;
    let deleted = call.threads.delete_queued_message(&thread, &queued_submission_id)?;
    let answer = Answer::of(&Response { deleted })?;
    if deleted { changed(answer, &thread) } else { Ok(answer) }
}

/// `thread/queue/reorder`: puts all messages of a thread into another order.
pub(super) fn reorder(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        queued_submission_ids: Vec<String>,
    }
    #[derive(Serialize)]
    struct Done {}
    let Params { thread_id, queued_submission_ids } = call.read()?;
    let thread = thread(call, &thread_id)?;
    call.threads.reorder_queue(&thread, &queued_submission_ids)?;
    changed(Answer::of(&Done {})?, &thread)
}

/// `thread/queue/start`: needs a model; what waits stays where it is.
pub(super) fn start(call: &Call<'_>) -> MethodResult {
    needs_a_model(call)
}
