//! All that is known of a home's threads at one moment, by everybody, in private databases.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use threadkeep_engine::contract::{CheckContext, Depth, Finding, ThreadFacts};
use threadkeep_engine::{Core, Imports, Runtime, calls};

use super::codex::HomePaths;
use super::file_checker::{FileChecker, check_ends};
use super::{Checkup, CheckupError, How, codex, environment};
use crate::db::{
    Batch, CodexDb, Database, FILE_NAME, Inspection, RowDeriver, Salvaged, StateError, imports_with_foreign,
    recorded_phase,
};
use crate::features::SCHEMA;
use crate::features::moved_directories::MovedDirectories;
use crate::index::backfill::Backfill;
use crate::index::startup::{self, Report, StartupError};
use crate::platform::home::Home;
use crate::platform::writer_lock::LOCK_DIRECTORY as WRITER_LOCKS;
use crate::threads::lookup::{Lookup, LookupError};

/// Threads, or files without one, that go to the core at a time.
pub(super) const PAGE: usize = 128;

/// Holds what the files, the state DB and Codex's database say of threads.
pub(crate) struct Snapshot {
    pub(super) runtime: Runtime,
    pub(super) home: Arc<Home>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) depth: Depth,
    /// A private copy of the state DB, brought up to date with the files, with what is found out beside it.
    pub(super) inspection: Inspection,
    pub(super) codex: Option<CodexDb>,
    pub(super) core: Core,
    /// Locks of writers that somebody holds: names of files, and the processes.
    pub(super) locks: HashMap<String, u32>,
    /// Where Codex's paths point.
    pub(super) home_paths: HomePaths,
    /// Why Codex's state DB could not be read.
    pub(super) codex_fault: Option<String>,
    /// What reading the state DB showed to be wrong with it.
    pub(super) own_fault: Option<String>,
    /// Project directories that were moved.
    pub(super) relocations: MovedDirectories,
    /// How far the state DB's own backfill is, and by whom; none where there is no state DB.
    pub(super) own: Option<(String, Option<String>)>,
    /// Other Codex homes that Codex's rows point into, and how many do.
    pub(super) foreign_homes: BTreeMap<String, u64>,
    /// The thread that was asked for.
    only: Option<String>,
    pub(super) report: Report,
    bytes: u64,
}

impl Snapshot {
    /// Reads all that there is, without leaving a trace.
    pub(crate) fn take(
        runtime: &Runtime,
        home: &Arc<Home>,
        state_dir: Option<&Path>,
        how: &How,
    ) -> Result<Snapshot, CheckupError> {
        // Of one thread every line is read; of the others no more than it takes to know whose they are.
        let depth = if how.thread.is_some() { Depth::Ends } else { how.depth };
        let own = state_dir.and_then(recorded_phase);
        let begun = begin(runtime, home, state_dir)
            .and_then(|(database, has_state)| fill(runtime, home, database, has_state, depth, how));
        let mut own_fault = None;
        let (inspection, mut report, bytes) = match begun {
            // A state DB that cannot be read, or is damaged: what can be read of it is imported, and the files are asked.
            Err(CheckupError::State(why) | CheckupError::Startup(StartupError::State(why))) => {
                let database = startup::temporary_database(runtime, home)?;
                if let Some(salvaged) = state_dir.and_then(|dir| Salvaged::of(&SCHEMA, &dir.join(FILE_NAME)).ok()) {
                    database.import(&salvaged)?;
                }
                let (inspection, mut report, bytes) = fill(runtime, home, database, false, depth, how)?;
                report.warnings.push(why.to_string());
                own_fault = match why {
                    StateError::Corrupt(fault) => Some(fault),
                    _ => None,
                };
                (inspection, report, bytes)
            }
            begun => begun?,
        };
        let files = imports_with_foreign(home, inspection.database());
        let mut core = Core::new(runtime, files.with_rows(inspection.database().rows()));
        let mut codex_fault = None;
        let codex = match codex::open(home, &inspection, &mut core) {
            Ok(codex) => codex,
            // The database's own finding tells why.
            Err(CheckupError::State(error)) => {
                report.warnings.push(error.to_string());
                codex_fault = Some(error.to_string());
                None
            }
            Err(error) => return Err(error),
        };
        let relocations = MovedDirectories::over(inspection.database())?;
        let mut snapshot = Snapshot {
            runtime: runtime.clone(),
            home: home.clone(),
            state_dir: state_dir.map(Path::to_path_buf),
            depth,
            inspection,
            codex,
            core,
            locks: environment::held(&home.root().join(WRITER_LOCKS)).into_iter().collect(),
            home_paths: HomePaths::default(),
            relocations,
            codex_fault,
            own_fault,
            own,
            foreign_homes: BTreeMap::new(),
            only: None,
            report,
            bytes,
        };
        snapshot.inspection.list_threads()?;
        if let Some(wanted) = &how.thread {
            let thread = snapshot.resolve(wanted)?;
            // Its ends were looked at with those of the others, and a look at them tells less than what is known.
            if how.depth == Depth::Whole {
                snapshot.read_whole(&thread, how.depth)?;
            }
            snapshot.only = Some(thread);
        }
        Ok(snapshot)
    }

