//! Keeps threads in memory: the same core, the same lines, and rows in a private database, without a home, files or locks.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use threadkeep_engine::contract::{ChangeError as CoreChangeError, CollectionMove as MovePlan, Removal};
use threadkeep_engine::imports::Rollouts as _;
use threadkeep_engine::{Call, Core, Imports, Runtime, calls};

use super::writers::{Encoder, Writers, resume_writer};
use super::{
    Collection, Found, Item, MetadataPatch, NewThread, PageOfHits, PageOfRows, PageOfTurns, Resume, RowQuery,
    StoreError, StoreResult, ThreadRow, ThreadStore, read,
};
use crate::db::{CompletedChange, Database, RowDeriver};
use crate::features::SCHEMA;
use crate::index::backfill::index_file;
use crate::platform::error_kind::Classified as _;
use crate::platform::home::DEFAULT_PROVIDER;
use crate::platform::writer_lock::WriterLockError;
use crate::rollouts::{MemoryRollouts, imports_over};
use crate::threads::change::{ChangeError, checked_name, checked_patches};
use crate::threads::lookup::Lookup;

/// Stores threads in memory, for tests of those who embed this library.
pub struct MemoryThreadStore {
    runtime: Runtime,
    files: Arc<MemoryRollouts>,
    database: Database,
    writers: Writers<Writer>,
    encoder: Encoder,
    reader: Mutex<Core>,
}

/// Holds a thread that is open for writing.
struct Writer {
    path: String,
    writer_state: Vec<u8>,
    buffer: Vec<u8>,
    /// Whether the thread exists, or will with the next flush.
    has_content: bool,
    to_index: bool,
}

impl MemoryThreadStore {
    /// Makes an empty store.
    pub fn new(runtime: &Runtime) -> StoreResult<MemoryThreadStore> {
        let files = Arc::new(MemoryRollouts::default());
        Ok(MemoryThreadStore {
            database: Database::temporary(&SCHEMA, RowDeriver::with_provider(runtime, DEFAULT_PROVIDER))?,
            writers: Writers::default(),
            encoder: Encoder::new(runtime),
            reader: Mutex::new(Core::new(runtime, imports_over(files.clone(), DEFAULT_PROVIDER))),
            runtime: runtime.clone(),
            files,
        })
    }

    fn imports(&self) -> Imports {
        imports_over(self.files.clone(), DEFAULT_PROVIDER)
    }

    fn lookup(&self) -> Lookup {
        Lookup::over(&self.runtime, self.imports(), &self.database, DEFAULT_PROVIDER)
    }

    fn core(&self) -> Core {
        let (rows, sources) = (self.database.rows(), self.database.sources(DEFAULT_PROVIDER));
        Core::new(&self.runtime, self.imports().with_rows(rows).with_sources(sources))
    }

    /// Flushes a thread that is open for writing and brings its row up to date, before it is changed.
    fn flush_before_change(&self, thread: &str) -> StoreResult<()> {
        match self.writers.has(thread) {
            true => self.persist(thread),
            false => Ok(()),
        }
    }

    /// Fails where one of these threads is open for writing; the thread `but` may be.
    fn refuse_open(&self, threads: &[ThreadRow], but: Option<&str>) -> StoreResult<()> {
        match threads.iter().find(|row| Some(row.id.as_str()) != but && self.writers.has(&row.id)) {
            Some(row) => Err(WriterLockError::Held { thread: row.id.clone(), pid: Some(std::process::id()) }.into()),
            None => Ok(()),
        }
    }

    fn move_to_collection(
        &self,
        thread: &str,
        plan: impl Call<Answer = Result<MovePlan, CoreChangeError>>,
    ) -> StoreResult<Vec<ThreadRow>> {
        self.flush_before_change(thread)?;
        let plan = self.core().call(&plan)?.map_err(|error| ChangeError::from_core(error, thread))?;
        self.refuse_open(&plan.threads, Some(thread))?;
        let moves: Vec<_> = plan.moves.into_iter().map(|file| (file.from, file.to)).collect();
        for (from, to) in &moves {
            self.files.rename(from, to);
            let _ = self.writers.with(thread, |writer| {
                if writer.path == *from {
                    writer.path.clone_from(to);
                }
                Ok(())
            });
        }
        let ids: Vec<String> = plan.threads.iter().map(|row| row.id.clone()).collect();
        self.follow(CompletedChange::Moved(ids.clone(), moves))?;
        ids.iter().map(|id| Ok(self.lookup().find(id, None)?.row)).collect()
    }

    fn follow(&self, what: CompletedChange) -> StoreResult<()> {
        let number = self.database.journal().append(String::new())?;
        Ok(self.database.journal().complete(number, what)?)
    }

    fn append_items(&self, thread: &str, items: &[Item], indexed: bool) -> StoreResult<()> {
        self.writers.with(thread, |writer| {
            let lines = self.encoder.write(&mut writer.writer_state, items)?;
            writer.has_content |= !lines.is_empty();
            writer.to_index |= indexed && !lines.is_empty();
            writer.buffer.extend_from_slice(lines.as_bytes());
            Ok(())
        })
    }

