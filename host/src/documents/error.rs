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
#[serde(rename_all = "camelCase")]
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
    /// The threads that answer to what was asked for; where none does, those whose names, titles or beginnings contain it. It is
    /// absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// How many such threads are not among the candidates. It is absent where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_candidates: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