    /// Returns what all its threads share.
    pub(crate) fn context(&self) -> CheckContext {
        CheckContext {
            home: self.home.root().to_string_lossy().into_owned(),
            has_state: self.inspection.has_state(),
            // What cannot be counted is there.
            has_rollouts: self.inspection.file_count().map_or(true, |files| files > 0),
            sources_changed: self.inspection.sources_changed().unwrap_or(false),
            // Without these columns nothing can be said of its rows, and the database's own finding says so.
            codex: self.codex.as_ref().map(|codex| codex.shape().clone()).filter(|shape| {
                ["id", "rollout_path"].iter().all(|name| shape.threads.iter().any(|column| column.name == *name))
            }),
            now: jiff::Timestamp::now().as_millisecond(),
        }
    }

    /// Returns what is wrong with its threads, or with the one that was asked for. While the core examines some, the next are
    /// gathered.
    pub(super) fn findings(&mut self) -> Result<Vec<Finding>, CheckupError> {
        let context = self.context();
        let mut examiner = Core::new(&self.runtime, Imports::default());
        let (hand_over, inbox) = sync_channel::<Vec<ThreadFacts>>(1);
        std::thread::scope(|scope| {
            let examining = scope.spawn(move || {
                let mut findings = Vec::new();
                let mut call = calls::DiagnoseThreads { context, threads: Vec::new() };
                for threads in inbox {
                    call.threads = threads;
                    findings.extend(examiner.call(&call)?);
                }
                Ok(findings)
            });
            let gathered = self.each_page(|threads| {
                // One who examines no more says why below.
                let _ = hand_over.send(threads);
                Ok(())
            });
            drop(hand_over);
            let gone = || CheckupError::State(StateError::Io("the thread that judges is gone".into()));
            let findings = examining.join().map_err(|_| gone())?;
            gathered.and(findings.map_err(CheckupError::Core))
        })
    }

    /// Goes through all threads, a page at a time: by their ids, and then the files that belong to none, each as
    /// a thread of an empty id.
    pub(crate) fn each_page(
        &mut self,
        mut take: impl FnMut(Vec<ThreadFacts>) -> Result<(), CheckupError>,
    ) -> Result<(), CheckupError> {
        if let Some(thread) = self.only.clone() {
            let inspected = self.inspection.thread(&thread)?;
            return take(self.facts_of(inspected)?);
        }
        // The database gives the next ones while these are looked at.
        let mut next = self.inspection.threads_after("", PAGE)?;
        loop {
            let inspected = next.wait()?;
            let Some(end) = inspected.last() else { break };
            next = self.inspection.threads_after(&end.id, PAGE)?;
            let threads = self.facts_of(inspected)?;
            take(threads)?;
        }
        let mut last = String::new();
        loop {
            let strays = self.strays_after(&last)?;
            let Some(end) = strays.last().and_then(|stray| stray.files.last()) else { return Ok(()) };
            last.clone_from(&end.file.path);
            take(strays)?;
        }
    }

