//! Fills a state DB from the rollouts.
//!
//! ```text
//! the core's gate ── enqueue ──→ workers: parse, an instance of the core each ──→ put in order ──→ store, batch by batch
//! ```
//!
//! Which files are parsed, and when it is enough, the core's gate says; batches are stored in path order by the one handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use threadkeep_engine::calls::Extract;
use threadkeep_engine::contract::{
    ClaimResult, Counts, FileFacts, Job, Phase, SkippedFile, StateError as CoreStateError,
};
use threadkeep_engine::imports::{self, Rollouts, StateResult};
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Batch, Claim, Database, Locks, Parsed, Refused, StateError};
use crate::index::progress::{Progress, ProgressSink};
use crate::index::workers::Workers;
use crate::platform::home::Home;
use crate::platform::wait::{Wait, Waiting};

/// How many files are stored in one transaction.
const BATCH: usize = 256;
/// How many files may be on their way through the workers.
const IN_FLIGHT: u64 = 512;
/// How many files that were read may wait for the import of the sources.
const WAITING: usize = 2_048;

/// Reads rollouts for a backfill, in its workers.
pub(crate) trait FileReader: Send + Sync {
    /// Gives the states in which the parser stopped in these files before, in the order of the files; none where a file is read
    /// from its beginning.
    fn earlier(&self, database: &Database, jobs: &[Job]) -> Result<Vec<Option<Vec<u8>>>, StateError>;
    /// Reads a rollout, from where the parser stopped before where `earlier` says so. What cannot be read is part of the answer.
    fn read(&self, core: &mut Core, file: FileFacts, earlier: Option<Vec<u8>>) -> Parsed;
}

/// Names a file to be parsed, and where the parser stopped in it before.
struct Task {
    file: FileFacts,
    earlier: Option<Vec<u8>>,
}

/// Reads rollouts as far as rows need it.
struct RowReader;

impl FileReader for RowReader {
    fn earlier(&self, database: &Database, jobs: &[Job]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        let fold = |job: &Job| if job.grown { database.fold_of(job.file.path.clone()) } else { Ok(None) };
        jobs.iter().map(fold).collect()
    }

    fn read(&self, core: &mut Core, file: FileFacts, earlier: Option<Vec<u8>>) -> Parsed {
        parse(core, Task { file, earlier })
    }
}

/// Fills a state DB. The core's gate drives it through the interface `backfill` of `wit/`.
pub(crate) struct Backfill {
    runtime: Runtime,
    home: Arc<Home>,
    database: Database,
    locks: Option<Locks>,
    reader: Arc<dyn FileReader>,
    claim: Option<Claim>,
    /// The import of the sources, while it goes on beside the reading of rollouts.
    importing: Option<Importing>,
    pool: Option<Workers<Task, Parsed>>,
    ready: Vec<Parsed>,
    counts: Counts,
    changed: bool,
    progress: Option<ProgressSink>,
    wait: Wait,
    /// The wait for another process that fills the database, once there is one.
    waiting: Option<Waiting>,
    warnings: Vec<String>,
}

impl Backfill {
    /// Makes a backfill of `database` from `home`; nothing is read yet. It goes without locks where no other process can have
    /// the database.
    pub(crate) fn new(
        runtime: &Runtime,
        home: &Arc<Home>,
        database: &Database,
        locks: Option<Locks>,
        progress: Option<ProgressSink>,
    ) -> Backfill {
        Backfill {
            runtime: runtime.clone(),
            home: home.clone(),
            database: database.clone(),
            locks,
            reader: Arc::new(RowReader),
            claim: None,
            importing: None,
            pool: None,
            ready: Vec::new(),
            counts: Counts { stored: 0, failed: 0 },
            changed: false,
            progress,
            wait: Wait::default(),
            waiting: None,
            warnings: Vec::new(),
        }
    }

    /// Gives the same backfill with rollouts read in another way.
    pub(crate) fn with_reader(self, reader: Arc<dyn FileReader>) -> Backfill {
        Backfill { reader, ..self }
    }

    /// Tells of a wait for another process that fills the database.
    pub(crate) fn with_wait(self, wait: Wait) -> Backfill {
        Backfill { wait, ..self }
    }

    /// Gives the database that is being filled.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Takes the warnings since the last call, each a sentence for a person.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Says how far the database is filled, and tells of the wait where another process fills it.
    pub(crate) fn current(&mut self) -> Result<Phase, StateError> {
        let phase = self.database.phase(self.locks.as_ref())?;
        if let Phase::Running(owner) = &phase
            && !owner.gone
        {
            let at_most = self.wait.bound();
            match &self.progress {
                Some(progress) => progress.send(Progress::Waiting { owner: owner.name.clone(), at_most }),
                None => {
                    let begin = || self.wait.begin(format!("{}, which is filling the state DB", owner.name));
                    self.waiting.get_or_insert_with(begin).tell_if_long();
                }
            }
        }
        Ok(phase)
    }

