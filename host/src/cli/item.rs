//! A thread as `--json` prints it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use threadkeep::component::types::{Provenance, ThreadRow};
use threadkeep::features::spawn_edges::{Edge, EdgeStatus};
use threadkeep::platform::home::Home;

/// One thread.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item<'a> {
    id: &'a str,
    name: Option<&'a str>,
    name_source: Option<&'static str>,
    preview: &'a str,
    title: &'a str,
    path: String,
    archived: bool,
    cwd: Option<&'a str>,
    /// Where that is now; only where it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_cwd: Option<String>,
    last_cwd: Option<&'a str>,
    created_at: String,
    updated_at: String,
    recency_at: String,
    source: Box<RawValue>,
    source_kind: &'a str,
    model_provider: Option<&'a str>,
    model: Option<&'a str>,
    cli_version: Option<&'a str>,
    git_branch: Option<&'a str>,
    git_sha: Option<&'a str>,
    git_origin_url: Option<&'a str>,
    tokens_used: Option<i64>,
    parent_thread_id: Option<&'a str>,
    forked_from_id: Option<&'a str>,
    history_mode: &'a str,
    memory_mode: Option<&'a str>,
    /// Only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    /// Only in `read`, and only with a state DB.
    #[serde(skip_serializing_if = "Option::is_none")]
    spawn_edges: Option<Value>,
}

impl<'a> Item<'a> {
    pub(super) fn new(row: &'a ThreadRow, home: &Home) -> anyhow::Result<Item<'a>> {
        Ok(Item {
            id: &row.id,
            name: row.name.as_deref(),
            name_source: row.name_source.map(|source| match source {
                Provenance::SessionIndex => "sessionIndex",
                Provenance::CodexDb => "codexDb",
                Provenance::User => "user",
            }),
            preview: &row.preview,
            title: &row.title,
            path: home.absolute(&row.path).to_string_lossy().into_owned(),
            archived: row.archived,
            cwd: row.cwd.as_deref(),
            current_cwd: None,
            last_cwd: row.last_cwd.as_deref(),
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
            recency_at: time(row.recency_at),
            source: RawValue::from_string(row.source.clone())?,
            source_kind: &row.source_kind,
            model_provider: row.model_provider.as_deref(),
            model: row.model.as_deref(),
            cli_version: row.cli_version.as_deref(),
            git_branch: row.git_branch.as_deref(),
            git_sha: row.git_sha.as_deref(),
            git_origin_url: row.git_origin_url.as_deref(),
            tokens_used: row.tokens_used,
            parent_thread_id: row.parent_thread_id.as_deref(),
            forked_from_id: row.forked_from_id.as_deref(),
            history_mode: &row.history_mode,
            memory_mode: row.memory_mode.as_deref(),
            missing: row.missing,
            spawn_edges: None,
        })
    }

    /// With the place where its directory is now.
    pub(super) fn now_in(self, current_cwd: Option<String>) -> Self {
        Item { current_cwd, ..self }
    }

    /// With the thread that spawned it and those that it spawned, if there are any: `{"parent":…,"children":[…]}`, each
    /// `{"id","status"}`.
    pub(super) fn with_edges(self, parent: Option<Edge>, children: Vec<Edge>) -> Self {
        if parent.is_none() && children.is_empty() {
            return self;
        }
        let shown = |id: String, status: EdgeStatus| {
            let status = if status == EdgeStatus::Open { "open" } else { "closed" };
            json!({"id": id, "status": status})
        };
        let parent = parent.map(|edge| shown(edge.parent, edge.status));
        let children: Vec<Value> = children.into_iter().map(|edge| shown(edge.child, edge.status)).collect();
        Item { spawn_edges: Some(json!({"parent": parent, "children": children})), ..self }
    }
}

/// RFC 3339 UTC with milliseconds.
pub(super) fn time(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