    /// Returns the id of a thread, by what a user calls it.
    fn resolve(&self, wanted: &str) -> Result<String, CheckupError> {
        match Lookup::of_home(&self.runtime, &self.home, self.inspection.database()).find(wanted, None) {
            Ok(found) => Ok(found.row.id),
            Err(LookupError::Gone(row)) => Ok(row.id),
            Err(error @ LookupError::NotFound(_)) => match self.inspection.is_listed(wanted)? {
                true => Ok(wanted.into()),
                false => {
                    // What was read of ends alone has no titles.
                    let database = || match self.inspection.has_state() {
                        true => Ok(self.inspection.database().clone()),
                        false => Ok(startup::from_files(&self.runtime, &self.home, None)?.0),
                    };
                    Err(error.with_candidates(&self.runtime, &self.home, None, database).into())
                }
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the files of a thread, and of the one that its history begins in.
    fn read_whole(&mut self, thread: &str, depth: Depth) -> Result<(), CheckupError> {
        let checker = FileChecker::new(depth, &self.inspection);
        let database = self.inspection.database().clone();
        for path in self.inspection.files_around(thread)? {
            let Ok(file) = crate::rollouts::facts(&self.home, &path) else { continue };
            let parsed = vec![checker.check(&mut self.core, file, None)];
            database.store(Batch { parsed, ..Batch::default() })?;
        }
        checker.flush()?;
        self.bytes += checker.bytes();
        database.derive_rows(vec![thread.into()])?;
        Ok(database.update_relations()?)
    }

    /// Returns what was inspected, without findings.
    pub(super) fn checkup(self) -> Result<Checkup, CheckupError> {
        let (all, with_rollouts) = self.inspection.thread_counts()?;
        let (threads, known_by_rows) = match self.only {
            Some(_) => (1, 0),
            None => (with_rollouts, all.saturating_sub(with_rollouts)),
        };
        let files = self.inspection.file_count()?;
        Ok(Checkup {
            findings: Vec::new(),
            threads,
            known_by_rows,
            files,
            bytes: self.bytes,
            warnings: self.report.warnings,
        })
    }
}

/// Opens a private database with what only the state DB knows, and says whether its rows count.
fn begin(runtime: &Runtime, home: &Arc<Home>, state_dir: Option<&Path>) -> Result<(Database, bool), CheckupError> {
    let copy = state_dir.map(|dir| Database::open_copy(&SCHEMA, dir, RowDeriver::new(runtime, home))).transpose();
    match copy.map(Option::flatten) {
        Ok(Some((database, has_state))) => match database.fault_of_cells()? {
            Some(fault) => Err(StateError::Corrupt(fault).into()),
            None => Ok((database, has_state)),
        },
        Ok(None) | Err(StateError::Newer { .. }) => Ok((startup::temporary_database(runtime, home)?, false)),
        Err(error) => Err(error.into()),
    }
}

/// Reads the files into it; returns what was done, and how many plain bytes were read.
fn fill(
    runtime: &Runtime,
    home: &Arc<Home>,
    database: Database,
    has_state: bool,
    depth: Depth,
    how: &How,
) -> Result<(Inspection, Report, u64), CheckupError> {
    let inspection = Inspection::prepare(database, has_state, depth)?;
    let checker = Arc::new(FileChecker::new(depth, &inspection));
    let backfill = Backfill::new(runtime, home, inspection.database(), None, how.progress.clone());
    let report = startup::fill_private(runtime, home, backfill.with_reader(checker.clone()))?;
    checker.flush()?;
    match depth {
        Depth::Whole => inspection.keep_unseen_files()?,
        Depth::Ends => check_ends(runtime, home, &checker)?,
    }
    checker.flush()?;
    Ok((inspection, report, checker.bytes()))
}
