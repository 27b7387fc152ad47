//! The facade: all that can be done with the threads of a Codex home, as plain data in and out.
//!
//! ```text
//! main ── Options ──→ Threadkeep::open ──→ Threadkeep ──┬─ reading    status, find, list, transcripts
//!   (the handle's life is decided here, once)           ├─ watching   what happens, as it happens; how threads stand
//!                                                       ├─ changing   name, archive, delete, record, compress
//!                                                       ├─ exporting  documents, files, directories
//!                                                       ├─ features   goals, memories, device keys, moved directories
//!                                                       ├─ marks      tags, pins and notes, and threads by them
//!                                                       ├─ foreign    threads of other programs, kept beside Codex's
//!                                                       ├─ importing  threads from elsewhere, bundles for another machine
//!                                                       ├─ pushing    rows of tables, for engines that ask of many homes
//!                                                       ├─ pruning    threads put away that nobody used for long
//!                                                       └─ health     doctor, why, repair, backup, salvage
//! ```
//!
//! A main says once how the handle lives ([`StateAccess`]). What is below takes the handle as a parameter, `Option<&StateDb>` or
//! `&StateDb`, and nothing else opens the state DB. A [`Threadkeep`] is cheap to clone and may be used from several threads at
//! once; a clone made by [`Threadkeep::cancellable`] has its own switch. [`crate::documents`] has the JSON form of every answer.

mod changing;
mod error;
mod exporting;
mod features;
mod foreign;
mod health;
mod homes;
mod importing;
mod launching;
mod marks;
mod pruning;
mod pushing;
mod queue;
mod reading;
mod recordings;
mod sections;
mod served_home;
mod stamp;
pub mod startup;
mod telling;
mod versions;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use threadkeep_engine::recording::Recorder;
use threadkeep_engine::{Cancellation, Runtime};

use crate::db::StateDb;
use crate::features::text_index::IndexExclusions;
use crate::index::progress::{Progress, ProgressSink};
use crate::platform::error_kind::ErrorKind;
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::threads::foreign::ForeignImport;
use crate::threads::reader::ThreadReader;
use crate::threads::store::LocalThreadStore;
use crate::watch::HomeWatcher;

pub use changing::RunObserver;
pub use error::{Error, Result};
pub use features::{ClaimedThread, MovedDirectory, ThreadGoal};
pub use health::{RepairScope, UndoPreview, Verification, finding_code};
pub use homes::{Homes, MatchesOfHomes, OfHome, PageOfHomes};
pub use importing::AbsentDirectory;
pub use launching::ThreadWriter;
pub use marks::NotedPlace;
pub use pruning::PruneRequest;
pub use recordings::{redact, replay};
pub use served_home::ServedHome;
pub use stamp::ThreadStamp;
pub use versions::{Versions, versions};
pub use watching::StatedPage;

/// Says how the handle lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateAccess {
    /// The process owns the state: it opens, migrates and fills, or waits for another process that does. Without a handle it does
    /// not go on.
    Own,
    /// The same, but without a handle answers come from the files alone, and a warning says so.
    OwnOrFiles,
    /// The process only reads: a complete state DB of this version is opened, and else there is no handle.
    Existing,
    /// The same for a moment, without a trace: nothing is created, not even for the time of reading, where nobody else is at it.
    Glance,
    /// No handle is wanted: the state DB is looked at from outside, without a trace, by what asks for that (status, doctor, why),
    /// and opened by a repair.
    Inspect,
    /// The state DB is left out altogether.
    Without,
}

