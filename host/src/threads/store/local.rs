//! Keeps threads as rollouts in a Codex home, with rows in the state DB where there is a handle.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use threadkeep_engine::{Core, Runtime};

use super::recorder::{Recorder, WriterPlace, torn_tail};
use super::writers::{Encoder, Writers, resume_writer};
use super::{
    Collection, Found, Item, MetadataPatch, NewThread, PageOfHits, PageOfRows, PageOfTurns, Resume, RowQuery,
    StoreError, StoreResult, ThreadRow, ThreadStore, read,
};
use crate::db::StateDb;
use crate::index::backfill::index_file;
use crate::platform::error_kind::{Classified as _, ErrorKind};
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::platform::writer_lock::WriterLock;
use crate::threads::change::{ChangeError, Changes, CollectionMove};
use crate::threads::compress::restore;
use crate::threads::lookup::Lookup;
use crate::threads::reader::ThreadReader;

/// Stores the threads of a Codex home.
pub struct LocalThreadStore {
    reader: ThreadReader,
    home: Arc<Home>,
    writers: Writers<Recorder>,
    encoder: Encoder,
    /// Reads what was written, to bring the rows up to date.
    indexer: Mutex<Core>,
}

impl LocalThreadStore {
    /// Opens the store of a home, with the usual wait for other processes. Without a handle rows are neither written nor asked.
    pub fn new(runtime: &Runtime, home: &Arc<Home>, state: Option<StateDb>) -> LocalThreadStore {
        LocalThreadStore::with_reader(ThreadReader::new(runtime, home, state, None, None, Wait::default()))
    }

    /// Opens the store of a reader's home, with the reader's handle.
    pub fn with_reader(reader: ThreadReader) -> LocalThreadStore {
        let (runtime, home) = (reader.runtime(), reader.home().clone());
        LocalThreadStore {
            writers: Writers::default(),
            encoder: Encoder::new(runtime),
            indexer: Mutex::new(Core::new(runtime, crate::rollouts::imports(&home))),
            home,
            reader,
        }
    }

    /// Gives the home.
    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub(super) fn reader(&self) -> &ThreadReader {
        &self.reader
    }

    /// Brings the row of a rollout that was just begun up to date.
    pub(super) fn index_branch(&self, recorder: &mut Recorder) {
        self.index(recorder, true);
    }

    fn runtime(&self) -> &Runtime {
        self.reader.runtime()
    }

    /// Brings the rows up to date with what was written, if it is due or `now` says so. A failure is a warning and loses nothing:
    /// the next start reads the file.
    fn index(&self, recorder: &mut Recorder, now: bool) {
        let Some(state) = self.reader.state().filter(|_| recorder.index_is_due(now)) else { return };
        if !Arc::ptr_eq(&recorder.home, &self.home) {
            // A rollout outside of the home has no row.
            return recorder.index_succeeded();
        }
        let mut core = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
        match index_file(&mut core, &*self.home, state.database(), &recorder.path) {
            Ok(()) => recorder.index_succeeded(),
            Err(error) => {
                recorder.index_failed();
                let path = recorder.absolute();
                self.reader.warn(format!("what was written to {} is not in the rows yet: {error}", path.display()));
            }
        }
    }

    /// Brings the rows up to date with all that was flushed, before they are asked.
    fn index_all(&self) {
        for thread in self.writers.threads() {
            let _ = self.writers.with(&thread, |recorder| {
                self.index(recorder, true);
                Ok(())
            });
        }
    }

    /// Encodes items and appends them to a thread's buffer; `indexed` where its row is to follow them.
    fn append_items(&self, thread: &str, items: &[Item], indexed: bool) -> StoreResult<()> {
        self.writers.with(thread, |recorder| {
            let lines = self.encoder.write(&mut recorder.writer_state, items)?;
            recorder.append(&lines, indexed);
            Ok(())
        })
    }

    /// Flushes a thread; `force` also where nothing was said in it yet. `now` brings its row up to date at once.
    fn flush_with(&self, thread: &str, force: bool, now: bool) -> StoreResult<()> {
        self.writers.with(thread, |recorder| {
            recorder.flush(force)?;
            self.index(recorder, now);
            Ok(())
        })
    }