    /// Takes the claim to fill the database, which is lost where another process has it, or there is nothing to do. With it comes
    /// the home path up to which an unfinished backfill has stored everything.
    pub(crate) fn claim(&mut self) -> Result<ClaimResult, StateError> {
        self.claim = self.database.claim(self.locks.as_ref())?;
        // Even if there is no file to store, rows may have lost theirs.
        self.changed = true;
        match self.claim {
            Some(_) => Ok(ClaimResult::Taken(self.database.watermark()?)),
            None => Ok(ClaimResult::Lost),
        }
    }

    /// Hands files to the workers, and stores batches of what they have finished; blocks while too many are on their way.
    pub(crate) fn enqueue(&mut self, jobs: Vec<Job>) -> Result<(), StateError> {
        let earlier = self.reader.earlier(&self.database, &jobs)?;
        for (job, earlier) in jobs.into_iter().zip(earlier) {
            let pool = match &mut self.pool {
                Some(pool) => pool,
                none => {
                    let reader = self.reader.clone();
                    let read = move |core: &mut Core, task: Task| reader.read(core, task.file, task.earlier);
                    none.insert(Workers::start(&self.runtime, &self.home, &self.database, read)?)
                }
            };
            self.ready.extend(pool.exchange(Task { file: job.file, earlier }, IN_FLIGHT)?);
            // Rows follow from the sources, too: until these are imported, what was read waits.
            while self.ready.len() >= BATCH
                && (self.ready.len() >= WAITING || self.importing.as_ref().is_none_or(Importing::is_over))
            {
                self.store()?;
            }
        }
        Ok(())
    }

    /// Records files that are not read, each with the reason why.
    pub(crate) fn skip_files(&mut self, files: Vec<SkippedFile>) -> Result<(), StateError> {
        let parsed = files.into_iter().map(|skipped| Parsed {
            file: skipped.file,
            outcome: Err(Refused { reason: skipped.reason, line: None, temporary: false }),
        });
        // Not part of the path order, so without a watermark.
        let parsed: Vec<Parsed> = parsed.collect();
        self.end_import()?;
        self.counts.failed += parsed.len() as u64;
        self.database.store(Batch { parsed, ..Batch::default() })
    }

    /// Removes what is stored of files that are gone, by their home paths.
    pub(crate) fn remove_files(&mut self, gone: Vec<String>) -> Result<(), StateError> {
        self.end_import()?;
        self.changed = true;
        self.database.remove_files(gone)
    }

    /// Waits for the workers, stores the rest, and brings rows up to date that depend on other rows. Gives how many files were
    /// stored, and how many could not be read, since the backfill was made.
    pub(crate) fn flush(&mut self) -> Result<Counts, StateError> {
        loop {
            if let Some(pool) = &mut self.pool {
                while self.ready.len() < BATCH
                    && let Some(parsed) = pool.wait()?
                {
                    self.ready.extend(parsed);
                }
            }
            if self.ready.is_empty() {
                break;
            }
            self.store()?;
        }
        self.end_import()?;
        if std::mem::take(&mut self.changed) {
            self.database.update_relations()?;
        }
        self.database.add_external_threads()?;
        Ok(self.counts)
    }

    /// Imports the names of `session_index.jsonl` and the rows of Codex's own database, where those changed. While the database
    /// is filled this goes on beside the reading of rollouts, and ends before anything of them is stored.
    pub(crate) fn import_sources(&mut self) -> Result<(), StateError> {
        match self.claim {
            Some(_) => self.importing = Some(Importing::begin(&self.database, &self.home)?),
            None => self.warnings.extend(self.database.import_sources(&self.home)?),
        }
        Ok(())
    }

    /// Waits until the sources are imported.
    fn end_import(&mut self) -> Result<(), StateError> {
        if let Some(mut importing) = self.importing.take() {
            self.warnings.extend(importing.end()?);
        }
        Ok(())
    }

    /// Sends [`Progress::Expected`]: so many more files are to be read.
    pub(crate) fn add_total(&mut self, files: u64) {
        if let Some(progress) = &self.progress {
            progress.send(Progress::Expected { files });
        }
    }

    /// Marks the database as complete, and gives the claim back. Fails with [`StateError::ClaimLost`] without a claim.
    pub(crate) fn finish(&mut self) -> Result<(), StateError> {
        match self.claim.take() {
            Some(claim) => self.database.finish(claim),
            None => Err(StateError::ClaimLost),
        }
    }

