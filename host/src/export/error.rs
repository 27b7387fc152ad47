//! Why threads were not taken out.

use std::io;
use std::path::{Path, PathBuf};

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::lookup::LookupError;

/// Says why threads were not taken out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A thread could not be found or read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// What takes the document in failed.
    #[error("the document cannot be written: {0}")]
    Output(io::Error),
    /// A file or a directory could not be written.
    #[error("{path} cannot be written: {error}", path = .0.display(), error = .1)]
    File(PathBuf, io::Error),
    /// Something stands where a file was to be written.
    #[error("{} is there and was not written by an export; {IN_THE_WAY}", .0.display())]
    InTheWay(PathBuf),
    /// Another process writes into the directory.
    #[error("another export writes into {}; {LATER}", .0.display())]
    Busy(PathBuf),
    /// The manifest of a directory cannot be used.
    #[error("{path} cannot be used: {why}; {NEW_DIRECTORY}", path = .0.display(), why = .1)]
    Manifest(PathBuf, String),
    /// A document is not JSON.
    #[error("a document of a thread is not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

const IN_THE_WAY: &str = "move it away or name another place";
const LATER: &str = "wait for its end";
const NEW_DIRECTORY: &str = "name another directory, or move that file away and the exported files with it";

impl ExportError {
    /// Says that a file failed; a disk that is full fails later than it is noticed.
    pub(super) fn of_file(path: &Path, error: io::Error) -> ExportError {
        match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::InTheWay(path.into()),
            _ => ExportError::File(path.into(), error),
        }
    }

    /// Says whether the disk or the directory is at fault, so that it is no use to go on with other threads.
    pub(super) fn ends_all(&self) -> bool {
        match self {
            ExportError::Lookup(error) => error.kind() == ErrorKind::Cancelled,
            ExportError::Output(_) | ExportError::File(..) | ExportError::Busy(_) | ExportError::Manifest(..) => true,
            ExportError::InTheWay(_) | ExportError::Json(_) => false,
        }
    }
}

impl Classified for ExportError {
    fn kind(&self) -> ErrorKind {
        match self {
            ExportError::Lookup(error) => error.kind(),
            ExportError::Output(error) | ExportError::File(_, error) => ErrorKind::of_io(error),
            ExportError::InTheWay(_) => ErrorKind::Conflict,
            ExportError::Busy(_) => ErrorKind::Busy,
            ExportError::Manifest(..) | ExportError::Json(_) => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ExportError::Lookup(error) => error.hint(),
            ExportError::InTheWay(_) => Some(IN_THE_WAY),
            ExportError::Busy(_) => Some(LATER),
            ExportError::Manifest(..) => Some(NEW_DIRECTORY),
            ExportError::Output(_) | ExportError::File(..) | ExportError::Json(_) => None,
        }
    }
}
