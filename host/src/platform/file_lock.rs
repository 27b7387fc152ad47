//! Advisory locks between processes: the operating system gives them back when their owner dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A lock file that cannot be opened or locked.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be locked: {cause}", path.display())]
pub(crate) struct FileLockError {
    /// The lock file.
    pub(crate) path: PathBuf,
    /// What the system says.
    pub(crate) cause: std::io::Error,
}

/// A lock that is held until it is dropped.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock if nobody holds it.
    pub(crate) fn try_take(path: &Path) -> Result<Option<FileLock>, FileLockError> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(path, error)),
        }
    }

    /// Takes the lock, waiting at most `bound` for whoever holds it; none when that was not enough.
    pub(crate) fn take_within(path: &Path, bound: Duration) -> Result<Option<FileLock>, FileLockError> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = FileLock::try_take(path)? {
                return Ok(Some(lock));
            }
            if began.elapsed() >= bound {
                return Ok(None);
            }
            std::thread::sleep(pause.min(bound.saturating_sub(began.elapsed())));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Does somebody hold it now? A shared lock is tried, so that askers do not see each other.
    pub(crate) fn is_held(path: &Path) -> Result<bool, FileLockError> {
        match open(path)?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(failed(path, error)),
        }
    }
}

fn open(path: &Path) -> Result<File, FileLockError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| failed(path, error))
}

fn failed(path: &Path, cause: std::io::Error) -> FileLockError {
    FileLockError { path: path.to_path_buf(), cause }
}
