//! Manifests: what is live of one home of one machine, and what a change makes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use threadkeep_tables::SCHEMA_VERSION;

use crate::error::{Error, Result};
use crate::paths::{Month, Owner};

/// Is the version of the manifests' own form.
pub const FORMAT: u32 = 1;
/// Is how many of the runs before are remembered, so that a writer that was followed at once knows its own change again.
const REMEMBERED: usize = 64;

/// Names every live file of one home of one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// The version of the tables.
    pub schema: u32,
    /// The machine.
    pub machine: String,
    /// The home.
    pub home: String,
    /// Which manifest of this home it is.
    pub sequence: u64,
    /// The highest version that any row had.
    pub highest_version: i64,
    /// The nonces of this change and of those before it, the newest first.
    pub changes: Vec<String>,
    /// The live files, by path.
    pub files: Vec<LiveFile>,
    /// The threads that must not come back.
    pub forgotten: BTreeSet<String>,
}

/// Describes a live file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveFile {
    /// Where it lies, below the destination.
    pub path: String,
    /// The table.
    pub table: String,
    /// The month of its rows.
    pub month: Month,
    /// How many rows it has.
    pub rows: u64,
    /// How large it is.
    pub bytes: u64,
    /// The first of its threads; none where the table has no threads.
    pub smallest_thread: Option<String>,
    /// The last of its threads.
    pub largest_thread: Option<String>,
    /// The lowest version of its rows.
    pub smallest_version: i64,
    /// The highest version of its rows.
    pub largest_version: i64,
    /// The version whose deletions are carried out in it.
    pub as_of: i64,
}

impl LiveFile {
    /// Says whether the thread may be in the file.
    pub fn may_have(&self, thread: &str) -> bool {
        let from = self.smallest_thread.as_deref();
        let to = self.largest_thread.as_deref();
        from.is_some_and(|from| from <= thread) && to.is_some_and(|to| thread <= to)
    }

    /// Says whether the two may have threads in common.
    pub fn overlaps(&self, other: &LiveFile) -> bool {
        match (&self.smallest_thread, &self.largest_thread, &other.smallest_thread, &other.largest_thread) {
            (Some(from), Some(to), Some(other_from), Some(other_to)) => from <= other_to && other_from <= to,
            _ => false,
        }
    }
}

/// Is what a run wants changed.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The files that become live.
    pub added: Vec<LiveFile>,
    /// The paths that are no longer live; each must be live now.
    pub removed: BTreeSet<String>,
    /// The threads that must not come back.
    pub forgotten: BTreeSet<String>,
    /// Files in which deletions up to a version are known to be carried out.
    pub swept: BTreeMap<String, i64>,
    /// The version of the rows that were added; none where they only moved.
    pub version: Option<i64>,
}

/// Gives the manifest that follows.
///
/// # Errors
///
/// It is a conflict where a file that is to go is not live any more.
pub fn follow(base: Option<&Manifest>, owner: &Owner, change: &Change, nonce: &str) -> Result<Manifest> {
    let mut files: BTreeMap<&str, LiveFile> = BTreeMap::new();
    for file in base.map(|base| base.files.as_slice()).unwrap_or_default() {
        files.insert(&file.path, file.clone());
    }
    for (path, version) in &change.swept {
        if let Some(file) = files.get_mut(path.as_str()) {
            file.as_of = file.as_of.max(*version);
        }
    }
    for path in &change.removed {
        if files.remove(path.as_str()).is_none() {
            return Err(Error::Conflict(format!("'{path}' was replaced by another run")));
        }
    }
    for file in &change.added {
        files.insert(&file.path, file.clone());
    }
    let mut changes = vec![nonce.to_owned()];
    changes.extend(base.iter().flat_map(|base| &base.changes).take(REMEMBERED).cloned());
    let mut forgotten = base.map(|base| base.forgotten.clone()).unwrap_or_default();
    forgotten.extend(change.forgotten.iter().cloned());
    Ok(Manifest {
        format: FORMAT,
        schema: base.map_or(0, |base| base.schema).max(SCHEMA_VERSION),
        machine: owner.machine.clone(),
        home: owner.home.clone(),
        sequence: base.map_or(1, |base| base.sequence + 1),
        highest_version: base.map_or(0, |base| base.highest_version).max(change.version.unwrap_or(0)),
        changes,
        files: files.into_values().collect(),
        forgotten,
    })
}

impl Manifest {
    /// Says whether a file is live.
    pub fn names(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// It may be damaged, or of a newer program.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Manifest> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let damaged = |error: serde_json::Error| Error::Damaged { path: path.into(), reason: error.to_string() };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.format > FORMAT {
            return Err(Error::Newer { path: path.into(), version: head.format });
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(damaged)?;
        // Whoever knows fewer columns would drop the others when it merges files.
        if manifest.schema > SCHEMA_VERSION {
            return Err(Error::Newer { path: path.into(), version: manifest.schema });
        }
        Ok(manifest)
    }

    /// Gives the bytes that are kept.
    ///
    /// # Errors
    ///
    /// None is known.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::Internal(format!("a manifest cannot be written: {error}")))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Change, LiveFile, Manifest, follow};
    use crate::error::{Error, ErrorKind};
    use crate::paths::{Month, Owner};

    pub(crate) fn owner() -> Owner {
        Owner { machine: "m-1".into(), home: "h-1".into() }
    }

    pub(crate) fn file(path: &str, bytes: u64, threads: (&str, &str)) -> LiveFile {
        LiveFile {
            path: path.into(),
            table: "turns".into(),
            month: Month::of(1_793_491_200_000).expect("a month"),
            rows: 1,
            bytes,
            smallest_thread: Some(threads.0.into()),
            largest_thread: Some(threads.1.into()),
            smallest_version: 1,
            largest_version: 1,
            as_of: 1,
        }
    }

    fn change(added: &[&str], removed: &[&str]) -> Change {
        Change {
            added: added.iter().map(|path| file(path, 1, ("a", "b"))).collect(),
            removed: removed.iter().map(|path| (*path).to_owned()).collect(),
            version: Some(3),
            ..Change::default()
        }
    }

    #[test]
    fn a_manifest_follows_with_what_came_and_without_what_went() {
        let first = follow(None, &owner(), &change(&["one", "two"], &[]), "n1").expect("the first");
        let next = follow(Some(&first), &owner(), &change(&["three"], &["one"]), "n2").expect("the next");
        let paths: Vec<_> = next.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["three", "two"]);
        assert_eq!((next.sequence, next.highest_version), (2, 3));
        assert_eq!(next.changes, ["n2", "n1"]);
        assert_eq!(Manifest::parse("x", &next.bytes().expect("bytes")).expect("the same"), next);
    }

    #[test]
    fn what_is_not_live_cannot_go() {
        let error = follow(None, &owner(), &change(&[], &["one"]), "n1").expect_err("a conflict");
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_manifest_of_a_newer_program_is_refused_and_a_damaged_one_is_named() {
        let error = Manifest::parse("p", br#"{"format":2,"other":true}"#).expect_err("newer");
        assert!(matches!(error, Error::Newer { version: 2, .. }));
        assert_eq!(Manifest::parse("p", b"{\"format\":1").expect_err("cut off").kind(), ErrorKind::Corrupt);
    }
}