    /// Opens a thread's rollout for writing, under the thread's writer lock: nobody else moves, compresses or appends to it. A
    /// compressed one is restored.
    fn resume_writer(&self, home: Arc<Home>, path: &str, lock: WriterLock) -> StoreResult<String> {
        let path = restore(&home, path)?;
        let mut core = Core::new(self.runtime(), crate::rollouts::imports(&home));
        let resumed = resume_writer(&mut core, &path).map_err(|error| StoreError::Resume {
            path: home.absolute(&path),
            kind: error.kind(),
            why: error.to_string(),
        })?;
        if let Some(bytes) = torn_tail(&home, &path) {
            self.reader.warn(format!(
                "the last line of {} is cut off: a record was not kept, but for its first {bytes} bytes, which stay; what \
                 comes now stands on a line of its own",
                home.absolute(&path).display()
            ));
        }
        self.writers.insert(&resumed.thread, Recorder::resumed(home, path, resumed.state, lock));
        Ok(resumed.thread)
    }

    /// Flushes a thread that is open for writing here and brings its row up to date, before it is changed.
    fn flush_before_change(&self, thread: &str) -> StoreResult<()> {
        if !self.writers.has(thread) {
            return Ok(());
        }
        self.writers.with(thread, |recorder| match Arc::ptr_eq(&recorder.home, &self.home) {
            true => Ok(()),
            // The home's thread of the same id is another rollout.
            false => Err(StoreError::OutsideHome(thread.into(), recorder.absolute())),
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

    /// Moves a thread with its files to another collection, by `work`; one that is open for writing here stays open.
    pub(crate) fn move_to(
        &self,
        thread: &str,
        work: impl Fn(&mut Changes, &str) -> Result<CollectionMove, ChangeError>,
    ) -> StoreResult<CollectionMove> {
        if !self.writers.has(thread) {
            return Ok(work(&mut self.changes()?, thread)?);
        }
        self.flush_before_change(thread)?;
        self.writers.with(thread, |recorder| {
            // The writer lock is held already, and stays held.
            let done = work(&mut self.changes()?.with_locked_thread(thread), thread)?;
            let path = recorder.path.clone();
            if let Some(moved) = done.renamings.iter().find(|renaming| renaming.from == path) {
                recorder.moved_to(&moved.to);
            }
            Ok(done)
        })
    }

    /// Gives how the writer of an open thread stands; none where not all that was said is on disk.
    pub(crate) fn place_of(&self, thread: &str) -> StoreResult<Option<WriterPlace>> {
        self.writers.with(thread, |recorder| Ok(recorder.place()))
    }

    /// Opens a thread for writing as its writer stood at a place, where nobody has written since. Says whether that is so;
    /// otherwise it is opened as any other.
    pub(crate) fn resume_at(&self, thread: &str, place: &WriterPlace) -> StoreResult<bool> {
        let found = self.reader.find_own(thread)?;
        let lock = WriterLock::take(&self.home, &found.row.id)?;
        let found = self.reader.find(&found.row.id, None)?;
        match place.resume(self.home.clone(), &found.row.path, lock) {
            Ok(recorder) => {
                self.writers.insert(&found.row.id, recorder);
                Ok(true)
            }
            Err(lock) => self.resume_writer(self.home.clone(), &found.row.path, lock).map(|_| false),
        }
    }

    fn resume_rollout(&self, path: &Path) -> StoreResult<String> {
        let failed = |why: String, kind: ErrorKind| StoreError::Resume { path: path.into(), why, kind };
        let of_io = |error: std::io::Error| failed(error.to_string(), ErrorKind::of_io(&error));
        let absolute = std::path::absolute(path).map_err(of_io)?;
        let (home, path) = match self.home.home_path_of(&absolute) {
            Some(inside) => (self.home.clone(), inside),
            None => {
                let (home, path) = self.home.with_external_rollout(&absolute).map_err(of_io)?;
                (Arc::new(home), path)
            }
        };
        let mut lookup = Lookup::for_finding(self.runtime(), &home, self.reader.state().as_ref(), drop);
        let found = lookup.find_by_path(&path).map_err(|error| failed(error.to_string(), error.kind()))?;
        let lock = WriterLock::take(&self.home, &found.row.id)?;
        self.resume_writer(home, &path, lock)
    }
}

impl ThreadStore for LocalThreadStore {
    fn create(&self, new: NewThread) -> StoreResult<String> {
        // Codex resumes a thread only if it knows its provider.
        let default = || self.home.default_provider().to_string();
        let new = NewThread { model_provider: new.model_provider.or_else(|| Some(default())), ..new };
        let id_was_given = new.id.is_some();
        let begun = self.encoder.begin(new)?;
        if self.writers.has(&begun.thread) {
            return Err(StoreError::Exists(begun.thread));
        }
        let lock = WriterLock::take(&self.home, &begun.thread)?;
        if id_was_given {
            let existing = crate::rollouts::named(&self.home, &begun.thread);
            if !existing.map_err(crate::threads::lookup::rollouts_failed)?.is_empty() {
                return Err(StoreError::Exists(begun.thread));
            }
        }
        let recorder = Recorder::new(self.home.clone(), begun.path, begun.state, begun.lines, lock);
        self.writers.insert(&begun.thread, recorder);
        Ok(begun.thread)
    }

    fn resume(&self, what: &Resume) -> StoreResult<String> {
        match what {
            Resume::Rollout(path) => self.resume_rollout(path),
            Resume::Thread(wanted) => {
                let found = self.reader.find_own(wanted)?;
                // It is found again under the lock: whoever wrote it until then may have moved or restored it.
                let lock = WriterLock::take(&self.home, &found.row.id)?;
                let found = self.reader.find(&found.row.id, None)?;
                self.resume_writer(self.home.clone(), &found.row.path, lock)
            }
        }
    }

    fn append(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.append_items(thread, items, true)
    }

    fn append_raw(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.append_items(thread, items, false)
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
        if let Some(lost) = self.writers.with(thread, |recorder| Ok(recorder.give_up()))? {
            self.reader.warn(lost);
        }
        self.writers.remove(thread)
    }

    fn path(&self, thread: &str) -> StoreResult<PathBuf> {
        self.writers.with(thread, |recorder| Ok(recorder.absolute()))
    }

    fn load_history(&self, thread: &str, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> StoreResult<()> {
        read::history(self.reader.open_finder()?, thread, each)
    }

    fn read(&self, wanted: &str, within: Option<Collection>) -> StoreResult<Found> {
        self.index_all();
        Ok(self.reader.find(wanted, within)?)
    }

    fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfRows> {
        self.index_all();
        Ok(self.reader.list(query, cursor, limit)?)
    }

    fn search(&self, text: &str, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfHits> {
        self.index_all();
        let (lister, finder) = (self.reader.open_lister(cursor.is_none())?, self.reader.open_finder()?);
        read::search(lister, finder, text, query, cursor, limit, &|warning| self.reader.warn(warning))
    }

    fn turns(&self, thread: &str, cursor: Option<&str>, limit: u32, newest_first: bool) -> StoreResult<PageOfTurns> {
        read::turns(self.reader.open_finder()?, thread, cursor, limit, newest_first)
    }

    fn name(&self, thread: &str, name: Option<&str>) -> StoreResult<ThreadRow> {
        self.flush_before_change(thread)?;
        Ok(self.changes()?.name(thread, name)?)
    }

    fn patch(&self, thread: &str, patch: &MetadataPatch) -> StoreResult<ThreadRow> {
        self.flush_before_change(thread)?;
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
        if matches!(done, Err(ChangeError::Outdated)) {
            // Nobody was shown the first plan: the rows were merely out of date.
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
    /// Shuts all open threads down: what was appended is written if it can be.
    fn drop(&mut self) {
        for thread in self.writers.threads() {
            if self.shutdown(&thread).is_err() {
                let _ = self.discard(&thread);
            }
        }
    }
}
