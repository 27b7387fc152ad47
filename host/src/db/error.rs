//! What can go wrong with the state DB.

use std::path::PathBuf;

use threadkeep_engine::CoreError;
use threadkeep_engine::contract::StateError as CoreStateError;

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FileLockError;

/// Says why the state DB gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process kept it locked.
    #[error("another process kept the state DB locked for too long; {hint}", hint = TRY_AGAIN)]
    Busy,
    /// The file is damaged.
    #[error("the state DB is damaged ({0}); {hint}", hint = FILL_ANEW)]
    Corrupt(String),
    /// It was written by a newer program.
    #[error(
        "the state DB {path} has schema {found} and this program knows up to {known}: it was written by a newer \
         threadkeep; {hint}", hint = UPDATE
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// Another process has taken the backfill over.
    #[error("another process has taken the backfill over")]
    ClaimLost,
    /// The state directory cannot be used.
    #[error("the state directory {0} cannot be used: {1}; {hint}", hint = ANOTHER_DIRECTORY)]
    Directory(PathBuf, std::io::Error),
    /// A database cannot be read from outside: why, and what kind of failure that is.
    #[error("{0} cannot be read: {1}")]
    External(PathBuf, String, ErrorKind),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A file beside the state DB failed.
    #[error("{0}")]
    Io(String),
    /// A database cannot be opened or copied: what was tried, and what the operating system says.
    #[error("{0} cannot be {1}: {2}")]
    File(PathBuf, &'static str, std::io::Error),
    /// The core told of it in words; what kind of failure it was is known.
    #[error("{0}")]
    Told(String, ErrorKind),
    /// Any other answer of SQLite.
    #[error("the state DB failed: {0}")]
    Sqlite(rusqlite::Error),
}

const TRY_AGAIN: &str = "try again";
const FILL_ANEW: &str = "`threadkeep init` moves it aside and fills a new one";
const UPDATE: &str = "update this program, or leave the state DB out with --no-state";
const ANOTHER_DIRECTORY: &str = "name another one with --state-dir DIR, or use --no-state";

impl StateError {
    /// Gives the error as a sentence, without what to do next.
    pub(crate) fn sentence(&self) -> String {
        let whole = self.to_string();
        let hint = self.hint().and_then(|hint| whole.strip_suffix(hint)?.strip_suffix("; "));
        hint.map_or(whole.clone(), Into::into)
    }

    /// Gives what damages the state DB, as SQLite says it, or the sentence of any other failure.
    pub(crate) fn cause(&self) -> String {
        match self {
            StateError::Corrupt(why) => why.clone(),
            other => other.sentence(),
        }
    }
}

impl Classified for StateError {
    fn kind(&self) -> ErrorKind {
        match self {
            StateError::Busy | StateError::ClaimLost => ErrorKind::Busy,
            StateError::Corrupt(_) => ErrorKind::Corrupt,
            StateError::Newer { .. } => ErrorKind::NewerVersion,
            StateError::Directory(_, error) => ErrorKind::of_io(error),
            StateError::External(_, _, kind) => *kind,
            StateError::File(_, _, error) => ErrorKind::of_io(error),
            StateError::Sqlite(error) => kind_of_sqlite(error),
            StateError::Io(_) => ErrorKind::Io,
            StateError::Core(error) => error.kind(),
            StateError::Told(_, kind) => *kind,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            StateError::Busy => Some(TRY_AGAIN),
            StateError::Corrupt(_) => Some(FILL_ANEW),
            StateError::Newer { .. } => Some(UPDATE),
            StateError::Directory(..) => Some(ANOTHER_DIRECTORY),
            StateError::Core(error) => error.hint(),
            _ => None,
        }
    }
}

impl StateError {
    /// Gives the error for a database that is read from outside, where this is why it cannot be.
    pub(crate) fn external(path: &std::path::Path, why: StateError) -> StateError {
        match why {
            why @ StateError::External(..) => why,
            StateError::Corrupt(words) => StateError::External(path.into(), words, ErrorKind::Corrupt),
            StateError::Sqlite(error) => {
                let kind = kind_of_sqlite(&error);
                StateError::External(path.into(), error.to_string(), kind)
            }
            StateError::File(path, _, error) => {
                let kind = ErrorKind::of_io(&error);
                StateError::External(path, error.to_string(), kind)
            }
            why => StateError::External(path.into(), why.to_string(), why.kind()),
        }
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StateError::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StateError::Corrupt(error.to_string()),
            Some(_) if error.to_string().contains("no such table") => StateError::Corrupt(error.to_string()),
            Some(_) => StateError::Sqlite(error),
            // No answer where there must be one, or an answer of a kind that was never stored.
            None => StateError::Corrupt(error.to_string()),
        }
    }
}

/// Gives the kind of an answer of SQLite that is neither busy nor damaged.
fn kind_of_sqlite(error: &rusqlite::Error) -> ErrorKind {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::AuthorizationForStatementDenied) => {
            ErrorKind::Denied
        }
        _ => ErrorKind::Io,
    }
}

impl From<FileLockError> for StateError {
    fn from(error: FileLockError) -> Self {
        let dir = error.path.parent().unwrap_or(&error.path).to_path_buf();
        StateError::Directory(dir, error.cause)
    }
}

impl From<StateError> for CoreStateError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Busy => CoreStateError::Busy,
            StateError::ClaimLost => CoreStateError::ClaimLost,
            StateError::Corrupt(why) => CoreStateError::Corrupt(why),
            other if other.kind() == ErrorKind::Denied => CoreStateError::Denied(other.to_string()),
            other => CoreStateError::Io(other.to_string()),
        }
    }
}

/// What the core hands back of such an error, or says by itself.
impl From<CoreStateError> for StateError {
    fn from(error: CoreStateError) -> Self {
        match error {
            CoreStateError::Unavailable => {
                StateError::Told("no state DB in this process".into(), ErrorKind::NeedsState)
            }
            CoreStateError::Busy => StateError::Busy,
            CoreStateError::ClaimLost => StateError::ClaimLost,
            CoreStateError::Corrupt(why) => StateError::Corrupt(why),
            CoreStateError::Denied(why) => StateError::Told(why, ErrorKind::Denied),
            CoreStateError::Io(why) => StateError::Told(why, ErrorKind::Io),
        }
    }
}