    fn flush_with(&self, thread: &str, force: bool) -> StoreResult<()> {
        self.writers.with(thread, |writer| {
            if writer.has_content || force {
                let now = jiff::Timestamp::now().as_nanosecond() as i64;
                self.files.append(&writer.path, &std::mem::take(&mut writer.buffer), now);
                writer.has_content = true;
            }
            if writer.has_content && std::mem::take(&mut writer.to_index) {
                let mut core = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
                index_file(&mut core, &*self.files, &self.database, &writer.path)?;
            }
            Ok(())
        })
    }
}

impl ThreadStore for MemoryThreadStore {
    fn create(&self, new: NewThread) -> StoreResult<String> {
        let begun = self.encoder.begin(new)?;
        let existing = self.files.files_named(&begun.thread).map_err(crate::threads::lookup::rollouts_failed)?;
        if !existing.is_empty() {
            return Err(StoreError::Exists(begun.thread));
        }
        let writer = Writer {
            path: begun.path,
            writer_state: begun.state,
            buffer: begun.lines.into_bytes(),
            has_content: false,
            to_index: false,
        };
        match self.writers.insert(&begun.thread, writer) {
            true => Ok(begun.thread),
            false => Err(StoreError::Exists(begun.thread)),
        }
    }

    fn resume(&self, what: &Resume) -> StoreResult<String> {
        let path = match what {
            Resume::Thread(wanted) => self.lookup().find(wanted, None)?.row.path,
            Resume::Rollout(path) => path.to_string_lossy().into_owned(),
        };
        let resumed = {
            let mut core = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            resume_writer(&mut core, &path).map_err(|error| StoreError::Resume {
                path: path.clone().into(),
                why: error.to_string(),
                kind: error.kind(),
            })?
        };
        let writer =
            Writer { path, writer_state: resumed.state, buffer: Vec::new(), has_content: true, to_index: false };
        match self.writers.insert(&resumed.thread, writer) {
            true => Ok(resumed.thread),
            false => Err(WriterLockError::Held { thread: resumed.thread, pid: Some(std::process::id()) }.into()),
        }
    }

    fn append(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.append_items(thread, items, true)
    }

    fn append_raw(&self, thread: &str, items: &[Item]) -> StoreResult<()> {
        self.append_items(thread, items, false)
    }

    fn flush(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, false)
    }

    fn persist(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, true)
    }

    fn shutdown(&self, thread: &str) -> StoreResult<()> {
        self.flush_with(thread, false)?;
        self.writers.remove(thread)
    }

    fn discard(&self, thread: &str) -> StoreResult<()> {
        self.writers.remove(thread)
    }

    fn path(&self, thread: &str) -> StoreResult<PathBuf> {
        self.writers.with(thread, |writer| Ok(writer.path.clone().into()))
    }

    fn load_history(&self, thread: &str, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> StoreResult<()> {
        read::history(self.lookup(), thread, each)
    }

    fn read(&self, wanted: &str, within: Option<Collection>) -> StoreResult<Found> {
        Ok(self.lookup().find(wanted, within)?)
    }

    fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfRows> {
        Ok(self.lookup().page(query, cursor, limit)?)
    }

    fn search(&self, text: &str, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfHits> {
        read::search(self.lookup(), self.lookup(), text, query, cursor, limit, &|_| {})
    }

    fn turns(&self, thread: &str, cursor: Option<&str>, limit: u32, newest_first: bool) -> StoreResult<PageOfTurns> {
        read::turns(self.lookup(), thread, cursor, limit, newest_first)
    }

    fn name(&self, thread: &str, name: Option<&str>) -> StoreResult<ThreadRow> {
        self.flush_before_change(thread)?;
        let name = checked_name(&mut self.core(), name)?;
        let id = self.lookup().find(thread, None)?.row.id;
        self.follow(CompletedChange::Named(id.clone(), name))?;
        Ok(self.lookup().find(&id, None)?.row)
    }

    fn patch(&self, thread: &str, patch: &MetadataPatch) -> StoreResult<ThreadRow> {
        self.flush_before_change(thread)?;
        let patches = checked_patches(&mut self.core(), patch)?;
        let id = self.lookup().find(thread, None)?.row.id;
        self.database.patch(id.clone(), patches)?;
        Ok(self.lookup().find(&id, None)?.row)
    }

    fn archive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>> {
        self.move_to_collection(thread, calls::Archive { wanted: thread.into() })
    }

    fn unarchive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>> {
        self.move_to_collection(thread, calls::Unarchive { wanted: thread.into() })
    }

    fn delete(&self, thread: &str, with_forks: bool) -> StoreResult<Vec<ThreadRow>> {
        let answer = self.core().call(&calls::Delete { wanted: thread.into(), with_forks })?;
        let Removal { threads, files } = answer.map_err(|error| ChangeError::from_core(error, thread))?;
        self.refuse_open(&threads, None)?;
        files.iter().for_each(|file| self.files.remove(file));
        self.follow(CompletedChange::Removed(threads.iter().map(|row| row.id.clone()).collect(), files))?;
        Ok(threads)
    }

    fn take_warnings(&self) -> Vec<String> {
        Vec::new()
    }
}
