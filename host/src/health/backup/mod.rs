//! Backups of the databases and indexes of a home: not of its rollouts, which nothing here rewrites.
//!
//! A backup is a directory of `<state dir>/backups/`, named by its time and reason, with a copy of each file and
//! `manifest.json`, which says where each belongs and what its bytes sum up to. It is made under a hidden name, and gets its
//! own when everything in it is on disk, so one that is listed is whole. Databases are copied by SQLite (its online backup),
//! with every committed row, also those in a WAL, and without a trace beside a database of Codex's.
//!
//! The order of locks: `change.lock`, `open.lock`, `owner.lock` of the state DB, then `backups/.lock`.

mod files;
mod restore;
mod verify;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::db::{StateDb, StateError};
use crate::platform::database_holders::Holder;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;

pub use restore::{PlannedFile, Restore, unfinished};
pub use verify::{Fault, Verified, verify};

/// Where backups are in the state directory, and their list of contents.
const PLACE: &str = "backups";
const MANIFEST: &str = "manifest.json";
const LOCK: &str = ".lock";
/// What begins the name of one that is being made or removed.
const UNDER_WAY: &str = ".under-way-";
/// How long another process's backup is waited for.
const WAIT: Duration = Duration::from_secs(30);
/// The form of manifest that is written and read here.
const VERSION: u32 = 1;
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
            BackupError::Unsound(..) => ErrorKind::Corrupt,
            BackupError::Unsettled(_, error) | BackupError::State(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            BackupError::Busy(_) => Some(TRY_AGAIN),
            BackupError::Unknown(_) => Some(NAMED_BY_LIST),
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

/// Says which place a file belongs in. The place is found anew when it is put back: the home may have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Belongs {
    /// Where Codex keeps its databases.
    SqliteHome,
    /// Where the state DB is.
    StateDir,
    /// The home itself.
    Home,
}

/// Describes a file of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Its name, here and there.
    pub name: String,
    /// Where it belongs.
    pub belongs: Belongs,
    /// Where that was.
    pub place: PathBuf,
    /// Bytes of the copy.
    pub bytes: u64,
    /// Of the copy, in hexadecimal.
    pub sha256: String,
    /// Why SQLite could not read the database; the copy then has its bytes as they were, and is no good for restoring.
    pub damaged: Option<String>,
}

impl SavedFile {
    /// Says whether it is a database, or what stands beside one.
    pub fn is_database(&self) -> bool {
        self.name.ends_with(".sqlite")
    }
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    version: u32,
    /// RFC 3339, UTC.
    created: String,
    reason: Option<String>,
    files: Vec<SavedFile>,
}

/// Describes a complete backup.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Its directory's name: `20261122T101530Z-repair`.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// When it was made, RFC 3339, UTC.
    pub created: String,
    /// What for, if that was told.
    pub reason: Option<String>,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Its files.
    pub files: Vec<SavedFile>,
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
}

impl Wanted {
    /// Makes the usual one, before something is done.
    pub fn before(reason: &str) -> Wanted {
        Wanted { reason: Some(reason.into()), keep: KEEP, logs: false }
    }
}

/// Makes a backup, then removes the oldest ones of the same reason beyond those that are to be kept: what is made before
/// repairs does not drive out what a user made.
///
/// `state` is the handle if this process has one: its connection then copies the state DB. A process that has a connection
/// to one of Codex's databases must not call this: closing the files that are read here would drop its locks.
pub fn create(home: &Home, state_dir: &Path, state: Option<&StateDb>, wanted: &Wanted) -> Result<Backup, BackupError> {
    let database = Database::open(state_dir)?;
    let backup = database.make(home, state_dir, state, wanted)?;
    database.prune(wanted.keep, wanted.reason.as_deref())?;
    Ok(backup)
}

/// Lists the complete backups, newest first, and says what else is there that should be one.
pub fn backups(state_dir: &Path) -> Result<(Vec<Backup>, Vec<String>), BackupError> {
    let dir = state_dir.join(PLACE);
    let entries = match fs::read_dir(&dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        entries => entries.map_err(BackupError::io(&dir, "read"))?,
    };
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for entry in entries {
        let entry = entry.map_err(BackupError::io(&dir, "read"))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') || !entry.path().is_dir() {
            continue;
        }
        match read(&entry.path(), &name) {
            Ok(backup) => found.push(backup),
            Err(why) => wrong.push(format!("{} is no backup: {why}", entry.path().display())),
        }
    }
    found.sort_by(|one, other| (&other.created, &other.name).cmp(&(&one.created, &one.name)));
    wrong.sort_unstable();
    Ok((found, wrong))
}

/// Gives the one backup whose name begins so.
pub fn named(state_dir: &Path, wanted: &str) -> Result<Backup, BackupError> {
    let (backups, _) = backups(state_dir)?;
    let whole = backups.iter().find(|backup| backup.name == wanted).cloned();
    let mut meant: Vec<Backup> = match whole {
        Some(backup) => vec![backup],
        None => backups.into_iter().filter(|backup| !wanted.is_empty() && backup.name.starts_with(wanted)).collect(),
    };
    match meant.len() {
        0 => Err(BackupError::Unknown(wanted.into())),
        1 => Ok(meant.remove(0)),
        _ => Err(BackupError::Ambiguous(wanted.into(), meant.into_iter().map(|backup| backup.name).collect())),
    }
}

