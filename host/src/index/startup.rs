//! The steps by which a process comes by its handle; `threads::start` puts them together.
//!
//! ```text
//! open ──→ Opened ──→ (changes that were broken off are finished) ──→ Opened::complete ──→ StateDb
//! open.lock: open, migrate                                           owner.lock: the core's gate fills, waits, verifies
//! ```
//!
//! A handle is made of a complete state DB only: by `Opened::complete`, and by [`open_existing`] for readers that do not own
//! the state.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use threadkeep_engine::calls::RunStartup;
use threadkeep_engine::contract::{StartupError as GateError, StartupReport};
use threadkeep_engine::{Core, CoreError, Runtime};

use crate::db::{Database, Locks, MovedAside, RowDeriver, StateDb, StateError, imports_with_foreign, move_aside};
use crate::features::SCHEMA;
use crate::index::backfill::{Backfill, SharedBackfill};
use crate::index::progress::ProgressSink;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::rollouts;

/// Says how to start with a state DB.
#[derive(Clone)]
pub struct Config {
    /// The state directory, in which the state DB is.
    pub state_dir: PathBuf,
    /// How long to wait for another process that opens, fills or changes the state DB.
    pub wait: Wait,
    /// Whether to bring a complete state DB up to date with the files.
    pub refresh: bool,
    /// Whether to read every rollout again; names and what else users said is kept.
    pub rebuild: bool,
    /// Whether SQLite is to check the whole file, not only what is used of it.
    pub check: bool,
    /// Where progress is sent.
    pub progress: Option<ProgressSink>,
}

impl Config {
    /// Gives the usual way to start with this state directory: wait 30 seconds, refresh, send no progress.
    pub fn of(state_dir: PathBuf) -> Config {
        Config { state_dir, wait: Wait::default(), refresh: true, rebuild: false, check: false, progress: None }
    }
}

/// Says why there is no handle.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another process did not finish within the time that it was given.
    #[error(
        "{owner} is filling the state DB and did not finish within {:.1} s; {hint}", waited.as_secs_f64(), hint = WAIT_LONGER
    )]
    TimedOut {
        /// The other process, in words.
        owner: String,
        /// How long this process waited.
        waited: Duration,
    },
    /// New rollouts kept appearing while others were read; this many were there when it was given up.
    #[error("{0} new rollouts appeared while the others were read, again and again; {hint}", hint = TRY_LATER)]
    KeptChanging(u64),
    /// The home's rollouts cannot be listed: why, and what kind of failure that is.
    #[error("the home's rollouts cannot be listed: {0}")]
    Files(String, ErrorKind),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

const WAIT_LONGER: &str = "if it is stuck, end it and try again, or wait longer with --wait SECONDS";
const TRY_LATER: &str = "try again when the home is calmer";

impl Classified for StartupError {
    fn kind(&self) -> ErrorKind {
        match self {
            StartupError::State(error) => error.kind(),
            StartupError::TimedOut { .. } => ErrorKind::TimedOut,
            StartupError::KeptChanging(_) => ErrorKind::Busy,
            StartupError::Files(_, kind) => *kind,
            StartupError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            StartupError::State(error) => error.hint(),
            StartupError::TimedOut { .. } => Some(WAIT_LONGER),
            StartupError::KeptChanging(_) => Some(TRY_LATER),
            StartupError::Files(..) => None,
            StartupError::Core(error) => error.hint(),
        }
    }
}

/// Says what a start did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many files were looked at.
    pub scanned: u64,
    /// How many files were parsed and stored.
    pub stored: u64,
    /// How many files have no thread; the reason is recorded for each.
    pub failed: u64,
    /// How long another process was waited for.
    pub waited: Duration,
    /// Whether this process did the backfill.
    pub backfilled_here: bool,
    /// Sentences that a person should read.
    pub warnings: Vec<String>,
}

/// Holds a state DB that is open and of this version, and may be incomplete: nobody has a handle to it yet.
pub(crate) struct Opened {
    database: Database,
    locks: Locks,
}

