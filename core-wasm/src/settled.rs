//! Whether the rows still know every file, cheaply: no directory has changed since the rows were compared with the files.
//!
//! A file that appears, goes, or is renamed changes the time of its directory. So after a comparison the core notes every
//! directory with its time as it was before it was listed, and later only looks at the directories again. The note proves
//! nothing, and the files are gone through, when
//!
//! * it is older than `TRUSTED`: what a file is rewritten to in place changes no directory;
//! * another process has written the state DB since;
//! * a directory could not be looked into, or had changed so shortly before that a further change might bear the same time.
//!
//! The note is a packed list of entries: first one without a path, which bears the state DB's version as its size and the
//! time of the comparison as its own, then the directories.
//!
//! Files in which no thread was found are not covered: they may have got their first record since, and are looked at.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::packed::{Entry, Packed, append};
use crate::ports::{Clock, FileResult, Rollouts, State, StateResult};
use crate::types::{EntryKind, FileError, FileFacts, StateError};

/// Milliseconds for which a comparison is trusted.
const TRUSTED: i64 = 10_000;
/// Milliseconds after which a further change of a directory has another time, on every file system.
const GRAIN: i64 = 2_000;
/// The directories that are below no other.
const ROOTS: [&str; 2] = ["archived_sessions", "sessions"];

/// What there was before a comparison began.
pub struct Before {
    version: u64,
    now: i64,
    wall: i64,
    roots: Vec<FileFacts>,
}

impl Before {
    /// Looked at now.
    pub fn of<W: Rollouts + State + Clock>(world: &W) -> Result<Before, StateError> {
        let roots = ROOTS.iter().map(|root| root_facts(world, root)).collect::<FileResult<_>>();
        let roots = roots.map_err(|error| StateError::Io(error.to_string()))?;
        Ok(Before { version: world.version()?, now: world.now(), wall: world.wall(), roots })
    }

    /// Notes that the rows know every file below these directories, if that can be relied on.
    pub fn note<W: State>(self, world: &W, directories: &[FileFacts], all_seen: bool) -> StateResult<()> {
        let old = |dir: &FileFacts| dir.modified_ns / 1_000_000 + GRAIN < self.wall;
        let mut note = Vec::new();
        if all_seen && self.roots.iter().chain(directories).all(old) {
            let Before { version, now, .. } = self;
            let path = String::new();
            let when = FileFacts { path, kind: EntryKind::Other, size: version, modified_ns: now, inode: 0 };
            append(&mut note, &when);
            self.roots.iter().chain(directories).for_each(|dir| append(&mut note, dir));
        }
        world.remember(note)
    }
}

/// A root, which need not be there.
fn root_facts<R: Rollouts>(rollouts: &R, root: &str) -> FileResult<FileFacts> {
    match rollouts.facts(root) {
        Err(FileError::NotFound) => {
            let path = String::from(root);
            Ok(FileFacts { path, kind: EntryKind::Other, size: 0, modified_ns: 0, inode: 0 })
        }
        other => other,
    }
}

/// The rows know every file that they knew at the last comparison, and there is no other.
pub fn settled<W: Rollouts + State + Clock>(world: &W) -> StateResult<bool> {
    let Some(mut directories) = Packed::new(world.recall()?) else { return Ok(false) };
    let Some((when, after)) = directories.item::<Entry<'_>>() else { return Ok(false) };
    if world.now() - when.modified_ns > TRUSTED || world.version()? != when.size {
        return Ok(false);
    }
    directories.go_to(after);
    while !directories.is_over() {
        let Some((then, after)) = directories.item::<Entry<'_>>() else { return Ok(false) };
        let root = ROOTS.contains(&then.path);
        let now = if root { root_facts(world, then.path) } else { world.facts(then.path) };
        let same =
            now.is_ok_and(|now| (now.kind, now.modified_ns, now.inode) == (then.kind, then.modified_ns, then.inode));
        if !same {
            return Ok(false);
        }
        directories.go_to(after);
    }
    Ok(true)
}
