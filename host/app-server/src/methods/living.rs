//! Threads that clients have open: opened, begun, added to, let go.
//!
//! An open thread is one that a client wants to hear of. Its writer lock is held only while something is written: a Codex that goes
//! on with the thread is never kept from it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use threadkeep::ErrorKind;
use threadkeep::contract::{Item, NewThread, RawRecord, ThreadRow};
use threadkeep::threads::store::{Resume, ThreadStore as _};

use super::reading::every_turn;
use super::threads::not_found;
use super::turns::{TurnsPage, first_item_cursor, page};
use super::{Answer, Call, MethodResult};
use crate::envelope::Notification;
use crate::error::RpcError;
use crate::protocol::{Direction, Status, Thread, View, page_length, thread_id};

/// What stands for a model of which nothing is known.
const UNKNOWN_MODEL: &str = "unknown";
/// The source of threads that clients of a server begin, as Codex writes it.
pub(super) const SOURCE: &str = "\"vscode\"";

/// What is told of a thread that is opened or begun. There is no model here, so nothing is ever approved or run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenedThread {
    thread: Thread,
    model: String,
    model_provider: String,
    service_tier: Option<()>,
    disabled_plugin_ids: [(); 0],
    cwd: String,
    runtime_workspace_roots: [String; 1],
    instruction_sources: [(); 0],
    approval_policy: &'static str,
    approvals_reviewer: &'static str,
    sandbox: Sandbox,
    active_permission_profile: Option<()>,
    reasoning_effort: Option<()>,
    multi_agent_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sandbox {
    #[serde(rename = "type")]
    kind: &'static str,
    network_access: bool,
}

impl OpenedThread {
    pub(super) fn new(thread: Thread) -> OpenedThread {
        OpenedThread {
            model: thread.model.clone().unwrap_or_else(|| UNKNOWN_MODEL.into()),
            model_provider: thread.model_provider.clone(),
            service_tier: None,
            disabled_plugin_ids: [],
            cwd: thread.cwd.clone(),
            runtime_workspace_roots: [thread.cwd.clone()],
            instruction_sources: [],
            approval_policy: "never",
            approvals_reviewer: "user",
            sandbox: Sandbox { kind: "readOnly", network_access: false },
            active_permission_profile: None,
            reasoning_effort: None,
            multi_agent_mode: "explicitRequestOnly",
            thread,
        }
    }
}

/// What `thread/resume` is given, as far as it says anything here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResumeParams {
    thread_id: String,
    path: Option<String>,
    #[serde(default)]
    exclude_turns: bool,
    initial_turns_page: Option<InitialPage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitialPage {
    limit: Option<u32>,
    sort_direction: Option<Direction>,
    items_view: Option<View>,
}

/// `thread/resume`: opens a thread for a client that wants to hear of it.
pub(super) fn resume(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        #[serde(flatten)]
        opened: OpenedThread,
        initial_turns_page: Option<TurnsPage>,
        turns_backwards_cursor: Option<String>,
        items_backwards_cursor: Option<String>,
    }
    let params: ResumeParams = call.read()?;
    let row = resumed_row(call, &params)?;
    let id = row.id.clone();
    let mut history = call.history(&id)?;
    let turns_backwards_cursor = page(&mut history, None, 1, Direction::Desc, View::NotLoaded)?.backwards_cursor;
    let items_backwards_cursor = first_item_cursor(&mut history)?;
    let initial_turns_page = match params.initial_turns_page {
        Some(InitialPage { limit, sort_direction, items_view }) => {
            let (direction, view) = (sort_direction.unwrap_or(Direction::Desc), items_view.unwrap_or(View::Summary));
            Some(page(&mut history, None, page_length(limit), direction, view)?)
        }
        None => None,
    };
    let turns = if params.exclude_turns { Vec::new() } else { every_turn(call, &id)? };
    let is_first = call.loaded.open(&id, call.connection);
    let thread = call.show(row)?.with_turns(turns);
    let opened = OpenedThread::new(thread);
    let answer = Answer::of(&Response { opened, initial_turns_page, turns_backwards_cursor, items_backwards_cursor })?;
    match is_first {
        true => Ok(answer.telling_everyone(status_changed(&id, Status::Idle)?)),
        false => Ok(answer),
    }
}

