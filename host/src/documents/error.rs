//! Why there is no answer.

use schemars::JsonSchema;
use serde::Serialize;

use super::time::Time;

pub use crate::platform::error_kind::ErrorKind;

/// A thread that answers to what was asked for, as others do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Candidate {
    /// The working directory of its last turn, else of its beginning; null where nothing says it.
    pub cwd: Option<String>,
    /// Its id.
    pub id: String,
    /// How it begins.
    pub preview: String,
    /// Its title.
    pub title: String,
    /// The time of its last record.
    pub updated_at: Time,
}

/// An error, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Error {
    /// What kind of failure it is, for programs.
    pub kind: ErrorKind,
    /// What went wrong and why, in words.
    pub message: String,
    /// What a user can do about it, in words. It is absent where nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The name of the argument that is to blame. It is absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// The threads that answer to what was asked for. It is absent where there are not several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}
