//! What is wrong with a home: gathered here without leaving any trace, examined by the core.
//!
//! ```text
//! files ─────────┐
//! state DB ──────┼→ snapshot (private databases) → thread facts → core: diagnosis ──┐
//! Codex's own ───┘                                                                  ├→ findings
//! databases, locks, modes, links ────────────────→ home facts → core: diagnosis ────┘
//! ```
//!
//! What the files say is read into a private copy of the state DB, as a start would read it into the state DB itself: a row
//! that differs from the original's is one that a start, or a repair, would have to put right.

mod codes;
mod codex;
mod databases;
mod environment;
mod file_checker;
mod home_facts;
mod snapshot;
mod text_index;
mod thread_facts;
pub mod why;

use std::path::Path;
use std::sync::Arc;

use threadkeep_engine::{CoreError, Runtime};

use crate::db::StateError;
use crate::index::progress::ProgressSink;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::home::Home;
use crate::threads::lookup::LookupError;

pub use codes::{CODE_GROUPS, CODES, CodeGroup, FindingCode, Mended, finding_code};
pub(crate) use snapshot::Snapshot;
pub use threadkeep_engine::contract::{Change, Depth, Edit, EditTarget, Evidence, Finding, Severity};

/// Says what is inspected, and how closely.
#[derive(Clone)]
pub struct How {
    /// Every line of every rollout, or their beginnings and ends.
    pub depth: Depth,
    /// Only this thread: an id, the beginning of one, or a name.
    pub thread: Option<String>,
    /// Told how it goes on.
    pub progress: Option<ProgressSink>,
}

/// Holds what was found.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// The worst first, then by code, thread and path.
    pub findings: Vec<Finding>,
    /// Threads with rollouts.
    pub threads: u64,
    /// Threads without a rollout that rows know: of the state DB, or of Codex's database.
    pub known_by_rows: u64,
    /// Files that claim to be rollouts.
    pub files: u64,
    /// Plain bytes of them that were read.
    pub bytes: u64,
    /// What could not be inspected, in words.
    pub warnings: Vec<String>,
}

/// Says why nothing can be found out.
#[derive(Debug, thiserror::Error)]
pub enum CheckupError {
    /// The files could not be gone through.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// The private database failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The thread that was asked for.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl Classified for CheckupError {
    fn kind(&self) -> ErrorKind {
        match self {
            CheckupError::Startup(error) => error.kind(),
            CheckupError::State(error) => error.kind(),
            CheckupError::Lookup(error) => error.kind(),
            CheckupError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            CheckupError::Startup(error) => error.hint(),
            CheckupError::State(error) => error.hint(),
            CheckupError::Lookup(error) => error.hint(),
            CheckupError::Core(error) => error.hint(),
        }
    }
}

/// Inspects a home, or one thread of it. Nothing in it is created or changed. `state_dir` is where its state DB is; none
/// leaves that out.
pub fn examine(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: Option<&Path>,
    how: &How,
) -> Result<Checkup, CheckupError> {
    let mut snapshot = Snapshot::take(runtime, home, state_dir, how)?;
    let mut findings = snapshot.findings()?;
    if how.thread.is_none() {
        findings.extend(snapshot.findings_of_the_home()?);
    }
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(Checkup { findings, ..snapshot.checkup()? })
}

/// By what findings are sorted.
fn key(finding: &Finding) -> (u8, &str, Option<&str>, Option<&str>) {
    (severity(finding), &finding.code, finding.thread.as_deref(), finding.path.as_deref())
}

/// Ranks a finding; the worst come first.
fn severity(finding: &Finding) -> u8 {
    match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}
