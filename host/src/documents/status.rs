//! How a home and its state DB stand.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::db;
use crate::index::status as index;
use crate::platform::path_text;

/// How a home and its state DB stand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Status {
    /// The absolute path of the home.
    #[serde(serialize_with = "path_text::serialize")]
    pub home: PathBuf,
    /// The state DB of the home.
    pub state_db: StateDbStatus,
    /// How many threads have a rollout.
    pub threads: u64,
    /// How many threads are known whose rollouts are gone.
    pub missing: u64,
    /// How many files claim to be rollouts.
    pub files: u64,
    /// Files without a thread, and lines that are no records.
    pub problems: Vec<Problem>,
    /// What changed on disk since the state DB was brought up to date.
    pub pending: Pending,
    /// How many rollouts are so large that only their beginnings and ends were read.
    pub partly_read: u64,
    /// How far the index of what was said is; null where there is no complete state DB.
    pub text_index: Option<TextIndexStatus>,
    /// What else a person should know, in words.
    pub warnings: Vec<String>,
}

/// Where the state DB is and how far it has come.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StateDbStatus {
    /// The absolute path of the state DB; empty with `--no-state`.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// How far it has come: there is none, it waits to be filled, is being filled, is complete, is damaged, cannot be read, or was made
    /// by another version of the program.
    #[schemars(extend("enum" = ["none", "pending", "running", "complete", "damaged", "unreadable", "other-version"]))]
    pub phase: String,
    /// Who fills it. It is absent unless somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// How far the index of what was said is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct TextIndexStatus {
    /// How many rollouts are in it as they are.
    pub current: u64,
    /// How many are not, or not as they are: the next search reads them first.
    pub behind: u64,
    /// Whether it was made by another version, so that the next search makes it anew.
    pub other_version: bool,
}

/// A file without a thread, or a line that is no record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Problem {
    /// The path of the file below the home.
    pub path: String,
    /// The line, counted from 1; null where it is not about a line, or where what comes before the line was not read.
    pub line: Option<u64>,
    /// How many plain bytes stand before the line.
    pub offset: Option<u64>,
    /// What is wrong, in words.
    pub reason: String,
}

/// Files that the next start would read or forget.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Pending {
    /// How many files are not known yet.
    pub new: u64,
    /// How many files have changed since they were read.
    pub changed: u64,
    /// How many files are gone since they were read.
    pub vanished: u64,
}

impl From<&index::Status> for Status {
    fn from(status: &index::Status) -> Status {
        let index::StateDbStatus { path, phase, owner } = &status.state_db;
        let index::Pending { new, changed, vanished } = status.pending;
        Status {
            home: status.home.clone(),
            state_db: StateDbStatus { path: path.clone(), phase: phase.clone(), owner: owner.clone() },
            threads: status.threads,
            missing: status.missing,
            files: status.files,
            problems: status.problems.iter().map(Problem::from).collect(),
            pending: Pending { new, changed, vanished },
            partly_read: status.partly_read,
            text_index: status.text_index.map(|counts| TextIndexStatus {
                current: counts.current,
                behind: counts.behind,
                other_version: counts.is_foreign,
            }),
            warnings: status.warnings.clone(),
        }
    }
}

impl From<&db::Problem> for Problem {
    fn from(problem: &db::Problem) -> Problem {
        let db::Problem { path, line, offset, reason } = problem;
        Problem { path: path.clone(), line: *line, offset: *offset, reason: reason.clone() }
    }
}