fn read(path: &Path, name: &str) -> Result<Backup, String> {
    let text = fs::read_to_string(path.join(MANIFEST)).map_err(|error| format!("its {MANIFEST}: {error}"))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| format!("its {MANIFEST}: {error}"))?;
    if manifest.version != VERSION {
        return Err(format!("its {MANIFEST} has form {}, and this program knows {VERSION}", manifest.version));
    }
    // What is put back goes by these names.
    if let Some(saved) = manifest.files.iter().find(|saved| !files::is_ours(&saved.name)) {
        return Err(format!("its {MANIFEST} names '{}', which is never backed up", saved.name));
    }
    let bytes = manifest.files.iter().map(|saved| saved.bytes).sum();
    let (name, path) = (name.to_owned(), path.to_path_buf());
    Ok(Backup { name, path, created: manifest.created, reason: manifest.reason, bytes, files: manifest.files })
}

/// The directory of backups, for one process at a time.
struct Database {
    dir: PathBuf,
    _lock: FileLock,
}

impl Database {
    fn open(state_dir: &Path) -> Result<Database, BackupError> {
        let dir = state_dir.join(PLACE);
        files::make_private_dir(&dir)?;
        let lock =
            FileLock::take_within(&dir.join(LOCK), WAIT).map_err(StateError::from)?.ok_or(BackupError::Busy(WAIT))?;
        Ok(Database { dir, _lock: lock })
    }

    fn make(
        &self,
        home: &Home,
        state_dir: &Path,
        state: Option<&StateDb>,
        wanted: &Wanted,
    ) -> Result<Backup, BackupError> {
        let good = |reason: &String| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=40).contains(&reason.len()) && reason.bytes().all(plain)
        };
        if let Some(reason) = wanted.reason.as_ref().filter(|reason| !good(reason)) {
            return Err(BackupError::Reason(reason.clone()));
        }
        self.remove_leftovers();
        let sources = files::sources(home, state_dir, wanted.logs)?;
        if sources.is_empty() {
            return Err(BackupError::Nothing);
        }
        let now = jiff::Timestamp::now();
        let hidden = self.dir.join(format!("{UNDER_WAY}{}", std::process::id()));
        files::make_private_dir(&hidden)?;
        let made = self.fill(&hidden, &sources, state, wanted, now);
        if made.is_err() {
            let _ = fs::remove_dir_all(&hidden);
        }
        made
    }

    fn fill(
        &self,
        hidden: &Path,
        sources: &[files::Source],
        state: Option<&StateDb>,
        wanted: &Wanted,
        now: jiff::Timestamp,
    ) -> Result<Backup, BackupError> {
        let mut saved = Vec::new();
        for source in sources {
            saved.extend(files::save(source, hidden, state)?);
        }
        let manifest =
            Manifest { version: VERSION, created: format!("{now:.3}"), reason: wanted.reason.clone(), files: saved };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from);
        let path = hidden.join(MANIFEST);
        text.and_then(|text| files::write(&path, &text)).map_err(BackupError::io(&path, "written"))?;
        files::sync_dir(hidden)?;
        let reason = wanted.reason.as_ref().map(|reason| format!("-{reason}")).unwrap_or_default();
        let plain = format!("{}{reason}", now.strftime("%Y%m%dT%H%M%SZ"));
        let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}-{number}")));
        // Whoever could take the name meanwhile holds the lock, which is held here.
        let name = names.into_iter().find(|name| !self.dir.join(name).exists()).unwrap_or(plain);
        let path = self.dir.join(&name);
        fs::rename(hidden, &path).map_err(BackupError::io(&path, "given its name"))?;
        files::sync_dir(&self.dir)?;
        read(&path, &name).map_err(|why| BackupError::Io(path, "read", io::Error::other(why)))
    }

    /// Removes, of those with this reason, the oldest ones beyond as many as are to be kept. One that is being removed has no name
    /// any more.
    fn prune(&self, keep: usize, reason: Option<&str>) -> Result<(), BackupError> {
        let (backups, _) = backups(self.dir.parent().unwrap_or(&self.dir))?;
        let alike = backups.iter().filter(|backup| backup.reason.as_deref() == reason);
        for backup in alike.skip(keep.max(1)) {
            let hidden = self.dir.join(format!("{UNDER_WAY}{}", backup.name));
            fs::rename(&backup.path, &hidden).map_err(BackupError::io(&backup.path, "removed"))?;
            fs::remove_dir_all(&hidden).map_err(BackupError::io(&hidden, "removed"))?;
        }
        Ok(())
    }

    /// Removes what killed processes left; nobody else is at work. What cannot be removed does no harm.
    fn remove_leftovers(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNDER_WAY) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}
