//! The state DB: one SQLite connection, owned by one thread, reached through a handle.
//!
//! A [`StateDb`] comes only from [`crate::index::startup`], which hands it out when the database is complete. Consumers take it
//! as a parameter. The same tables serve, in a private temporary database, a process that works without the state DB:
//! then they hold what was just read from the files, and vanish with the process.

mod claim;
mod codex;
mod error;
mod external;
mod files;
mod journal;
mod page;
mod patches;
mod replace;
mod rescue;
mod rows;
mod rules;
mod schema;
mod sources;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::component::{Core, Runtime, World};
use crate::platform::cancellation::Cancellation;
use crate::platform::home::Home;

pub(crate) use claim::{Claim, Locks};
pub use error::StateError;
pub(crate) use external::{BUSY_TIMEOUT, ExternalDb, fault_of, settle};
pub(crate) use files::{Batch, KnownAhead, Parsed, Refused, facts as file_facts};
pub use files::{Problem, Totals};
pub(crate) use journal::Follow;
pub(crate) use replace::Replacement;
pub(crate) use rescue::{MovedAside, Salvaged, move_aside};
pub(crate) use rows::{COLUMNS as ROW_COLUMNS, from_row as thread_row, source_from};
pub(crate) use rules::Rules;
pub use rules::{FeatureError, FeatureResult};

pub(crate) use schema::SCHEMA;

/// Name of the database inside the state directory.
pub const FILE_NAME: &str = "state.sqlite";

/// The handle. Cheap to clone; the connection closes with the last one.
#[derive(Clone)]
pub struct StateDb(Database);

impl StateDb {
    /// Only the startup gate makes handles, and only of a complete database.
    pub(crate) fn of(database: Database) -> StateDb {
        StateDb(database)
    }

    /// The rows behind the handle.
    pub(crate) fn database(&self) -> &Database {
        &self.0
    }

    /// What is stored, counted.
    pub fn totals(&self) -> Result<Totals, StateError> {
        self.0.totals()
    }

    /// Says whether nobody else has this handle, or reads with it, any more.
    pub(crate) fn is_last(&self) -> bool {
        Arc::strong_count(&self.0.0) == 1
    }

    /// A copy of all that is stored, as a new file of its own.
    pub(crate) fn copy_to(&self, to: &Path) -> Result<(), StateError> {
        let to = to.to_path_buf();
        self.0.with(move |connection| external::copy_all(connection, &to))
    }

    /// Files without a thread, and lines that are no records.
    pub fn problems(&self) -> Result<Vec<Problem>, StateError> {
        self.0.problems()
    }
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A database with this program's tables, and the thread that owns its connection.
#[derive(Clone)]
pub(crate) struct Database(Arc<Worker>);

struct Worker {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Makes rows out of files, on behalf of the one who owns the connection.
    deriver: RowDeriver,
    /// What the core wants to find again as long as the connection is open.
    note: Mutex<Vec<u8>>,
    /// The state directory; none of a database that only this process has.
    dir: Option<PathBuf>,
    /// A private copy that the connection reads, deleted after it.
    copy: Option<tempfile::TempDir>,
}

impl Drop for Worker {
    /// Waits until the connection is closed: SQLite then leaves no WAL behind.
    fn drop(&mut self) {
        if let Ok(mut jobs) = self.jobs.lock() {
            jobs.take();
        }
        if let Some(thread) = self.thread.lock().ok().and_then(|mut thread| thread.take()) {
            let _ = thread.join();
        }
    }
}

/// An answer under way.
struct Pending<T>(mpsc::Receiver<Result<T, StateError>>);

impl<T> Pending<T> {
    fn wait(self) -> Result<T, StateError> {
        self.0.recv().map_err(|_| gone())?
    }
}

fn gone() -> StateError {
    StateError::Io("the thread that owns the state DB is gone".into())
}

impl Database {
    /// Takes over a connection. `deriver` makes rows out of files.
    fn over(mut connection: Connection, deriver: RowDeriver) -> Result<Database, StateError> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new()
            .name("state-db".into())
            .spawn(move || {
                for job in inbox {
                    job(&mut connection);
                }
            })
            .map_err(|error| StateError::Io(format!("no thread for the state DB: {error}")))?;
        Ok(Database(Arc::new(Worker {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            deriver,
            note: Mutex::default(),
            dir: None,
            copy: None,
        })))
    }

    /// In a state directory.
    fn within(mut self, dir: &Path) -> Database {
        if let Some(worker) = Arc::get_mut(&mut self.0) {
            worker.dir = Some(dir.to_path_buf());
        }
        self
    }

