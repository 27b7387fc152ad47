//! Whether a backup still is what it was when it was made.

use super::files::sum;
use super::manifest::read;
use super::{Backup, BackupError, SavedFile};
use crate::db::fault_of;

/// Says what checking a backup came to.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Which one.
    pub name: String,
    /// Nothing is wrong with it.
    pub sound: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Describes something wrong with a file of a backup.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// In words.
    pub problem: String,
}

/// Compares every file with what the manifest says of it, and has SQLite check every database.
pub fn verify(backup: &Backup) -> Result<Verified, BackupError> {
    let mut faults = Vec::new();
    for saved in &backup.files {
        if let Some(problem) = problem(backup, saved)? {
            faults.push(Fault { file: saved.name.clone(), problem });
        }
    }
    Ok(Verified { name: backup.name.clone(), sound: faults.is_empty(), faults })
}

/// Says whether a backup that was just made, and whose sums were taken then, is there with all that it holds.
pub(super) fn is_whole(backup: &Backup) -> Result<(), String> {
    for saved in &read(&backup.path, &backup.name)?.files {
        let file = backup.path.join(&saved.name).symlink_metadata();
        match file {
            Ok(file) if file.is_file() && file.len() == saved.bytes => {}
            Ok(_) => return Err(format!("its {} is not what was written", saved.name)),
            Err(error) => return Err(format!("its {}: {error}", saved.name)),
        }
    }
    Ok(())
}

/// Returns what is wrong with one of its files.
pub(super) fn problem(backup: &Backup, saved: &SavedFile) -> Result<Option<String>, BackupError> {
    let path = backup.path.join(&saved.name);
    let (bytes, sha256) = match sum(&path) {
        Ok(known) => known,
        Err(error) => return Ok(Some(format!("it cannot be read: {error}"))),
    };
    if bytes != saved.bytes {
        return Ok(Some(format!("it has {bytes} bytes and had {}", saved.bytes)));
    }
    if sha256 != saved.sha256 {
        return Ok(Some("its bytes are not those that were written".into()));
    }
    if let Some(why) = &saved.damaged {
        return Ok(Some(format!(
            "it was damaged already when it was backed up ({why}), and its bytes are kept as they were"
        )));
    }
    if !saved.is_database() {
        return Ok(None);
    }
    Ok(fault_of(&path)?.map(|fault| format!("SQLite finds it damaged: {fault}")))
}
