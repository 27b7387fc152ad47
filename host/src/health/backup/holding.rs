//! Which backups still hold something of threads that were deleted.

use std::fs;
use std::path::Path;

use super::{Backup, BackupError, SavedFile, backups};
use crate::db;

/// Lists the names of the backups that hold something of one of these threads, newest first; also those of which that cannot be
/// known.
pub fn holding(state_dir: &Path, threads: &[String]) -> Result<Vec<String>, BackupError> {
    let (found, _) = backups(state_dir)?;
    let holds =
        |backup: &Backup| backup.files.iter().any(|saved| may_hold(&backup.path.join(&saved.name), saved, threads));
    Ok(found.into_iter().filter(holds).map(|backup| backup.name).collect())
}

fn may_hold(path: &Path, saved: &SavedFile, threads: &[String]) -> bool {
    if saved.is_database() {
        return saved.damaged.is_some() || db::may_name_any(path, threads).unwrap_or(true);
    }
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    text.map_or(true, |text| threads.iter().any(|thread| text.contains(thread)))
}
