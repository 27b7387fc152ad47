//! Threads as rollouts in a Codex home, with rows in the state DB where there is a handle.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::recorder::Recorder;
use super::writers::{Encoder, Writers, go_on};
use super::{
    Collection, Found, Item, MetadataPatch, NewThread, PageOfHits, PageOfRows, PageOfTurns, Resume, RowQuery,
    StoreError, StoreResult, ThreadRow, ThreadStore, read,
};
use crate::component::{Core, Runtime, World};
use crate::db::StateDb;
use crate::index::backfill::index_file;
use crate::platform::home::Home;
use crate::platform::writer_lock::WriterLock;
use crate::threads::change::{ChangeError, Changes, Relocated};
use crate::threads::compress::restore;
use crate::threads::lookup::Lookup;
use crate::threads::reader::ThreadReader;

/// The store of a Codex home.
pub struct LocalThreadStore {
    reader: ThreadReader,
    home: Arc<Home>,
    writers: Writers<Recorder>,
    encoder: Encoder,
    /// Reads what was written, for the rows to follow.
    indexer: Mutex<Core>,
}

impl LocalThreadStore {
    /// Opens the store of a home. Without a handle rows are neither kept nor asked.
    pub fn new(runtime: &Runtime, home: &Arc<Home>, state: Option<StateDb>) -> LocalThreadStore {
        LocalThreadStore::with_reader(ThreadReader::new(runtime, home, state, None, None))
    }

    /// Opens the store of a home whose threads are read so.
    pub fn with_reader(reader: ThreadReader) -> LocalThreadStore {
        let (runtime, home) = (reader.runtime(), reader.home().clone());
        LocalThreadStore {
            writers: Writers::default(),
            encoder: Encoder::new(runtime),
            indexer: Mutex::new(Core::new(runtime, World::of(&home))),
            home,
            reader,
        }
    }

    /// The home.
    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn runtime(&self) -> &Runtime {
        self.reader.runtime()
    }

    /// Carries what was written over to the rows, if it is time or `now` says so. That it failed loses nothing: the next
    /// start reads the file.
    fn observe(&self, recorder: &mut Recorder, now: bool) {
        let Some(state) = self.reader.state().filter(|_| recorder.to_observe(now)) else { return };
        if !Arc::ptr_eq(&recorder.home, &self.home) {
            // A rollout elsewhere has no row.
            return recorder.was_observed();
        }
        let mut core = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
        match index_file(&mut core, &*self.home, state.database(), &recorder.path) {
            Ok(()) => recorder.was_observed(),
            Err(error) => {
                recorder.was_not_observed();
                let path = recorder.absolute();
                self.reader.warn(format!("what was written to {} is not in the rows yet: {error}", path.display()));
            }
        }
    }

    /// Before somebody looks: what was observed and waits.
    fn observe_all(&self) {
        for thread in self.writers.threads() {
            let _ = self.writers.with(&thread, |recorder| {
                self.observe(recorder, true);
                Ok(())
            });
        }
    }

    fn take(&self, thread: &str, items: &[Item], observed: bool) -> StoreResult<()> {
        self.writers.with(thread, |recorder| {
            let written = self.encoder.write(&recorder.writer_state, items)?;
            recorder.append(written.pen, &written.lines, observed);
            Ok(())
        })
    }

    fn flush_with(&self, thread: &str, whatever: bool, now: bool) -> StoreResult<()> {
        self.writers.with(thread, |recorder| {
            recorder.flush(whatever)?;
            self.observe(recorder, now);
            Ok(())
        })
    }

    /// Opens a thread's rollout for writing, whose lock is held: nobody moves, compresses or appends to it meanwhile. A
    /// compressed one is restored.
    fn go_on(&self, home: Arc<Home>, path: &str, lock: WriterLock) -> StoreResult<String> {
        let path = restore(&home, path)?;
        let resumed = go_on(&mut Core::new(self.runtime(), World::of(&home)), &path);
        let resumed =
            resumed.map_err(|error| StoreError::Resume { path: home.absolute(&path), why: error.to_string() })?;
        self.writers.insert(&resumed.thread, Recorder::going_on(home, path, resumed.pen, lock));
        Ok(resumed.thread)
    }

    /// Before a thread is changed that is open here: it is on disk, and in the rows.
    fn settle(&self, thread: &str) -> StoreResult<()> {
        if !self.writers.has(thread) {
            return Ok(());
        }
        self.writers.with(thread, |recorder| match Arc::ptr_eq(&recorder.home, &self.home) {
            true => Ok(()),
            // What the home has of the same id is another rollout.
            false => Err(StoreError::Elsewhere(thread.into(), recorder.absolute())),
        })?;
        self.flush_with(thread, true, true)
    }

    fn changes(&self) -> StoreResult<Changes> {
        Ok(self.reader.changes()?)
    }

    /// Says whether any thread is open for writing here.
    pub(crate) fn has_open_threads(&self) -> bool {
        !self.writers.threads().is_empty()
    }

    /// Says whether a thread is open for writing here, by its id.
    pub(crate) fn is_open(&self, thread: &str) -> bool {
        self.writers.has(thread)
    }

    /// Moves a thread to another collection, its files with it; one that is open for writing here stays open.
    pub(crate) fn move_to(
        &self,
        thread: &str,
        work: impl Fn(&mut Changes, &str) -> Result<Relocated, ChangeError>,
    ) -> StoreResult<Relocated> {
        if !self.writers.has(thread) {
            return Ok(work(&mut self.changes()?, thread)?);
        }
        self.settle(thread)?;
        self.writers.with(thread, |recorder| {
            // The lock is held already, and stays held.
            let relocated = work(&mut self.changes()?.holding(thread), thread)?;
            let path = recorder.path.clone();
            if let Some(moved) = relocated.renamings.iter().find(|renaming| renaming.from == path) {
                recorder.moved_to(&moved.to);
            }
            Ok(relocated)
        })
    }

