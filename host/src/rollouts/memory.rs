//! Rollouts in memory, for a store without a home.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pack::{pack_facts, pack_head};
use super::{Heads, Pages, RolloutReader, Rollouts, Walk};
use crate::component::imports::rollouts::Error;
use crate::component::types::{EntryKind, FileFacts};

/// How many entries a page has.
const PAGE: usize = 256;
/// How many bytes of a rollout its head has.
const HEAD: usize = 4 << 10;

/// Holds rollouts by their home paths, each with a modification time and an inode as a file system would give them.
#[derive(Default)]
pub(crate) struct MemoryRollouts(Mutex<Files>);

#[derive(Default)]
struct Files {
    files: BTreeMap<String, File>,
    last_inode: u64,
}

#[derive(Clone)]
struct File {
    text: Arc<Vec<u8>>,
    modified_ns: i64,
    inode: u64,
}

impl MemoryRollouts {
    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> BTreeMap<String, File> {
        self.lock().files.clone()
    }

    /// Appends bytes to a rollout, which is created if there is none. The time is in nanoseconds since the epoch.
    pub(crate) fn append(&self, path: &str, lines: &[u8], modified_ns: i64) {
        let mut all = self.lock();
        all.last_inode += 1;
        let inode = all.last_inode;
        let file = all.files.entry(path.into()).or_insert(File { text: Arc::default(), modified_ns, inode });
        Arc::make_mut(&mut file.text).extend_from_slice(lines);
        file.modified_ns = modified_ns;
    }

    /// Moves a rollout, and says whether there was one to move.
    pub(crate) fn rename(&self, from: &str, to: &str) -> bool {
        let mut all = self.lock();
        let Some(file) = all.files.remove(from) else { return false };
        all.files.insert(to.into(), file);
        true
    }

    /// Removes a rollout, if it is there.
    pub(crate) fn remove(&self, path: &str) {
        self.lock().files.remove(path);
    }
}

fn facts_of(path: &str, file: &File) -> FileFacts {
    let size = file.text.len() as u64;
    FileFacts { path: path.into(), kind: EntryKind::File, size, modified_ns: file.modified_ns, inode: file.inode }
}

impl Rollouts for MemoryRollouts {
    fn facts(&self, path: &str) -> Result<FileFacts, Error> {
        self.lock().files.get(path).map(|file| facts_of(path, file)).ok_or(Error::NotFound)
    }

    fn named(&self, part: &str) -> Result<Vec<String>, Error> {
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
        Ok(self.lock().files.keys().filter(|path| name(path)).cloned().collect())
    }

    fn open(&self, path: &str, offset: u64) -> Result<RolloutReader, Error> {
        let all = self.lock();
        let file = all.files.get(path).ok_or(Error::NotFound)?;
        Ok(RolloutReader::of_memory(file.text.clone(), offset))
    }

    fn walk(&self) -> Result<Walk, Error> {
        let files: Vec<_> = self.files().into_iter().collect();
        let page = |files: &[(String, File)]| {
            let mut page = vec![super::pack::VERSION];
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
            let mut page = vec![super::pack::VERSION];
            for (path, file) in files {
                pack_head(&mut page, "", path, Some(&file.text[..file.text.len().min(HEAD)]));
            }
            page
        };
        Ok(Heads(Pages::Ready(files.chunks(PAGE).map(page).collect::<Vec<_>>().into_iter())))
    }
}
