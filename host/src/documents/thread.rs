//! A thread.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep_engine::contract::{Provenance, ThreadRow};

use super::{PluginCell, Time};
use crate::features::marks::MarksInShort;
use crate::features::spawn_edges::{Edge, EdgeStatus};
use crate::platform::foreign_place::ForeignPlace;
use crate::platform::home::Home;

/// One thread: a conversation of a Codex home, and what is known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Thread {
    /// The thread's id, a UUID.
    pub id: String,
    /// What a user called the thread; null where nobody did.
    pub name: Option<String>,
    /// Who gave the name; null exactly where there is none.
    pub name_source: Option<NameSource>,
    /// What stands for the conversation in a list: its first user message, for a fork its parent's. It may be empty.
    pub preview: String,
    /// The name, else the first user message.
    pub title: String,
    /// The absolute path of the rollout whose view this is: the newest one, where the thread has several. Of a thread of another
    /// program, its place in the state DB, which is no file's.
    pub path: String,
    /// The other program whose thread it is, by the name of what reads its files; absent where it is Codex's. Nothing of such a
    /// thread can be changed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Present, and true, where that program's own files of it are gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub source_gone: bool,
    /// The tags that users gave it, in their order. It is absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Present, and true, where a user pinned it here; what Codex has pinned is not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// How many notes users wrote beside it and beside its turns. It is absent where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub note_count: u64,
    /// Whether the rollout stands among the archived ones.
    pub archived: bool,
    /// The working directory in which the thread began; null where no record says it.
    pub cwd: Option<String>,
    /// Where that directory is now. It is absent unless `relocate` was told that the directory moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_cwd: Option<String>,
    /// The working directory of the last turn.
    pub last_cwd: Option<String>,
    /// When the thread was created, as its first rollout says.
    pub created_at: Time,
    /// The time of its last record.
    pub updated_at: Time,
    /// When its last turn began.
    pub recency_at: Time,
    /// Codex's `SessionSource`: a text like "cli", or an object for sub-agents.
    pub source: Box<RawValue>,
    /// Codex's `ThreadSourceKind` of that source, as `list --source` takes it.
    pub source_kind: String,
    /// The model provider; the home's configured one where the rollout names none.
    pub model_provider: Option<String>,
    /// The model of the last turn.
    pub model: Option<String>,
    /// The version of the Codex that began the rollout.
    pub cli_version: Option<String>,
    /// The git branch on which the thread began.
    pub git_branch: Option<String>,
    /// The git commit on which the thread began.
    pub git_sha: Option<String>,
    /// The URL of the git remote `origin`.
    pub git_origin_url: Option<String>,
    /// How many tokens were used, by the last count in the newest rollout; null where nothing was counted.
    pub tokens_used: Option<i64>,
    /// The thread that spawned this one as a sub-agent.
    pub parent_thread_id: Option<String>,
    /// The thread from which this one was forked.
    pub forked_from_id: Option<String>,
    /// How the rollout keeps its history: "legacy" or "paginated".
    pub history_mode: String,
    /// Whether memories may be taken from the thread: "enabled", "disabled" or "polluted"; null where nobody said.
    pub memory_mode: Option<String>,
    /// Present, and true, where no rollout of the thread is on disk any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Present, and true, where secrets were made unreadable in the rollout before it came here by `import`. It is absent unless
    /// `read` found the mark.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// The thread's place among sub-agents. It is absent unless `read` found any with a state DB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawn_edges: Option<SpawnEdges>,
    /// How it stands. It is absent unless that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// What plugins say of it, by the names of their columns. It is absent unless columns were asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, PluginCell>,
    /// The directory of the home that has it. It is absent unless several homes were read as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// The directories of the other homes that have it too. It is absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_in_homes: Vec<String>,
}

/// How a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Somebody is at work on it.
    Running,
    /// It is worked on, and a person is asked something.
    Waiting,
    /// Its last turn never ended, and nobody is at work on it.
    Interrupted,
    /// Its last turn is over.
    Done,
}

/// Who gave a thread its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NameSource {
    /// Another program, whose thread it is.
    Program,
    /// The `session_index.jsonl` that Codex writes.
    SessionIndex,
    /// Codex's own database.
    CodexDb,
    /// The user, by the command `name`.
    User,
}

/// The thread that spawned a thread, and those that it spawned.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SpawnEdges {
    /// The threads that it spawned.
    pub children: Vec<SpawnEdge>,
    /// The thread that spawned it; null where none did.
    pub parent: Option<SpawnEdge>,
}

