//! The state DB: one SQLite connection, which one thread uses at a time, reached through a handle.
//!
//! A [`StateDb`] comes only from the startup, which hands it out when the database is complete. Consumers take it as a
//! parameter. The same tables serve, in a private temporary database, a process that works without the state DB: then they
//! hold what was just read from the files, and vanish with the process.
//!
//! SQL is written here, and by features for their own tables, and nowhere else. What the database consists of is handed in
//! by whoever opens one, as a `Schema`: features, whose tables belong to it, stand above this layer.

mod busy;
mod cells;
mod claim;
mod codex;
mod connection;
mod derive;
mod error;
mod external;
mod file_row;
mod files;
mod foreign;
mod functions;
mod home_sources;
mod imports;
mod inspection;
mod journal;
mod page;
mod patches;
mod problems;
mod remembered;
mod replace;
mod rescue;
mod rows;
mod rules;
mod schema;
mod sections;
mod sources;
mod suspects;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use threadkeep_engine::Call;
use threadkeep_engine::contract::DirectorySnapshot;

use crate::platform::wait::Wait;

pub(crate) use cells::with_cell;
pub(crate) use claim::{Claim, Locks, recorded_phase};
pub(crate) use connection::Pending;
use connection::{SharedConnection, gone};
pub(crate) use derive::RowDeriver;
pub use error::StateError;
pub use external::foreign_tables;
pub(crate) use external::{CodexDb, CodexEdits, CodexTable, Ending, ExternalDb, checkpoint, fault_of, may_name_any};
use files::FileIndexPages;
pub(crate) use files::{Batch, Parsed, RecordedFile, Refused};
pub(crate) use foreign::{
    ForeignText, ForeignThread, ForeignUnitRecord, ReadUnit, files_with_foreign, imports_with_foreign,
};
pub(crate) use home_sources::HomeSources;
pub(crate) use inspection::{FileHealth, InspectedThread, Inspection, StrayFile};
pub(crate) use journal::CompletedChange;
pub(crate) use page::{SearchedRows, searched_rows};
pub use problems::{Problem, Totals};
pub(crate) use remembered::{RememberedThreads, SearchedList};
pub(crate) use replace::Replacement;
pub(crate) use rescue::{MovedAside, Salvaged, move_aside};
pub(crate) use rows::ThreadThere;
pub(crate) use rules::Rules;
pub use rules::{FeatureError, FeatureResult};
#[cfg(test)]
pub(crate) use schema::Rescue;
pub(crate) use schema::{Domain, Schema, Table, UserData};
pub(crate) use sections::codex_sections;
pub use sections::{Section, SectionPlace};

/// How many files or threads are glanced at at a time.
const GLANCES: u32 = 4_096;

/// The domains of this layer's own tables, in the order in which migrations go through them.
pub(crate) const DOMAINS: [Domain; 9] = [
    rows::DOMAIN,
    files::DOMAIN,
    sources::DOMAIN,
    codex::DOMAIN,
    claim::DOMAIN,
    // After the threads, whose rows make suspects when they are deleted.
    suspects::DOMAIN,
    journal::DOMAIN,
    patches::DOMAIN,
    foreign::DOMAIN,
];

/// Name of the database inside the state directory.
pub const FILE_NAME: &str = "state.sqlite";

/// Holds the one connection to the state DB of a home. Cheap to clone; the connection closes with the last one.
#[derive(Clone)]
pub struct StateDb(Database);

impl StateDb {
    /// Makes a handle: the startup alone does, and only of a complete database.
    pub(crate) fn of(database: Database) -> StateDb {
        StateDb(database)
    }

    /// Returns the database behind the handle.
    pub(crate) fn database(&self) -> &Database {
        &self.0
    }

    /// Counts what is stored.
    pub fn totals(&self) -> Result<Totals, StateError> {
        self.0.totals()
    }

    /// Says whether nobody else has this handle, or reads with it, any more.
    pub(crate) fn is_last(&self) -> bool {
        Arc::strong_count(&self.0.0) == 1
    }

    /// Copies all that is stored into a new file, which needs no WAL.
    pub(crate) fn copy_to(&self, to: &Path) -> Result<(), StateError> {
        let to = to.to_path_buf();
        self.0.with(move |connection| external::copy_all(connection, &to))
    }

