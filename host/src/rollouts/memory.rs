//! Rollouts in memory, for a store without a home.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use threadkeep_engine::contract::{EntryKind, FileError, FileFacts};
use threadkeep_engine::imports::{HeadsWalker, Reader, Rollouts, Walker};

use super::columns::{EntryColumns, HeadColumns};
use super::{Pages, RolloutReader};

/// How many entries a page has.
const PAGE: usize = 256;
/// How many bytes of a rollout its head has.
const HEAD: usize = 1 << 10;

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
    fn stat(&self, path: &str) -> Result<FileFacts, FileError> {
        self.lock().files.get(path).map(|file| facts_of(path, file)).ok_or(FileError::NotFound)
    }

    fn files_named(&self, part: &str) -> Result<Vec<String>, FileError> {
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
        Ok(self.lock().files.keys().filter(|path| name(path)).cloned().collect())
    }

    fn open(&self, path: &str, offset: u64) -> Result<Box<dyn Reader>, FileError> {
        let all = self.lock();
        let file = all.files.get(path).ok_or(FileError::NotFound)?;
        Ok(Box::new(RolloutReader::of_memory(file.text.clone(), offset)))
    }

    fn walk(&self) -> Result<Box<dyn Walker>, FileError> {
        let files: Vec<_> = self.files().into_iter().collect();
        let page = |files: &[(String, File)]| {
            let mut page = EntryColumns::default();
            for (path, file) in files {
                let facts = facts_of(path, file);
                page.push(facts.kind, facts.size, facts.modified_ns, facts.inode, [path, ""]);
            }
            page
        };
        Ok(Box::new(Pages::Ready(files.chunks(PAGE).map(page).collect::<Vec<_>>().into_iter())))
    }

    fn heads(&self) -> Result<Box<dyn HeadsWalker>, FileError> {
        let files: Vec<_> = self.files().into_iter().collect();
        let page = |files: &[(String, File)]| {
            let mut page = HeadColumns::default();
            for (path, file) in files {
                page.push([path, ""], Some(&file.text[..file.text.len().min(HEAD)]));
            }
            page
        };
        Ok(Box::new(Pages::Ready(files.chunks(PAGE).map(page).collect::<Vec<_>>().into_iter())))
    }
}
