//! What can be in the way of a repair.

use std::path::PathBuf;
use std::time::Duration;

use threadkeep_engine::CoreError;

use crate::db::StateError;
use crate::health::backup::BackupError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::change::ChangeError;

const NEW_PLAN: &str = "make a new one with `threadkeep repair plan --out FILE`";
const OTHER_HOME: &str = "name that one with --home, or make a new plan";
const TRY_AGAIN: &str = "try again";
const CLOSE_CODEX: &str = "close Codex and try again";

impl Classified for RepairError {
    fn kind(&self) -> ErrorKind {
        match self {
            RepairError::Plan(_) => ErrorKind::Corrupt,
            RepairError::Version(_) => ErrorKind::NewerVersion,
            RepairError::Journal(_, error) => ErrorKind::of_io(error),
            RepairError::Busy(_) | RepairError::CodexBusy { .. } => ErrorKind::Busy,
            RepairError::Home(..) | RepairError::Unfinished(_) | RepairError::NothingToUndo => ErrorKind::Conflict,
            RepairError::Halfway(error, _) => error.kind(),
            RepairError::State(error) => error.kind(),
            RepairError::Backup(error) => error.kind(),
            RepairError::Startup(error) => error.kind(),
            RepairError::Change(error) => error.kind(),
            RepairError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            RepairError::Plan(_) => Some(NEW_PLAN),
            RepairError::Home(..) => Some(OTHER_HOME),
            RepairError::Busy(_) => Some(TRY_AGAIN),
            RepairError::CodexBusy { .. } => Some(CLOSE_CODEX),
            RepairError::State(error) => error.hint(),
            RepairError::Backup(error) => error.hint(),
            RepairError::Startup(error) => error.hint(),
            RepairError::Change(error) => error.hint(),
            RepairError::Core(error) => error.hint(),
            _ => None,
        }
    }
}

/// Says why a repair was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The document is none, or was broken by hand.
    #[error("the plan cannot be read: {0}; {hint}", hint = NEW_PLAN)]
    Plan(String),
    /// Another program's form.
    #[error(
        "the plan has version {0}, and this program knows 1: make a new one with `threadkeep repair plan --out FILE`"
    )]
    Version(u64),
    /// It is another home's.
    #[error("the plan was made for the home {0} and this is {1}; {hint}", hint = OTHER_HOME)]
    Home(PathBuf, PathBuf),
    /// What repairs there were cannot be read or written down.
    #[error("the journal of repairs, {0}, failed: {1}")]
    Journal(PathBuf, std::io::Error),
    /// Another process is at it.
    #[error("another process is repairing or changing this home and did not finish within {} s; {hint}", .0.as_secs(), hint = TRY_AGAIN)]
    Busy(Duration),
    /// What a killed process has begun comes first, and cannot be finished now: why.
    #[error("{0}; it has to be finished before anything else is repaired")]
    Unfinished(String),
    /// There is no repair that was not taken back.
    #[error("there is no repair to take back")]
    NothingToUndo,
    /// Somebody else has a transaction open in Codex's database.
    #[error("another process kept {path} locked for {} s; {hint}", waited.as_secs(), hint = CLOSE_CODEX)]
    CodexBusy {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Something failed when a part was made already.
    #[error("{0}; the repair {1} is half made, and the next start goes on with it")]
    Halfway(Box<RepairError>, String),
    /// A database failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is there could not be saved first, or not be put back.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The state DB could not be brought to completion.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// A thread could not be changed, or not be changed back.
    #[error(transparent)]
    Change(Box<ChangeError>),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}
