//! How a recorded program ran.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::threads::exec::Ran;

/// How a program ran, and where that is recorded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Execution {
    /// The id of the thread that has the run as its last turn.
    pub id: String,
    /// The absolute path of the thread's rollout.
    pub path: PathBuf,
    /// The exit code as a shell has it: the program's own, 128 and the signal's number, or 127 or 126 where it could not be
    /// started.
    pub exit_code: u8,
    /// Whether somebody asked for the end.
    pub interrupted: bool,
    /// How long the program ran, in milliseconds.
    pub duration_ms: u64,
}

impl From<&Ran> for Execution {
    fn from(ran: &Ran) -> Execution {
        Execution {
            id: ran.id.clone(),
            path: ran.path.clone(),
            exit_code: ran.exit_code,
            interrupted: ran.interrupted,
            duration_ms: ran.duration_ms,
        }
    }
}