    /// Lists files without a thread, and lines that are no records.
    pub fn problems(&self) -> Result<Vec<Problem>, StateError> {
        self.0.problems()
    }
}

/// Holds a database with this program's tables, and its connection.
#[derive(Clone)]
pub(crate) struct Database(Arc<Opened>);

struct Opened {
    connection: SharedConnection,
    /// What the database consists of.
    schema: &'static Schema,
    /// Makes rows out of files, on behalf of the one who owns the connection.
    deriver: RowDeriver,
    /// What the core wants to find again as long as the connection is open.
    cache: Mutex<Option<DirectorySnapshot>>,
    /// The threads of the last search.
    searched: RememberedThreads,
    /// The state directory; none of a database that only this process has.
    dir: Option<PathBuf>,
    /// A private copy that the connection reads, deleted after it.
    _copy: Option<tempfile::TempDir>,
}

impl Database {
    /// Takes over a connection. `deriver` makes rows out of files.
    fn over(
        schema: &'static Schema,
        connection: Connection,
        deriver: RowDeriver,
        dir: Option<&Path>,
        copy: Option<tempfile::TempDir>,
    ) -> Result<Database, StateError> {
        functions::add(&connection, &deriver)?;
        Ok(Database(Arc::new(Opened {
            connection: SharedConnection::of(connection),
            schema,
            deriver,
            cache: Mutex::default(),
            searched: RememberedThreads::default(),
            dir: dir.map(Path::to_path_buf),
            _copy: copy,
        })))
    }

