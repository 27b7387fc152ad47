//! Why a change was not made.

use std::time::Duration;

use threadkeep_engine::CoreError;
use threadkeep_engine::contract::{ChangeError as CoreChangeError, FileMove, ThreadRow};

use crate::db::StateError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::writer_lock::WriterLockError;
use crate::threads::lookup::{LookupError, id_and_title_lines};

/// Says why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The thread was not found, or could not be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A file is in the way of one that is to be moved; nothing was changed.
    #[error("{from} cannot be moved to {to}: something is there already, which is left as it is; {hint}", hint = MOVE_AWAY)]
    Occupied {
        /// The home path of the file that is to be moved.
        from: String,
        /// The home path where it was to go.
        to: String,
    },
    /// The history of these other threads begins in one that is to be deleted.
    #[error("the history of other threads begins in this one; delete them with it by --with-forks, or first:{}", id_and_title_lines(.0))]
    Forks(Vec<ThreadRow>),
    /// The name or value is not one that can be given; why.
    #[error("{0}")]
    InvalidValue(String),
    /// The change, named in words, cannot be done safely without the state DB's journal.
    #[error("{0} needs the state DB, which keeps a journal of it; {hint}", hint = WITH_STATE)]
    NeedsState(&'static str),
    /// Another writer has one of the threads.
    #[error(transparent)]
    Writer(#[from] WriterLockError),
    /// Another process changes threads of this home, and did not finish within this time.
    #[error("another process is changing threads of this home and did not finish within {} s; {hint}", .0.as_secs(), hint = TRY_AGAIN)]
    Busy(Duration),
    /// A change that a killed process has begun comes first, and cannot be finished now: why.
    #[error("{0}; it has to be finished before anything else is changed")]
    Unfinished(String),
    /// The change would not do any more what its plan said.
    #[error("the thread, or what goes with it, has changed since it was looked at; {hint}", hint = LOOK_AGAIN)]
    Outdated,
    /// A file could not be moved, removed or written; everything is as it was before.
    #[error("{path}: {cause}; nothing was changed")]
    File {
        /// The home path of the file.
        path: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// A file could not be moved or removed, and what was done before it could not be undone.
    #[error("{path}: {cause}; it was left half done, and the next start goes on with it")]
    PartlyDone {
        /// The home path of the file.
        path: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The files could not be read for a change without a handle.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

const MOVE_AWAY: &str = "move it away first";
const WITH_STATE: &str = "do it without --no-state";
const TRY_AGAIN: &str = "try again";
const LOOK_AGAIN: &str = "look again";

impl Classified for ChangeError {
    fn kind(&self) -> ErrorKind {
        match self {
            ChangeError::Lookup(error) => error.kind(),
            ChangeError::Occupied { .. } | ChangeError::Forks(_) => ErrorKind::Conflict,
            ChangeError::Unfinished(_) | ChangeError::Outdated => ErrorKind::Conflict,
            ChangeError::InvalidValue(_) => ErrorKind::InvalidInput,
            ChangeError::NeedsState(_) => ErrorKind::NeedsState,
            ChangeError::Writer(error) => error.kind(),
            ChangeError::Busy(_) => ErrorKind::Busy,
            ChangeError::File { cause, .. } | ChangeError::PartlyDone { cause, .. } => ErrorKind::of_io(cause),
            ChangeError::State(error) => error.kind(),
            ChangeError::Core(error) => error.kind(),
            ChangeError::Startup(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ChangeError::Lookup(error) => error.hint(),
            ChangeError::Occupied { .. } => Some(MOVE_AWAY),
            ChangeError::NeedsState(_) => Some(WITH_STATE),
            ChangeError::Writer(error) => error.hint(),
            ChangeError::Busy(_) => Some(TRY_AGAIN),
            ChangeError::Outdated => Some(LOOK_AGAIN),
            ChangeError::State(error) => error.hint(),
            ChangeError::Core(error) => error.hint(),
            ChangeError::Startup(error) => error.hint(),
            _ => None,
        }
    }

    fn argument(&self) -> Option<&'static str> {
        match self {
            ChangeError::Lookup(error) => error.argument(),
            _ => None,
        }
    }
}

impl ChangeError {
    /// Gives the error for one of the core about `wanted`.
    pub(crate) fn from_core(error: CoreChangeError, wanted: &str) -> ChangeError {
        match error {
            CoreChangeError::Lookup(error) => LookupError::from_core(error, wanted).into(),
            CoreChangeError::Occupied(FileMove { from, to }) => ChangeError::Occupied { from, to },
            CoreChangeError::Forks(forks) => ChangeError::Forks(forks),
        }
    }
}
