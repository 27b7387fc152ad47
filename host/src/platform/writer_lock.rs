//! The lock of whoever writes a thread: Codex's own, so that neither writes beside the other.
//!
//! Codex 0.169 keeps, in the home's `thread-writer-locks/`, an empty file `<thread>.lock` whose `flock` is the lock, and
//! `.coordination.lock`: held shared while a thread's lock file is opened and locked, exclusively while one is unlinked.
//! A file that is left over is no lock: the operating system gives the lock back when its owner dies, however it dies.

use std::collections::HashMap;
use std::io::{self, Error};
use std::path::PathBuf;
use std::time::Duration;

use cap_std::fs::{Dir, File, OpenOptions};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::home::Home;

/// The directory of the locks, in the home.
pub(crate) const PLACE: &str = "thread-writer-locks";
const COORDINATION: &str = ".coordination.lock";

/// How often, and after what pause, the coordination lock is asked for again: whoever has it exclusively unlinks a file.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(1);

/// Why a thread cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriterLockError {
    /// Somebody writes it: a Threadkeep or a Codex.
    #[error("thread {thread} already has a writer{}; {hint}", said(*pid), hint = WHEN_ENDED)]
    Held {
        /// The thread.
        thread: String,
        /// The process that holds the lock, where the system tells it.
        pid: Option<u32>,
    },
    /// The lock cannot be asked for.
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

fn said(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

/// The lock of one thread's writer, held until it is dropped. Two of one thread exclude each other in one process too.
pub struct WriterLock {
    place: Dir,
    name: String,
    _file: Flocked,
}

/// A file whose `flock` is held until this is dropped: then at once, also where a process that is being started has a copy of
/// the descriptor for a moment yet.
pub(crate) struct Flocked(pub(crate) File);

impl Drop for Flocked {
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl WriterLock {
    /// Takes the lock of a thread (an id as ids are written: it names a file), or says who has it. Waits for nobody who
    /// writes.
    pub fn take(home: &Home, thread: &str) -> Result<WriterLock, WriterLockError> {
        let name = format!("{thread}.lock");
        let failed = |file: &str, error| WriterLockError::Io(home.absolute(&format!("{PLACE}/{file}")), error);
        let place = place(home.dir()).map_err(|error| failed("", error))?;
        // Held until the file is locked: nobody unlinks it in between.
        let _coordination = shared(&place).map_err(|error| failed(COORDINATION, error))?;
        let file = open(&place, &name).map_err(|error| failed(&name, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(WriterLock { place, name, _file: Flocked(file) }),
            Err(Errno::WOULDBLOCK) => Err(WriterLockError::Held { thread: thread.into(), pid: holder(&file) }),
            Err(error) => Err(failed(&name, error.into())),
        }
    }
}

impl Drop for WriterLock {
    /// The file goes if nobody is about to lock it; the lock goes in any case.
    fn drop(&mut self) {
        let Ok(coordination) = open(&self.place, COORDINATION) else { return };
        if flock(&coordination, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _coordination = Flocked(coordination);
            let _ = self.place.remove_file(&self.name);
        }
    }
}

fn place(home: &Dir) -> io::Result<Dir> {
    match home.open_dir(PLACE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match home.create_dir(PLACE) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => home.open_dir(PLACE),
        },
        opened => opened,
    }
}

fn open(place: &Dir, name: &str) -> io::Result<File> {
    place.open_with(name, OpenOptions::new().read(true).write(true).create(true))
}

fn shared(place: &Dir) -> io::Result<Flocked> {
    let file = open(place, COORDINATION)?;
    for _ in 1..TRIES {
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            answer => return answer.map(|()| Flocked(file)).map_err(Error::from),
        }
    }
    Err(Error::new(io::ErrorKind::WouldBlock, "another process does not give it back; try again"))
}

/// Whose lock a file has.
pub(crate) fn holder(file: &File) -> Option<u32> {
    let stat = rustix::fs::fstat(file).ok()?;
    let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    holders().remove(&place_in_locks(major, minor, stat.st_ino))
}

/// A file as the system's list of locks names it.
pub(crate) fn place_in_locks(major: u32, minor: u32, inode: u64) -> String {
    format!("{major:02x}:{minor:02x}:{inode}")
}

/// Every `flock` that is held, by [`place_in_locks`]: the process. Nothing where the system does not tell.
pub(crate) fn holders() -> HashMap<String, u32> {
    let mut held = HashMap::new();
    // `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`, with `->` before the kind of one who waits.
    for line in std::fs::read_to_string("/proc/locks").unwrap_or_default().lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if let [_, "FLOCK", _, _, pid, place, ..] = words[..]
            && let Some(pid) = pid.parse().ok().filter(|pid| *pid > 0)
        {
            held.entry(place.into()).or_insert(pid);
        }
    }
    held
}
