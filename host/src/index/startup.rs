//! The one place where a process comes by its handle.
//!
//! [`init`] opens, migrates, finishes what killed processes left in the journal, has the core's gate fill or wait, and hands the handle out only when the state DB is
//! complete. [`open_existing`], for readers that do not own the state, only opens. The order of the locks: `open.lock`
//! around opening and migrating, then, inside the gate, `owner.lock` for as long as this process fills.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::component::exports::startup::{Error as GateError, Outcome};
use crate::component::{Core, CoreError, Runtime, World};
use crate::db::{Database, Locks, MovedAside, RowDeriver, StateDb, StateError, move_aside};
use crate::index::backfill::{Backfill, Progress};
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::threads::change::finish_unfinished;

/// How to start.
#[derive(Clone)]
pub struct Config {
    /// Where the state DB is.
    pub state_dir: PathBuf,
    /// How long to wait for another process's backfill.
    pub wait: Duration,
    /// Bring a complete state DB up to date with the files.
    pub refresh: bool,
    /// Read every rollout again.
    pub rebuild: bool,
    /// Have SQLite check the whole file, not only what is used of it.
    pub check: bool,
    /// Told how it goes on.
    pub progress: Option<Arc<dyn Progress>>,
}

impl Config {
    /// The usual way to start: wait 30 seconds, refresh, show nothing.
    pub fn of(state_dir: PathBuf) -> Config {
        Config { state_dir, wait: Duration::from_secs(30), refresh: true, rebuild: false, check: false, progress: None }
    }
}

/// Why there is no handle.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another process did not come to an end in time.
    #[error(
        "{owner} is backfill the state DB and did not finish within {:.1} s; if it is stuck, end it and try again, or wait \
         longer with --wait SECONDS", waited.as_secs_f64()
    )]
    TimedOut {
        /// Who.
        owner: String,
        /// How long this process waited.
        waited: Duration,
    },
    /// New rollouts kept appearing.
    #[error("{0} new rollouts appeared while the others were read, again and again; try again when the home is calmer")]
    NeverSettled(u64),
    /// The home's files cannot be walked.
    #[error("the home's rollouts cannot be listed: {0}")]
    Files(String),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

/// What a start did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Files that were looked at.
    pub scanned: u64,
    /// Files parsed and stored.
    pub stored: u64,
    /// Files recorded with a reason why they have no thread.
    pub failed: u64,
    /// Time spent waiting for another process.
    pub waited: Duration,
    /// This process did the backfill.
    pub backfilled_here: bool,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Opens, migrates, fills or waits, and verifies; then hands out the handle.