    fn resume_rollout(&self, path: &Path) -> StoreResult<String> {
        let failed = |why: String| StoreError::Resume { path: path.into(), why };
        let absolute = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
        let (home, path) = match self.home.home_path_of(&absolute) {
            Some(inside) => (self.home.clone(), inside),
            None => {
                let (home, path) =
                    self.home.with_external_rollout(&absolute).map_err(|error| failed(error.to_string()))?;
                (Arc::new(home), path)
            }
        };
        let mut lookup = Lookup::to_find(self.runtime(), &home, self.reader.state().as_ref())?;
        let whose = lookup.at(&path).map_err(|error| failed(error.to_string()))?;
        let lock = WriterLock::take(&self.home, &whose.row.id)?;
        self.go_on(home, &path, lock)
    }
}

impl ThreadStore for LocalThreadStore {
    fn create(&self, new: NewThread) -> StoreResult<String> {
        // Codex goes on with a thread only if it knows its provider.
        let default = || self.home.default_provider().to_string();
        let new = NewThread { model_provider: new.model_provider.or_else(|| Some(default())), ..new };
        let begun = self.encoder.begin(&new)?;
        if self.writers.has(&begun.thread) {
            return Err(StoreError::Exists(begun.thread));
        }
        let lock = WriterLock::take(&self.home, &begun.thread)?;
        if new.id.is_some() {
            let there = crate::rollouts::named(&self.home, &begun.thread);
            if !there.map_err(crate::threads::lookup::unreadable)?.is_empty() {
                return Err(StoreError::Exists(begun.thread));
            }
        }
        let recorder = Recorder::new(self.home.clone(), begun.path, begun.pen, begun.lines, lock);
        self.writers.insert(&begun.thread, recorder);
        Ok(begun.thread)
    }

    fn resume(&self, what: &Resume) -> StoreResult<String> {
        match what {
            Resume::Rollout(path) => self.resume_rollout(path),
            Resume::Thread(wanted) => {
                let found = self.reader.find(wanted, None)?;
                // Locked before it is looked at again: whoever wrote it until now may have moved or restored it.
                let lock = WriterLock::take(&self.home, &found.row.id)?;
                let found = self.reader.find(&found.row.id, None)?;
                self.go_on(self.home.clone(), &found.row.path, lock)
            }
        }
    }

    fn append(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.take(thread, items, true)
    }

    fn append_raw(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.take(thread, items, false)
    }

    fn flush(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, false, false)
    }

    fn persist(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, true, true)
    }

    fn shutdown(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, false, true)?;
        self.writers.remove(thread)
    }

    fn discard(&self, thread: &str) -> StoreResult<()> {
        self.writers.remove(thread)
    }

    fn path(&self, thread: &str) -> StoreResult<PathBuf> {
        self.writers.with(thread, |recorder| Ok(recorder.absolute()))
    }

    fn load_history(&self, thread: &str, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> StoreResult<()> {
        read::history(self.reader.open_finder()?, thread, each)
    }

    fn read(&self, wanted: &str, within: Option<Collection>) -> StoreResult<Found> {
        self.observe_all();
        Ok(self.reader.find(wanted, within)?)
    }

    fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfRows> {
        self.observe_all();
        Ok(self.reader.list(query, cursor, limit)?)
    }

    fn search(&self, text: &str, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfHits> {
        self.observe_all();
        let (lister, finder) = (self.reader.open_lister(cursor.is_none())?, self.reader.open_finder()?);
        read::search(lister, finder, text, query, cursor, limit, &|warning| self.reader.warn(warning))
    }

    fn turns(&self, thread: &str, cursor: Option<&str>, limit: u32, newest_first: bool) -> StoreResult<PageOfTurns> {
        read::turns(self.reader.open_finder()?, thread, cursor, limit, newest_first)
    }

    fn name(&self, thread: &str, name: Option<&str>) -> StoreResult<ThreadRow> {
        self.settle(thread)?;
        Ok(self.changes()?.name(thread, name)?)
    }

    fn patch(&self, thread: &str, patch: &MetadataPatch) -> StoreResult<ThreadRow> {
        self.settle(thread)?;
        Ok(self.changes()?.patch(thread, patch)?)
    }

    fn archive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>> {
        Ok(self.move_to(thread, Changes::archive)?.threads)
    }

    fn unarchive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>> {
        Ok(self.move_to(thread, Changes::unarchive)?.threads)
    }

    fn delete(&self, thread: &str, with_forks: bool) -> StoreResult<Vec<ThreadRow>> {
        let mut changes = self.changes()?;
        let mut deletion = changes.plan_delete(thread, with_forks)?;
        let mut done = changes.delete(&deletion);
        if matches!(done, Err(ChangeError::Overtaken)) {
            // Nobody was shown the first plan: the rows were merely behind the files.
            deletion = changes.plan_delete(thread, with_forks)?;
            done = changes.delete(&deletion);
        }
        done?;
        Ok(deletion.threads)
    }

    fn take_warnings(&self) -> Vec<String> {
        self.reader.take_warnings()
    }
}

impl Drop for LocalThreadStore {
    /// A store that goes takes its writers along: what they were given is written if it can be.
    fn drop(&mut self) {
        for thread in self.writers.threads() {
            let _ = self.shutdown(&thread);
        }
    }
}
