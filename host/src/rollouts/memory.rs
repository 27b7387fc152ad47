//! Rollouts that are nowhere but in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pack::{pack_facts, pack_head};
use super::{Heads, Pages, RolloutReader, Rollouts, Walk};
use crate::component::imports::rollouts::Error;
use crate::component::types::{EntryKind, FileFacts};

/// Entries handed out at a time.
const PAGE: usize = 256;
/// Bytes of a head.
const HEAD: usize = 4 << 10;

/// Rollouts by their paths.
#[derive(Default)]
pub(crate) struct MemoryRollouts(Mutex<Held>);

#[derive(Default)]
struct Held {
    files: BTreeMap<String, File>,
    /// Inodes given out.
    made: u64,
}

#[derive(Clone)]
struct File {
    text: Arc<Vec<u8>>,
    modified_ns: i64,
    inode: u64,
}

impl MemoryRollouts {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> BTreeMap<String, File> {
        self.held().files.clone()
    }

    /// Appends to a rollout, which is made if there is none.
    pub(crate) fn append(&self, path: &str, lines: &[u8], modified_ns: i64) {
        let mut held = self.held();
        held.made += 1;
        let inode = held.made;
        let file = held.files.entry(path.into()).or_insert(File { text: Arc::default(), modified_ns, inode });
        Arc::make_mut(&mut file.text).extend_from_slice(lines);
        file.modified_ns = modified_ns;
    }

    /// Moves a rollout; false where there is none.
    pub(crate) fn rename(&self, from: &str, to: &str) -> bool {
        let mut held = self.held();
        let Some(file) = held.files.remove(from) else { return false };
        held.files.insert(to.into(), file);
        true
    }

    /// Takes a rollout away.
    pub(crate) fn remove(&self, path: &str) {
        self.held().files.remove(path);
    }
}

fn facts_of(path: &str, file: &File) -> FileFacts {
    let size = file.text.len() as u64;
    FileFacts { path: path.into(), kind: EntryKind::File, size, modified_ns: file.modified_ns, inode: file.inode }
}

impl Rollouts for MemoryRollouts {
    fn facts(&self, path: &str) -> Result<FileFacts, Error> {
        self.held().files.get(path).map(|file| facts_of(path, file)).ok_or(Error::NotFound)
    }

    fn named(&self, part: &str) -> Result<Vec<String>, Error> {
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
        Ok(self.held().files.keys().filter(|path| name(path)).cloned().collect())
    }

    fn open(&self, path: &str, offset: u64) -> Result<RolloutReader, Error> {
        let held = self.held();
        let file = held.files.get(path).ok_or(Error::NotFound)?;
        Ok(RolloutReader::of(file.text.clone(), offset))
    }

    fn walk(&self) -> Result<Walk, Error> {
        let files: Vec<_> = self.files().into_iter().collect();
        let page = |files: &[(String, File)]| {
            let mut page = vec![super::pack::PACKED];
            for (path, file) in files {
                let facts = facts_of(path, file);
                pack_facts(&mut page, facts.kind, facts.size, facts.modified_ns, facts.inode, [path, ""]);
            }
            page
        };
        Ok(Walk(Pages::Ready(files.chunks(PAGE).map(page).collect::<Vec<_>>().into_iter())))
    }

    fn heads(&self) -> Result<Heads, Error> {
        let files: Vec<_> = self.files().into_iter().collect();
        let page = |files: &[(String, File)]| {
            let mut page = vec![super::pack::PACKED];
            for (path, file) in files {
                pack_head(&mut page, "", path, Some(&file.text[..file.text.len().min(HEAD)]));
            }
            page
        };
        Ok(Heads(Pages::Ready(files.chunks(PAGE).map(page).collect::<Vec<_>>().into_iter())))
    }
}
