//! What became of a start.

use schemars::JsonSchema;
use serde::Serialize;

use crate::index::startup::Report;

/// What `init` did to fill the state DB, or to bring it up to date.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Init {
    /// Whether this process filled the state DB, or another one did.
    pub backfilled_here: bool,
    /// How many of the files could not be stored as threads.
    pub failed: u64,
    /// How many rollouts were read for the index of what was said.
    pub indexed: u64,
    /// How many files were read.
    pub scanned: u64,
    /// How many of them were stored.
    pub stored: u64,
    /// How long this process waited for others, in milliseconds.
    pub waited_ms: u64,
}

impl Init {
    /// Makes the document of a start, after which so many rollouts were read for the index.
    pub fn new(report: &Report, indexed: u64) -> Init {
        Init {
            backfilled_here: report.backfilled_here,
            failed: report.failed,
            indexed,
            scanned: report.scanned,
            stored: report.stored,
            waited_ms: report.waited.as_millis() as u64,
        }
    }
}
