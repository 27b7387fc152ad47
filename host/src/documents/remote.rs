//! What servers of other homes found.

use schemars::JsonSchema;
use serde::Serialize;

use super::Thread;

/// A page of threads in which a server found a text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RemoteMatches {
    /// The threads, in the server's order.
    pub items: Vec<RemoteMatch>,
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
}

/// A thread in which a server found a text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RemoteMatch {
    /// What the server shows of the place.
    pub snippet: String,
    /// The thread; what the protocol does not say of it is null.
    pub thread: Thread,
}
