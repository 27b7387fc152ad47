//! All that is known of a home's threads at one moment, by everybody, in private databases.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::codex::{CodexDb, Places};
use super::environment;
use super::read::{Checking, look_at_ends};
use super::{Checkup, CheckupError, How};
use crate::component::exports::checkup::{Case, Depth, Finding, Scene};
use crate::component::{Core, Runtime, World};
use crate::db::{Batch, Database, ExternalDb, FILE_NAME, RowDeriver, Salvaged, StateError};
use crate::features::SCHEMA;
use crate::features::moved_directories::Relocations;
use crate::index::backfill::Backfill;
use crate::index::startup::{self, Report, StartupError};
use crate::platform::home::Home;
use crate::platform::writer_lock::PLACE as WRITER_LOCKS;
use crate::threads::lookup::{Lookup, LookupError};

/// Cases that go to the core at a time.
pub(super) const CASES: usize = 256;

/// What the files, the state DB and Codex's database say of threads.
pub(crate) struct Snapshot {
    pub(super) runtime: Runtime,
    pub(super) home: Arc<Home>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) depth: Depth,
    /// A private copy of the state DB, brought up to date with the files. Besides: `stands`, its rows as they stand in the
    /// original; `known`, what that knows of the files; `health` of files; `codex_rows` and `codex_edges`, which of Codex's
    /// rows belong to which thread; `cases`, every thread that anybody knows.
    pub(super) database: Database,
    /// There is a state DB of this version, and it is complete.
    pub(super) has_state: bool,
    pub(super) codex: Option<CodexDb>,
    pub(super) core: Core,
    /// Locks of writers that somebody holds: names of files, and the processes.
    pub(super) locks: HashMap<String, u32>,
    /// Where Codex's paths lead.
    pub(super) places: Places,
    /// Why Codex's state DB could not be read.
    pub(super) codex_fault: Option<String>,
    /// Project directories that were moved.
    pub(super) relocations: Relocations,
    /// How far the state DB's own backfill is, and by whom; none where there is no state DB.
    pub(super) own: Option<(String, Option<String>)>,
    /// Codex homes that Codex's rows point into, and how many do.
    pub(super) strangers: BTreeMap<String, u64>,
    /// The thread that was asked for.
    only: Option<String>,
    report: Report,
    bytes: u64,
}

impl Snapshot {
    /// Takes it.
    pub(crate) fn take(
        runtime: &Runtime,
        home: &Arc<Home>,
        state_dir: Option<&Path>,
        how: &How,
    ) -> Result<Snapshot, CheckupError> {
        // Of one thread every line is read; of the others no more than it takes to know whose they are.
        let depth = if how.thread.is_some() { Depth::Ends } else { how.depth };
        let own = state_dir.and_then(phase);
        let begun = begin(runtime, home, state_dir).and_then(|(database, has_state)| {
            let filled = fill(runtime, home, &database, has_state, depth, how)?;
            Ok((database, has_state, filled))
        });
        let (database, has_state, (mut report, bytes)) = match begun {
            // A state DB that cannot be read, or is damaged: what can be read of it is taken over, and the files are asked.
            Err(CheckupError::State(why) | CheckupError::Startup(StartupError::State(why))) => {
                let database = startup::temporary(runtime, home)?;
                if let Some(remains) = state_dir.and_then(|dir| Salvaged::of(&SCHEMA, &dir.join(FILE_NAME)).ok()) {
                    database.import(&remains)?;
                }
                let (mut report, bytes) = fill(runtime, home, &database, false, depth, how)?;
                report.warnings.push(why.to_string());
                (database, false, (report, bytes))
            }
            begun => begun?,
        };
        let mut core = Core::new(runtime, World::of(home).with_rows(Some(database.clone())));
        let mut codex_fault = None;
        let codex = match CodexDb::open(home, &database, &mut core) {
            Ok(codex) => codex,
            // The database's own finding tells why.
            Err(CheckupError::State(error)) => {
                report.warnings.push(error.to_string());
                codex_fault = Some(error.to_string());
                None
            }
            Err(error) => return Err(error),
        };
        let relocations = Relocations::over(&database)?;
        let mut snapshot = Snapshot {
            runtime: runtime.clone(),
            home: home.clone(),
            state_dir: state_dir.map(Path::to_path_buf),
            depth,
            database,
            has_state,
            codex,
            core,
            locks: environment::held(&home.root().join(WRITER_LOCKS)).into_iter().collect(),
            places: Places::default(),
            relocations,
            codex_fault,
            own,
            strangers: BTreeMap::new(),
            only: None,
            report,
            bytes,
        };
        snapshot.gather_ids()?;
        if let Some(wanted) = &how.thread {
            let thread = snapshot.resolve(wanted)?;
            snapshot.look_closer(&thread, how.depth)?;
            snapshot.only = Some(thread);
        }
        Ok(snapshot)
    }