    /// Returns the state directory; none of a database that only this process has.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.0.dir.as_deref()
    }

    /// Opens and migrates the database in a state directory. `wait` bounds how long another writer is waited for. The caller
    /// holds the open lock.
    pub(crate) fn open(
        schema: &'static Schema,
        dir: &Path,
        wait: &Wait,
        deriver: RowDeriver,
    ) -> Result<Database, StateError> {
        rescue::put_in_place(dir)?;
        let connection = schema::open(schema, &dir.join(FILE_NAME), wait)?;
        Database::over(schema, connection, deriver, Some(dir), None)
    }

    /// Opens the database in a state directory if it has this very schema, and migrates nothing.
    pub(crate) fn open_existing(
        schema: &'static Schema,
        dir: &Path,
        wait: &Wait,
        deriver: RowDeriver,
    ) -> Result<Option<Database>, StateError> {
        match schema::open_existing(schema, &dir.join(FILE_NAME), wait)? {
            Some(connection) => Ok(Some(Database::over(schema, connection, deriver, Some(dir), None)?)),
            None => Ok(None),
        }
    }

    /// Opens the database in a state directory without leaving a trace; none when there is none of this schema.
    pub(crate) fn open_read_only(
        schema: &'static Schema,
        dir: &Path,
        deriver: RowDeriver,
    ) -> Result<Option<Database>, StateError> {
        let path = dir.join(FILE_NAME);
        let Some(external) = ExternalDb::at(&path) else { return Ok(None) };
        let (connection, copy) = external.open()?;
        if !schema::is_current(schema, &connection, &path)? {
            return Ok(None);
        }
        Ok(Some(Database::over(schema, connection, deriver, None, copy)?))
    }

    /// Opens the database in a state directory for a moment of reading: without a trace where nobody else is at it, and else as
    /// whoever is at it has it open; none when there is none of this schema.
    pub(crate) fn open_for_a_glance(
        schema: &'static Schema,
        dir: &Path,
        wait: &Wait,
        deriver: RowDeriver,
    ) -> Result<Option<Database>, StateError> {
        match ExternalDb::at(&dir.join(FILE_NAME)) {
            Some(external) if external.has_wal() => Database::open_existing(schema, dir, wait, deriver),
            Some(_) => Database::open_read_only(schema, dir, deriver),
            None => Ok(None),
        }
    }

    /// Opens a private copy of the database in a state directory, brought to this schema: what becomes of it nobody else
    /// sees. With it comes whether the original has this schema and is complete. None when there is no original.
    pub(crate) fn open_copy(
        schema: &'static Schema,
        dir: &Path,
        deriver: RowDeriver,
    ) -> Result<Option<(Database, bool)>, StateError> {
        let path = dir.join(FILE_NAME);
        let Some(external) = ExternalDb::at(&path) else { return Ok(None) };
        let (connection, copy) = external.copied()?;
        let (connection, version) = schema::migrate_private(schema, connection, &path)?;
        connection.pragma_update(None, "cache_size", schema::CACHE_OF_COPY)?;
        let database = Database::over(schema, connection, deriver, None, Some(copy))?;
        let is_current = version == schema.version() && database.is_complete()?;
        Ok(Some((database, is_current)))
    }

    /// Opens a private temporary database, which SQLite keeps in memory while it is small.
    pub(crate) fn temporary(schema: &'static Schema, deriver: RowDeriver) -> Result<Database, StateError> {
        Database::over(schema, schema::open_temporary(schema)?, deriver, None, None)
    }

    /// Keeps few pages from now on, and gives back those that it has: for a process that lives long and asks little.
    pub(crate) fn keep_few_pages(&self) -> Result<(), StateError> {
        self.with(|connection| {
            connection.pragma_update(None, "cache_size", schema::SMALL_CACHE)?;
            Ok(connection.execute_batch("PRAGMA shrink_memory")?)
        })
    }

    /// Gives what remembers the threads of the last search.
    pub(crate) fn remembered_threads(&self) -> &RememberedThreads {
        &self.0.searched
    }

    /// Runs `work` on the connection, behind all that was begun before.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        self.0.connection.with(work)
    }

    /// Gives everything that pages of [`GLANCES`] have, each read behind the key of the last one of the page before: there may be
    /// very many.
    fn each_glance<T: Send + 'static>(
        &self,
        page: fn(&mut Connection, &str) -> Result<Vec<T>, StateError>,
        key: fn(&T) -> &String,
        mut each: impl FnMut(T),
    ) -> Result<(), StateError> {
        let mut after = Some(String::new());
        while let Some(last) = after {
            let items = self.with(move |connection| page(connection, &last))?;
            after = items.last().filter(|_| items.len() == GLANCES as usize).map(|item| key(item).clone());
            items.into_iter().for_each(&mut each);
        }
        Ok(())
    }

    /// Has a thread run `work` beside whoever asks, whose answer is waited for later, or never.
    fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<Pending<T>, StateError> {
        self.0.connection.begin(work)
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

    /// Runs `work` as [`Database::transaction`] does; what it did is on disk when this returns.
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

    /// Runs `work` as [`Database::transaction`] does; what it deletes is in no byte of the file afterwards, nor in its WAL, unless
    /// somebody still reads that.
    pub(crate) fn erasing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        self.with(|connection| Ok(connection.pragma_update(None, "secure_delete", "ON")?))?;
        let done = self.transaction(work);
        let has_deleted = done.is_ok();
        self.with(move |connection| {
            connection.pragma_update(None, "secure_delete", "OFF")?;
            // What was replaced earlier may stand in pages that nobody uses, and between the cells of those that are used.
            let rewritten = if has_deleted { connection.execute_batch("VACUUM") } else { Ok(()) };
            let copied =
                rewritten.and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
            copied.or_else(|error| {
                let is_read = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
                if is_read { Ok(()) } else { Err(error.into()) }
            })
        })?;
        done
    }

    /// Keeps a snapshot that the core wants to find again as long as the database is open.
    fn cache_put(&self, snapshot: DirectorySnapshot) -> Result<(), StateError> {
        *self.0.cache.lock().map_err(|_| gone())? = Some(snapshot);
        Ok(())
    }

    /// Returns the snapshot that was kept last, if there is one.
    fn cache_get(&self) -> Result<Option<DirectorySnapshot>, StateError> {
        Ok(self.0.cache.lock().map_err(|_| gone())?.clone())
    }

    fn deriver(&self) -> RowDeriver {
        self.0.deriver.clone()
    }

    fn schema(&self) -> &'static Schema {
        self.0.schema
    }

    /// Asks the core something that needs no files.
    pub(crate) fn call<C: Call>(&self, call: &C) -> Result<C::Answer, StateError> {
        self.0.deriver.call(call)
    }
}

/// Returns where the state of a home is kept: what the flag says; a subdirectory of what the environment says; else the home's
/// own `threadkeep/`.
pub fn state_dir(home: &Path, flag: Option<PathBuf>, env: Option<PathBuf>) -> PathBuf {
    let own = || home.join("threadkeep");
    flag.unwrap_or_else(|| env.map_or_else(own, |shared| shared.join(subdirectory(home))))
}

/// Names a home inside a shared state directory: its last part, for people, and a hash of its whole path.
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