/// Says how to open a home.
#[derive(Clone)]
pub struct Options {
    /// Gives the home.
    pub home: Arc<Home>,
    /// Where its state DB is.
    pub state_dir: PathBuf,
    /// How the handle lives.
    pub access: StateAccess,
    /// How long another process is waited for, whatever it is at.
    pub wait: Wait,
    /// Whether a complete state DB is brought up to date with the files at the start.
    pub refresh: bool,
    /// Whether every rollout is read again.
    pub rebuild: bool,
    /// Whether SQLite checks the whole state DB, not only what is used of it.
    pub check: bool,
    /// What is kept out of the index of what was said.
    pub index_exclusions: IndexExclusions,
    /// Other programs whose threads are kept in the state DB; what changed of them is read where the state is owned and `refresh` is
    /// set. Where there is no state DB, a warning says that they are not shown.
    pub foreign: Vec<ForeignImport>,
    /// Takes how long work goes on.
    pub progress: Option<ProgressSink>,
    /// Takes what the core asked of the home and was told.
    pub recorder: Option<Recorder>,
    /// Ends whatever is under way.
    pub cancellation: Cancellation,
}

impl Options {
    /// Gives the usual way to open a home: its own state DB, owned, refreshed, 30 seconds for another process.
    pub fn new(home: Home) -> Options {
        Options {
            state_dir: home.root().join("threadkeep"),
            home: Arc::new(home),
            access: StateAccess::Own,
            wait: Wait::default(),
            refresh: true,
            rebuild: false,
            check: false,
            index_exclusions: IndexExclusions::default(),
            foreign: Vec::new(),
            progress: None,
            recorder: None,
            cancellation: Cancellation::default(),
        }
    }

    fn config(&self) -> startup::Config {
        startup::Config {
            state_dir: self.state_dir.clone(),
            wait: self.wait.clone(),
            refresh: self.refresh,
            rebuild: self.rebuild,
            check: self.check,
            progress: self.progress.clone(),
        }
    }
}

/// A Codex home, open. Cheap to clone, and usable from several threads at once.
#[derive(Clone)]
pub struct Threadkeep {
    reader: ThreadReader,
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    /// What the start did; none where there was none.
    report: Option<startup::Report>,
    store: OnceLock<LocalThreadStore>,
    watcher: HomeWatcher,
    /// When it was opened.
    opened: Instant,
}

impl Threadkeep {
    /// Opens a home, and comes by the handle as the options say.
    ///
    /// # Errors
    ///
    /// With [`StateAccess::Own`] there must be a handle: another process's backfill may not end in time ([`ErrorKind::TimedOut`]),
    /// the state DB may be locked ([`ErrorKind::Busy`]) or written by a newer program ([`ErrorKind::NewerVersion`]). Whatever the
    /// access, the core must load.
    pub fn open(options: Options) -> Result<Threadkeep> {
        let mut warnings = Vec::new();
        let runtime = Runtime::load_reporting(|report| warnings.push(report.to_string()))?;
        let mut runtime = runtime.cancellable(options.cancellation.clone());
        if let Some(recorder) = &options.recorder {
            runtime = runtime.recording(recorder.clone());
        }
        let (home, config) = (options.home.clone(), options.config());
        let started = match options.access {
            StateAccess::Own | StateAccess::OwnOrFiles => {
                let started = startup::init(&runtime, &home, &config);
                if let Some(progress) = &options.progress {
                    progress.send(Progress::Finished);
                }
                match started {
                    Err(error) if options.access == StateAccess::OwnOrFiles => {
                        warnings.push(format!("{error}; answering from the files"));
                        None
                    }
                    started => Some(started?),
                }
            }
            StateAccess::Existing => {
                let state = startup::open_existing(&runtime, &home, &options.state_dir, &options.wait)?;
                state.map(|state| (state, startup::Report::default()))
            }
            StateAccess::Glance => {
                let state = startup::open_for_a_glance(&runtime, &home, &options.state_dir, &options.wait)?;
                state.map(|state| (state, startup::Report::default()))
            }
            StateAccess::Inspect | StateAccess::Without => None,
        };
        let (state, mut report) = started.unzip();
        warnings.extend(report.iter_mut().flat_map(|report| std::mem::take(&mut report.warnings)));
        let owns = matches!(options.access, StateAccess::Own | StateAccess::OwnOrFiles);
        if let Some(state) = state.as_ref().filter(|_| owns)
            && let Err(error) = state.database().exclude_from_text_index(&options.index_exclusions)
        {
            warnings.push(format!("what is excluded from the index may still be in it: {}", error.sentence()));
        }
        let recovery = owns.then(|| startup::Config { rebuild: false, check: false, ..config });
        let reader =
            ThreadReader::new(&runtime, &home, state, recovery, options.progress.clone(), options.wait.clone());
        let reader = reader.excluding(options.index_exclusions.clone());
        warnings.into_iter().for_each(|warning| reader.warn(warning));
        let threadkeep = Threadkeep {
            reader,
            inner: Arc::new(Inner {
                options,
                report,
                store: OnceLock::new(),
                watcher: HomeWatcher::default(),
                opened: Instant::now(),
            }),
        };
        threadkeep.start_foreign(owns)?;
        Ok(threadkeep)
    }

