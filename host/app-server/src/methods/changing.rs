//! Changes of threads: names, metadata, the archive, deletion; and what is done to the whole home.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use threadkeep::Cancellation;
use threadkeep::contract::Collection;
use threadkeep::threads::change::MetadataPatch;
use threadkeep::threads::compress::CompressOptions;

use super::living::status_changed;
use super::threads::not_found;
use super::{Answer, Call, MethodResult};
use crate::envelope::Notification;
use crate::error::{INVALID_PARAMS, RpcError};
use crate::protocol::{Status, Thread, thread_id};

/// Rollouts that were written within this time are not compressed.
const YOUNG: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An answer that says nothing but that it is done.
#[derive(Serialize)]
struct Done {}

/// What names a thread.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfThread {
    thread_id: String,
}

/// Tells every client of something that happened to a thread.
fn happened(answer: Answer, method: &'static str, thread: &str) -> MethodResult {
    let of = OfThread { thread_id: thread.to_owned() };
    Ok(answer.telling_everyone(Notification::new(method, &of)?))
}

/// `thread/name/set`: gives a thread a name.
pub(super) fn name(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        name: String,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Updated<'a> {
        thread_id: &'a str,
        thread_name: &'a str,
    }
    let Params { thread_id, name } = call.read()?;
    let name = name.trim();
    if name.is_empty() {
        return Err(RpcError::invalid("thread name must not be empty"));
    }
    let id = call.id(&thread_id)?;
    call.threads.name(&id, Some(name)).map_err(|error| no_rollout(error, &id))?;
    let updated = Updated { thread_id: &id, thread_name: name };
    Ok(Answer::of(&Done {})?.telling_everyone(Notification::new("thread/name/updated", &updated)?))
}

fn no_rollout(error: threadkeep::Error, id: &str) -> RpcError {
    not_found(error, &format!("no rollout found for thread id {id}"))
}

/// Reads the id of a thread, where Codex calls it that of a session.
fn session_id(given: &str) -> Result<String, RpcError> {
    thread_id(given).map_err(|error| RpcError::invalid(format!("invalid session id: {error}")))
}

/// `thread/archive`: puts a thread away, with the sub-agents that it spawned.
pub(super) fn archive(call: &Call<'_>) -> MethodResult {
    let OfThread { thread_id } = call.read()?;
    let id = session_id(&thread_id)?;
    call.threads.find(&id, Some(Collection::Active)).map_err(|error| no_rollout(error, &id))?;
    call.threads.archive(&id).map_err(|error| no_rollout(error, &id))?;
    happened(unloaded(call, Answer::of(&Done {})?, &id)?, "thread/archived", &id)
}

/// `thread/unarchive`: takes a thread back.
pub(super) fn unarchive(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Response {
        thread: Thread,
    }
    let OfThread { thread_id } = call.read()?;
    let id = session_id(&thread_id)?;
    let absent = |error| not_found(error, &format!("no archived rollout found for thread id {id}"));
    call.threads.find(&id, Some(Collection::Archived)).map_err(absent)?;
    call.threads.unarchive(&id).map_err(absent)?;
    let thread = call.show(call.threads.find(&id, None)?.row)?;
    happened(Answer::of(&Response { thread })?, "thread/unarchived", &id)
}

/// `thread/delete`: deletes a thread for good, with the sub-agents that it spawned; not while forks begin in it.
pub(super) fn delete(call: &Call<'_>) -> MethodResult {
    let OfThread { thread_id } = call.read()?;
    let id = call.id(&thread_id)?;
    let plan = call.threads.plan_delete(&id, false).map_err(|error| no_rollout(error, &id))?;
    call.threads.delete(&plan)?;
    happened(unloaded(call, Answer::of(&Done {})?, &id)?, "thread/deleted", &id)
}

/// Forgets that a thread is open; whoever had it open is told first.
fn unloaded(call: &Call<'_>, answer: Answer, id: &str) -> MethodResult {
    if !call.loaded.is_open(id) {
        return Ok(answer);
    }
    call.loaded.forget(id);
    Ok(answer.telling_everyone(status_changed(id, Status::NotLoaded)?))
}

