//! Why a home is not watched.

use threadkeep_engine::CoreError;
use threadkeep_engine::contract::FileError;

use crate::db::StateError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::rollouts;
use crate::threads::lookup::LookupError;

/// Says why a home is not watched, or was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is known of the threads cannot be had.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The rows cannot be brought up to date.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The home's rollouts cannot be listed.
    #[error("the home's rollouts cannot be listed: {}", .0.message())]
    Files(FileError),
    /// There is no thread for it.
    #[error("the home cannot be watched: there is no thread for it: {0}")]
    Thread(std::io::Error),
}

impl From<FileError> for WatchError {
    fn from(error: FileError) -> WatchError {
        WatchError::Files(error)
    }
}

impl Classified for WatchError {
    fn kind(&self) -> ErrorKind {
        match self {
            WatchError::State(error) => error.kind(),
            WatchError::Lookup(error) => error.kind(),
            WatchError::Startup(error) => error.kind(),
            WatchError::Core(error) => error.kind(),
            WatchError::Files(error) => rollouts::kind_of_failure(error),
            WatchError::Thread(error) => ErrorKind::of_io(error),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            WatchError::State(error) => error.hint(),
            WatchError::Lookup(error) => error.hint(),
            WatchError::Startup(error) => error.hint(),
            WatchError::Core(error) => error.hint(),
            WatchError::Files(_) | WatchError::Thread(_) => None,
        }
    }
}