pub fn init(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<(StateDb, Report), StartupError> {
    create_private_dir(&config.state_dir)?;
    let repaired = crate::health::repair::finish_unfinished(runtime, home, &config.state_dir);
    let (state, mut report) = started(runtime, home, config)?;
    report.warnings.splice(0..0, repaired);
    Ok((state, report))
}

fn started(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<(StateDb, Report), StartupError> {
    match start(runtime, home, config, None) {
        Err(StartupError::State(StateError::Corrupt(why))) => match heal(runtime, home, config, &why)? {
            Some(started) => Ok(started),
            // Another process has mended it meanwhile.
            None => start(runtime, home, config, None),
        },
        other => other,
    }
}

/// Starts again after the state DB proved to be damaged: what is left of it is moved aside, and a new one is filled. None
/// where SQLite finds nothing wrong with the file.
pub fn heal(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    damage: &str,
) -> Result<Option<(StateDb, Report)>, StartupError> {
    let Some(rescued) = rescue(runtime, home, config)? else { return Ok(None) };
    let (state, mut report) = start(runtime, home, config, Some(&rescued))?;
    let place = rescued.moved_to.display();
    let warning = format!(
        "the state DB was damaged ({damage}); it was moved to {place} and a new one was filled from the rollouts"
    );
    report.warnings.insert(0, warning);
    Ok(Some((state, report)))
}

/// Opens a complete state DB of this version, if there is one. Never fills, never migrates, creates nothing.
pub fn open_existing(runtime: &Runtime, home: &Arc<Home>, state_dir: &Path) -> Result<Option<StateDb>, StartupError> {
    let Some(database) = Database::open_existing(state_dir, RowDeriver::new(runtime, home))? else {
        return Ok(None);
    };
    Ok(database.is_complete()?.then(|| StateDb::of(database)))
}

/// Brings the state DB behind an open handle up to date with the files, as a start does.
pub fn refresh(runtime: &Runtime, home: &Arc<Home>, config: &Config, state: &StateDb) -> Result<Report, StartupError> {
    let locks = Some(Locks::of(&config.state_dir));
    let backfill = Backfill::new(runtime, home, state.database(), locks, config.progress.clone());
    gate(runtime, home, backfill, config.wait, true)
}

/// The same for whoever has the rows and cannot do without every file that there is.
pub(crate) fn refreshed(runtime: &Runtime, home: &Arc<Home>, rows: &Database) -> Result<(), StartupError> {
    let backfill = Backfill::new(runtime, home, rows, rows.dir().map(Locks::of), None);
    gate(runtime, home, backfill, Duration::from_secs(30), true).map(drop)
}

/// Everything that the files say, in a private temporary database: for a process without a handle.
pub(crate) fn from_files(
    runtime: &Runtime,
    home: &Arc<Home>,
    progress: Option<Arc<dyn Progress>>,
) -> Result<(Database, Report), StartupError> {
    let database = temporary(runtime, home)?;
    let report = fill_private(runtime, home, Backfill::new(runtime, home, &database, None, progress))?;
    Ok((database, report))
}

/// Fills a database that only this process has.
pub(crate) fn fill_private(runtime: &Runtime, home: &Arc<Home>, backfill: Backfill) -> Result<Report, StartupError> {
    gate(runtime, home, backfill, Duration::ZERO, false)
}

/// Names and Codex's own rows alone, in a private temporary database.
pub(crate) fn lore_alone(runtime: &Runtime, home: &Arc<Home>) -> Result<(Database, Report), StartupError> {
    let database = temporary(runtime, home)?;
    let warnings = database.import_lore(home)?;
    Ok((database, Report { warnings, ..Report::default() }))
}

/// Names out of `session_index.jsonl` alone, likewise.
pub(crate) fn index_alone(runtime: &Runtime, home: &Arc<Home>) -> Result<(Database, Report), StartupError> {
    let database = temporary(runtime, home)?;
    let warnings = database.import_names(home)?;
    Ok((database, Report { warnings, ..Report::default() }))
}

pub(crate) fn temporary(runtime: &Runtime, home: &Arc<Home>) -> Result<Database, StartupError> {
    Ok(Database::temporary(RowDeriver::new(runtime, home))?)
}

fn start(
    runtime: &Runtime,
    home: &Arc<Home>,
    config: &Config,
    rescued: Option<&MovedAside>,
) -> Result<(StateDb, Report), StartupError> {
    let locks = Locks::of(&config.state_dir);
    let opening = open_lock(&locks, config.wait)?;
    let database = Database::open(&config.state_dir, config.wait, RowDeriver::new(runtime, home))?;
    if config.check && !database.is_sound()? {
        return Err(StateError::Corrupt("SQLite's own check fails".into()).into());
    }
    if let Some(rescued) = rescued {
        database.take_in(&rescued.remains)?;
    }
    if config.rebuild && rescued.is_none() && !FileLock::is_held(&locks.owner).map_err(StateError::from)? {
        database.begin_again()?;
    }
    drop(opening);
    let unfinished = finish_unfinished(home, &database, &config.state_dir)?;
    let backfill = Backfill::new(runtime, home, &database, Some(locks), config.progress.clone());
    let mut report = gate(runtime, home, backfill, config.wait, config.refresh)?;
    report.warnings.splice(0..0, unfinished);
    Ok((StateDb::of(database), report))
}

fn open_lock(locks: &Locks, wait: Duration) -> Result<FileLock, StartupError> {
    FileLock::take_within(&locks.open, wait).map_err(StateError::from)?.ok_or_else(|| StartupError::TimedOut {
        owner: format!("another process, which holds {},", locks.open.display()),
        waited: wait,
    })
}

/// Runs the core's gate over a backfill.
fn gate(
    runtime: &Runtime,
    home: &Arc<Home>,
    backfill: Backfill,
    wait: Duration,
    refresh: bool,
) -> Result<Report, StartupError> {
    let world = World::of(home).with_backfill(backfill).recorded(runtime.recorder());
    let mut core = Core::new(runtime, world);
    let bound = wait.as_millis().min(i64::MAX as u128) as i64;
    let answer = core.ask(&crate::component::Gate { bound, refresh });
    let warnings = core.world().and_then(World::backfill).map(Backfill::take_warnings).unwrap_or_default();
    match answer? {
        Ok(Outcome { scanned, stored, failed, waited, backfilled_here }) => Ok(Report {
            scanned,
            stored,
            failed,
            waited: Duration::from_millis(waited.max(0) as u64),
            backfilled_here,
            warnings,
        }),
        Err(error) => Err(error.into()),
    }
}

impl From<GateError> for StartupError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TimedOut((owner, waited)) => {
                StartupError::TimedOut { owner, waited: Duration::from_millis(waited.max(0) as u64) }
            }
            GateError::NeverSettled(left) => StartupError::NeverSettled(left),
            GateError::Corrupt(why) => StartupError::State(StateError::Corrupt(why)),
            GateError::State(why) => StartupError::State(StateError::Io(why)),
            GateError::Files(why) => StartupError::Files(why),
        }
    }
}

/// Moves a damaged state DB aside, if it still is damaged once nobody else is opening or backfill it.
fn rescue(runtime: &Runtime, home: &Arc<Home>, config: &Config) -> Result<Option<MovedAside>, StartupError> {
    let locks = Locks::of(&config.state_dir);
    let _opening = open_lock(&locks, config.wait)?;
    let Some(_filling) = FileLock::try_take(&locks.owner).map_err(StateError::from)? else {
        return Err(
            StateError::Corrupt("another process is backfill it; try again when that one has ended".into()).into()
        );
    };
    let sound = match Database::open(&config.state_dir, config.wait, RowDeriver::new(runtime, home)) {
        Ok(database) => database.is_sound()?,
        Err(StateError::Corrupt(_)) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(if sound { None } else { Some(move_aside(&config.state_dir)?) })
}

/// The state directory, with a mode that keeps others out when it is created here.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), StateError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| StateError::Directory(dir.to_path_buf(), error))
}