/// What `thread/metadata/update` is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataParams {
    thread_id: String,
    git_info: Option<GitInfo>,
    project_id: Option<String>,
    daybreak_enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GitInfo {
    #[serde(deserialize_with = "present")]
    branch: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    origin_url: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    sha: Option<Option<String>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `thread/metadata/update`: corrects on what git commit and branch a thread began.
pub(super) fn metadata(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    struct Response {
        thread: Thread,
    }
    let params: MetadataParams = call.read()?;
    if params.git_info.is_none() && params.project_id.is_none() && params.daybreak_enabled.is_none() {
        return Err(RpcError::invalid("thread metadata update must include at least one field"));
    }
    if let Some(project) = params.project_id.filter(|project| !project.is_empty()) {
        return Err(RpcError::new(INVALID_PARAMS, format!("project not found: {project}")));
    }
    if params.daybreak_enabled.is_some() {
        return Err(RpcError::invalid("daybreakEnabled is not kept by this server; set it in Codex"));
    }
    let id = call.id(&params.thread_id)?;
    let row = match params.git_info {
        Some(git) => {
            let patch = patch(git)?;
            call.threads.patch(&id, &patch).map_err(|error| no_rollout(error, &id))?
        }
        // Nothing was in a project before.
        None => call.threads.find(&id, None).map_err(|error| no_rollout(error, &id))?.row,
    };
    Answer::of(&Response { thread: call.show(row)? })
}

fn patch(git: GitInfo) -> Result<MetadataPatch, RpcError> {
    let fields = [("branch", &git.branch), ("originUrl", &git.origin_url), ("sha", &git.sha)];
    if fields.iter().all(|(_, value)| value.is_none()) {
        return Err(RpcError::invalid("gitInfo must include at least one field"));
    }
    for (name, value) in fields {
        if value.as_ref().is_some_and(|value| value.as_deref().is_some_and(|value| value.trim().is_empty())) {
            return Err(RpcError::invalid(format!("gitInfo.{name} must not be empty")));
        }
    }
    let GitInfo { branch, origin_url, sha } = git;
    Ok(MetadataPatch { git_sha: sha, git_branch: branch, git_origin_url: origin_url, ..MetadataPatch::default() })
}

/// `thread/memoryMode/set`: says whether memories may be taken from a thread.
pub(super) fn memory_mode(call: &Call<'_>) -> MethodResult {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        thread_id: String,
        mode: Mode,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Mode {
        Enabled,
        Disabled,
    }
    let Params { thread_id, mode } = call.read()?;
    let id = call.id(&thread_id)?;
    let mode = match mode {
        Mode::Enabled => "enabled",
        Mode::Disabled => "disabled",
    };
    call.threads.set_memory_mode(&id, mode, false).map_err(|error| no_rollout(error, &id))?;
    Answer::of(&Done {})
}

/// `rollout/compress`: begins to store rollouts smaller that nobody has written for a week, and answers at once.
pub(super) fn compress(call: &Call<'_>) -> MethodResult {
    let threads = call.threads.cancellable(Cancellation::default());
    std::thread::spawn(move || match threads.compress(CompressOptions { older_than: YOUNG, dry_run: false }) {
        Ok(report) => tracing::info!(compressed = report.compressed.len(), "rollouts were compressed"),
        Err(error) => tracing::warn!("rollouts were not compressed: {error}"),
    });
    Answer::of(&Done {})
}

/// `server/diagnostics`: how much memory the server has, and how many threads are open.
pub(super) fn diagnostics(call: &Call<'_>) -> MethodResult {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Process {
        id: u32,
        resident_memory_bytes: Option<u64>,
        physical_footprint_bytes: Option<u64>,
    }
    #[derive(Serialize)]
    struct Gauge {
        name: &'static str,
        value: usize,
    }
    #[derive(Serialize)]
    struct Response {
        process: Process,
        gauges: [Gauge; 1],
    }
    let resident_memory_bytes = resident_memory();
    let process = Process { id: std::process::id(), resident_memory_bytes, physical_footprint_bytes: None };
    let gauges = [Gauge { name: "core.threads.live", value: call.loaded.ids().len() }];
    Answer::of(&Response { process, gauges })
}

/// Gives how many bytes of memory the process has; none where the system does not say.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
