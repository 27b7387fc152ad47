//! The lock of a thread's writer. It is Codex's own, so that a Codex and a Threadkeep never write a thread at once.
//!
//! Codex 0.169 keeps, in the home's `thread-writer-locks/`, an empty file `<thread>.lock` whose `flock` is the lock, and
//! `.coordination.lock`: held shared while a thread's lock file is opened and locked, exclusively while one is unlinked.
//! A file that is left over is no lock: the operating system releases the lock when its owner dies, however it dies.

use std::collections::HashMap;
use std::io::{self, Error};
use std::path::PathBuf;
use std::time::Duration;

use cap_std::fs::{Dir, File, OpenOptions};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FlockGuard;
use crate::platform::home::Home;
use crate::platform::own_files::is_plain_name;
use crate::platform::regular_file;

/// The name of the locks' directory in the home.
pub(crate) const LOCK_DIRECTORY: &str = "thread-writer-locks";
const COORDINATION: &str = ".coordination.lock";

/// How often, and after what pause, the coordination lock is tried again: whoever has it exclusively only unlinks a file.
const MAX_TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(1);

/// Says why a thread's writer lock cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum WriterLockError {
    /// Another writer holds it: a Threadkeep, this process included, or a Codex.
    #[error("thread {thread} already has a writer{}; {hint}", pid_in_parentheses(*pid), hint = WHEN_ENDED)]
    Held {
        /// The id of the thread.
        thread: String,
        /// The id of the process that holds the lock, where the system tells it.
        pid: Option<u32>,
    },
    /// The lock file at this path cannot be opened or locked.
    #[error("{0} cannot be locked: {1}")]
    Io(PathBuf, Error),
}

const WHEN_ENDED: &str = "try again when that one has ended";

impl Classified for WriterLockError {
    fn kind(&self) -> ErrorKind {
        match self {
            WriterLockError::Held { .. } => ErrorKind::Busy,
            WriterLockError::Io(_, error) => ErrorKind::of_io(error),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        matches!(self, WriterLockError::Held { .. }).then_some(WHEN_ENDED)
    }
}

fn pid_in_parentheses(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

/// Holds the lock of one thread's writer until it is dropped. Two of one thread exclude each other in one process too.
pub struct WriterLock {
    dir: Dir,
    name: String,
    _file: FlockGuard,
}

impl WriterLock {
    /// Takes the lock of a thread, without waiting for another writer. `thread` is an id as the core writes it, since it names
    /// a file.
    ///
    /// # Errors
    ///
    /// Fails with [`WriterLockError::Held`] where somebody has the lock, and with [`WriterLockError::Io`] where the system
    /// does not let it be asked for.
    pub fn take(home: &Home, thread: &str) -> Result<WriterLock, WriterLockError> {
        let name = format!("{thread}.lock");
        let failed = |file: &str, error| WriterLockError::Io(home.absolute(&format!("{LOCK_DIRECTORY}/{file}")), error);
        let dir = open_or_create_dir(home.dir()).map_err(|error| failed("", error))?;
        if !is_plain_name(&name) {
            return Err(failed(&name, Error::new(io::ErrorKind::InvalidInput, "it names no thread")));
        }
        // Held until the file is locked: nobody unlinks it in between.
        let _coordination = lock_coordination_shared(&dir).map_err(|error| failed(COORDINATION, error))?;
        let file = open(&dir, &name).map_err(|error| failed(&name, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(WriterLock { dir, name, _file: FlockGuard(file.into_std()) }),
            Err(Errno::WOULDBLOCK) => Err(WriterLockError::Held { thread: thread.into(), pid: flock_holder(&file) }),
            Err(error) => Err(failed(&name, error.into())),
        }
    }
}

/// Says whether somebody is known to have the lock of a thread's writer. Nothing is created for that.
pub(crate) fn has_writer(home: &Home, thread: &str) -> bool {
    let name = format!("{thread}.lock");
    let lock = is_plain_name(&name).then(|| regular_file::open(&home.absolute(&format!("{LOCK_DIRECTORY}/{name}"))));
    let Some(file) = lock.and_then(Result::ok).map(FlockGuard) else { return false };
    flock(&file.0, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// Gives the id of the process that has the lock of a thread's writer, as far as the system tells it; none where nobody has it.
///
/// The system's list of locks is asked first: to try the lock, for however short a time, may be in the way of whoever takes it.
pub(crate) fn writer_of(home: &Home, thread: &str) -> Option<Option<u32>> {
    let name = format!("{thread}.lock");
    if !is_plain_name(&name) {
        return None;
    }
    let file = regular_file::open(&home.absolute(&format!("{LOCK_DIRECTORY}/{name}"))).ok()?;
    match flock_holder(&File::from_std(file)) {
        Some(pid) => Some(Some(pid)),
        None => has_writer(home, thread).then_some(None),
    }
}

impl Drop for WriterLock {
    /// Releases the lock, and removes its file if nobody is about to lock it.
    fn drop(&mut self) {
        let Ok(coordination) = open(&self.dir, COORDINATION) else { return };
        if flock(&coordination, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _coordination = FlockGuard(coordination.into_std());
            let _ = self.dir.remove_file(&self.name);
        }
    }
}

fn open_or_create_dir(home: &Dir) -> io::Result<Dir> {
    match home.open_dir(LOCK_DIRECTORY) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match home.create_dir(LOCK_DIRECTORY) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => home.open_dir(LOCK_DIRECTORY),
        },
        opened => opened,
    }
}

fn open(dir: &Dir, name: &str) -> io::Result<File> {
    regular_file::open_in(dir, name, OpenOptions::new().read(true).write(true).create(true))
}

fn lock_coordination_shared(dir: &Dir) -> io::Result<FlockGuard> {
    let file = open(dir, COORDINATION)?;
    for _ in 1..MAX_TRIES {
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            answer => return answer.map(|()| FlockGuard(file.into_std())).map_err(Error::from),
        }
    }
    Err(Error::new(io::ErrorKind::WouldBlock, "another process does not give it back; try again"))
}

/// Gives the id of the process that holds a file's `flock`; none where nobody does, or the system does not tell.
pub(crate) fn flock_holder(file: &File) -> Option<u32> {
    let stat = rustix::fs::fstat(file).ok()?;
    let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    flock_holders().remove(&lock_key(major, minor, stat.st_ino))
}

/// Gives the name of a file in the system's list of locks: the device's numbers and the inode.
pub(crate) fn lock_key(major: u32, minor: u32, inode: u64) -> String {
    format!("{major:02x}:{minor:02x}:{inode}")
}

/// Gives the ids of the processes that hold a `flock`, by the [`lock_key`] of its file; empty where the system does not
/// tell.
pub(crate) fn flock_holders() -> HashMap<String, u32> {
    let mut held = HashMap::new();
    // `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`, with `->` before the kind of one who waits.
    for line in std::fs::read_to_string("/proc/locks").unwrap_or_default().lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if let [_, "FLOCK", _, _, pid, key, ..] = words[..]
            && let Some(pid) = pid.parse().ok().filter(|pid| *pid > 0)
        {
            held.entry(key.into()).or_insert(pid);
        }
    }
    held
}