/// A thread at the other end of a spawning.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SpawnEdge {
    /// The thread's id.
    pub id: String,
    /// How the spawning stands.
    pub status: SpawnStatus,
}

/// How a spawning stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SpawnStatus {
    /// The sub-agent is still at it.
    Open,
    /// The sub-agent has ended.
    Closed,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Thread {
    /// Makes the document from the thread's row. `current_cwd` is where its directory is now, if that moved.
    ///
    /// An error is a source that is not JSON.
    pub fn new(row: ThreadRow, home: &Home, current_cwd: Option<String>) -> Result<Thread, serde_json::Error> {
        let path = home.absolute(&row.path).to_string_lossy().into_owned();
        Thread::at(path, row, current_cwd)
    }

    /// Makes the document from what a server says of a thread, whose path is that of the server's machine.
    ///
    /// An error is a source that is not JSON.
    pub fn of_server(row: ThreadRow) -> Result<Thread, serde_json::Error> {
        Thread::at(row.path.clone(), row, None)
    }

    fn at(path: String, row: ThreadRow, current_cwd: Option<String>) -> Result<Thread, serde_json::Error> {
        let place = ForeignPlace::of(&row.path);
        let source_gone = place.is_some_and(|place| place.is_gone);
        let program = place.map(|place| place.program.to_owned());
        Ok(Thread {
            id: row.id,
            program,
            source_gone,
            name: row.name,
            name_source: row.name_source.map(NameSource::from),
            preview: row.preview,
            title: row.title,
            path,
            tags: Vec::new(),
            pinned: false,
            note_count: 0,
            archived: row.archived,
            cwd: row.cwd,
            current_cwd,
            last_cwd: row.last_cwd,
            created_at: Time::from_millis(row.created_at),
            updated_at: Time::from_millis(row.updated_at),
            recency_at: Time::from_millis(row.recency_at),
            source: RawValue::from_string(row.source)?,
            source_kind: row.source_kind,
            model_provider: row.model_provider,
            model: row.model,
            cli_version: row.cli_version,
            git_branch: row.git_branch,
            git_sha: row.git_sha,
            git_origin_url: row.git_origin_url,
            tokens_used: row.tokens_used,
            parent_thread_id: row.parent_thread_id,
            forked_from_id: row.forked_from_id,
            history_mode: row.history_mode,
            memory_mode: row.memory_mode,
            missing: row.missing,
            redacted: false,
            spawn_edges: None,
            state: None,
            columns: BTreeMap::new(),
            home: None,
            also_in_homes: Vec::new(),
        })
    }

    /// Adds what users put on it.
    pub fn with_marks(self, marks: MarksInShort) -> Thread {
        Thread { tags: marks.tags, pinned: marks.pinned, note_count: marks.notes, ..self }
    }

    /// Adds the home that has it, and the others that have it too.
    pub fn of_home(self, home: String, also_in_homes: Vec<String>) -> Thread {
        Thread { home: Some(home), also_in_homes, ..self }
    }

    /// Adds how it stands.
    pub fn with_state(self, state: State) -> Thread {
        Thread { state: Some(state), ..self }
    }

    /// Adds what plugins say of it, by the names of their columns.
    pub fn with_columns(self, columns: BTreeMap<String, PluginCell>) -> Thread {
        Thread { columns, ..self }
    }

    /// Adds whether secrets were made unreadable in it before it came here.
    pub fn with_redaction(self, redacted: bool) -> Thread {
        Thread { redacted, ..self }
    }

    /// Adds the thread that spawned it and those that it spawned, if there are any.
    pub fn with_spawn_edges(self, parent: Option<Edge>, children: Vec<Edge>) -> Thread {
        if parent.is_none() && children.is_empty() {
            return self;
        }
        let parent = parent.map(|edge| SpawnEdge { id: edge.parent, status: edge.status.into() });
        let child = |edge: Edge| SpawnEdge { id: edge.child, status: edge.status.into() };
        let children = children.into_iter().map(child).collect();
        Thread { spawn_edges: Some(SpawnEdges { children, parent }), ..self }
    }
}

impl From<Provenance> for NameSource {
    fn from(source: Provenance) -> NameSource {
        match source {
            Provenance::Program => NameSource::Program,
            Provenance::SessionIndex => NameSource::SessionIndex,
            Provenance::CodexDb => NameSource::CodexDb,
            Provenance::User => NameSource::User,
        }
    }
}

impl From<EdgeStatus> for SpawnStatus {
    fn from(status: EdgeStatus) -> SpawnStatus {
        match status {
            EdgeStatus::Open => SpawnStatus::Open,
            EdgeStatus::Closed => SpawnStatus::Closed,
        }
    }
}
