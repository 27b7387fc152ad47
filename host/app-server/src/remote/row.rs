//! A thread of the protocol, as a row.

use serde::Deserialize;
use serde_json::value::RawValue;
use threadkeep::contract::{Provenance, ThreadRow};

/// A thread, as far as rows have what it says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thread {
    id: String,
    preview: String,
    model_provider: String,
    created_at: i64,
    updated_at: i64,
    cwd: String,
    cli_version: String,
    source: Box<RawValue>,
    #[serde(default)]
    recency_at: Option<i64>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    forked_from_id: Option<String>,
    #[serde(default)]
    parent_thread_id: Option<String>,
    #[serde(default)]
    history_mode: Option<String>,
    #[serde(default)]
    git_info: Option<GitInfo>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GitInfo {
    sha: Option<String>,
    branch: Option<String>,
    origin_url: Option<String>,
}

impl Thread {
    /// Gives the row of a thread that is archived or not as its path says.
    pub(super) fn into_row_by_path(self) -> ThreadRow {
        let is_archived = self.path.as_deref().is_some_and(|path| path.contains("/archived_sessions/"));
        self.into_row(is_archived)
    }

    /// Gives the row. Times of the protocol are whole seconds.
    pub(super) fn into_row(self, archived: bool) -> ThreadRow {
        let git = self.git_info.unwrap_or_default();
        ThreadRow {
            title: self.name.clone().unwrap_or_else(|| self.preview.clone()),
            // Codex does not say who gave a name.
            name_source: self.name.as_ref().map(|_| Provenance::CodexDb),
            name: self.name,
            source_kind: source_kind(self.source.get()).into(),
            source: self.source.get().into(),
            first_user_message: Some(self.preview.clone()).filter(|preview| !preview.is_empty()),
            preview: self.preview,
            path: self.path.unwrap_or_default(),
            archived,
            cwd: Some(self.cwd).filter(|cwd| !cwd.is_empty()),
            last_cwd: None,
            created_at: self.created_at.saturating_mul(1_000),
            updated_at: self.updated_at.saturating_mul(1_000),
            recency_at: self.recency_at.unwrap_or(self.updated_at).saturating_mul(1_000),
            model_provider: Some(self.model_provider),
            model: self.model,
            cli_version: Some(self.cli_version).filter(|version| !version.is_empty()),
            git_branch: git.branch,
            git_sha: git.sha,
            git_origin_url: git.origin_url,
            tokens_used: None,
            parent_thread_id: self.parent_thread_id,
            forked_from_id: self.forked_from_id,
            base_thread_id: None,
            history_mode: self.history_mode.unwrap_or_else(|| "legacy".into()),
            memory_mode: None,
            missing: false,
            id: self.id,
        }
    }
}

/// Gives Codex's `ThreadSourceKind` of a `SessionSource`.
fn source_kind(source: &str) -> &'static str {
    match source {
        "\"cli\"" => "cli",
        "\"vscode\"" => "vscode",
        "\"exec\"" => "exec",
        "\"appServer\"" => "appServer",
        source if !source.contains("subAgent") => "unknown",
        source if source.contains("thread_spawn") => "subAgentThreadSpawn",
        source if source.contains("\"review\"") => "subAgentReview",
        source if source.contains("\"compact\"") => "subAgentCompact",
        _ => "subAgentOther",
    }
}
