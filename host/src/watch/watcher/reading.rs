//! Looks at files that claim to be rollouts, and brings the state DB up to date with them: one that is new, that changed, that is gone.
//!
//! What is recorded in the state DB and what is known here are two things, since others write there too. A file is as it was only by
//! both; and whatever comes of a file, the threads that it is about, or was about, are looked at, by their rows.

use std::time::Instant;

use threadkeep_engine::contract::{EntryKind, FileError, FileFacts};

use super::{GONE, LOOK, Watcher};
use crate::db::Database;
use crate::index::backfill::index_file_as;
use crate::rollouts;
use crate::watch::error::WatchError;
use crate::watch::known::KnownFile;
use crate::watch::stamp::Stamp;

impl Watcher {
    /// Looks at what may be a rollout, and notes which threads are to be looked at because of it.
    pub(super) fn look_at(&mut self, database: &Database, path: &str) -> Result<(), WatchError> {
        match rollouts::facts(&self.home, path) {
            Ok(facts) if facts.kind == EntryKind::File => self.look_at_file(database, facts),
            Ok(_) | Err(FileError::NotFound | FileError::NotAFile) => self.look_at_gone(database, path),
            Err(error) => {
                self.try_again(path, &error.message());
                Ok(())
            }
        }
    }

    fn look_at_file(&mut self, database: &Database, facts: FileFacts) -> Result<(), WatchError> {
        let (path, stamp) = (facts.path.clone(), Stamp::from(&facts));
        self.vanished.remove(&path);
        let before = self.known.file(&path);
        let recorded = database.recorded_file(path.clone())?;
        let is_known = before.as_ref().is_some_and(|before| before.stamp == stamp);
        let is_settled = match self.unreadable.get(&path) {
            Some(retry) => !retry.is_due(Instant::now()),
            None => recorded.as_ref().is_some_and(|recorded| Stamp::from(recorded) == stamp),
        };
        if is_known && is_settled {
            return Ok(());
        }
        let was_of = before.and_then(|before| before.thread);
        if let (Some(thread), None) = (&was_of, &recorded) {
            // Others had found it gone, and may have told somebody so.
            self.look_at_thread(database, thread, true)?;
        }
        self.touched.extend(was_of.into_iter().chain(recorded.and_then(|recorded| recorded.thread)));
        index_file_as(&mut self.core, database, facts)?;
        self.due.others = Some(Instant::now() + LOOK);
        let recorded = database.recorded_file(path.clone())?.unwrap_or_default();
        self.known.put_file(&path, KnownFile { stamp, thread: recorded.thread.clone() });
        if recorded.is_to_be_read_again() {
            // It may have gone meanwhile.
            if self.home_has(&path) == Some(false) {
                return self.look_at_gone(database, &path);
            }
            self.try_again(&path, recorded.reason.as_deref().unwrap_or("it was refused"));
            return Ok(());
        }
        self.is_readable(&path);
        if let Some(thread) = recorded.thread {
            // One that was moved is not in two places until its old one counts as gone.
            for other in database.files_of(thread.clone())? {
                if other != path && self.home_has(&other) == Some(false) {
                    self.forget(database, &other)?;
                }
            }
            self.touched.insert(thread);
        }
        Ok(())
    }

    /// A file is gone where it is still not there after a while.
    fn look_at_gone(&mut self, database: &Database, path: &str) -> Result<(), WatchError> {
        self.is_readable(path);
        let is_missed = self.vanished.contains_key(path) || self.known.stamp(path).is_some();
        if !is_missed && database.recorded_file(path.into())?.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        if *self.vanished.entry(path.into()).or_insert(now + GONE) > now {
            return Ok(());
        }
        self.forget(database, path)
    }

    /// Forgets a file that is gone.
    fn forget(&mut self, database: &Database, path: &str) -> Result<(), WatchError> {
        let recorded = database.recorded_file(path.into())?.and_then(|recorded| recorded.thread);
        let known = self.known.file(path).and_then(|known| known.thread);
        self.touched.extend(recorded.into_iter().chain(known));
        database.remove_files(vec![path.into()])?;
        self.known.forget_file(path);
        self.vanished.remove(path);
        Ok(())
    }

    /// Notes that a file cannot be read, to try again when it changes, or after a pause that grows.
    pub(super) fn try_again(&mut self, path: &str, why: &str) {
        let is_first = !self.unreadable.contains_key(path);
        self.unreadable.entry(path.into()).or_default().put_off();
        if is_first {
            let file = self.home.absolute(path);
            let warning = format!("{} cannot be read: {why}; it is tried again now and then", file.display());
            self.subscribers.warn_of(path, warning);
        }
    }

    /// Notes that a file can be read, or is none any more.
    fn is_readable(&mut self, path: &str) {
        if self.unreadable.remove(path).is_some() {
            self.subscribers.withdraw(path);
        }
    }

    /// Notes that what happened in a thread's rollout cannot be read, to try again likewise.
    pub(super) fn follow_again(&mut self, thread: &str, path: &str, why: &str) {
        let is_first = !self.unfollowed.contains_key(thread);
        self.unfollowed.entry(thread.into()).or_default().put_off();
        if is_first {
            let file = self.home.absolute(path);
            let warning = format!("{} cannot be followed: {why}; it is tried again now and then", file.display());
            self.subscribers.warn_of(thread, warning);
        }
    }

    /// Notes that it can be read, or is not there any more.
    pub(super) fn followable(&mut self, thread: &str) {
        if self.unfollowed.remove(thread).is_some() {
            self.subscribers.withdraw(thread);
        }
    }
}
