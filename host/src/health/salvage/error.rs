//! Why nothing was salvaged.

use std::path::{Path, PathBuf};

use threadkeep_engine::CoreError;

use crate::db::StateError;
use crate::platform::error_kind::{Classified, ErrorKind};

/// Says why nothing was salvaged.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// A file failed.
    #[error("{0} cannot be {1}: {2}")]
    Io(PathBuf, &'static str, std::io::Error),
    /// Two files cannot be merged, for a reason in words.
    #[error("{0} and {1} cannot be merged: {2}")]
    Apart(PathBuf, PathBuf, String),
    /// Nothing in it is worth it.
    #[error("nothing of {0} can be salvaged: {1}")]
    Nothing(PathBuf, String),
    /// Somebody writes it.
    #[error("{0} changed while it was read; {hint}", hint = WHEN_CALM)]
    Changed(PathBuf),
    /// The copy's name is taken.
    #[error("{0} is there already, and stays as it is; {hint}", hint = ANOTHER_PLACE)]
    Taken(PathBuf),
    /// The copy did not stand its own test.
    #[error("the copy is not valid ({0}), and was thrown away; {hint}", hint = DAMAGED_MACHINE)]
    Invalid(String),
    /// The system has no randomness.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl SalvageError {
    pub(super) fn io(path: &Path, what: &'static str) -> impl Fn(std::io::Error) -> SalvageError {
        move |error| SalvageError::Io(path.to_path_buf(), what, error)
    }
}

const WHEN_CALM: &str = "try again when nobody writes it";
const ANOTHER_PLACE: &str = "name another place with --to FILE";
const DAMAGED_MACHINE: &str = "the disk or the memory may be damaged";

impl Classified for SalvageError {
    fn kind(&self) -> ErrorKind {
        match self {
            SalvageError::Io(_, "read", error) if error.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            SalvageError::Io(_, _, error) => ErrorKind::of_io(error),
            SalvageError::Nothing(..) => ErrorKind::Corrupt,
            SalvageError::Changed(_) | SalvageError::Taken(_) | SalvageError::Apart(..) => ErrorKind::Conflict,
            SalvageError::Invalid(_) | SalvageError::Randomness(_) => ErrorKind::Io,
            SalvageError::State(error) => error.kind(),
            SalvageError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            SalvageError::Changed(_) => Some(WHEN_CALM),
            SalvageError::Taken(_) => Some(ANOTHER_PLACE),
            SalvageError::Invalid(_) => Some(DAMAGED_MACHINE),
            SalvageError::State(error) => error.hint(),
            SalvageError::Core(error) => error.hint(),
            _ => None,
        }
    }
}
