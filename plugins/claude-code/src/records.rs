//! What has to be known of every line. A field that is not needed is passed over; a line that is none of these is left out.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, from_str};
use threadkeep_plugin::json::text_of;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Head<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    pub(crate) uuid: Option<&'a str>,
    pub(crate) parent_uuid: Option<&'a str>,
    pub(crate) logical_parent_uuid: Option<&'a str>,
    pub(crate) is_sidechain: bool,
    pub(crate) is_meta: bool,
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) cwd: Option<String>,
    pub(crate) git_branch: Option<String>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) request_session_id: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) custom_title: Option<String>,
    pub(crate) ai_title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) leaf_uuid: Option<&'a str>,
    pub(crate) forked_from: Option<Value>,
    #[serde(borrow)]
    pub(crate) message: MessageHead<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct MessageHead<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

impl MessageHead<'_> {
    /// Whether it is what tools answered, and nothing that was said.
    pub(crate) fn is_result(&self) -> bool {
        self.content.is_some_and(|content| content.get().starts_with('[') && content.get().contains("\"tool_result\""))
    }

    pub(crate) fn text(&self) -> String {
        let content = self.content.and_then(|content| from_str::<Value>(content.get()).ok());
        text_of(&content.unwrap_or_default())
    }
}

/// What stands as a user's message and was not typed by one.
const NOT_TYPED: [&str; 8] = [
    "<command-",
    "<local-command-",
    "<system-reminder>",
    "<task-notification>",
    "<bash-stderr>",
    "<user-memory-input>",
    "Output token limit hit",
    "Caveat: The messages below",
];

/// Whether a person typed the text.
pub(crate) fn is_typed(text: &str) -> bool {
    !NOT_TYPED.iter().any(|start| text.starts_with(start))
}
