//! Who has a database open: another process, a Codex as well as a Threadkeep.
//!
//! In WAL mode every connection that was used holds, for as long as it is open, a shared POSIX lock on byte 128 of the
//! `-shm` file (`UNIX_SHM_DMS` in SQLite's `os_unix.c`) and one on the shared range of the database. In the other modes
//! there is a lock on the database during a transaction only, so a connection at rest is not seen, nor is one that has
//! read nothing yet. The system tells of the locks without taking one (`F_GETLK`).

use std::io::ErrorKind;
use std::path::Path;

/// Names a process that has a database open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process id; none where the process cannot be seen from here: in another container, on another machine.
    pub pid: Option<u32>,
    /// The name of the program, where the system tells it.
    pub program: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.pid, &self.program) {
            (Some(pid), Some(program)) => write!(f, "{program} (pid {pid})"),
            (Some(pid), None) => write!(f, "pid {pid}"),
            (None, _) => f.write_str("a process that cannot be seen from here"),
        }
    }
}

/// Gives the other processes that have the database open, in the order of their ids; an empty list when nobody has, or when
/// there is no such database. None where the system cannot say: only Linux is asked.
///
/// This process's own connections are left out. It must not have any on this database: SQLite's locks belong to the process,
/// and they end as soon as any descriptor of the file is closed, as those that are opened here are.
///
/// # Errors
///
/// Fails where the database or its `-shm` file is there and cannot be opened or asked.
pub fn holders(database: &Path) -> std::io::Result<Option<Vec<Holder>>> {
    // SQLite keeps its files beside what a link leads to.
    let database = match std::fs::canonicalize(database) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Vec::new())),
        database => database?,
    };
    let mut shm = database.clone().into_os_string();
    shm.push("-shm");
    system::holders(&database, Path::new(&shm))
}

/// Gives the ids of the other processes that write the database at this moment, and keep others from it; 0 is one that cannot
/// be seen from here. What cannot be asked has none.
pub(crate) fn writers(database: &Path) -> Vec<u32> {
    let Ok(database) = std::fs::canonicalize(database) else { return Vec::new() };
    let mut shm = database.clone().into_os_string();
    shm.push("-shm");
    system::writers(&database, Path::new(&shm))
}

/// Gives the id of the other process that keeps everybody else from the database, those who only read too; 0 is one that
/// cannot be seen from here. What cannot be asked has none.
pub(crate) fn sole_user(database: &Path) -> Option<u32> {
    system::sole_user(&std::fs::canonicalize(database).ok()?)
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeSet;
    use std::fs::{File, OpenOptions, read_to_string};
    use std::io::{ErrorKind, Result};
    use std::ops::Range;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::{OFlags, major, minor};
    use rustix::process::{Flock, FlockType, fcntl_getlk, getpid};

    use super::Holder;
    use crate::platform::process::program_of;

    /// The bytes of a database that SQLite locks: `PENDING_BYTE`, `RESERVED_BYTE` and the 510 bytes of the shared range.
    const DATABASE: Range<u64> = 0x4000_0000..0x4000_0200;
    /// Those of the shared range alone, which one who reads locks.
    const SHARED: Range<u64> = 0x4000_0002..0x4000_0200;
    /// The byte of the `-shm` file that every connection in WAL mode locks: `UNIX_SHM_DMS`.
    const SHM: Range<u64> = 128..129;
    /// The bytes of the `-shm` file that a writer, a checkpoint and a recovery in WAL mode lock.
    const SHM_WRITE: Range<u64> = 120..123;

    pub(super) fn holders(database: &Path, shm: &Path) -> Result<Option<Vec<Holder>>> {
        let mut pids = BTreeSet::new();
        for (path, range) in [(database, DATABASE), (shm, SHM)] {
            pids.extend(lock_owners(path, range)?);
        }
        // A process that the list names may well be the one that `F_GETLK` could not name.
        if pids.len() > 1 {
            pids.remove(&None);
        }
        Ok(Some(pids.into_iter().map(|pid| Holder { pid, program: pid.and_then(program_of) }).collect()))
    }

    pub(super) fn writers(database: &Path, shm: &Path) -> Vec<u32> {
        let owners =
            [(database, DATABASE), (shm, SHM_WRITE)].into_iter().filter_map(|(path, range)| writer(path, range));
        let pids: BTreeSet<u32> = owners.collect();
        pids.into_iter().collect()
    }

    pub(super) fn sole_user(database: &Path) -> Option<u32> {
        writer(database, SHARED)
    }

    /// Gives another process that has a lock for writing in a range of a file.
    fn writer(path: &Path, range: Range<u64>) -> Option<u32> {
        // A lock for reading has only locks for writing in its way.
        let request = Flock { start: range.start, length: range.end - range.start, ..FlockType::ReadLock.into() };
        let lock = fcntl_getlk(&open(path).ok()?, &request).ok().flatten()?;
        let pid = lock.pid.and_then(|pid| u32::try_from(pid.as_raw_pid()).ok()).unwrap_or(0);
        (u32::try_from(getpid().as_raw_pid()) != Ok(pid)).then_some(pid)
    }

    fn open(path: &Path) -> Result<File> {
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
        OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
    }

    /// Gives the other processes that have a lock in a range of a file; none stands for one that cannot be seen.
    fn lock_owners(path: &Path, range: Range<u64>) -> Result<BTreeSet<Option<u32>>> {
        let file = match open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            file => file?,
        };
        let request = Flock { start: range.start, length: range.end - range.start, ..FlockType::WriteLock.into() };
        let Some(lock) = fcntl_getlk(&file, &request)? else { return Ok(BTreeSet::new()) };
        // `F_GETLK` names the first lock in the way alone; the list names all.
        let mut pids = listed_lock_owners(&file, range).unwrap_or_default();
        pids.insert(lock.pid.and_then(|pid| u32::try_from(pid.as_raw_pid()).ok()));
        pids.remove(&u32::try_from(getpid().as_raw_pid()).ok());
        Ok(pids)
    }

    /// Gives the processes that have a lock in a range of a file, by the system's list of all locks:
    /// `1: POSIX  ADVISORY  READ 1234 08:01:5678 128 128`, with `->` before the kind of one who waits.
    fn listed_lock_owners(file: &File, range: Range<u64>) -> Option<BTreeSet<Option<u32>>> {
        let facts = file.metadata().ok()?;
        let inode_key = format!("{:02x}:{:02x}:{}", major(facts.dev()), minor(facts.dev()), facts.ino());
        let owner_in = |line: &str| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [_, "POSIX", _, _, pid, inode, first, last] = words[..] else { return None };
            let last = if last == "EOF" { u64::MAX } else { last.parse().ok()? };
            let overlaps = first.parse::<u64>().ok()? < range.end && range.start <= last;
            (overlaps && inode == inode_key).then(|| pid.parse().ok()).flatten()
        };
        Some(
            read_to_string("/proc/locks").ok()?.lines().filter_map(owner_in).filter(|pid| *pid > 0).map(Some).collect(),
        )
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    use super::Holder;

    pub(super) fn holders(_: &Path, _: &Path) -> std::io::Result<Option<Vec<Holder>>> {
        Ok(None)
    }

    pub(super) fn writers(_: &Path, _: &Path) -> Vec<u32> {
        Vec::new()
    }

    pub(super) fn sole_user(_: &Path) -> Option<u32> {
        None
    }
}
