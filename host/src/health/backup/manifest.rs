//! What a backup says of itself, and the backups that there are. What stands in a directory of them is taken for input:
//! anybody may have written it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{BackupError, PLACE};
use crate::db::FILE_NAME;
use crate::platform::own_files::{is_plain_name, read_own_file};
use crate::platform::path_text;

/// The list of contents of a backup.
pub(super) const MANIFEST: &str = "manifest.json";
/// The form of manifest that is written and read here.
pub(super) const VERSION: u32 = 1;
/// Beside the databases: names in the home.
pub(super) const INDEXES: [&str; 2] = ["session_index.jsonl", "config.toml"];
/// No manifest is longer, bytes: it names a handful of files.
const LONGEST: u64 = 1 << 20;

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
    /// Where that was, for people.
    #[serde(serialize_with = "path_text::serialize")]
    pub place: PathBuf,
    /// Bytes of the copy.
    pub bytes: u64,
    /// Of the copy, in hexadecimal.
    pub sha256: String,
    /// Why SQLite could not read the database; the copy then has its bytes as they were, and is no good for restoring.
    pub damaged: Option<String>,
}

/// Gives what comes before the number of a database of Codex's: `state` of `state_5.sqlite`.
pub(super) fn kind(name: &str) -> Option<&str> {
    let (kind, number) = name.strip_suffix(".sqlite")?.rsplit_once('_')?;
    let plain = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (plain && digits).then_some(kind)
}

/// Says whether a backup could hold a file of this name that belongs in this place. What stands beside a damaged database has
/// its name and `-wal`.
pub(super) fn belongs_there(name: &str, place: Belongs) -> bool {
    let database = name.strip_suffix("-wal").unwrap_or(name);
    match place {
        Belongs::SqliteHome => kind(database).is_some(),
        Belongs::StateDir => database == FILE_NAME,
        Belongs::Home => INDEXES.contains(&name),
    }
}

impl SavedFile {
    /// Says whether it is a database, or what stands beside one.
    pub fn is_database(&self) -> bool {
        self.name.ends_with(".sqlite")
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// Which one it is of those that were made in this place, from 1 on; 0 where that was not counted yet. Clocks go back,
    /// this does not.
    #[serde(default)]
    pub(super) sequence: u64,
    /// RFC 3339, UTC.
    pub(super) created: String,
    pub(super) reason: Option<String>,
    pub(super) files: Vec<SavedFile>,
}

/// Describes a complete backup.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Its directory's name: `20261122T101530Z-repair`.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// Which one it is of those that were made in this place; 0 of one from before they were counted.
    pub sequence: u64,
    /// When it was made, RFC 3339, UTC.
    pub created: String,
    /// What for, if that was told.
    pub reason: Option<String>,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Its files.
    pub files: Vec<SavedFile>,
}

/// Lists the complete backups, the one that was made last first, and says what else is there that should be one. They go by
/// the order in which they were made; only those from before that was counted, which come last, by their dates.
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
        let kind = entry.file_type().map_err(BackupError::io(&dir, "read"))?;
        let read = match () {
            () if name.starts_with('.') || kind.is_file() => continue,
            () if kind.is_symlink() => Err("it is a link, which is not followed".into()),
            () if !kind.is_dir() => continue,
            () => read(&entry.path(), &name),
        };
        match read {
            Ok(backup) => found.push(backup),
            Err(why) => wrong.push(format!("{} is no backup: {why}", entry.path().display())),
        }
    }
    let key = |backup: &Backup| (backup.sequence, backup.created.clone(), backup.name.clone());
    found.sort_by_cached_key(|backup| std::cmp::Reverse(key(backup)));
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

/// Reads one; or says why what is there is none.
pub(super) fn read(path: &Path, name: &str) -> Result<Backup, String> {
    let unreadable = |error: io::Error| format!("its {MANIFEST}: {error}");
    let text = read_own_file(&path.join(MANIFEST), LONGEST).map_err(unreadable)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))?;
    if manifest.version != VERSION {
        return Err(format!("its {MANIFEST} has form {}, and this program knows {VERSION}", manifest.version));
    }
    if !is_plain_name(name) {
        return Err("no backup is called so".into());
    }
    for (at, saved) in manifest.files.iter().enumerate() {
        // What is put back goes by these names.
        if !belongs_there(&saved.name, saved.belongs) {
            return Err(format!(
                "its {MANIFEST} names '{}', which is never backed up there",
                saved.name.escape_debug()
            ));
        }
        if manifest.files[..at].iter().any(|other| other.name == saved.name) {
            return Err(format!("its {MANIFEST} names {} twice", saved.name));
        }
    }
    let bytes = manifest.files.iter().fold(0u64, |sum, saved| sum.saturating_add(saved.bytes));
    let Manifest { sequence, created, reason, files, .. } = manifest;
    Ok(Backup { name: name.into(), path: path.into(), sequence, created, reason, bytes, files })
}