    /// Gives the same home with a switch of its own: what is asked through it ends with [`ErrorKind::Cancelled`] once it is told.
    pub fn cancellable(&self, cancellation: Cancellation) -> Threadkeep {
        let reader = self.reader.with_runtime(self.runtime().cancellable(cancellation));
        Threadkeep { reader, inner: self.inner.clone() }
    }

    /// Gives the home.
    pub fn home(&self) -> &Arc<Home> {
        self.reader.home()
    }

    /// Gives the model provider that stands for those threads whose rollouts name none.
    pub fn default_provider(&self) -> &str {
        self.reader.home().default_provider()
    }

    /// Gives the directory of the state DB, whether or not that is used.
    pub fn state_dir(&self) -> &Path {
        &self.inner.options.state_dir
    }

    /// Gives what is kept out of the index of what was said.
    pub fn index_exclusions(&self) -> &IndexExclusions {
        &self.inner.options.index_exclusions
    }

    /// Gives the handle, to be passed on; none where there is none.
    pub fn state(&self) -> Option<StateDb> {
        self.reader.state()
    }

    /// Says what the start did; none where nothing was started.
    pub fn start_report(&self) -> Option<&startup::Report> {
        self.inner.report.as_ref()
    }

    /// Takes the warnings since the last call, each a sentence for a person.
    pub fn take_warnings(&self) -> Vec<String> {
        self.reader.take_warnings()
    }

    /// Brings the state DB up to date with the files, as a start does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle.
    pub fn refresh(&self) -> Result<startup::Report> {
        let state = self.needed_state("a refresh")?;
        let report = startup::refresh(self.runtime(), self.home(), &self.inner.options.config(), &state);
        self.reader.end_progress();
        Ok(report?)
    }

    /// Gives the store that writes threads; what was appended to it and not flushed is written when the last clone goes.
    pub fn store(&self) -> &LocalThreadStore {
        let uncancelled = || self.reader.with_runtime(self.runtime().cancellable(Cancellation::default()));
        self.inner.store.get_or_init(|| LocalThreadStore::with_reader(uncancelled()))
    }

    fn runtime(&self) -> &Runtime {
        self.reader.runtime()
    }

    fn wait(&self) -> &Wait {
        &self.inner.options.wait
    }

    fn progress(&self) -> Option<ProgressSink> {
        self.inner.options.progress.clone()
    }

    /// Gives the directory of a state DB that is to be looked at from outside; none where it is left out.
    fn inspected_dir(&self) -> Option<&Path> {
        let left_out = self.inner.options.access == StateAccess::Without;
        (!left_out).then_some(self.inner.options.state_dir.as_path())
    }

    /// Gives the handle, for what cannot do without.
    fn needed_state(&self, what: &str) -> Result<StateDb> {
        let missing = || Error::new(ErrorKind::NeedsState, format!("{what} needs the state DB, and there is none"));
        self.state().ok_or_else(missing)
    }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
