//! What a start would find. Only looks: nothing is created or changed, not even beside the state DB.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::component::exports::startup::Findings;
use crate::component::{Core, Runtime, Survey, World};
use crate::db::{Database, FILE_NAME, Problem, RowDeriver, StateError, Totals};
use crate::features::SCHEMA;
use crate::index::backfill::Backfill;
use crate::index::progress::ProgressSink;
use crate::index::startup::{self, StartupError};
use crate::platform::home::Home;

/// How a home and its state DB stand.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The home.
    pub home: PathBuf,
    /// Its state DB.
    pub state_db: StateDbStatus,
    /// Threads with a file.
    pub threads: u64,
    /// Threads whose files are gone.
    pub missing: u64,
    /// Files that claim to be rollouts.
    pub files: u64,
    /// Files without a thread, and lines that are no records.
    pub problems: Vec<Problem>,
    /// What changed on disk since the state DB was brought up to date.
    pub pending: Pending,
    /// Files too large to be read whole.
    pub partly_read: u64,
    /// What else a person should know.
    pub warnings: Vec<String>,
}

/// Where the state DB is and how far.
#[derive(Debug, serde::Serialize)]
pub struct StateDbStatus {
    /// Its path.
    pub path: PathBuf,
    /// `none`, `pending`, `running`, `complete`, `damaged`, or `other-version`.
    pub phase: String,
    /// Who fills it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Files that a start would read or forget.
#[derive(Debug, Default, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pending {
    pub new: u64,
    pub changed: u64,
    pub vanished: u64,
}

/// Looks. Without a complete state DB every rollout is read, into a temporary one.
pub fn status(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: Option<&Path>,
    progress: Option<ProgressSink>,
) -> Result<Status, StartupError> {
    let path = state_dir.map(|dir| dir.join(FILE_NAME)).unwrap_or_default();
    let looked = match state_dir {
        Some(dir) => match look(runtime, home, dir) {
            // What cannot be read is told as what it is, and the files are asked instead.
            Err(StartupError::State(StateError::Corrupt(_))) => {
                Look::Without(StateDbStatus { path, phase: "damaged".into(), owner: None })
            }
            other => other?,
        },
        None => Look::Without(StateDbStatus { path, phase: "none".into(), owner: None }),
    };
    let mut warnings = Vec::new();
    let (state_db, totals, problems, pending) = match looked {
        Look::Complete(state_db, totals, problems, findings) => {
            let pending = Pending { new: findings.new, changed: findings.changed, vanished: findings.vanished };
            (state_db, totals, problems, pending)
        }
        Look::Without(state_db) => {
            let (database, report) = startup::from_files(runtime, home, progress)?;
            warnings = report.warnings;
            let pending = Pending { new: report.scanned, ..Pending::default() };
            (state_db, database.totals()?, database.problems()?, pending)
        }
    };
    Ok(Status {
        home: home.root().to_path_buf(),
        state_db,
        threads: totals.threads,
        missing: totals.missing,
        files: totals.files,
        problems,
        pending,
        partly_read: totals.partly_read,
        warnings,
    })
}

enum Look {
    Complete(StateDbStatus, Totals, Vec<Problem>, Findings),
    Without(StateDbStatus),
}

fn look(runtime: &Runtime, home: &Arc<Home>, dir: &Path) -> Result<Look, StartupError> {
    let path = dir.join(FILE_NAME);
    let stands = |phase: &str, owner| StateDbStatus { path: path.clone(), phase: phase.into(), owner };
    let database = match Database::open_read_only(&SCHEMA, dir, RowDeriver::new(runtime, home)) {
        Ok(Some(database)) => database,
        Ok(None) => return Ok(Look::Without(stands("none", None))),
        Err(StateError::Newer { .. }) => return Ok(Look::Without(stands("other-version", None))),
        Err(StateError::Corrupt(_)) => return Ok(Look::Without(stands("damaged", None))),
        Err(error) => return Err(error.into()),
    };
    use crate::component::imports::backfill::Phase;
    match database.phase(None)? {
        Phase::Complete => {}
        Phase::Pending => return Ok(Look::Without(stands("pending", None))),
        Phase::Running(owner) => return Ok(Look::Without(stands("running", Some(owner.name)))),
    }
    let backfill = Backfill::new(runtime, home, &database, None, None);
    let mut core = Core::new(runtime, World::of(home).with_backfill(backfill));
    let answer = core.ask(&Survey {})?;
    let failed = core.world().map(World::take_failed).unwrap_or_default();
    let findings = answer.map_err(|error| StartupError::of_gate(error, failed))?;
    Ok(Look::Complete(stands("complete", None), database.totals()?, database.problems()?, findings))
}
