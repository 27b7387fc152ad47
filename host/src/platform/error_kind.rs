//! Kinds of failure, by which programs decide: on an exit code, a status of a protocol, another try.

use std::error::Error;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::CoreError;
use threadkeep_engine::replay::ReplayError;

/// Sorts errors by what a program can do about them. Every error of this library has one kind, by [`Classified::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// What was asked for makes no sense: a bad value, or a cursor of another list.
    InvalidInput,
    /// There is no such thread, turn, backup or the like.
    NotFound,
    /// Several threads, backups or the like answer to what was asked for.
    Ambiguous,
    /// The state of the home forbids it: something is in the way, or has changed since it was looked at.
    Conflict,
    /// Another process holds a lock; trying again later may help.
    Busy,
    /// Another process did not come to an end within the time that was given.
    TimedOut,
    /// The operating system forbids it.
    Denied,
    /// A file or a database is damaged.
    Corrupt,
    /// A database or file was written by a newer program.
    NewerVersion,
    /// The command needs the state DB, and there is none.
    NeedsState,
    /// The work was cancelled.
    Cancelled,
    /// A file or the disk failed.
    Io,
    /// This program itself is at fault.
    Internal,
}

impl ErrorKind {
    /// Gives the kind of an error of the operating system; whatever is not known better is [`ErrorKind::Io`].
    pub fn of_io(error: &io::Error) -> ErrorKind {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Denied,
            io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy => ErrorKind::Busy,
            io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            io::ErrorKind::InvalidData => ErrorKind::Corrupt,
            _ => ErrorKind::Io,
        }
    }
}

/// Is implemented by every error of this library: it knows its kind, and what a person can do about it.
///
/// The text of an error is a whole sentence for people. Where there is a hint, the text ends with `; ` and the hint.
pub trait Classified: Error {
    /// Gives the kind of the failure.
    fn kind(&self) -> ErrorKind;

    /// Gives a sentence that says what to do next; none where nothing can be said.
    fn hint(&self) -> Option<&'static str> {
        None
    }

    /// Gives the name of the argument that is to blame, as `cursor`; none where it is not an argument.
    fn argument(&self) -> Option<&'static str> {
        None
    }
}

impl Classified for CoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            CoreError::Load(_) | CoreError::Trap { .. } => ErrorKind::Internal,
            CoreError::Memory(_) | CoreError::FileSize(_) => ErrorKind::Io,
            CoreError::Cancelled => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        CoreError::hint(self)
    }
}

impl Classified for ReplayError {
    fn kind(&self) -> ErrorKind {
        match self {
            ReplayError::Io(error) => ErrorKind::of_io(error),
            ReplayError::Version { .. } => ErrorKind::NewerVersion,
            ReplayError::Form { .. } => ErrorKind::Corrupt,
            ReplayError::Diverged { .. } => ErrorKind::Conflict,
            ReplayError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        ReplayError::hint(self)
    }
}
