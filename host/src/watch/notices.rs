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

/// Holds what changed, and whoever waits for it.
#[derive(Default)]
pub(super) struct Notices {
    changed: Mutex<Changed>,
    news: Condvar,
}

/// Names places of the home that may have changed.
#[derive(Default)]
pub(super) struct Changed {
    /// Their paths, relative to the home.
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
    fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what changed; where nothing did it blocks until something does, or the time comes.
    pub(super) fn take(&self, until: Instant) -> Changed {
        let mut changed = self.lock();
        while changed.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            changed = self.news.wait_timeout(changed, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut *changed)
    }

    /// Ends the watching.
    pub(super) fn end(&self) {
        self.lock().over = true;
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
        let mut changed = self.lock();
        changed.anything |= event.need_rescan() || changed.places.len() > MOST;
        if changed.anything {
            changed.places.clear();
        } else {
            let place = |path: &PathBuf| {
                path.strip_prefix(root).ok()?.to_str().filter(|place| is_of_interest(place)).map(String::from)
            };
            changed.places.extend(event.paths.iter().filter_map(place));
        }
        if !changed.is_empty() {
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

    /// Watches a directory, anew where it was watched: it may be another one of this name. What is not there is not watched.
    pub(super) fn add(&mut self, place: &str) {
        self.remove_one(place);
        let path = self.root.join(place);
        let Some(watcher) = &mut self.watcher else {
            self.unwatched.insert(place.into());
            return;
        };
        if self.watched.len() >= self.limit {
            self.exhausted.get_or_insert_with(|| format!("{} directories are watched", self.limit));
            self.unwatched.insert(place.into());
            return;
        }
        match watcher.watch(&path, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(place.into());
            }
            Err(error) if path.is_dir() => {
                if matches!(error.kind, ErrorKind::MaxFilesWatch) || self.exhausted.is_none() {
                    self.exhausted.get_or_insert_with(|| error.to_string());
                }
                self.unwatched.insert(place.into());
            }
            Err(_) => {}
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
