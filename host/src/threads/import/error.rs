//! Why nothing could be imported.

use std::path::PathBuf;

use threadkeep_engine::CoreError;

use crate::db::StateError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::change::ChangeError;

/// Says why nothing could be imported. What concerns one thread alone is part of the report.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file at this path is none that threads can be taken from: why.
    #[error("{0} cannot be imported: {1}; nothing of it was")]
    Source(PathBuf, String),
    /// The file at this path cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, std::io::Error),
    /// The journal of imports cannot be read or written at this path.
    #[error("the journal of imports at {0} cannot be used: {1}")]
    Journal(PathBuf, std::io::Error),
    /// There is no import that can be taken back.
    #[error("there is no import to take back")]
    NothingToUndo,
    /// The threads cannot be locked or changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The other home cannot be read.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl ImportError {
    /// Makes the error of a file that cannot be read.
    pub(super) fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> ImportError {
        let path = path.into();
        move |error| ImportError::Read(path, error)
    }
}

impl Classified for ImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            ImportError::Source(..) => ErrorKind::Corrupt,
            ImportError::Read(_, error) if error.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            ImportError::Read(_, error) | ImportError::Journal(_, error) => ErrorKind::of_io(error),
            ImportError::NothingToUndo => ErrorKind::NotFound,
            ImportError::Change(error) => error.kind(),
            ImportError::Startup(error) => error.kind(),
            ImportError::State(error) => error.kind(),
            ImportError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ImportError::Change(error) => error.hint(),
            ImportError::Startup(error) => error.hint(),
            ImportError::State(error) => error.hint(),
            ImportError::Core(error) => error.hint(),
            _ => None,
        }
    }
}
