//! What `getConversationSummary` answers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadkeep::contract::ThreadRow;
use threadkeep::platform::home::Home;

use crate::error::{INTERNAL_ERROR, RpcError};

/// What `getConversationSummary` is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum SummaryParams {
    /// A rollout, absolute or below the home.
    #[serde(rename_all = "camelCase")]
    Rollout { rollout_path: String },
    /// A thread.
    #[serde(rename_all = "camelCase")]
    Conversation { conversation_id: String },
}

/// A thread in short.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationSummary {
    conversation_id: String,
    path: String,
    preview: String,
    timestamp: String,
    updated_at: String,
    model_provider: String,
    cwd: String,
    cli_version: String,
    source: Box<RawValue>,
    git_info: Option<GitInfo>,
}

/// Names of members as this method has them.
#[derive(Clone, Debug, Serialize)]
struct GitInfo {
    sha: Option<String>,
    branch: Option<String>,
    origin_url: Option<String>,
}

impl ConversationSummary {
    /// Makes the summary of a row. `default_provider` stands where no rollout names one.
    ///
    /// # Errors
    ///
    /// Fails where the source is no JSON.
    pub(crate) fn new(row: ThreadRow, home: &Home, default_provider: &str) -> Result<ConversationSummary, RpcError> {
        let time = |millis| Timestamp::from_millisecond(millis).unwrap_or_default().to_string();
        let not_json = |error: serde_json::Error| {
            RpcError::new(INTERNAL_ERROR, format!("the source of {} is no JSON: {error}", row.id))
        };
        let git_info = GitInfo { sha: row.git_sha, branch: row.git_branch, origin_url: row.git_origin_url };
        let is_known = git_info.sha.is_some() || git_info.branch.is_some() || git_info.origin_url.is_some();
        Ok(ConversationSummary {
            // This method has the older name.
            source: RawValue::from_string(row.source.replacen("{\"subAgent\":", "{\"subagent\":", 1))
                .map_err(not_json)?,
            conversation_id: row.id,
            path: home.absolute(&row.path).to_string_lossy().into_owned(),
            preview: row.preview,
            timestamp: time(row.created_at),
            updated_at: time(row.updated_at),
            model_provider: row.model_provider.unwrap_or_else(|| default_provider.into()),
            cwd: row.last_cwd.or(row.cwd).unwrap_or_default(),
            cli_version: row.cli_version.unwrap_or_default(),
            git_info: is_known.then_some(git_info),
        })
    }
}