    /// Stores the next batch of the files that are ready, in one transaction.
    fn store(&mut self) -> Result<(), StateError> {
        // What workers answered after they were cancelled says nothing about the files.
        if self.runtime.cancellation().is_cancelled() {
            return Err(CoreError::Cancelled.into());
        }
        self.end_import()?;
        let rest = self.ready.split_off(self.ready.len().min(BATCH));
        let parsed = std::mem::replace(&mut self.ready, rest);
        let count = parsed.len() as u64;
        let failed = parsed.iter().filter(|parsed| parsed.outcome.is_err()).count() as u64;
        let token = self.claim.as_ref().map(|claim| claim.token().to_string());
        self.database.store(Batch { parsed, gone: Vec::new(), token, more_follow: true })?;
        self.changed = true;
        self.counts.stored += count - failed;
        self.counts.failed += failed;
        if let Some(progress) = &self.progress {
            progress.send(Progress::Stored { files: count });
        }
        Ok(())
    }
}

/// An import of sources on a thread of its own.
struct Importing(Option<JoinHandle<Result<Vec<String>, StateError>>>);

impl Drop for Importing {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl Importing {
    fn begin(database: &Database, home: &Arc<Home>) -> Result<Importing, StateError> {
        let (database, home) = (database.clone(), home.clone());
        let spawned = std::thread::Builder::new().name("import".into()).spawn(move || database.import_sources(&home));
        let thread = spawned.map_err(|error| StateError::Io(format!("no thread for the import: {error}")))?;
        Ok(Importing(Some(thread)))
    }

    fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for its end; gives the warnings.
    fn end(&mut self) -> Result<Vec<String>, StateError> {
        let Some(thread) = self.0.take() else { return Ok(Vec::new()) };
        thread.join().unwrap_or_else(|_| Err(StateError::Io("the import's thread is gone".into())))
    }
}

/// A backfill that the core's gate drives, and of which its owner keeps the warnings.
#[derive(Clone)]
pub(crate) struct SharedBackfill(Arc<Mutex<Backfill>>);

impl SharedBackfill {
    /// Shares a backfill.
    pub(crate) fn new(backfill: Backfill) -> SharedBackfill {
        SharedBackfill(Arc::new(Mutex::new(backfill)))
    }

    /// Takes the warnings since the last call, each a sentence for a person.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.backfill().take_warnings()
    }

    fn backfill(&self) -> MutexGuard<'_, Backfill> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut Backfill) -> Result<T, StateError>) -> StateResult<T> {
        answer(&mut self.backfill()).map_err(CoreStateError::from)
    }
}

impl imports::Backfill for SharedBackfill {
    fn current(&mut self) -> StateResult<Phase> {
        self.answer(Backfill::current)
    }

    fn claim(&mut self) -> StateResult<ClaimResult> {
        self.answer(Backfill::claim)
    }

    fn enqueue(&mut self, jobs: Vec<Job>) -> StateResult<()> {
        self.answer(|backfill| backfill.enqueue(jobs))
    }

    fn skip_files(&mut self, files: Vec<SkippedFile>) -> StateResult<()> {
        self.answer(|backfill| backfill.skip_files(files))
    }

    fn remove_files(&mut self, paths: Vec<String>) -> StateResult<()> {
        self.answer(|backfill| backfill.remove_files(paths))
    }

    fn flush(&mut self) -> StateResult<Counts> {
        self.answer(Backfill::flush)
    }

    fn import_sources(&mut self) -> StateResult<()> {
        self.answer(Backfill::import_sources)
    }

    fn add_total(&mut self, files: u64) {
        self.backfill().add_total(files);
    }

    fn finish(&mut self) -> StateResult<()> {
        self.answer(Backfill::finish)
    }
}

fn parse(core: &mut Core, task: Task) -> Parsed {
    let Task { file, earlier } = task;
    let answer = core.call(&Extract { file: file.clone(), earlier });
    let outcome = match answer {
        Ok(Ok(extraction)) => Ok(extraction),
        Ok(Err(none)) => Err(Refused { reason: none.reason, line: none.line, temporary: none.temporary }),
        Err(error) => Err(Refused { reason: error.to_string(), line: None, temporary: true }),
    };
    Parsed { file, outcome }
}

/// Brings the row of one rollout's thread up to date with the file, as a start does: the file is read from where the parser
/// stopped before. `core` must see the same `files`.
pub(crate) fn index_file(
    core: &mut Core,
    files: &dyn Rollouts,
    database: &Database,
    path: &str,
) -> Result<(), StateError> {
    let file =
        files.stat(path).map_err(|error| StateError::Io(format!("{path} cannot be looked at: {}", error.message())))?;
    index_file_as(core, database, file)
}

/// Does the same with a file that was just looked at. What cannot be read of it, or is not there any more, is recorded so.
pub(crate) fn index_file_as(core: &mut Core, database: &Database, file: FileFacts) -> Result<(), StateError> {
    let earlier = database.fold_of(file.path.clone())?;
    let parsed = parse(core, Task { file, earlier });
    database.store(Batch { parsed: vec![parsed], ..Batch::default() })
}
