//! What the system tells of changes: which places are to be looked at, collected until somebody asks.
//!
//! A watch is of one directory. Where there are no more watches to be had, the directories without one are gone through instead.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// More places than this are as good as all of them.
const MOST: usize = 65_536;

/// How long what changed may wait until whoever follows the home counts as behind.
const BEHIND: Duration = Duration::from_secs(1);

/// Holds what changed, whoever waits for it, and how far that one is behind.
#[derive(Default)]
pub(super) struct Notices {
    noticed: Mutex<Noticed>,
    news: Condvar,
}

#[derive(Default)]
struct Noticed {
    changed: Changed,
    /// When the first of it was noticed.
    since: Option<Instant>,
    /// When the first was noticed of what is being looked at.
    at_hand: Option<Instant>,
    left: Left,
}

/// Says what is still to be done when what changed was looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Left {
    /// Since when names wait to be read.
    pub(super) names: Option<Instant>,
    /// Not all changes are noticed.
    pub(super) is_lacking: bool,
}

/// Names places of the home that may have changed.
#[derive(Default)]
pub(super) struct Changed {
    /// Their paths, relative to the home where they are in it.
    pub(super) places: BTreeSet<String>,
    /// Something may have changed anywhere.
    pub(super) anything: bool,
    /// Nobody watches any more.
    pub(super) over: bool,
}

impl Changed {
    fn is_empty(&self) -> bool {
        self.places.is_empty() && !self.anything && !self.over
    }
}

impl Notices {
    fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what changed; where nothing did it blocks until something does, or the time comes.
    pub(super) fn take(&self, until: Instant) -> Changed {
        let mut noticed = self.lock();
        while noticed.changed.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            noticed = self.news.wait_timeout(noticed, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let since = noticed.since.take();
        noticed.at_hand = noticed.at_hand.or(since);
        std::mem::take(&mut noticed.changed)
    }

    /// Notes that what was taken was looked at.
    pub(super) fn looked_at(&self, left: Left) {
        let mut noticed = self.lock();
        (noticed.at_hand, noticed.left) = (None, left);
    }

    /// Says whether all that changed a second ago was looked at.
    pub(super) fn are_looked_at(&self) -> bool {
        let noticed = self.lock();
        let mut since = [noticed.since, noticed.at_hand, noticed.left.names].into_iter().flatten();
        !noticed.changed.over && !noticed.left.is_lacking && since.all(|since| since.elapsed() < BEHIND)
    }

    /// Ends the watching.
    pub(super) fn end(&self) {
        self.lock().changed.over = true;
        self.news.notify_all();
    }

    fn add(&self, root: &Path, is_of_interest: fn(&str) -> bool, event: notify::Result<notify::Event>) {
        let event = match event {
            // Who reads changes nothing.
            Ok(event) if is_of_a_reader(event.kind) => return,
            Ok(event) => event,
            // What was lost nobody knows.
            Err(_) => notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan),
        };
        let mut noticed = self.lock();
        let changed = &mut noticed.changed;
        changed.anything |= event.need_rescan() || changed.places.len() > MOST;
        if changed.anything {
            changed.places.clear();
        } else {
            let place = |path: &PathBuf| {
                path.strip_prefix(root).unwrap_or(path).to_str().filter(|place| is_of_interest(place)).map(String::from)
            };
            changed.places.extend(event.paths.iter().filter_map(place));
        }
        if !changed.is_empty() {
            noticed.since.get_or_insert_with(Instant::now);
            self.news.notify_all();
        }
    }
}

fn is_of_a_reader(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Watches directories of a home.
pub(super) struct Watches {
    root: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<String>,
    /// Directories that there was no watch for.
    unwatched: BTreeSet<String>,
    limit: usize,
    /// Why there are no more.
    exhausted: Option<String>,
}

impl Watches {
    /// Watches nothing yet, and at most `limit` directories, of the home at `root`.
    pub(super) fn new(root: &Path, notices: &Arc<Notices>, is_of_interest: fn(&str) -> bool, limit: usize) -> Watches {
        let (notices, within) = (notices.clone(), root.to_path_buf());
        let watcher = notify::recommended_watcher(move |event| notices.add(&within, is_of_interest, event));
        let exhausted = watcher.as_ref().err().map(ToString::to_string);
        Watches {
            root: root.into(),
            watcher: watcher.ok(),
            watched: BTreeSet::new(),
            unwatched: BTreeSet::new(),
            limit,
            exhausted,
        }
    }

    /// Watches a directory, anew where it was watched: it may be another one of this name. What is not there is not watched. Says
    /// whether it is watched.
    pub(super) fn add(&mut self, place: &str) -> bool {
        self.remove_one(place);
        let path = self.root.join(place);
        let Some(watcher) = &mut self.watcher else {
            self.unwatched.insert(place.into());
            return false;
        };
        if self.watched.len() >= self.limit {
            self.exhausted.get_or_insert_with(|| format!("{} directories are watched", self.limit));
            self.unwatched.insert(place.into());
            return false;
        }
        match watcher.watch(&path, RecursiveMode::NonRecursive) {
            Ok(()) => self.watched.insert(place.into()),
            Err(error) if path.is_dir() => {
                if matches!(error.kind, ErrorKind::MaxFilesWatch) || self.exhausted.is_none() {
                    self.exhausted.get_or_insert_with(|| error.to_string());
                }
                self.unwatched.insert(place.into());
                false
            }
            Err(_) => false,
        }
    }

    /// Watches anew what was watched.
    pub(super) fn renew(&mut self) {
        for place in self.watched.clone() {
            self.add(&place);
        }
    }

    /// Watches a directory, and all that are known below it, no more.
    pub(super) fn remove(&mut self, place: &str) {
        let below = format!("{place}/");
        let is_meant = |other: &&String| *other == place || other.starts_with(&below);
        let gone: Vec<String> = self.watched.iter().chain(&self.unwatched).filter(is_meant).cloned().collect();
        gone.iter().for_each(|place| self.remove_one(place));
    }

    fn remove_one(&mut self, place: &str) {
        self.unwatched.remove(place);
        if self.watched.remove(place)
            && let Some(watcher) = &mut self.watcher
        {
            // The system may have ended it with the directory.
            let _ = watcher.unwatch(&self.root.join(place));
        }
    }

    /// Gives the directories of the collections that are known.
    pub(super) fn collections(&self) -> impl Iterator<Item = &str> {
        let known = self.watched.iter().chain(&self.unwatched).map(String::as_str);
        known.filter(|place| place.starts_with("sessions") || place.starts_with("archived_sessions"))
    }

    /// Says whether a directory of this name is known.
    pub(super) fn knows(&self, place: &str) -> bool {
        self.watched.contains(place) || self.unwatched.contains(place)
    }

    /// Gives the number of directories without a watch, and why there is none; none where there is one for every directory.
    pub(super) fn lacking(&self) -> Option<(usize, &str)> {
        let why = self.exhausted.as_deref().unwrap_or("the system gives none");
        (!self.unwatched.is_empty()).then_some((self.unwatched.len(), why))
    }
}
