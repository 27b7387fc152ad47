//! Looks at directories: what is in them, and what is gone.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use threadkeep_engine::contract::{EntryKind, FileError};
use threadkeep_engine::imports::Rollouts;

use super::{COLLECTIONS, LOOK, SAFETY, SHARE, Watcher};
use crate::db::Database;
use crate::rollouts::{self, may_be_a_rollout};
use crate::watch::error::WatchError;
use crate::watch::known::Walked;
use crate::watch::stamp::Stamp;
use crate::watch::writers::threads_with_lock_files;

/// How many entries of a walk are taken at a time.
const PAGE: u32 = 4_096;
/// How many walks find directories that were new, at most: somebody may make them without end.
const WALKS: usize = 4;
/// How many directories may lie inside each other; deeper ones are left to the walk.
const DEEPEST: usize = 32;

impl Watcher {
    /// Goes through all entries of the collections.
    fn walk(&self) -> Result<Walked, WatchError> {
        let mut walked = Walked::default();
        let mut walker = self.home.walk()?;
        loop {
            let page = walker.next(PAGE)?;
            if page.kinds.is_empty() {
                walked.files = walked.files.order();
                return Ok(walked);
            }
            walked.take(&page);
        }
    }

    /// Goes through all entries likewise, with a watch for every directory from before the walk on: what is there when a watch is
    /// new is not told of by it, and neither is a directory that came before its parent was watched.
    pub(super) fn walk_watched(&mut self) -> Result<Walked, WatchError> {
        for _ in 0..WALKS {
            let walked = self.walk()?;
            if !self.watch_directories(&walked) {
                return Ok(walked);
            }
        }
        let mut walked = self.walk()?;
        walked.is_behind = true;
        Ok(walked)
    }

    /// Watches the directories that a walk found, those first in which something is likely to change; says whether one is new.
    fn watch_directories(&mut self, walked: &Walked) -> bool {
        let there: HashSet<&str> = walked.directories.iter().map(String::as_str).chain(COLLECTIONS).collect();
        let is_gone = |place: &&str| !there.contains(place) && !walked.hides(place);
        let gone: Vec<String> = self.watches.collections().filter(is_gone).map(String::from).collect();
        gone.iter().for_each(|place| self.watches.remove(place));
        let mut new: Vec<&str> = there.into_iter().filter(|place| !self.watches.knows(place)).collect();
        new.sort_by_key(|place| (place.matches('/').count(), Reverse(*place)));
        new.into_iter().filter(|place| self.watches.add(place)).count() > 0
    }

    /// Goes through everything, and names the rollouts that are others than they were known to be or are recorded.
    pub(super) fn look_everywhere(
        &mut self,
        database: &Database,
        changed: &mut BTreeSet<String>,
    ) -> Result<(), WatchError> {
        let began = Instant::now();
        if self.is_in_the_dark {
            // A directory may be another one of its name.
            self.watches.renew();
            let now = threads_with_lock_files(&self.home).into_iter().map(|thread| (thread, began));
            self.rechecks.extend(now);
        }
        let walked = self.walk_watched()?;
        let mut is_recorded = vec![false; walked.files.len()];
        database.each_recorded_file(|path, recorded| match walked.files.find(&path) {
            Some(number) => is_recorded[number] = Stamp::from(&recorded) == walked.files.stamp(number),
            None if walked.hides(&path) => {}
            None => drop(changed.insert(path)),
        })?;
        for (number, is_recorded) in is_recorded.into_iter().enumerate() {
            let (path, now) = walked.files.get(number);
            let is_known = self.known.stamp(path) == Some(now);
            // What cannot be read has its own time.
            let is_settled = is_recorded || self.unreadable.contains_key(path);
            if !is_known || !is_settled {
                changed.insert(path.into());
            }
        }
        let is_gone = |path: &&str| walked.files.find(path).is_none() && !walked.hides(path);
        changed.extend(self.known.paths().filter(is_gone).map(String::from));
        self.due.names = self.due.names.or(Some(began));
        let pause = match self.watches.lacking().is_some() || walked.is_behind {
            true => LOOK.max(began.elapsed() * SHARE),
            false => SAFETY,
        };
        self.due.look = Instant::now() + pause;
        self.due.next_look = Instant::now() + LOOK.max(began.elapsed() * SHARE);
        self.is_in_the_dark = false;
        Ok(())
    }

    /// Looks at a place that is no rollout: a directory that appeared or is gone.
    pub(super) fn look_at_directory(&mut self, place: &str, changed: &mut BTreeSet<String>) {
        match rollouts::facts(&self.home, place) {
            Ok(facts) if facts.kind == EntryKind::Directory => {
                self.enter(place, changed, 0);
                // It may be another one of its name, in which they are not.
                changed.extend(self.known.files_below(place));
            }
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
