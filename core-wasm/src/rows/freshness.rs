//! Decides whether the rows still know every file, cheaply: no directory has changed since the rows were compared with
//! the files.
//!
//! A file that appears, goes, or is renamed changes the time of its directory. So after a comparison the core keeps a
//! snapshot of every directory with its time as it was before it was listed, and later only looks at the directories
//! again. The snapshot proves nothing, and the files are gone through, when
//!
//! * it is older than `TRUSTED`: what a file is rewritten to in place changes no directory;
//! * another process has written the state DB since;
//! * a directory could not be looked into, or had changed so shortly before that a further change might bear the same time.
//!
//! Files in which no thread was found are not covered: they may have got their first record since, and are looked at.

use alloc::vec::Vec;

use contract::{DirectorySnapshot, EntryKind, FileError, FileFacts, StartupError};

use crate::ports::{Clock, FileResult, Rollouts, Rows, StateResult};
use crate::text::columns::EntryList;

/// Milliseconds for which a comparison is trusted.
const TRUSTED: i64 = 10_000;
/// Milliseconds after which a further change of a directory has another time, on every file system.
const GRAIN: i64 = 2_000;
/// The directories that are below no other.
const ROOTS: [&str; 2] = ["archived_sessions", "sessions"];

/// What there was before a comparison began.
pub struct Before {
    data_version: u64,
    now: i64,
    wall: i64,
    roots: Vec<FileFacts>,
}

impl Before {
    /// Looks at it now.
    pub fn of<W: Rollouts + Rows + Clock>(world: &W) -> Result<Before, StartupError> {
        let roots = ROOTS.iter().map(|root| root_facts(world, root)).collect::<FileResult<_>>()?;
        Ok(Before { data_version: world.data_version()?, now: world.now(), wall: world.wall(), roots })
    }

    /// Keeps that the rows know every file below these directories, if that can be relied on.
    pub fn keep_snapshot<W: Rows>(self, world: &W, directories: &[FileFacts], all_seen: bool) -> StateResult<()> {
        let is_old = |dir: &FileFacts| dir.modified_ns / 1_000_000 + GRAIN < self.wall;
        let all = || self.roots.iter().chain(directories);
        let snapshot = match all_seen && all().all(is_old) {
            true => {
                DirectorySnapshot { data_version: self.data_version, taken_at: self.now, directories: all().collect() }
            }
            false => DirectorySnapshot::default(),
        };
        world.cache_put(&snapshot)
    }
}

/// Looks at a root, which need not be there.
fn root_facts<R: Rollouts>(rollouts: &R, root: &str) -> FileResult<FileFacts> {
    match rollouts.stat(root) {
        Err(FileError::NotFound) => {
            let path = root.into();
            Ok(FileFacts { path, kind: EntryKind::Other, size: 0, modified_ns: 0, inode: 0 })
        }
        other => other,
    }
}

/// Says whether the rows know every file that they knew at the last comparison, and there is no other.
pub fn is_fresh<W: Rollouts + Rows + Clock>(world: &W) -> StateResult<bool> {
    let snapshot = world.cache_get()?;
    let too_old = |taken_at: i64| world.now() - taken_at > TRUSTED;
    if snapshot.directories.is_empty() || too_old(snapshot.taken_at) || world.data_version()? != snapshot.data_version {
        return Ok(false);
    }
    let Ok(mut directories) = EntryList::new(snapshot.directories) else { return Ok(false) };
    loop {
        let then = match directories.current() {
            Ok(Some(then)) => then,
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        };
        let root = ROOTS.contains(&then.path);
        let now = if root { root_facts(world, then.path) } else { world.stat(then.path) };
        let same =
            now.is_ok_and(|now| (now.kind, now.modified_ns, now.inode) == (then.kind, then.modified_ns, then.inode));
        if !same {
            return Ok(false);
        }
        directories.advance();
    }
}
