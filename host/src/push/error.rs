//! Why threads were not pushed.

use std::io;

use crate::db::StateError;
use crate::documents::LakeFailure;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::threads::lookup::LookupError;

/// Says why threads were not pushed. What was committed before stays, and the next push goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A thread could not be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The program that keeps tables is not there.
    #[error("the program threadkeep-lake, which writes tables, is not installed; {INSTALL}")]
    NoProgram,
    /// It could not be started or talked to.
    #[error("threadkeep-lake failed: {0}")]
    Program(#[source] io::Error),
    /// It ended before everything was there.
    #[error("threadkeep-lake ended early, {0}; {AGAIN}")]
    EndedEarly(String),
    /// It said something that is no answer.
    #[error("threadkeep-lake answered with what is no answer: {0}; {SAME_VERSION}")]
    Answer(String),
    /// It says what is wrong.
    #[error("{}; {AGAIN}", sentence(.0))]
    Refused(LakeFailure),
    /// A message is not JSON.
    #[error("a message is not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(super) const INSTALL: &str = "install it beside threadkeep: `make lake` builds it";
const AGAIN: &str = "push again: what was committed is not sent twice";
pub(super) const SAME_VERSION: &str = "install both programs in one version";

/// Gives what is wrong, and what to do.
pub(super) fn sentence(failure: &LakeFailure) -> String {
    match &failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message.clone(),
    }
}

/// Gives the kind that the program says its failure is of.
pub(super) fn kind_of(failure: &LakeFailure) -> ErrorKind {
    match failure.kind.as_str() {
        "invalidInput" => ErrorKind::InvalidInput,
        "notFound" => ErrorKind::NotFound,
        "conflict" => ErrorKind::Conflict,
        "busy" => ErrorKind::Busy,
        "timedOut" => ErrorKind::TimedOut,
        "denied" => ErrorKind::Denied,
        "corrupt" => ErrorKind::Corrupt,
        "newerVersion" => ErrorKind::NewerVersion,
        "cancelled" => ErrorKind::Cancelled,
        "internal" => ErrorKind::Internal,
        _ => ErrorKind::Io,
    }
}

impl Classified for PushError {
    fn kind(&self) -> ErrorKind {
        match self {
            PushError::Lookup(error) => error.kind(),
            PushError::State(error) => error.kind(),
            PushError::NoProgram => ErrorKind::NotFound,
            PushError::Program(error) => ErrorKind::of_io(error),
            PushError::EndedEarly(_) => ErrorKind::Io,
            PushError::Answer(_) | PushError::Json(_) => ErrorKind::Internal,
            PushError::Refused(failure) => kind_of(failure),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            PushError::Lookup(error) => error.hint(),
            PushError::State(error) => error.hint(),
            PushError::NoProgram => Some(INSTALL),
            PushError::EndedEarly(_) | PushError::Refused(_) => Some(AGAIN),
            PushError::Answer(_) => Some(SAME_VERSION),
            PushError::Program(_) | PushError::Json(_) => None,
        }
    }
}
