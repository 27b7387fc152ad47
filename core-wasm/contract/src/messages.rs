//! Says in words why the state DB or a file gave no answer.

use alloc::format;
use alloc::string::String;

use crate::{ChangeError, FileError, LookupError, SearchError, StartupError, StateError, WriteError};

impl StateError {
    /// Says why, for people.
    pub fn message(&self) -> String {
        match self {
            StateError::Unavailable => "no state DB in this process".into(),
            StateError::Busy => "another process keeps the state DB locked".into(),
            StateError::ClaimLost => "another process has taken the backfill over".into(),
            StateError::Corrupt(why) => format!("the state DB is damaged: {why}"),
            StateError::Denied(why) | StateError::Io(why) => why.clone(),
        }
    }
}

impl FileError {
    /// Says why, for people.
    pub fn message(&self) -> String {
        match self {
            FileError::NotFound => "it is not there".into(),
            FileError::Denied => "permission denied".into(),
            FileError::NotAFile => "not a regular file".into(),
            FileError::BrokenCompression(why) => format!("its compression is broken: {why}"),
            FileError::Io(why) => why.clone(),
        }
    }
}

impl From<StateError> for LookupError {
    fn from(error: StateError) -> Self {
        LookupError::State(error)
    }
}

impl From<FileError> for LookupError {
    fn from(error: FileError) -> Self {
        LookupError::Files(error)
    }
}

impl From<StateError> for StartupError {
    fn from(error: StateError) -> Self {
        StartupError::State(error)
    }
}

impl From<FileError> for StartupError {
    fn from(error: FileError) -> Self {
        StartupError::Files(error)
    }
}

impl From<FileError> for WriteError {
    fn from(error: FileError) -> Self {
        WriteError::File(error)
    }
}

impl<E: Into<LookupError>> From<E> for ChangeError {
    fn from(error: E) -> Self {
        ChangeError::Lookup(error.into())
    }
}

impl<E: Into<LookupError>> From<E> for SearchError {
    fn from(error: E) -> Self {
        SearchError::Lookup(error.into())
    }
}
