//! The status of a home: what a start would find. Nothing is created or changed for it, not even beside the state DB.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::db::{Database, FILE_NAME, Problem, RowDeriver, StateError, Totals, imports_with_foreign};
use crate::features::SCHEMA;
use crate::features::text_index::TextIndexCounts;
use crate::index::progress::ProgressSink;
use crate::index::startup::{self, StartupError};
use crate::platform::home::Home;
use threadkeep_engine::Core;
use threadkeep_engine::Runtime;
use threadkeep_engine::calls::{SurveyHome, TextIndexVersion};
use threadkeep_engine::contract::Phase;
use threadkeep_engine::contract::SurveyReport;

/// Says what a home holds, and how far its state DB is.
#[derive(Debug)]
pub struct Status {
    /// The absolute path of the home.
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
    /// How far the index of what was said is; none where there is no complete state DB.
    pub text_index: Option<TextIndexCounts>,
    /// Sentences that a person should read.
    pub warnings: Vec<String>,
}

/// Says where the state DB is and how far it is filled.
#[derive(Debug)]
pub struct StateDbStatus {
    /// The absolute path of the state DB; empty where it is left out.
    pub path: PathBuf,
    /// How far it is: `none`, `pending`, `running`, `complete`, `damaged`, `unreadable`, or `other-version`.
    pub phase: String,
    /// Who fills it, in words; none unless somebody does.
    pub owner: Option<String>,
}

/// Counts the files that a start would read or remove from the state DB.
#[derive(Debug, Default)]
pub struct Pending {
    /// How many files the state DB does not know.
    pub new: u64,
    /// How many files have changed since they were read.
    pub changed: u64,
    /// How many files are gone.
    pub vanished: u64,
}

/// Gives the status of a home, with the state DB of `state_dir`, or none where that is left out. Without a complete state DB
/// every rollout is read, into a temporary one.
pub fn status(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: Option<&Path>,
    progress: Option<ProgressSink>,
) -> Result<Status, StartupError> {
    let path = state_dir.map(|dir| dir.join(FILE_NAME)).unwrap_or_default();
    let mut warnings = Vec::new();
    let inspected = match state_dir {
        Some(dir) => match inspect(runtime, home, dir) {
            // A state DB that is damaged or cannot be read is reported as such, and the files are asked instead.
            Err(StartupError::State(StateError::Corrupt(_))) => {
                Inspection::Without(StateDbStatus { path, phase: "damaged".into(), owner: None })
            }
            Err(StartupError::State(error)) if !matches!(error, StateError::Core(_)) => {
                warnings.push(format!("{error}; answering from the files"));
                Inspection::Without(StateDbStatus { path, phase: "unreadable".into(), owner: None })
            }
            other => other?,
        },
        None => Inspection::Without(StateDbStatus { path, phase: "none".into(), owner: None }),
    };
    let (state_db, totals, problems, pending, text_index) = match inspected {
        Inspection::Complete(state_db, totals, problems, findings, text_index) => {
            let pending = Pending { new: findings.new, changed: findings.changed, vanished: findings.vanished };
            (state_db, totals, problems, pending, text_index)
        }
        Inspection::Without(state_db) => {
            let (database, report) = startup::from_files(runtime, home, progress)?;
            warnings.extend(report.warnings);
            let pending = Pending { new: report.scanned, ..Pending::default() };
            (state_db, database.totals()?, database.problems()?, pending, None)
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
        text_index,
        warnings,
    })
}

/// Says what was found of the state DB: rows to answer from, or only how far it is.
enum Inspection {
    Complete(StateDbStatus, Totals, Vec<Problem>, SurveyReport, Option<TextIndexCounts>),
    Without(StateDbStatus),
}

fn inspect(runtime: &Runtime, home: &Arc<Home>, dir: &Path) -> Result<Inspection, StartupError> {
    let path = dir.join(FILE_NAME);
    let at_phase = |phase: &str, owner| StateDbStatus { path: path.clone(), phase: phase.into(), owner };
    let database = match Database::open_read_only(&SCHEMA, dir, RowDeriver::new(runtime, home)) {
        Ok(Some(database)) => database,
        Ok(None) => return Ok(Inspection::Without(at_phase("none", None))),
        Err(StateError::Newer { .. }) => return Ok(Inspection::Without(at_phase("other-version", None))),
        Err(StateError::Corrupt(_)) => return Ok(Inspection::Without(at_phase("damaged", None))),
        Err(error) => return Err(error.into()),
    };
    match database.phase(None)? {
        Phase::Complete => {}
        Phase::Pending => return Ok(Inspection::Without(at_phase("pending", None))),
        Phase::Running(owner) => return Ok(Inspection::Without(at_phase("running", Some(owner.name)))),
    }
    database.check_foreign()?;
    let mut core = Core::new(runtime, imports_with_foreign(home, &database).with_rows(database.rows()));
    let findings = core.call(&SurveyHome {})?.map_err(|error| StartupError::from_gate(error, runtime))?;
    // Of a damaged one there is nothing to count; the next search makes it anew.
    let text_index = database.text_index_counts(database.call(&TextIndexVersion {})?).ok();
    let (totals, problems) = (database.totals()?, database.problems()?);
    Ok(Inspection::Complete(at_phase("complete", None), totals, problems, findings, text_index))
}
