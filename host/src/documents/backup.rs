//! Backups of databases and indexes.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Time, key_order};
use crate::health::backup as health;
use crate::platform::path_text;

/// A backup.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Backup {
    /// The name of its directory, which begins with its time: "20261122T101530Z-repair".
    pub name: String,
    /// The absolute path of its directory.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// When it was made.
    pub created: Time,
    /// What it was made for; null where that was not said.
    pub reason: Option<String>,
    /// How many bytes all of its files have.
    pub bytes: u64,
    /// The files.
    pub files: Vec<BackupFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BackupFile {
    /// Its name, in the backup as at its place.
    pub name: String,
    /// Which place it belongs in.
    pub belongs: BackupPlace,
    /// The absolute path where it was when the backup was made.
    #[serde(serialize_with = "path_text::serialize")]
    pub place: PathBuf,
    /// How many bytes the copy has.
    pub bytes: u64,
    /// The SHA-256 sum of the copy, in hexadecimal.
    pub sha256: String,
    /// Why SQLite could not read the database, in words; null where it could. Such a copy is no good for restoring.
    pub damaged: Option<String>,
}

/// Which place a file of a backup belongs in. Where that is, is found anew by a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackupPlace {
    /// Where Codex keeps its databases.
    SqliteHome,
    /// Where the state DB is.
    StateDir,
    /// The home itself.
    Home,
}

/// The backups that there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Backups {
    /// The backups, each with its keys in alphabetical order.
    #[serde(serialize_with = "key_order::serialize")]
    #[schemars(with = "Vec<Backup>")]
    pub items: Vec<Backup>,
}

/// Backups that were looked through.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VerifiedBackups {
    /// What the look at each came to.
    pub items: Vec<VerifiedBackup>,
}

/// What the look through a backup came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VerifiedBackup {
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// The backup's name.
    pub name: String,
    /// Whether nothing is wrong with it.
    pub sound: bool,
}

/// Something that is wrong with a file of a backup.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// What is wrong with it, in words.
    pub problem: String,
}

/// A backup that was put back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RestoredBackup {
    /// The backup's name.
    pub backup: String,
    /// The name of the backup of what was there before; null where nothing was.
    pub before: Option<String>,
    /// The files that were put back.
    pub items: Vec<RestoredFile>,
}

/// A file that was put back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RestoredFile {
    /// How many bytes it has.
    pub bytes: u64,
    /// Its name.
    pub name: String,
    /// The absolute path where it is now.
    #[serde(serialize_with = "path_text::serialize")]
    pub place: PathBuf,
    /// How many bytes that had which was there before, a WAL included; null where nothing was.
    pub present_bytes: Option<u64>,
}

impl From<&health::Backup> for Backup {
    fn from(backup: &health::Backup) -> Backup {
        let health::Backup { name, path, created, reason, bytes, files, sequence: _ } = backup;
        Backup {
            name: name.clone(),
            path: path.clone(),
            created: Time::from_text(created),
            reason: reason.clone(),
            bytes: *bytes,
            files: files.iter().map(BackupFile::from).collect(),
        }
    }
}

impl From<&health::SavedFile> for BackupFile {
    fn from(saved: &health::SavedFile) -> BackupFile {
        let health::SavedFile { name, belongs, place, bytes, sha256, damaged } = saved;
        BackupFile {
            name: name.clone(),
            belongs: match belongs {
                health::Belongs::SqliteHome => BackupPlace::SqliteHome,
                health::Belongs::StateDir => BackupPlace::StateDir,
                health::Belongs::Home => BackupPlace::Home,
            },
            place: place.clone(),
            bytes: *bytes,
            sha256: sha256.clone(),
            damaged: damaged.clone(),
        }
    }
}

impl From<&[health::Backup]> for Backups {
    fn from(backups: &[health::Backup]) -> Backups {
        Backups { items: backups.iter().map(Backup::from).collect() }
    }
}

impl From<&[health::Verified]> for VerifiedBackups {
    fn from(verified: &[health::Verified]) -> VerifiedBackups {
        VerifiedBackups { items: verified.iter().map(VerifiedBackup::from).collect() }
    }
}

impl From<&health::Verified> for VerifiedBackup {
    fn from(verified: &health::Verified) -> VerifiedBackup {
        let fault = |fault: &health::Fault| Fault { file: fault.file.clone(), problem: fault.problem.clone() };
        VerifiedBackup {
            faults: verified.faults.iter().map(fault).collect(),
            name: verified.name.clone(),
            sound: verified.sound,
        }
    }
}

impl RestoredBackup {
    /// Makes the document of the backup that was put back, by its name, the files, and the backup that was made before.
    pub fn new(name: &str, files: &[health::PlannedFile], before: Option<&health::Backup>) -> RestoredBackup {
        RestoredBackup {
            backup: name.into(),
            before: before.map(|before| before.name.clone()),
            items: files.iter().map(RestoredFile::from).collect(),
        }
    }
}

impl From<&health::PlannedFile> for RestoredFile {
    fn from(file: &health::PlannedFile) -> RestoredFile {
        let health::PlannedFile { name, place, bytes, present_bytes } = file;
        RestoredFile { bytes: *bytes, name: name.clone(), place: place.clone(), present_bytes: *present_bytes }
    }
}
