//! How a recorded program ran.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::platform::path_text;
use crate::threads::exec::RunReport;

/// How a program ran, and where that is recorded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Execution {
    /// The id of the thread that has the run as its last turn.
    pub id: String,
    /// The absolute path of the thread's rollout.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// The exit code as a shell has it: the program's own, 128 and the signal's number, or 127 or 126 where it could not be
    /// started.
    pub exit_code: u8,
    /// Whether somebody asked for the end.
    pub interrupted: bool,
    /// How long the program ran, in milliseconds.
    pub duration_ms: u64,
}

impl From<&RunReport> for Execution {
    fn from(report: &RunReport) -> Execution {
        Execution {
            id: report.id.clone(),
            path: report.path.clone(),
            exit_code: report.exit_code,
            interrupted: report.interrupted,
            duration_ms: report.duration_ms,
        }
    }
}
