//! Backups made, and older ones removed for them, by one process at a time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{MANIFEST, Manifest, VERSION, backups, read};
use super::{Backup, BackupError, LOCK, PLACE, WHO, Wanted, files, verify};
use crate::db::{StateDb, StateError};
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::wait::Wait;

/// What begins the name of one that is being made or removed.
const UNDER_WAY: &str = ".under-way-";

/// The directory of backups, for one process at a time.
pub(super) struct Database {
    pub(super) dir: PathBuf,
    _lock: FileLock,
}

impl Database {
    pub(super) fn open(state_dir: &Path, wait: &Wait) -> Result<Database, BackupError> {
        let dir = state_dir.join(PLACE);
        files::make_private_dir(&dir)?;
        let lock = FileLock::take_within(&dir.join(LOCK), wait, WHO).map_err(StateError::from)?;
        let lock = lock.ok_or(BackupError::Busy(wait.bound()))?;
        Ok(Database { dir, _lock: lock })
    }

    /// Makes a backup, removes older ones that are beyond what is to be kept, and looks whether the new one is there then.
    pub(super) fn make(
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
        let hidden = self.dir.join(format!("{UNDER_WAY}{}", std::process::id()));
        files::make_private_dir(&hidden)?;
        let made = self.fill(&hidden, &sources, state, wanted);
        if made.is_err() {
            let _ = fs::remove_dir_all(&hidden);
        }
        let made = made?;
        self.prune(&made, wanted)?;
        verify::is_whole(&made).map_err(|why| BackupError::Io(made.path.clone(), "read", io::Error::other(why)))?;
        Ok(made)
    }

    fn fill(
        &self,
        hidden: &Path,
        sources: &[files::Source],
        state: Option<&StateDb>,
        wanted: &Wanted,
    ) -> Result<Backup, BackupError> {
        let now = jiff::Timestamp::now();
        let mut saved = Vec::new();
        for source in sources {
            saved.extend(files::save(source, hidden, state)?);
        }
        let manifest = Manifest {
            version: VERSION,
            sequence: self.next()?,
            created: format!("{now:.3}"),
            reason: wanted.reason.clone(),
            files: saved,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from);
        let path = hidden.join(MANIFEST);
        text.and_then(|text| files::write(&path, &text)).map_err(BackupError::io(&path, "written"))?;
        files::sync_dir(hidden)?;
        let reason = wanted.reason.as_ref().map(|reason| format!("-{reason}")).unwrap_or_default();
        let plain = format!("{}{reason}", now.strftime("%Y%m%dT%H%M%SZ"));
        let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}-{number}")));
        let is_free = |name: &String| self.dir.join(name).symlink_metadata().is_err();
        // Whoever could take the name meanwhile holds the lock, which is held here.
        let name = names.into_iter().find(is_free).unwrap_or(plain);
        let path = self.dir.join(&name);
        fs::rename(hidden, &path).map_err(BackupError::io(&path, "given its name"))?;
        files::sync_dir(&self.dir)?;
        read(&path, &name).map_err(|why| BackupError::Io(path, "read", io::Error::other(why)))
    }

    /// Gives the number of the next one: whatever the clock says, it comes after all that there are.
    fn next(&self) -> Result<u64, BackupError> {
        let last = self.list()?.iter().map(|backup| backup.sequence).max().unwrap_or(0);
        Ok(last.saturating_add(1))
    }

    fn list(&self) -> Result<Vec<Backup>, BackupError> {
        Ok(backups(self.dir.parent().unwrap_or(&self.dir))?.0)
    }

    /// Removes, of those with the same reason, the ones that were made first, beyond as many as are to be kept: never the one
    /// that was just made, nor one that is still needed. One that is being removed has no name any more.
    fn prune(&self, made: &Backup, wanted: &Wanted) -> Result<(), BackupError> {
        let alike = self.list()?.into_iter().filter(|backup| backup.reason == made.reason && backup.name != made.name);
        for backup in alike.skip(wanted.keep.max(1) - 1) {
            if wanted.needed.as_ref() == Some(&backup.name) {
                continue;
            }
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
