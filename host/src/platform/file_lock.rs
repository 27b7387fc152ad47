//! Advisory locks between processes, each on a file of its own. The operating system releases them when their owner dies,
//! however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::platform::regular_file;
use crate::platform::wait::Wait;

/// Says that a lock file cannot be opened or locked.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be locked: {cause}", path.display())]
pub struct FileLockError {
    /// The absolute path of the lock file.
    pub path: PathBuf,
    /// What the operating system says.
    pub cause: std::io::Error,
}

/// Holds an exclusive lock until it is dropped. The lock file stays.
pub struct FileLock {
    _file: FlockGuard,
}

/// Holds a file's `flock` until it is dropped. The lock is then released at once, also where a process that is being started
/// still has a copy of the descriptor.
pub(crate) struct FlockGuard(pub(crate) File);

impl Drop for FlockGuard {
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl FileLock {
    /// Takes the lock if nobody holds it, and gives none at once if somebody does. The file is created where it is not there.
    pub(crate) fn try_take(path: &Path) -> Result<Option<FileLock>, FileLockError> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock { _file: FlockGuard(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(path, error)),
        }
    }

    /// Takes the lock, waiting for whoever holds it, in words `who`; gives none when that was not enough.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or locked.
    pub fn take_within(path: &Path, wait: &Wait, who: &str) -> Result<Option<FileLock>, FileLockError> {
        let mut waiting = wait.begin(who);
        loop {
            if let Some(lock) = FileLock::try_take(path)? {
                return Ok(Some(lock));
            }
            if !waiting.pause() {
                return Ok(None);
            }
        }
    }

    /// Says whether somebody holds the lock now. A shared lock is tried for that, so that those who ask do not see each other.
    pub(crate) fn is_held(path: &Path) -> Result<bool, FileLockError> {
        let file = FlockGuard(open(path)?);
        match file.0.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(failed(path, error)),
        }
    }
}

fn open(path: &Path) -> Result<File, FileLockError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    regular_file::open_with(path, &mut options).map_err(|error| failed(path, error))
}

fn failed(path: &Path, cause: std::io::Error) -> FileLockError {
    FileLockError { path: path.to_path_buf(), cause }
}
