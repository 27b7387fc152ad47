//! A thread in short, and what somebody said in one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use threadkeep::contract::{Hit, ThreadRow};
use threadkeep::documents::FoundTextKind;
use threadkeep::features::marks::MarksInShort;

use crate::cursor::TurnPlace;
use crate::text::clean;
use crate::times;

/// Who says a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Role {
    /// The user.
    User,
    /// The agent.
    Agent,
    /// A command or a tool.
    Tool,
    /// Codex itself.
    System,
}

/// What a text of a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Origin {
    /// An error.
    Error,
    /// What Codex noted.
    Note,
    /// One of those that can be searched for.
    #[serde(untagged)]
    Text(FoundTextKind),
}

/// A text of a thread: data, whatever it says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Said {
    pub(crate) role: Role,
    pub(crate) origin: Origin,
    pub(crate) text: String,
}

impl Said {
    /// Makes one.
    pub(crate) fn new(role: Role, origin: Origin, text: &str) -> Said {
        Said { role, origin, text: clean(text) }
    }
}

/// A thread in short; its texts are shortened when the secrets are out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadSummary {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Said>,
    pub(crate) beginning: Said,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    source: String,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_thread_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forked_from_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<i64>,
}

/// A text in which words stand, and where it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundText {
    #[serde(flatten)]
    said: Said,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl ThreadSummary {
    /// Makes it of a thread's row.
    pub(crate) fn new(row: &ThreadRow) -> ThreadSummary {
        let cleaned = |text: &Option<String>| text.as_deref().map(clean);
        let name = row.name.as_deref().map(|name| Said::new(Role::User, Origin::Text(FoundTextKind::Name), name));
        ThreadSummary {
            id: clean(&row.id),
            name,
            beginning: Said::new(Role::User, Origin::Text(FoundTextKind::Prompt), &row.preview),
            directory: cleaned(row.last_cwd.as_ref().map_or(&row.cwd, |_| &row.last_cwd)),
            branch: cleaned(&row.git_branch),
            model: cleaned(&row.model),
            source: clean(&row.source_kind),
            created_at: times::shown(row.created_at),
            updated_at: times::shown(row.updated_at),
            tags: Vec::new(),
            pinned: false,
            archived: row.archived,
            parent_thread_id: cleaned(&row.parent_thread_id),
            forked_from_id: cleaned(&row.forked_from_id),
            tokens: row.tokens_used,
        }
    }
}

impl ThreadSummary {
    /// Adds what the user put on it.
    pub(crate) fn with_marks(self, marks: MarksInShort) -> ThreadSummary {
        ThreadSummary { tags: marks.tags.iter().map(|tag| clean(tag)).collect(), pinned: marks.pinned, ..self }
    }
}

impl FoundText {
    /// Makes it of a hit; the cursor is one of `read_thread`.
    pub(crate) fn new(hit: &Hit) -> FoundText {
        let kind = FoundTextKind::from(hit.kind);
        let role = match kind {
            FoundTextKind::Name | FoundTextKind::Prompt => Role::User,
            FoundTextKind::Output => Role::Tool,
            FoundTextKind::Context => Role::System,
            _ => Role::Agent,
        };
        let place = || TurnPlace::of(hit.cursor.clone(), false).to_cursor();
        FoundText {
            said: Said::new(role, Origin::Text(kind), &hit.snippet),
            turn_id: hit.turn.as_deref().map(clean),
            cursor: hit.turn.as_ref().map(|_| place()),
        }
    }
}