/// Opens and migrates the state DB of the directory in `config`, and creates it where there is none. One that is `rescued`
/// was just made, and is not begun again.
pub(crate) fn open(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    rescued: bool,
) -> Result<Opened, StartupError> {
    create_private_dir(&config.state_dir)?;
    let locks = Locks::of(&config.state_dir);
    let opening = open_lock(&locks, &config.wait)?;
    let database = Database::open(&SCHEMA, &config.state_dir, &config.wait, RowDeriver::new(runtime, home))?;
    // One that is begun again is read as far as a rescue would read it.
    if (config.check || config.rebuild)
        && let Some(fault) = database.fault()?
    {
        return Err(StateError::Corrupt(fault).into());
    }
    if config.rebuild && !rescued && !FileLock::is_held(&locks.owner).map_err(StateError::from)? {
        // First, because rows that go take along what they have in it, and that may not be what it has.
        database.clear_text_index()?;
        database.begin_again()?;
    }
    drop(opening);
    Ok(Opened { database, locks })
}

impl Opened {
    /// Gives the database, for finishing what its journal holds.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Has the core's gate fill the database, or wait for another process that does, and verify it; then gives the handle.
    pub(crate) fn complete(
        self,
        runtime: &Runtime,
        home: &Arc<Home>,
        config: &Config,
    ) -> Result<(StateDb, Report), StartupError> {
        // The gate would look at the same and be done; it would be all that the core's first instance was made for.
        if !config.refresh && self.database.is_complete()? {
            return Ok((StateDb::of(self.database), Report::default()));
        }
        let backfill = Backfill::new(runtime, home, &self.database, Some(self.locks), config.progress.clone());
        let report = gate(runtime, home, backfill, &config.wait, config.refresh)?;
        Ok((StateDb::of(self.database), report))
    }
}

/// Opens a complete state DB of this version, and gives none where there is no such one. It never fills, never migrates, and
/// creates nothing.
pub fn open_existing(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: &Path,
    wait: &Wait,
) -> Result<Option<StateDb>, StartupError> {
    let Some(database) = Database::open_existing(&SCHEMA, state_dir, wait, RowDeriver::new(runtime, home))? else {
        return Ok(None);
    };
    Ok(database.is_complete()?.then(|| StateDb::of(database)))
}

/// Opens a complete state DB of this version for a moment of reading, without a trace, and gives none where there is no such one.
pub fn open_for_a_glance(
    runtime: &Runtime,
    home: &Arc<Home>,
    state_dir: &Path,
    wait: &Wait,
) -> Result<Option<StateDb>, StartupError> {
    let deriver = RowDeriver::new(runtime, home);
    let Some(database) = Database::open_for_a_glance(&SCHEMA, state_dir, wait, deriver)? else { return Ok(None) };
    Ok(database.is_complete()?.then(|| StateDb::of(database)))
}

/// Brings the state DB of an open handle up to date with the files, as a start does.
pub fn refresh(runtime: &Runtime, home: &Arc<Home>, config: &Config, state: &StateDb) -> Result<Report, StartupError> {
    let locks = Some(Locks::of(&config.state_dir));
    let backfill = Backfill::new(runtime, home, state.database(), locks, config.progress.clone());
    gate(runtime, home, backfill, &config.wait, true)
}

/// Brings rows up to date with the files, for a change that must know every file there is.
pub(crate) fn refresh_rows(
    runtime: &Runtime,
    home: &Arc<Home>,
    rows: &Database,
    wait: &Wait,
) -> Result<(), StartupError> {
    let backfill = Backfill::new(runtime, home, rows, rows.dir().map(Locks::of), None);
    gate(runtime, home, backfill, wait, true).map(drop)
}

/// Reads everything that the files say into a private temporary database, for a process without a handle.
pub(crate) fn from_files(
    runtime: &Runtime,
    home: &Arc<Home>,
    progress: Option<ProgressSink>,
) -> Result<(Database, Report), StartupError> {
    let database = temporary_database(runtime, home)?;
    let report = fill_private(runtime, home, Backfill::new(runtime, home, &database, None, progress))?;
    Ok((database, report))
}

/// Fills a database that only this process has.
pub(crate) fn fill_private(runtime: &Runtime, home: &Arc<Home>, backfill: Backfill) -> Result<Report, StartupError> {
    gate(runtime, home, backfill, &Wait::at_most(Duration::ZERO), false)
}

/// Makes an empty private temporary database.
pub(crate) fn temporary_database(runtime: &Runtime, home: &Arc<Home>) -> Result<Database, StartupError> {
    Ok(Database::temporary(&SCHEMA, RowDeriver::new(runtime, home))?)
}

