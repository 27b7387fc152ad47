//! The files of a home, and texts in the form of rollouts that somebody keeps elsewhere: to the core, all of them are rollouts.

use std::sync::{Arc, Mutex, PoisonError};

use threadkeep_engine::contract::{Entries, EntryKind, FileError, FileFacts, Heads};
use threadkeep_engine::imports::{HeadsWalker, Reader, Rollouts, Walker};

use super::RolloutReader;
use super::columns::{EntryColumns, HeadColumns};
use crate::platform::foreign_place::KEPT_IN_STATE;
use crate::platform::home::Home;

/// How many texts a page of heads has.
const PAGE: usize = 256;

/// Keeps texts in the form of rollouts, each at a place below [`KEPT_IN_STATE`].
pub(crate) trait KeptTexts: Send + Sync {
    /// Gives all of them, in byte order of their paths; what stands at one place, for the path of that.
    fn facts(&self, at: Option<&str>) -> Result<Vec<FileFacts>, FileError>;
    /// Gives how each of some texts begins, with its path: at most so many, those after a path, in byte order.
    fn heads_after(&self, path: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, FileError>;
    /// Gives a whole text.
    fn text(&self, path: &str) -> Result<Vec<u8>, FileError>;
}

/// A home and texts that are kept elsewhere.
pub(crate) struct HomeWithTexts<T> {
    home: Arc<Home>,
    texts: Arc<T>,
    /// The text that was opened last, by what stood there then: a large one is opened at several offsets.
    last: Mutex<Option<(FileFacts, Arc<Vec<u8>>)>>,
}

impl<T: KeptTexts + 'static> HomeWithTexts<T> {
    /// Puts both together.
    pub(crate) fn new(home: &Arc<Home>, texts: T) -> HomeWithTexts<T> {
        HomeWithTexts { home: home.clone(), texts: Arc::new(texts), last: Mutex::default() }
    }

    fn kept_text(&self, path: &str) -> Result<Arc<Vec<u8>>, FileError> {
        let facts = self.stat(path)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = last.as_ref().filter(|(known, _)| *known == facts) {
            return Ok(text.clone());
        }
        let text = Arc::new(self.texts.text(path)?);
        *last = Some((facts, text.clone()));
        Ok(text)
    }
}

fn is_kept(path: &str) -> bool {
    path.starts_with(KEPT_IN_STATE)
}

impl<T: KeptTexts + 'static> Rollouts for HomeWithTexts<T> {
    fn stat(&self, path: &str) -> Result<FileFacts, FileError> {
        match is_kept(path) {
            true => self.texts.facts(Some(path))?.pop().ok_or(FileError::NotFound),
            false => self.home.stat(path),
        }
    }

    fn open(&self, path: &str, offset: u64) -> Result<Box<dyn Reader>, FileError> {
        match is_kept(path) {
            true => Ok(Box::new(RolloutReader::of_memory(self.kept_text(path)?, offset))),
            false => self.home.open(path, offset),
        }
    }

    fn walk(&self) -> Result<Box<dyn Walker>, FileError> {
        let texts = self.texts.clone();
        let kept = move || {
            let mut columns = EntryColumns::default();
            for facts in texts.facts(None)? {
                columns.push(EntryKind::File, facts.size, facts.modified_ns, facts.inode, [&facts.path, ""]);
            }
            Ok(Some(Entries::from(columns)).filter(|entries| !entries.kinds.is_empty()))
        };
        Ok(Box::new(WalkOn { files: Some(self.home.walk()?), kept: Some(kept) }))
    }

    fn heads(&self) -> Result<Box<dyn HeadsWalker>, FileError> {
        Ok(Box::new(HeadsOn { files: Some(self.home.heads()?), texts: self.texts.clone(), after: String::new() }))
    }

    fn files_named(&self, part: &str) -> Result<Vec<String>, FileError> {
        let mut named = self.home.files_named(part)?;
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| name.contains(part));
        named.extend(self.texts.facts(None)?.into_iter().map(|facts| facts.path).filter(|path| name(path)));
        Ok(named)
    }
}

/// Walks over the files, and then over what is kept: their places sort behind all files.
struct WalkOn<K> {
    files: Option<Box<dyn Walker>>,
    kept: Option<K>,
}

impl<K: FnOnce() -> Result<Option<Entries>, FileError> + Send> Walker for WalkOn<K> {
    fn next(&mut self, limit: u32) -> Result<Entries, FileError> {
        if let Some(files) = &mut self.files {
            let page = files.next(limit)?;
            if !page.kinds.is_empty() {
                return Ok(page);
            }
            self.files = None;
        }
        let kept = self.kept.take().map_or(Ok(None), |kept| kept())?;
        Ok(kept.unwrap_or_else(super::no_entries))
    }
}

/// Walks over heads likewise.
struct HeadsOn<T> {
    files: Option<Box<dyn HeadsWalker>>,
    texts: Arc<T>,
    after: String,
}

impl<T: KeptTexts> HeadsWalker for HeadsOn<T> {
    fn next(&mut self, limit: u32) -> Result<Heads, FileError> {
        if let Some(files) = &mut self.files {
            let page = files.next(limit)?;
            if !page.lengths.is_empty() {
                return Ok(page);
            }
            self.files = None;
        }
        let heads = self.texts.heads_after(&self.after, PAGE.min(limit.max(1) as usize))?;
        let mut columns = HeadColumns::default();
        for (path, head) in &heads {
            columns.push([path, ""], Some(head));
        }
        if let Some((path, _)) = heads.into_iter().next_back() {
            self.after = path;
        }
        Ok(Heads::from(columns))
    }
}
