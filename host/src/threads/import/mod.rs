//! Threads that come from elsewhere: out of exports, bundles, rollouts, folders and other homes.
//!
//! ```text
//! sources → threads in them → plan, which is shown → journal → files, one by one → rows, names, moved directories
//! ```
//!
//! What a text holds, where it goes and what collides, the core decides (`core-wasm/src/transfer`). Nothing that is here is ever
//! overwritten. A file is written beside its place, synced, and gets its name when it is whole; a thread's base comes before the
//! thread. So a process may be killed anywhere: what has its name is whole, and the next import goes on with the rest. The
//! journal (`<state dir>/imports/`) says of every file what it held, so that an undo removes what is still the same.

pub mod bundle;
mod error;
mod journal;
mod place;
mod plan;
mod sources;
mod text;
mod undo;

use std::path::PathBuf;
use std::sync::Arc;

use threadkeep_engine::contract::{ImportDecision, ThreadMarks};
use threadkeep_engine::{CoreError, Runtime};

use crate::db::StateDb;
use crate::index::progress::{Progress, ProgressSink};
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::platform::writer_lock::WriterLock;
use crate::threads::change::lock_changes;

pub use error::ImportError;
pub(crate) use journal::Journal;
use place::PlaceError;
pub use undo::{UndonePart, UndonePlan};

/// Says what is to be imported.
#[derive(Clone, Default)]
pub struct ImportRequest {
    /// Files and folders.
    pub sources: Vec<PathBuf>,
    /// Another home, of which every thread comes that is not here.
    pub from_home: Option<Arc<Home>>,
}

/// Says what an import would do; it is planned first, shown, and then done.
#[derive(Debug)]
pub struct ImportPlan {
    /// The threads, those whose history others go on from first.
    pub threads: Vec<PlannedThread>,
    /// Files that were looked at and are not taken, each with the reason.
    pub passed_over: Vec<(PathBuf, String)>,
}

/// Says what becomes of a thread.
#[derive(Debug)]
pub struct PlannedThread {
    /// Its id.
    pub id: String,
    /// What a user called it.
    pub name: Option<String>,
    /// Whether memories may be taken from it.
    pub memory_mode: Option<String>,
    /// What users put on it.
    pub marks: ThreadMarks,
    /// Where it began.
    pub cwd: Option<String>,
    /// Whether secrets were made unreadable in it.
    pub redacted: bool,
    /// What becomes of it.
    pub decision: ImportDecision,
    /// Whether its history begins in a thread that is nowhere.
    pub is_base_missing: bool,
    /// The files that come, in their order.
    files: Vec<PlannedFile>,
}

/// A file that comes.
#[derive(Debug)]
struct PlannedFile {
    /// Its home path.
    to: String,
    text: text::Text,
    modified_ns: Option<i64>,
}

/// Says what an import did.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// The import's name in the journal; none where nothing was done.
    pub name: Option<String>,
    /// What was done, in the order of the plan.
    pub threads: Vec<ImportedThread>,
}

/// Says what was done with a thread.
#[derive(Debug)]
pub struct ImportedThread {
    /// Its id.
    pub id: String,
    /// The home paths of the files that came.
    pub files: Vec<String>,
    /// Why it did not come, though it was to; none where nothing failed.
    pub failure: Option<String>,
}

impl PlannedThread {
    /// Lists the home paths of the files that come.
    pub fn files(&self) -> Vec<String> {
        self.files.iter().map(|file| file.to.clone()).collect()
    }
}

/// Imports into one home.
pub(crate) struct Importer<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) home: &'a Arc<Home>,
    pub(crate) state: &'a StateDb,
    pub(crate) wait: &'a Wait,
    pub(crate) progress: Option<ProgressSink>,
}

impl Importer<'_> {
    /// Brings the files of a plan here. What concerns one thread alone is part of the report; nothing of such a thread stays.
    pub(crate) fn execute(&self, plan: &ImportPlan) -> Result<ImportReport, ImportError> {
        let database = self.state.database();
        let mut report = ImportReport::default();
        let coming = plan.threads.iter().filter(|thread| !thread.files.is_empty()).count() as u64;
        let Some(dir) = database.dir() else { return Ok(report) };
        let _changing = lock_changes(self.home, database, self.wait)?;
        place::remove_leftovers(self.home);
        let mut journal = if coming > 0 { Some(Journal::begin(dir)?) } else { None };
        report.name = journal.as_ref().map(|journal| journal.name().to_owned());
        self.send(Progress::Expected { files: coming });
        let mut given_up = None;
        for thread in &plan.threads {
            if self.runtime.cancellation().is_cancelled() {
                return Err(CoreError::Cancelled.into());
            }
            let mut done = ImportedThread { id: thread.id.clone(), files: Vec::new(), failure: given_up.clone() };
            if let Some(journal) = journal.as_mut().filter(|_| done.failure.is_none() && !thread.files.is_empty()) {
                match self.bring(thread, journal) {
                    Ok(files) => done.files = files,
                    Err(Failure::Journal(error)) => return Err(error),
                    Err(Failure::Thread(..)) if self.runtime.cancellation().is_cancelled() => {
                        return Err(CoreError::Cancelled.into());
                    }
                    Err(Failure::Thread(why, is_hopeless)) => {
                        given_up = is_hopeless.then(|| format!("it was not tried: {why}"));
                        done.failure = Some(why);
                    }
                }
                self.send(Progress::Stored { files: 1 });
            } else if thread.files.is_empty() {
                done.failure = None;
            }
            report.threads.push(done);
        }
        Ok(report)
    }

    /// Brings the files of one thread here, all or none.
    fn bring(&self, thread: &PlannedThread, journal: &mut Journal) -> Result<Vec<String>, Failure> {
        let _writer =
            WriterLock::take(self.home, &thread.id).map_err(|held| Failure::Thread(held.to_string(), false))?;
        let mut done: Vec<String> = Vec::new();
        for file in &thread.files {
            match place::place(self.runtime, self.home, &thread.id, file, journal) {
                Ok(()) => done.push(file.to.clone()),
                Err(PlaceError::Journal(error)) => return Err(Failure::Journal(error)),
                Err(PlaceError::File(why, is_hopeless)) => {
                    let why = format!("{}: {why}", self.home.absolute(&file.to).display());
                    done.iter().for_each(|path| place::remove(self.home, path));
                    return Err(Failure::Thread(why, is_hopeless));
                }
            }
        }
        Ok(done)
    }

    fn send(&self, progress: Progress) {
        if let Some(sink) = &self.progress {
            sink.send(progress);
        }
    }
}

/// Says why a thread did not come.
enum Failure {
    /// The reason, and whether the next threads would fare alike.
    Thread(String, bool),
    Journal(ImportError),
}
