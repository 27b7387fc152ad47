//! Backups of the databases and indexes of a home: not of its rollouts, which nothing here rewrites.
//!
//! A backup is a directory of `<state dir>/backups/`, named by its time and reason, with a copy of each file and
//! `manifest.json`, which says where each belongs and what its bytes sum up to. It is made under a hidden name, and gets its
//! own when everything in it is on disk, so one that is listed is whole. Databases are copied by SQLite (its online backup),
//! with every committed row, also those in a WAL, and without a trace beside a database of Codex's.
//!
//! The order of locks: `change.lock`, `open.lock`, `owner.lock` of the state DB, then `backups/.lock`.

mod files;
mod holding;
mod making;
mod manifest;
mod restore;
mod verify;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::db::{StateDb, StateError};
use crate::platform::database_holders::Holder;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::home::Home;
use crate::platform::wait::Wait;

pub use holding::holding;
use making::Database;
pub use manifest::{Backup, Belongs, SavedFile, backups, named};
pub use restore::{PlannedFile, Restore, unfinished};
pub use verify::{Fault, Verified, verify};

/// Where backups are in the state directory.
const PLACE: &str = "backups";
const LOCK: &str = ".lock";
/// Who is waited for.
const WHO: &str = "another process, which is making or restoring a backup, or changing threads";
/// How many backups are kept unless something else is asked for.
pub const KEEP: usize = 10;

/// Says why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another process is at it.
    #[error("another process is making or restoring a backup, or changing threads, and did not finish within {} s; {hint}", .0.as_secs(), hint = TRY_AGAIN)]
    Busy(Duration),
    /// A file or directory failed.
    #[error("{0} cannot be {1}: {2}")]
    Io(PathBuf, &'static str, io::Error),
    /// The home has neither a database nor an index, nor is there a state DB.
    #[error("there is nothing to back up: no database, no session_index.jsonl, no config.toml")]
    Nothing,
    /// A reason becomes a part of a name.
    #[error("'{0}' cannot be a reason: use up to 40 letters, digits, '-' and '_'")]
    Reason(String),
    /// No backup is called so.
    #[error("no backup is called '{0}'; {hint}", hint = NAMED_BY_LIST)]
    Unknown(String),
    /// Several backups begin so.
    #[error("several backups begin with '{0}': {list}", list = .1.join(", "))]
    Ambiguous(String, Vec<String>),
    /// A file was asked for that the backup does not hold.
    #[error("the backup {0} holds no {1}; it holds {held}", held = .2.join(", "))]
    NotHeld(String, String, Vec<String>),
    /// The backup is not what it was.
    #[error("the backup {0} is not to be trusted, and nothing was restored: {list}", list = .1.join("; "))]
    Unsound(String, Vec<String>),
    /// What a restore that was broken off has left is not what a restore leaves.
    #[error("{0} is not what a restore that was broken off leaves: {1}; nothing was done by it, and {hint}", hint = LOOK_AT_IT)]
    Untrusted(PathBuf, String),
    /// Somebody uses what would be replaced.
    #[error("{path} is open in {holders}; {hint}", hint = END_THAT, path = .0.display(), holders = list(.1))]
    Open(PathBuf, Vec<Holder>),
    /// It cannot be known whether somebody uses what would be replaced.
    #[error(
        "this system does not tell who has {0} open, so it is not replaced; {hint}", hint = BY_HAND
    )]
    CannotTell(PathBuf),
    /// The database that is there cannot be settled.
    #[error("{0} stays as it is: {1}")]
    Unsettled(PathBuf, StateError),
    /// A database failed.
    #[error(transparent)]
    State(#[from] StateError),
}

const TRY_AGAIN: &str = "try again";
const NAMED_BY_LIST: &str = "`threadkeep backup list` names those that there are";
const LOOK_AT_IT: &str = "look at it, remove it, and try again";
const END_THAT: &str = "end that first";
const BY_HAND: &str = "end every Codex and Threadkeep, and copy it by hand";

impl Classified for BackupError {
    fn kind(&self) -> ErrorKind {
        match self {
            BackupError::Busy(_) | BackupError::Open(..) => ErrorKind::Busy,
            BackupError::Io(_, _, error) => ErrorKind::of_io(error),
            BackupError::Nothing | BackupError::CannotTell(_) => ErrorKind::Conflict,
            BackupError::Reason(_) | BackupError::NotHeld(..) => ErrorKind::InvalidInput,
            BackupError::Unknown(_) => ErrorKind::NotFound,
            BackupError::Ambiguous(..) => ErrorKind::Ambiguous,
            BackupError::Unsound(..) | BackupError::Untrusted(..) => ErrorKind::Corrupt,
            BackupError::Unsettled(_, error) | BackupError::State(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            BackupError::Busy(_) => Some(TRY_AGAIN),
            BackupError::Unknown(_) => Some(NAMED_BY_LIST),
            BackupError::Untrusted(..) => Some(LOOK_AT_IT),
            BackupError::Open(..) => Some(END_THAT),
            BackupError::CannotTell(_) => Some(BY_HAND),
            BackupError::Unsettled(_, error) | BackupError::State(error) => error.hint(),
            _ => None,
        }
    }
}

fn list(holders: &[Holder]) -> String {
    holders.iter().map(Holder::to_string).collect::<Vec<_>>().join(", ")
}

impl BackupError {
    fn io(path: &Path, what: &'static str) -> impl Fn(io::Error) -> BackupError {
        move |error| BackupError::Io(path.to_path_buf(), what, error)
    }
}

/// Says what is to be backed up, and how many backups stay.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What for: a part of the name.
    pub reason: Option<String>,
    /// How many backups of this reason stay, this one included; older ones go. At least 1.
    pub keep: usize,
    /// Codex's `logs_N.sqlite` too, which may be huge.
    pub logs: bool,
    /// The name of one that stays, however many there are: what is being done rests on it.
    pub needed: Option<String>,
}

impl Wanted {
    /// Makes the usual one, before something is done.
    pub fn before(reason: &str) -> Wanted {
        Wanted { reason: Some(reason.into()), keep: KEEP, logs: false, needed: None }
    }
}

/// Makes a backup, then removes those of the same reason that were made first, beyond those that are to be kept: what is made
/// before repairs does not drive out what a user made.
///
/// `state` is the handle if this process has one: its connection then copies the state DB. A process that has a connection
/// to one of Codex's databases must not call this: closing the files that are read here would drop its locks.
pub fn create(
    home: &Home,
    state_dir: &Path,
    state: Option<&StateDb>,
    wanted: &Wanted,
    wait: &Wait,
) -> Result<Backup, BackupError> {
    Database::open(state_dir, wait)?.make(home, state_dir, state, wanted)
}
