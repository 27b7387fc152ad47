//! Why there is no answer.

use schemars::JsonSchema;
use serde::Serialize;

/// An error, for programs and for people. No command prints it yet; servers will.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Error {
    /// What kind of error it is, for programs.
    pub kind: ErrorKind,
    /// What went wrong and why, in words.
    pub message: String,
    /// What a user can do about it, in words. It is absent where nothing comes to mind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What kind of error something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// Something failed: a disk, a database, the program itself.
    Failed,
    /// What was asked for makes no sense.
    Usage,
    /// What was asked for is not there.
    NotFound,
    /// More than one thing answers to what was asked for.
    Ambiguous,
    /// Somebody else has what is needed, and may give it back: trying again later may help.
    Busy,
}