    /// What all its cases share.
    pub(crate) fn scene(&self) -> Scene {
        Scene {
            home: self.home.root().to_string_lossy().into_owned(),
            has_state: self.has_state,
            // Without these columns nothing can be said of its rows, and the database's own finding says so.
            codex: self.codex.as_ref().map(|codex| codex.shape().clone()).filter(|shape| {
                ["id", "rollout_path"].iter().all(|name| shape.threads.iter().any(|column| column.name == *name))
            }),
            now: jiff::Timestamp::now().as_millisecond(),
        }
    }

    /// What is wrong with its threads, or with the one that was asked for. While the core judges some, the next are gathered.
    pub(super) fn findings(&mut self) -> Result<Vec<Finding>, CheckupError> {
        let scene = self.scene();
        let mut judge = Core::new(&self.runtime, World::default());
        let (hand_over, inbox) = sync_channel::<Vec<Case>>(2);
        std::thread::scope(|scope| {
            let judging = scope.spawn(move || {
                let mut findings = Vec::new();
                for cases in inbox {
                    findings.extend(judge.call("examine", |bindings, store| {
                        bindings.threadkeep_core_checkup().call_examine(store, &scene, &cases)
                    })?);
                }
                Ok(findings)
            });
            let gathered = self.each(|cases| {
                // One who judges no more says why below.
                let _ = hand_over.send(cases);
                Ok(())
            });
            drop(hand_over);
            let gone = || CheckupError::State(StateError::Io("the thread that judges is gone".into()));
            let findings = judging.join().map_err(|_| gone())?;
            gathered.and(findings.map_err(CheckupError::Core))
        })
    }

    /// Goes through all cases, a handful at a time: threads by their ids, then the files that belong to none.
    pub(crate) fn each(
        &mut self,
        mut take: impl FnMut(Vec<Case>) -> Result<(), CheckupError>,
    ) -> Result<(), CheckupError> {
        if let Some(thread) = self.only.clone() {
            let cases = self.cases_of(&[thread])?;
            return take(cases);
        }
        let mut last = String::new();
        loop {
            let ids = self.ids_after(&last)?;
            let Some(end) = ids.last() else { break };
            last.clone_from(end);
            let cases = self.cases_of(&ids)?;
            take(cases)?;
        }
        let mut last = String::new();
        loop {
            let cases = self.strays_after(&last)?;
            let Some(end) = cases.last().and_then(|case| case.files.last()) else { return Ok(()) };
            last.clone_from(&end.file.path);
            take(cases)?;
        }
    }

