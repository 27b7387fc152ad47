//! A thread, as the protocol shows it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::contract::ThreadRow;
use threadkeep::platform::foreign_place::ForeignPlace;
use threadkeep::platform::home::Home;

use super::Section;
use super::own::OfListedThread;
use crate::error::{INTERNAL_ERROR, RpcError};

/// What stands for a directory of which nothing is known: the protocol wants an absolute path.
const UNKNOWN_DIRECTORY: &str = "/";

/// A thread.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thread {
    pub(crate) id: String,
    environments: Option<[Environment; 1]>,
    extra: Option<()>,
    session_id: String,
    pub(crate) forked_from_id: Option<String>,
    attached_to_thread_id: Option<()>,
    parent_thread_id: Option<String>,
    preview: String,
    ephemeral: bool,
    section: Option<Section>,
    section_entered_at: Option<i64>,
    project_id: Option<()>,
    history_mode: String,
    pub(crate) model_provider: String,
    pub(crate) model: Option<String>,
    reasoning_effort: Option<()>,
    created_at: i64,
    updated_at: i64,
    recency_at: i64,
    status: Status,
    path: Option<String>,
    pub(crate) cwd: String,
    cli_version: String,
    originator: Option<()>,
    source: Box<RawValue>,
    can_accept_direct_input: Option<bool>,
    thread_source: Option<()>,
    agent_nickname: Option<String>,
    agent_role: Option<String>,
    git_info: Option<GitInfo>,
    name: Option<String>,
    daybreak_enabled: Option<()>,
    pub(crate) turns: Vec<Box<RawValue>>,
    /// What was asked for that Codex's server does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    threadkeep: Option<OfListedThread>,
}

/// How a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Status {
    /// No client has it open.
    NotLoaded,
    /// A client has it open, and nothing is at work on it.
    Idle,
}

/// Where a thread that is open works.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    environment_id: &'static str,
    cwd: String,
    runtime_workspace_roots: [String; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GitInfo {
    sha: Option<String>,
    branch: Option<String>,
    origin_url: Option<String>,
}

/// What of a `SessionSource` says how a sub-agent is called.
#[derive(Default, Deserialize)]
struct Source {
    #[serde(rename = "subAgent")]
    sub_agent: Option<SubAgent>,
}

#[derive(Default, Deserialize)]
struct SubAgent {
    thread_spawn: Option<Agent>,
}

#[derive(Default, Deserialize)]
struct Agent {
    agent_nickname: Option<String>,
    agent_role: Option<String>,
}

impl Thread {
    /// Makes a thread of its row, without turns. `default_provider` stands where no rollout names one.
    ///
    /// # Errors
    ///
    /// Fails where the source is no JSON.
    pub(crate) fn new(row: ThreadRow, home: &Home, default_provider: &str, status: Status) -> Result<Thread, RpcError> {
        let not_json = |error: serde_json::Error| {
            RpcError::new(INTERNAL_ERROR, format!("the source of {} is no JSON: {error}", row.id))
        };
        let agent = serde_json::from_str::<Source>(&row.source).unwrap_or_default();
        let agent = agent.sub_agent.and_then(|agent| agent.thread_spawn).unwrap_or_default();
        // What is configured here says nothing of another program, and what that said stands in no file of a home.
        let program = ForeignPlace::of(&row.path).map(|place| place.program);
        let git_info = GitInfo { sha: row.git_sha, branch: row.git_branch, origin_url: row.git_origin_url };
        let is_known = git_info.sha.is_some() || git_info.branch.is_some() || git_info.origin_url.is_some();
        let source = RawValue::from_string(row.source).map_err(not_json)?;
        let cwd = row.last_cwd.or(row.cwd).unwrap_or_else(|| UNKNOWN_DIRECTORY.into());
        let environments = (status != Status::NotLoaded).then(|| {
            let runtime_workspace_roots = [cwd.clone()];
            [Environment { environment_id: "local", cwd: cwd.clone(), runtime_workspace_roots }]
        });
        Ok(Thread {
            session_id: row.id.clone(),
            id: row.id,
            environments,
            extra: None,
            forked_from_id: row.forked_from_id,
            attached_to_thread_id: None,
            parent_thread_id: row.parent_thread_id,
            preview: row.preview,
            ephemeral: false,
            section: None,
            section_entered_at: None,
            project_id: None,
            history_mode: row.history_mode,
            model_provider: row.model_provider.unwrap_or_else(|| program.unwrap_or(default_provider).into()),
            model: row.model,
            reasoning_effort: None,
            created_at: row.created_at.div_euclid(1000),
            updated_at: row.updated_at.div_euclid(1000),
            recency_at: row.recency_at.div_euclid(1000),
            status,
            path: program.is_none().then(|| home.absolute(&row.path).to_string_lossy().into_owned()),
            cwd,
            cli_version: row.cli_version.unwrap_or_default(),
            originator: None,
            source,
            can_accept_direct_input: None,
            thread_source: None,
            agent_nickname: agent.agent_nickname,
            agent_role: agent.agent_role,
            git_info: is_known.then_some(git_info),
            name: row.name,
            daybreak_enabled: None,
            turns: Vec::new(),
            threadkeep: None,
        })
    }

    /// Adds the section in which a user put it, and when, in seconds since the epoch.
    pub(crate) fn in_section(self, section: Option<Section>, since: Option<i64>) -> Thread {
        Thread { section, section_entered_at: since, ..self }
    }

    /// Says whether it is in a section.
    pub(crate) fn is_in_section(&self) -> bool {
        self.section.is_some()
    }

    /// Adds what was asked for that Codex's server does not know.
    pub(crate) fn with_own(self, own: OfListedThread) -> Thread {
        Thread { threadkeep: Some(own), ..self }
    }

    /// Adds its turns.
    pub(crate) fn with_turns(self, turns: Vec<Box<RawValue>>) -> Thread {
        Thread { turns, ..self }
    }
}
