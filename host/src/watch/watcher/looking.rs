//! Looks at directories: what is in them, and what is gone.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use threadkeep_engine::contract::{EntryKind, FileError};
use threadkeep_engine::imports::Rollouts;

use super::{COLLECTIONS, LOOK, LOOK_SHARE, SAFETY, Watcher};
use crate::rollouts::{self, may_be_a_rollout};
use crate::watch::error::WatchError;
use crate::watch::known::Walked;

/// How many entries of a walk are taken at a time.
const PAGE: u32 = 4_096;
/// How many directories may lie inside each other; deeper ones are left to the walk.
const DEEPEST: usize = 32;

impl Watcher {
    /// Goes through all entries of the collections.
    pub(super) fn walk(&self) -> Result<Walked, WatchError> {
        let mut walked = Walked::default();
        let mut walker = self.home.walk()?;
        loop {
            let page = walker.next(PAGE)?;
            if page.kinds.is_empty() {
                return Ok(walked);
            }
            walked.take(&page);
        }
    }

    /// Watches the directories that a walk found, those first in which something is likely to change.
    pub(super) fn watch_directories(&mut self, walked: &Walked) {
        let there: HashSet<&str> = walked.directories.iter().map(String::as_str).chain(COLLECTIONS).collect();
        let is_gone = |place: &&str| !there.contains(place) && !walked.hides(place);
        let gone: Vec<String> = self.watches.collections().filter(is_gone).map(String::from).collect();
        gone.iter().for_each(|place| self.watches.remove(place));
        let mut new: Vec<&str> = there.into_iter().filter(|place| !self.watches.knows(place)).collect();
        new.sort_by_key(|place| (place.matches('/').count(), Reverse(*place)));
        new.into_iter().for_each(|place| self.watches.add(place));
    }

    /// Goes through everything, and names the rollouts that are others than they were.
    pub(super) fn look_everywhere(&mut self, changed: &mut BTreeSet<String>) -> Result<(), WatchError> {
        let began = Instant::now();
        let walked = self.walk()?;
        self.watch_directories(&walked);
        let mut there = HashSet::with_capacity(walked.files.len());
        for file in walked.files.iter().filter(|file| may_be_a_rollout(&file.path)) {
            there.insert(file.path.as_str());
            if !self.known.files.get(&file.path).is_some_and(|known| known.is_as_before(file)) {
                changed.insert(file.path.clone());
            }
        }
        let is_gone = |path: &&String| !there.contains(path.as_str()) && !walked.hides(path);
        changed.extend(self.known.files.keys().filter(is_gone).cloned());
        self.due.names = self.due.names.or(Some(began));
        let pause = match self.watches.lacking() {
            Some(_) => LOOK.max(began.elapsed() * LOOK_SHARE),
            None => SAFETY,
        };
        self.due.look = Instant::now() + pause;
        Ok(())
    }

    /// Looks at a place that is no rollout: a directory that appeared or is gone.
    pub(super) fn look_at_directory(&mut self, place: &str, changed: &mut BTreeSet<String>) {
        match rollouts::facts(&self.home, place) {
            Ok(facts) if facts.kind == EntryKind::Directory => self.enter(place, changed, 0),
            Err(FileError::NotFound) | Ok(_) if self.watches.knows(place) => {
                self.watches.remove(place);
                changed.extend(self.known.files_below(place));
            }
            // What cannot be looked at is unknown.
            _ => {}
        }
    }

    /// Watches a directory and all below it, and names the rollouts that are there.
    fn enter(&mut self, place: &str, changed: &mut BTreeSet<String>, depth: usize) {
        self.watches.add(place);
        let Some((dir, rest)) = self.home.resolve(place).filter(|_| depth < DEEPEST) else { return };
        let Ok(entries) = dir.read_dir(rest) else { return };
        let mut below = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let (Some(name), Ok(kind)) = (name.to_str(), entry.file_type()) else { continue };
            let path = format!("{place}/{name}");
            if kind.is_dir() {
                below.push(path);
            } else if kind.is_file() && may_be_a_rollout(&path) {
                changed.insert(path);
            }
        }
        below.iter().for_each(|path| self.enter(path, changed, depth + 1));
    }

    /// Says whether a file is at a place; none where that cannot be looked at.
    pub(super) fn home_has(&self, path: &str) -> Option<bool> {
        match rollouts::facts(&self.home, path) {
            Ok(facts) => Some(facts.kind == EntryKind::File),
            Err(FileError::NotFound | FileError::NotAFile) => Some(false),
            Err(_) => None,
        }
    }
}
