//! Looks at rollouts: one that is new, that grew, that stands elsewhere, that is gone.

use std::time::Instant;

use threadkeep_engine::calls::Follow;
use threadkeep_engine::contract::{EntryKind, FileError, FileFacts, TurnEvent};

use super::{GONE, RETRY, Watcher};
use crate::db::Database;
use crate::index::backfill::index_file;
use crate::rollouts::{self, other_form};
use crate::watch::error::WatchError;
use crate::watch::known::KnownFile;

/// What is known of a rollout before it is read on.
struct Earlier {
    /// The rollout, as it was, where it was.
    file: Option<KnownFile>,
    /// It is one more of its thread.
    is_further: bool,
}

impl Watcher {
    /// Looks at what may be a rollout.
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

    /// A file is gone where it is still not there after a while.
    fn look_at_gone(&mut self, database: &Database, path: &str) -> Result<(), WatchError> {
        self.unreadable.remove(path);
        if !self.known.files.contains_key(path) {
            self.vanished.remove(path);
            return Ok(());
        }
        let now = Instant::now();
        if *self.vanished.entry(path.into()).or_insert(now + GONE) > now {
            return Ok(());
        }
        database.remove_files(vec![path.into()])?;
        self.vanished.remove(path);
        match self.known.files.remove(path).and_then(|file| file.thread) {
            Some(thread) => self.tell_of(database, &thread),
            None => Ok(()),
        }
    }

    fn look_at_file(&mut self, database: &Database, facts: FileFacts) -> Result<(), WatchError> {
        let path = facts.path.clone();
        self.vanished.remove(&path);
        let before = self.known.files.get(&path).cloned();
        if before.as_ref().is_some_and(|before| before.is_as_before(&facts)) && !self.unreadable.contains_key(&path) {
            return Ok(());
        }
        index_file(&mut self.core, &*self.home, database, &path)?;
        let (thread, is_to_be_read_again) = database.recorded_thread_of(path.clone())?.unwrap_or_default();
        if is_to_be_read_again {
            // It may have gone meanwhile.
            if self.home_has(&path) == Some(false) {
                return self.look_at_gone(database, &path);
            }
            self.try_again(&path, "it was refused");
            return Ok(());
        }
        self.unreadable.remove(&path);
        let was_of = before.as_ref().and_then(|file| file.thread.clone()).filter(|was| Some(was) != thread.as_ref());
        if let Some(was_of) = was_of {
            self.known.files.remove(&path);
            self.tell_of(database, &was_of)?;
        }
        let Some(thread) = thread else {
            self.known.files.insert(path, known_file(&facts, None, None));
            return Ok(());
        };
        let earlier = match before.filter(|before| before.thread.as_ref() == Some(&thread)) {
            Some(before) => Earlier { file: Some(before), is_further: false },
            None => self.earlier_place(database, &thread, &path)?,
        };
        if database.row(thread.clone())?.is_none_or(|row| row.path != path) {
            // Of several files of a thread the newest counts; the others tell nothing.
            let state = earlier.file.and_then(|file| file.state);
            self.known.files.insert(path, known_file(&facts, Some(thread.clone()), state));
            return self.tell_of(database, &thread);
        }
        let (known, is_another) = earlier.known_bytes(&facts);
        let state = earlier.file.and_then(|file| file.state).unwrap_or_default();
        let followed = match self.core.call(&Follow { file: facts.clone(), state, known })? {
            Ok(followed) => followed,
            // The next look tells where it is.
            Err(FileError::NotFound) => return Ok(()),
            Err(error) => {
                self.try_again(&path, &error.message());
                return Ok(());
            }
        };
        // What came while it was read shows in its size at the next look.
        self.known.files.insert(path, known_file(&facts, Some(thread.clone()), Some(followed.state)));
        let turns = is_another.then_some(TurnEvent::Changed).into_iter().chain(followed.events).collect();
        self.tell_of_turns(database, &thread, turns, followed.last)
    }

    /// Gives what is known of a thread's rollout that stood elsewhere before.
    fn earlier_place(&mut self, database: &Database, thread: &str, path: &str) -> Result<Earlier, WatchError> {
        let others = self.known.other_files_of(thread, path);
        if let Some(moved) = others.iter().find(|other| self.home_has(other) == Some(false)) {
            self.vanished.remove(moved);
            database.remove_files(vec![moved.clone()])?;
            return Ok(Earlier { file: self.known.files.remove(moved), is_further: false });
        }
        let twin = others.iter().find(|other| **other == other_form(path));
        let file = twin.and_then(|twin| self.known.files.get(twin).cloned());
        Ok(Earlier { is_further: file.is_none() && !others.is_empty(), file })
    }

    /// Notes that a file cannot be read, to try again when it changes, or after a pause that grows.
    pub(super) fn try_again(&mut self, path: &str, why: &str) {
        let pause = match self.unreadable.get(path) {
            Some((_, pause)) => (*pause * 2).min(RETRY.1),
            None => {
                let file = self.home.absolute(path);
                let warning = format!("{} cannot be read: {why}; it is tried again now and then", file.display());
                self.subscribers.warn(&warning);
                RETRY.0
            }
        };
        self.unreadable.insert(path.into(), (Instant::now() + pause, pause));
    }
}

impl Earlier {
    /// Gives how many plain bytes of the rollout as it is now nothing is told of, because they were known, and whether what was
    /// known may be there no more.
    fn known_bytes(&self, now: &FileFacts) -> (u64, bool) {
        match &self.file {
            // What it goes on from was told.
            None if self.is_further => (u64::MAX, true),
            None => (0, false),
            // What was read of it tells.
            Some(KnownFile { state: Some(_), .. }) => (0, false),
            Some(before) if before.is_compressed => (u64::MAX, true),
            // The same text in its other form.
            Some(before) if is_compressed(&now.path) => (before.size, false),
            Some(before) if before.inode == now.inode && before.size <= now.size => (before.size, false),
            Some(_) => (u64::MAX, true),
        }
    }
}

fn is_compressed(path: &str) -> bool {
    rollouts::is_compressed(path.as_ref())
}

fn known_file(facts: &FileFacts, thread: Option<String>, state: Option<Vec<u8>>) -> KnownFile {
    KnownFile::new(facts, is_compressed(&facts.path), thread, state)
}
