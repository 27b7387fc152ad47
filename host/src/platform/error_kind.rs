//! What kind of failure an error is, so that programs can decide by it: an exit code, a status of a protocol, another try.

use std::error::Error;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;

/// Says what kind of failure an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// What was asked for makes no sense: a bad value, a cursor of another list.
    InvalidInput,
    /// There is no such thread, turn, backup or the like.
    NotFound,
    /// Several threads, or several of something else, answer to it.
    Ambiguous,
    /// It cannot be done as things stand: something is in the way, or has changed since it was looked at.
    Conflict,
    /// Another process has it locked; trying again later may help.
    Busy,
    /// Another process did not come to an end within the time that was given.
    TimedOut,
    /// The system forbids it.
    Denied,
    /// A file or a database is damaged.
    Corrupt,
    /// It was written by a newer program.
    NewerVersion,
    /// It needs the state DB, and there is none.
    NeedsState,
    /// It was told to stop.
    Cancelled,
    /// A file or the disk failed.
    Io,
    /// This program is at fault.
    Internal,
}

impl ErrorKind {
    /// Gives the kind of a failure of the system.
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

/// An error of this library: it knows its kind, and what a person can do about it.
///
/// The text of an error is a whole sentence for people. Where there is a hint, the text ends with `; ` and the hint.
pub trait Classified: Error {
    /// Says what kind of failure it is.
    fn kind(&self) -> ErrorKind;

    /// Says what to do next, in words; none where nothing can be said.
    fn hint(&self) -> Option<&'static str> {
        None
    }

    /// Names the argument that is to blame, where one is: `cursor`, say.
    fn argument(&self) -> Option<&'static str> {
        None
    }
}