    /// The state directory.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.0.dir.as_deref()
    }

    /// Opens and migrates the database in a state directory. The caller holds the open lock.
    pub(crate) fn open(dir: &Path, wait: Duration, deriver: RowDeriver) -> Result<Database, StateError> {
        Ok(Database::over(schema::open(&dir.join(FILE_NAME), wait)?, deriver)?.within(dir))
    }

    /// Opens the database in a state directory if it is one of this version, and migrates nothing.
    pub(crate) fn open_existing(dir: &Path, deriver: RowDeriver) -> Result<Option<Database>, StateError> {
        match schema::open_existing(&dir.join(FILE_NAME))? {
            Some(connection) => Ok(Some(Database::over(connection, deriver)?.within(dir))),
            None => Ok(None),
        }
    }

    /// The database in a state directory, only to be looked at; none when there is none.
    pub(crate) fn open_read_only(dir: &Path, deriver: RowDeriver) -> Result<Option<Database>, StateError> {
        let path = dir.join(FILE_NAME);
        let Some(foreign) = ExternalDb::at(&path) else { return Ok(None) };
        let (connection, copy) = foreign.open()?;
        if !schema::check(&connection, &path)? {
            return Ok(None);
        }
        let mut database = Database::over(connection, deriver)?;
        if let Some(worker) = Arc::get_mut(&mut database.0) {
            worker.copy = copy;
        }
        Ok(Some(database))
    }

    /// A private copy of the database in a state directory, brought to this version: what becomes of it nobody else sees.
    /// With it: the original is of this version and complete. None when there is no original.
    pub(crate) fn open_copy(dir: &Path, deriver: RowDeriver) -> Result<Option<(Database, bool)>, StateError> {
        let path = dir.join(FILE_NAME);
        let Some(foreign) = ExternalDb::at(&path) else { return Ok(None) };
        let (connection, copy) = foreign.copied()?;
        let (connection, version) = schema::private(connection, &path)?;
        let mut database = Database::over(connection, deriver)?;
        if let Some(worker) = Arc::get_mut(&mut database.0) {
            worker.copy = Some(copy);
        }
        let stands = version == SCHEMA && database.is_complete()?;
        Ok(Some((database, stands)))
    }

    /// A private temporary database, which SQLite keeps in memory while it is small.
    pub(crate) fn temporary(deriver: RowDeriver) -> Result<Database, StateError> {
        Database::over(schema::open_temporary()?, deriver)
    }

    /// Runs `work` on the thread that owns the connection and waits for its answer.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        self.begin(work)?.wait()
    }

    /// Has the thread that owns the connection run `work`, whose answer is waited for later, or never.
    fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<Pending<T>, StateError> {
        let (answer, answers) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let _ = answer.send(work(connection));
        });
        let jobs = self.0.jobs.lock().map_err(|_| gone())?;
        jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        Ok(Pending(answers))
    }

    /// Runs `work` in one immediate transaction, which is rolled back when it fails.
    pub(crate) fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
    }

    /// The same, on disk when this returns.
    pub(crate) fn durably<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        self.with(|connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let done = (|| {
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                let answer = work(&transaction)?;
                transaction.commit()?;
                Ok(answer)
            })();
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            done
        })
    }

    /// Keeps what the core wants to find again.
    pub(crate) fn keep_note(&self, note: Vec<u8>) -> Result<(), StateError> {
        *self.0.note.lock().map_err(|_| gone())? = note;
        Ok(())
    }

    /// What was kept.
    pub(crate) fn note(&self) -> Result<Vec<u8>, StateError> {
        Ok(self.0.note.lock().map_err(|_| gone())?.clone())
    }

    fn deriver(&self) -> RowDeriver {
        self.0.deriver.clone()
    }

    /// Asks the core's parsing interface something that needs no files.
    pub(crate) fn ask<T>(
        &self,
        name: &'static str,
        export: impl FnOnce(&crate::component::exports::parsing::Guest, &mut wasmtime::Store<World>) -> wasmtime::Result<T>,
    ) -> Result<T, StateError> {
        let mut core = self.0.deriver.core.lock().map_err(|_| StateError::Io("the core is gone".into()))?;
        Ok(core.call(name, |bindings, store| export(bindings.threadkeep_core_parsing(), store))?)
    }
}

/// Asks the core which rows should stand.
#[derive(Clone)]
pub(crate) struct RowDeriver {
    core: Arc<Mutex<Core>>,
    provider: String,
}

impl RowDeriver {
    /// For the threads of a home.
    pub(crate) fn new(runtime: &Runtime, home: &Home) -> RowDeriver {
        RowDeriver::with_provider(runtime, home.default_provider())
    }

    /// For threads whose rollouts mean this model provider where they name none.
    pub(crate) fn with_provider(runtime: &Runtime, provider: &str) -> RowDeriver {
        // It outlives whoever opens the database, and what may be cancelled of theirs.
        let core = Core::new(&runtime.cancellable(Cancellation::default()), World::default());
        RowDeriver { core: Arc::new(Mutex::new(core)), provider: provider.into() }
    }

    fn assemble(
        &self,
        dossiers: Vec<crate::component::exports::repair::Dossier>,
    ) -> Result<Vec<crate::component::types::ThreadRow>, StateError> {
        let mut core = self.core.lock().map_err(|_| StateError::Io("the core is gone".into()))?;
        Ok(core.call("assemble", |bindings, store| {
            bindings.threadkeep_core_repair().call_assemble(store, &dossiers, &self.provider)
        })?)
    }
}

/// Where the state of a home is kept: what the flag says; a subdirectory of what the environment says; else the home's
/// own `threadkeep/`.
pub fn state_dir(home: &Path, flag: Option<PathBuf>, env: Option<PathBuf>) -> PathBuf {
    let own = || home.join("threadkeep");
    flag.unwrap_or_else(|| env.map_or_else(own, |shared| shared.join(subdirectory(home))))
}

/// A name for a home inside a shared state directory: its last part, for people, and a hash of its whole path.
fn subdirectory(home: &Path) -> String {
    let home = std::fs::canonicalize(home).unwrap_or_else(|_| home.to_path_buf());
    let text = home.to_string_lossy();
    let hash = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let last = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    format!("{plain}-{hash:016x}")
}