/// Finds what is to be opened: by a rollout, or by the id. What was put away is not.
fn resumed_row(call: &Call<'_>, params: &ResumeParams) -> Result<ThreadRow, RpcError> {
    let id = thread_id(&params.thread_id).map_err(|error| RpcError::invalid(format!("invalid session id: {error}")))?;
    let row = match &params.path {
        Some(path) => {
            let absent = format!("failed to resolve rollout path `{path}`: file does not exist");
            let told = |error: threadkeep::Error| match error.kind() {
                ErrorKind::InvalidInput if std::path::Path::new(path).exists() => RpcError::invalid(error.to_string()),
                ErrorKind::InvalidInput => RpcError::invalid(&*absent),
                _ => not_found(error, &absent),
            };
            let path = call.threads.rollout_path(std::path::Path::new(path)).map_err(told)?;
            call.threads.read(&threadkeep::contract::Subject::Rollout(path)).map_err(told)?.row
        }
        None => {
            let absent = format!("no rollout found for thread id {id}");
            call.threads.find_own(&id).map_err(|error| not_found(error, &absent))?.row
        }
    };
    match row.archived {
        true => Err(RpcError::invalid(format!(
            "session {0} is archived. Run `codex unarchive {0}` to unarchive it first.",
            row.id
        ))),
        false => Ok(row),
    }
}

/// Says how a thread stands now.
pub(super) fn status_changed(thread: &str, status: Status) -> Result<Notification, RpcError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Changed<'a> {
        thread_id: &'a str,
        status: Status,
    }
    Notification::new("thread/status/changed", &Changed { thread_id: thread, status })
}

/// What `thread/start` is given, as far as it says anything here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartParams {
    cwd: Option<String>,
    model: Option<String>,
    model_provider: Option<String>,
    base_instructions: Option<String>,
    ephemeral: Option<bool>,
}

/// `thread/start`: begins a thread, which is on disk as soon as something is added to it.
pub(super) fn start(call: &Call<'_>) -> MethodResult {
    let params: StartParams = call.read()?;
    if params.ephemeral == Some(true) {
        return Err(RpcError::invalid("this server keeps threads: an ephemeral one cannot begin here"));
    }
    let cwd = match params.cwd {
        Some(cwd) => cwd,
        None => {
            std::env::current_dir().ok().and_then(|cwd| Some(cwd.to_str()?.to_owned())).unwrap_or_else(|| "/".into())
        }
    };
    let new = NewThread {
        cwd: cwd.clone(),
        source: SOURCE.into(),
        originator: call.client.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        model_provider: params.model_provider.clone(),
        instructions: params.base_instructions,
        ..NewThread::default()
    };
    let store = call.threads.store();
    let id = store.create(new).map_err(threadkeep::Error::from)?;
    call.loaded.open(&id, call.connection);
    let now = jiff::Timestamp::now().as_millisecond();
    let path = store.path(&id).map_err(threadkeep::Error::from)?;
    let row = ThreadRow {
        path: call.threads.home().home_path_of(&path).unwrap_or_default(),
        id: id.clone(),
        cwd: Some(cwd),
        created_at: now,
        updated_at: now,
        recency_at: now,
        source: SOURCE.into(),
        source_kind: "vscode".into(),
        model: params.model,
        model_provider: params.model_provider,
        cli_version: Some(env!("CARGO_PKG_VERSION").into()),
        history_mode: "paginated".into(),
        ..ThreadRow::default()
    };
    let thread = call.show(row)?;
    let started = started(&thread)?;
    Ok(Answer::of(&OpenedThread::new(thread))?.telling_everyone(started))
}