/// Moves a damaged state DB aside, with a new one in its place that holds what could be read of it; none where nothing wrong is
/// found with it any more, unless it is `proved` to be damaged all the same. It is checked while nobody else can open or fill
/// it.
///
/// # Errors
///
/// Fails with [`StateError::Corrupt`] while another process fills it.
pub(crate) fn move_damaged_aside(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    proved: bool,
) -> Result<Option<MovedAside>, StartupError> {
    let locks = Locks::of(&config.state_dir);
    let _opening = open_lock(&locks, &config.wait)?;
    let Some(_filling) = FileLock::try_take(&locks.owner).map_err(StateError::from)? else {
        return Err(
            StateError::Corrupt("another process is filling it; try again when that one has ended".into()).into()
        );
    };
    let sound = match Database::open(&SCHEMA, &config.state_dir, &config.wait, RowDeriver::new(runtime, home)) {
        Ok(database) => database.fault()?.is_none(),
        Err(StateError::Corrupt(_)) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(if sound && !proved { None } else { Some(move_aside(&SCHEMA, &config.state_dir)?) })
}

/// Makes the index of what was said anew where it is damaged, and says what was wrong with it; none where it is sound, or more than
/// it is damaged. It is checked while nobody else can open or fill the state DB.
pub(crate) fn renew_damaged_text_index(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
) -> Result<Option<String>, StartupError> {
    let locks = Locks::of(&config.state_dir);
    let _opening = open_lock(&locks, &config.wait)?;
    let Some(_filling) = FileLock::try_take(&locks.owner).map_err(StateError::from)? else { return Ok(None) };
    let deriver = RowDeriver::new(runtime, home);
    let Ok(database) = Database::open(&SCHEMA, &config.state_dir, &config.wait, deriver) else { return Ok(None) };
    let Some(fault) = database.text_index_fault()? else { return Ok(None) };
    let is_mended = database.renew_text_index().is_ok() && database.fault()?.is_none();
    Ok(is_mended.then_some(fault))
}

fn open_lock(locks: &Locks, wait: &Wait) -> Result<FileLock, StartupError> {
    let lock = FileLock::take_within(&locks.open, wait, "another process, which is opening the state DB");
    lock.map_err(StateError::from)?.ok_or_else(|| StartupError::TimedOut {
        owner: format!("another process, which holds {},", locks.open.display()),
        waited: wait.bound(),
    })
}

/// Runs the core's gate over a backfill.
fn gate(
    runtime: &Runtime,
    home: &Arc<Home>,
    backfill: Backfill,
    wait: &Wait,
    refresh: bool,
) -> Result<Report, StartupError> {
    backfill.database().check_foreign()?;
    let files = imports_with_foreign(home, backfill.database()).with_rows(backfill.database().rows());
    let backfill = SharedBackfill::new(backfill.with_wait(wait.clone()));
    let imports = files.with_backfill(backfill.clone());
    let mut core = Core::new(runtime, imports);
    let wait = wait.bound().as_millis().min(i64::MAX as u128) as i64;
    let answer = core.call(&RunStartup { wait, refresh });
    let warnings = backfill.take_warnings();
    match answer? {
        Ok(StartupReport { scanned, stored, failed, waited, backfilled_here }) => Ok(Report {
            scanned,
            stored,
            failed,
            waited: Duration::from_millis(waited.max(0) as u64),
            backfilled_here,
            warnings,
        }),
        Err(error) => Err(StartupError::from_gate(error, runtime)),
    }
}

impl StartupError {
    /// Gives the error for one of the gate.
    pub(crate) fn from_gate(error: GateError, runtime: &Runtime) -> StartupError {
        match error {
            GateError::TimedOut((owner, waited)) => {
                StartupError::TimedOut { owner, waited: Duration::from_millis(waited.max(0) as u64) }
            }
            GateError::NeverSettled(left) => StartupError::KeptChanging(left),
            // What was cancelled in the middle of an import is told of as a failure of that.
            GateError::State(_) if runtime.cancellation().is_cancelled() => CoreError::Cancelled.into(),
            GateError::State(error) => StartupError::State(error.into()),
            GateError::Files(error) => StartupError::Files(error.message(), rollouts::kind_of_failure(&error)),
        }
    }
}

/// Creates the state directory where it is not there, for its owner alone.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), StateError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| StateError::Directory(dir.to_path_buf(), error))
}