    /// The id of a thread, by what a user calls it.
    fn resolve(&self, wanted: &str) -> Result<String, CheckupError> {
        match Lookup::over(&self.runtime, World::of(&self.home), &self.database).find(wanted, None) {
            Ok(found) => Ok(found.row.id),
            Err(LookupError::Gone(row)) => Ok(row.id),
            Err(error @ LookupError::NotFound(_)) => match self.is_known(wanted)? {
                true => Ok(wanted.into()),
                false => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the files of a thread, and of the one that its history begins in.
    fn look_closer(&mut self, thread: &str, depth: Depth) -> Result<(), CheckupError> {
        let checking = Checking::new(depth, &self.database);
        for path in self.files_around(thread)? {
            let Ok(file) = crate::rollouts::facts(&self.home, &path) else { continue };
            let parsed = vec![checking.check(&mut self.core, file, None)];
            self.database.store(Batch { parsed, ..Batch::default() })?;
        }
        checking.finish()?;
        self.bytes += checking.bytes();
        self.database.derive_rows(vec![thread.into()])?;
        Ok(self.database.update_relations()?)
    }

    /// What was looked at, without findings.
    pub(super) fn checkup(self) -> Result<Checkup, CheckupError> {
        let threads = match self.only {
            Some(_) => 1,
            None => self.count("SELECT count(*) FROM cases")?,
        };
        let files = self.count("SELECT count(*) FROM files")?;
        Ok(Checkup { findings: Vec::new(), threads, files, bytes: self.bytes, warnings: self.report.warnings })
    }
}

/// A private database with what only the state DB knows, and whether its rows count.
fn begin(runtime: &Runtime, home: &Arc<Home>, state_dir: Option<&Path>) -> Result<(Database, bool), CheckupError> {
    let copy = state_dir.map(|dir| Database::open_copy(&SCHEMA, dir, RowDeriver::new(runtime, home))).transpose();
    match copy.map(Option::flatten) {
        Ok(Some(copy)) => Ok(copy),
        Ok(None) | Err(StateError::Newer { .. }) => Ok((startup::temporary(runtime, home)?, false)),
        Err(error) => Err(error.into()),
    }
}

/// How far the backfill of a state DB is, and who is at it.
fn phase(dir: &Path) -> Option<(String, Option<String>)> {
    let foreign = ExternalDb::at(&dir.join(FILE_NAME))?;
    let told = foreign.read(|connection| {
        Ok(connection.query_row("SELECT phase, owner FROM backfill", [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    });
    told.ok().map(|(phase, _)| phase)
}

/// Reads the files into it; what was done, and how many plain bytes were looked at.
fn fill(
    runtime: &Runtime,
    home: &Arc<Home>,
    database: &Database,
    has_state: bool,
    depth: Depth,
    how: &How,
) -> Result<(Report, u64), CheckupError> {
    database.transaction(move |transaction| {
        let rows = if has_state { "1" } else { "0" };
        transaction.execute_batch(&format!(
            "CREATE TABLE stands AS SELECT * FROM threads WHERE {rows};
             CREATE UNIQUE INDEX stands_by_id ON stands (id);
             CREATE TABLE known AS SELECT path, size, modified_ns, inode, thread_id FROM files WHERE {rows};
             CREATE UNIQUE INDEX known_by_path ON known (path);
             CREATE INDEX known_by_thread ON known (thread_id);
             CREATE TABLE health (
                 path TEXT PRIMARY KEY, lines INTEGER, spoken INTEGER, glanced INTEGER, remarkable TEXT
             ) WITHOUT ROWID;
             CREATE TABLE codex_rows (id TEXT, place INTEGER, odd INTEGER, PRIMARY KEY (id, place)) WITHOUT ROWID;
             CREATE TABLE codex_edges (id TEXT, place INTEGER, odd INTEGER, PRIMARY KEY (id, place)) WITHOUT ROWID;
             CREATE TABLE cases (id TEXT PRIMARY KEY) WITHOUT ROWID;
             UPDATE backfill SET phase = 'pending', owner = NULL, token = NULL, watermark = NULL;"
        ))?;
        if depth == Depth::Whole {
            // What Codex and the index say is read again too; the provider's change alone would concern every row.
            transaction.execute_batch(
                "DELETE FROM files; DELETE FROM folds; DELETE FROM sources WHERE source <> 'default_provider';",
            )?;
        }
        Ok(())
    })?;
    let checking = Arc::new(Checking::new(depth, database));
    let backfill = Backfill::new(runtime, home, database, None, how.progress.clone()).reading(checking.clone());
    let report = startup::fill_private(runtime, home, backfill)?;
    checking.finish()?;
    if depth == Depth::Ends {
        look_at_ends(runtime, home, &checking)?;
    }
    checking.finish()?;
    Ok((report, checking.bytes()))
}