/// Says that a thread began.
pub(super) fn started(thread: &Thread) -> Result<Notification, RpcError> {
    #[derive(Serialize)]
    struct Started<'a> {
        thread: &'a Thread,
    }
    Notification::new("thread/started", &Started { thread })
}

/// `thread/unsubscribe`: lets a thread go.
pub(super) fn unsubscribe(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
    }
    #[derive(Serialize)]
    struct Response {
        status: &'static str,
    }
    let Params { thread_id } = call.read()?;
    let id = call.id(&thread_id)?;
    if !call.loaded.is_open(&id) {
        return Answer::of(&Response { status: "notLoaded" });
    }
    let (had, is_last) = call.loaded.close(&id, call.connection);
    let answer = Answer::of(&Response { status: if had { "unsubscribed" } else { "notSubscribed" } })?;
    match is_last {
        true => {
            close(call.threads, &id);
            Ok(answer.telling_everyone(status_changed(&id, Status::NotLoaded)?))
        }
        false => Ok(answer),
    }
}

/// Closes a thread that was begun here and that nobody has open any more; one in which nothing was said leaves no trace.
pub(crate) fn close(threads: &threadkeep::Threadkeep, id: &str) {
    if let Err(error) = threads.store().shutdown(id)
        && threadkeep::Error::from(error).kind() != ErrorKind::Conflict
    {
        tracing::warn!(thread = id, "a thread that was begun here could not be written");
    }
}

/// `thread/inject_items`: adds items to what the model of a thread will see.
pub(super) fn inject(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        items: Vec<Box<RawValue>>,
    }
    #[derive(Serialize)]
    struct Done {}
    let Params { thread_id, items } = call.read()?;
    let id = call.id(&thread_id)?;
    if !call.loaded.is_open(&id) {
        return Err(RpcError::invalid(format!("thread not found: {id}")));
    }
    if items.is_empty() {
        return Err(RpcError::invalid("items must not be empty"));
    }
    for (at, item) in items.iter().enumerate() {
        check_item(item)
            .map_err(|why| RpcError::invalid(format!("items[{at}] is not a valid response item: {why}")))?;
    }
    let record =
        |item: Box<RawValue>| Item::Raw(RawRecord { kind: "response_item".into(), payload: item.get().into() });
    let records: Vec<Item> = items.into_iter().map(record).collect();
    let store = call.threads.store();
    let was_open = store.path(&id).is_ok();
    let failed = |error| RpcError::from(threadkeep::Error::from(error));
    if !was_open {
        store.resume(&Resume::Thread(id.clone())).map_err(failed)?;
    }
    let written = store.append_raw(&id, &records).and_then(|()| store.persist(&id));
    if !was_open {
        store.shutdown(&id).map_err(failed)?;
    }
    written.map_err(failed)?;
    Answer::of(&Done {})
}

/// Says what is wrong with an item of the Responses API, as far as it is told from its members.
fn check_item(item: &RawValue) -> Result<(), String> {
    let item: Value = serde_json::from_str(item.get()).map_err(|error| error.to_string())?;
    let kind = item.get("type").and_then(Value::as_str).ok_or("missing field `type`")?;
    let wanted: &[&str] = match kind {
        "message" => &["role", "content"],
        "reasoning" => &["summary"],
        "function_call" => &["name", "arguments", "call_id"],
        "function_call_output" | "custom_tool_call_output" => &["call_id", "output"],
        "custom_tool_call" => &["name", "input", "call_id"],
        _ => &[],
    };
    match wanted.iter().find(|member| item.get(**member).is_none()) {
        Some(member) => Err(format!("missing field `{member}`")),
        None => Ok(()),
    }
}

/// Says that something needs a model, of which this server has none; what was given stays with the client.
pub(super) fn needs_a_model(_: &Call<'_>) -> MethodResult {
    let why = "this needs a model, and this server only keeps threads; go on with the thread in `codex resume`, without --remote";
    Err(RpcError::new(crate::error::METHOD_NOT_FOUND, why))
}
