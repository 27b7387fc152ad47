//! What stands in a home beside its rollouts: configuration, names, Codex's own database.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rusqlite::{Connection, params};

use super::{Collection, Form, Rollout, Step};
use crate::time::rfc3339;

/// A `config.toml` with this model provider.
pub fn config(home: &Path, provider: &str) {
    let text = format!(
        "model = \"gpt-5-codex\"\nmodel_provider = \"{provider}\"\n\n[model_providers.{provider}]\n\
         name = \"{provider}\"\nbase_url = \"http://127.0.0.1:9/v1\"\nwire_api = \"responses\"\n"
    );
    fs::create_dir_all(home).unwrap();
    fs::write(home.join("config.toml"), text).unwrap();
}

/// Names a thread as Codex does, by a line at the end of `session_index.jsonl`.
pub fn name_thread(home: &Path, id: &str, name: &str, at: i64) {
    let line = obj! { "id": id, "thread_name": name, "updated_at": rfc3339(at) };
    let mut index = fs::OpenOptions::new().create(true).append(true).open(home.join("session_index.jsonl")).unwrap();
    writeln!(index, "{}", line.0).unwrap();
}

/// A Codex database of 0.169, as far as threads go, kept open as a running Codex would.
pub struct CodexDb {
    connection: Connection,
}

impl CodexDb {
    /// Creates `state_5.sqlite` in the home. With `wal` its newest rows stay in a write-ahead log.
    pub fn create(home: &Path, wal: bool) -> Self {
        let connection = Connection::open(home.join("state_5.sqlite")).unwrap();
        if wal {
            connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;").unwrap();
        }
        connection.execute_batch(THREADS).unwrap();
        CodexDb { connection }
    }

    /// Adds a thread, with the name that a user gave, if any. A legacy thread keeps its name as its title.
    pub fn thread(&self, home: &Path, of: &Rollout, collection: Collection, name: Option<&str>) {
        let first = of.steps.iter().find_map(|step| match step {
            Step::User { text, .. } if !text.is_empty() => Some(text.as_str()),
            _ => None,
        });
        let first = first.unwrap_or_default();
        let (mode, title, name) = match of.form {
            Form::Paginated => ("paginated", first, name),
            _ => ("legacy", name.unwrap_or(first), None),
        };
        let path = home.join(of.place(collection));
        let (branch, sha, url) = of.git.clone().map_or((None, None, None), |(b, s, u)| (Some(b), Some(s), Some(u)));
        self.connection
            .execute(
                "INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd, title,
                 sandbox_policy, approval_mode, archived, git_sha, git_branch, git_origin_url, first_user_message,
                 preview, history_mode, name, created_at_ms, updated_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '{}', 'on-request', ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, ?16, ?17)",
                params![
                    of.id,
                    path.to_string_lossy(),
                    of.at / 1000,
                    of.last_at() / 1000,
                    of.source.trim_matches('"'),
                    of.provider,
                    of.cwd,
                    title,
                    collection == Collection::Archived,
                    sha,
                    branch,
                    url,
                    first,
                    mode,
                    name,
                    of.at,
                    of.last_at()
                ],
            )
            .unwrap();
    }

    /// The connection, to make rows lie.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

const THREADS: &str = "
CREATE TABLE threads (
    id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    source TEXT NOT NULL, model_provider TEXT NOT NULL, cwd TEXT NOT NULL, title TEXT NOT NULL,
    sandbox_policy TEXT NOT NULL, approval_mode TEXT NOT NULL, tokens_used INTEGER NOT NULL DEFAULT 0,
    has_user_event INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER,
    git_sha TEXT, git_branch TEXT, git_origin_url TEXT, cli_version TEXT NOT NULL DEFAULT '',
    first_user_message TEXT NOT NULL DEFAULT '', agent_nickname TEXT, agent_role TEXT,
    memory_mode TEXT NOT NULL DEFAULT 'enabled', model TEXT, reasoning_effort TEXT, agent_path TEXT,
    created_at_ms INTEGER, updated_at_ms INTEGER, thread_source TEXT, preview TEXT NOT NULL DEFAULT '',
    recency_at INTEGER NOT NULL DEFAULT 0, recency_at_ms INTEGER NOT NULL DEFAULT 0,
    history_mode TEXT NOT NULL DEFAULT 'legacy', name TEXT, is_pinned INTEGER NOT NULL DEFAULT 0,
    thread_section_id TEXT, section_position INTEGER, section_entered_at_ms INTEGER, project_id TEXT,
    originator TEXT, daybreak_enabled BOOLEAN, creator_user_id TEXT, creator_account_id TEXT,
    attached_thread_parent_id TEXT);
CREATE TABLE thread_spawn_edges (
    parent_thread_id TEXT NOT NULL, child_thread_id TEXT NOT NULL PRIMARY KEY, status TEXT NOT NULL);
CREATE TABLE backfill_state (
    id INTEGER PRIMARY KEY CHECK (id = 1), status TEXT NOT NULL, last_watermark TEXT, last_success_at INTEGER,
    updated_at INTEGER NOT NULL);
INSERT INTO backfill_state VALUES (1, 'complete', NULL, 0, 0);
";
