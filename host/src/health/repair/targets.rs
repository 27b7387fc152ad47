//! What is where a repair would change something. Nothing is changed here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, PermissionsExt as _};
use threadkeep_engine::contract::{
    Applicability, Change, CheckInput, CodexChange, CurrentValue, Edit, HeadThread, Phase, StateChange, ThreadRow,
};
use threadkeep_engine::{Core, CoreError, Imports, Runtime, calls};

use super::RepairError;
use crate::db::{Database, ExternalDb, RowDeriver, StateDb, StateError};
use crate::features::SCHEMA;
use crate::platform::database_holders::holders;
use crate::platform::error_kind::ErrorKind;
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::wait::Wait;

/// Edits and paths that are asked about at a time.
const PAGE: usize = 512;

/// Is what is there now, or why that cannot be an edit's business.
type Current = Result<CurrentValue, String>;
/// Names for each precondition of an edit the thread that its file carries.
type Carried = Vec<HeadThread>;

/// Reaches what a repair may change.
pub(super) struct Targets<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) home: &'a Arc<Home>,
    pub(super) state_dir: &'a Path,
    pub(super) wait: &'a Wait,
    /// The handle of the process, where it has one.
    pub(super) state: Option<StateDb>,
    pub(super) codex: Option<ExternalDb>,
    /// Who has which database open; asked once, before this process has any of them open.
    open: BTreeMap<PathBuf, Option<u32>>,
    core: Core,
    /// The right to change threads.
    pub(super) changing: Option<FileLock>,
}

/// Says whether an edit may be made, and what was found where it would be.
pub(super) struct Evaluated {
    pub(super) applicability: Applicability,
    pub(super) current: Option<CurrentValue>,
    pub(super) carried: Carried,
}

impl<'a> Targets<'a> {
    pub(super) fn new(
        runtime: &'a Runtime,
        home: &'a Arc<Home>,
        state_dir: &'a Path,
        wait: &'a Wait,
        state: Option<StateDb>,
    ) -> Targets<'a> {
        let codex = ExternalDb::newest(home.sqlite_home(), "state_");
        let core = Core::new(runtime, Imports::default());
        Targets { runtime, home, state_dir, wait, state, codex, open: BTreeMap::new(), core, changing: None }
    }

    /// Reaches the same for one who holds the right to change threads.
    pub(super) fn holding(self, changing: Option<FileLock>) -> Targets<'a> {
        Targets { changing, ..self }
    }

    /// Says whether these edits may be made.
    pub(super) fn evaluate(&mut self, edits: &[Edit]) -> Result<Vec<Evaluated>, RepairError> {
        let carried = self.carried(edits)?;
        let current = self.current(edits)?;
        let mut evaluated = Vec::new();
        let (mut inputs, mut places) = (Vec::new(), Vec::new());
        for (at, ((edit, current), carried)) in edits.iter().zip(current).zip(carried).enumerate() {
            let (applicability, current) = match current {
                Ok(current) => {
                    let open = self.open(edit)?;
                    let (edit, preconditions) = (edit.clone(), carried.clone());
                    inputs.push(CheckInput { edit, current: current.clone(), preconditions, open });
                    places.push(at);
                    (Applicability::Applicable, Some(current))
                }
                Err(why) => (Applicability::Rejected(why), None),
            };
            evaluated.push(Evaluated { applicability, current, carried });
        }
        for (at, applicability) in places.into_iter().zip(self.check_preconditions(inputs)?) {
            evaluated[at].applicability = applicability;
        }
        Ok(evaluated)
    }

    /// Asks the core whether these may be made.
    pub(super) fn check_preconditions(&mut self, inputs: Vec<CheckInput>) -> Result<Vec<Applicability>, RepairError> {
        let (mut applicability, mut inputs) = (Vec::new(), inputs.into_iter());
        loop {
            let page: Vec<CheckInput> = inputs.by_ref().take(PAGE).collect();
            if page.is_empty() {
                return Ok(applicability);
            }
            applicability.extend(self.core.call(&calls::CheckPreconditions { inputs: page })?);
        }
    }

    /// Returns the edits that take these back.
    pub(super) fn invert(&mut self, edits: &[Edit]) -> Result<Vec<Edit>, RepairError> {
        let mut back = Vec::new();
        for page in edits.rchunks(PAGE) {
            back.extend(self.core.call(&calls::InvertEdits { edits: page.to_vec() })?);
        }
        Ok(back)
    }

    /// Returns whose threads the files carry that edits need.
    fn carried(&self, edits: &[Edit]) -> Result<Vec<Carried>, RepairError> {
        let paths: Vec<String> =
            edits.iter().flat_map(|edit| edit.preconditions.iter().map(|(path, _)| path.clone())).collect();
        // Most of the time goes into opening and reading files, on every processor.
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let share = paths.len().div_ceil(workers).max(PAGE);
        let carried = std::thread::scope(|scope| {
            let workers: Vec<_> = paths
                .chunks(share)
                .map(|paths| {
                    let mut core = Core::new(self.runtime, crate::rollouts::imports(self.home));
                    scope.spawn(move || carried_by(&mut core, paths))
                })
                .collect();
            let lost = || CoreError::Load("a thread that looks at files was lost".into());
            let carried = workers.into_iter().map(|worker| worker.join().map_err(|_| lost())?);
            carried.collect::<Result<Vec<_>, CoreError>>()
        })?;
        let carried: Vec<HeadThread> = carried.into_iter().flatten().collect();
        let mut carried = carried.into_iter();
        Ok(edits.iter().map(|edit| carried.by_ref().take(edit.preconditions.len()).collect()).collect())
    }

    /// Returns who has the database open that an edit concerns; 0 where that cannot be known.
    pub(super) fn open(&mut self, edit: &Edit) -> Result<Option<u32>, RepairError> {
        let path = match (&edit.change, &self.codex) {
            (Change::CodexRow(_), Some(codex)) => codex.path().to_path_buf(),
            (Change::SetAside((from, _)), _) => self.home.sqlite_home().join(from),
            _ => return Ok(None),
        };
        if let Some(known) = self.open.get(&path) {
            return Ok(*known);
        }
        let failed =
            |error: std::io::Error| StateError::External(path.clone(), error.to_string(), ErrorKind::of_io(&error));
        let open = match holders(&path).map_err(failed)? {
            None => Some(0),
            Some(holders) => holders.first().map(|holder| holder.pid.unwrap_or(0)),
        };
        self.open.insert(path, open);
        Ok(open)
    }

    /// Forgets who has which database open, to be asked anew; this process has none of them open.
    pub(super) fn forget_holders(&mut self) {
        self.open.clear();
    }

    /// Returns what is where these edits would be made.
    fn current(&mut self, edits: &[Edit]) -> Result<Vec<Current>, RepairError> {
        let mut rows = self.codex_rows(edits)?.into_iter();
        let mut own = self.own_rows(edits)?.into_iter();
        let mut threads = self.threads(edits)?.into_iter();
        let none = || Err("it was not looked at".into());
        edits
            .iter()
            .map(|edit| {
                Ok(match &edit.change {
                    Change::CodexRow(_) => rows.next().unwrap_or_else(none),
                    Change::StateRow(_) => own.next().unwrap_or_else(none),
                    Change::Mode(change) => mode(self.home, &change.path).map(CurrentValue::Mode),
                    Change::FillState(_) => Ok(CurrentValue::Phase(self.phase()?)),
                    Change::SetAside((from, to)) => names(self.home, from, to).map(CurrentValue::Names),
                    Change::Name(_) | Change::Archived(_) => threads.next().unwrap_or_else(none),
                })
            })
            .collect()
    }

    /// Returns what is where edits would be made that are about rows of Codex's.
    fn codex_rows(&self, edits: &[Edit]) -> Result<Vec<Current>, RepairError> {
        let wanted: Vec<_> = edits.iter().filter_map(|edit| codex_change(&edit.change)).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let Some(codex) = &self.codex else { return Ok(wanted.iter().map(|_| Err(NO_CODEX.into())).collect()) };
        Ok(codex.current_rows(&wanted)?.into_iter().map(|row| row.map(CurrentValue::CodexRow)).collect())
    }

    /// Returns the same for rows of the state DB.
    fn own_rows(&self, edits: &[Edit]) -> Result<Vec<Current>, RepairError> {
        let changes = edits.iter().filter_map(|edit| state_change(&edit.change));
        let rows = self.rows_of(changes.map(id_of).collect())?;
        Ok(rows.into_iter().map(|row| Ok(CurrentValue::StateRow(row?))).collect())
    }

    /// Returns what is where edits would be made of a thread's name or place.
    fn threads(&self, edits: &[Edit]) -> Result<Vec<Current>, RepairError> {
        let wanted: Vec<&Edit> = edits.iter().filter(|edit| is_of_thread(&edit.change)).collect();
        let ids = wanted.iter().map(|edit| edit.thread.clone().unwrap_or_default()).collect();
        let current = |(edit, row): (&Edit, Result<Option<ThreadRow>, String>)| {
            let row = row?.ok_or("the thread is not there any more")?;
            Ok(match edit.change {
                Change::Archived(_) => CurrentValue::Archived(row.archived),
                _ => CurrentValue::Name(row.name),
            })
        };
        Ok(wanted.into_iter().zip(self.rows_of(ids)?).map(current).collect())
    }

    /// Reads rows of the state DB; why there are none where that is not complete.
    pub(super) fn rows_of(&self, ids: Vec<String>) -> Result<Vec<Result<Option<ThreadRow>, String>>, RepairError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let deriver = RowDeriver::new(self.runtime, self.home);
        match Database::open_read_only(&SCHEMA, self.state_dir, deriver)? {
            Some(database) if database.is_complete()? => Ok(database.read_rows(ids)?.into_iter().map(Ok).collect()),
            _ => Ok(ids.iter().map(|_| Err(NO_STATE.into())).collect()),
        }
    }

    /// Returns how far the state DB is, in the words that `status` has for it.
    fn phase(&self) -> Result<String, RepairError> {
        let phase = match Database::open_read_only(&SCHEMA, self.state_dir, RowDeriver::new(self.runtime, self.home)) {
            Ok(Some(database)) => match database.phase(None) {
                // As the doctor inspects it: what is not asked for every day may be damaged all the same.
                Ok(Phase::Complete) if database.fault()?.is_some() => "damaged",
                Ok(Phase::Complete) => "complete",
                Ok(Phase::Pending) => "pending",
                Ok(Phase::Running(_)) => "running",
                Err(StateError::Corrupt(_)) => "damaged",
                Err(error) => return Err(error.into()),
            },
            Ok(None) => "none",
            Err(StateError::Newer { .. }) => "other-version",
            Err(StateError::Corrupt(_)) => "damaged",
            Err(error) => return Err(error.into()),
        };
        Ok(phase.into())
    }
}

fn carried_by(core: &mut Core, paths: &[String]) -> Result<Carried, CoreError> {
    let mut carried = Vec::new();
    for page in paths.chunks(PAGE) {
        carried.extend(core.call(&calls::HeadThreads { paths: page.to_vec() })?);
    }
    Ok(carried)
}

pub(super) const NO_CODEX: &str = "there is no state database of Codex's";
pub(super) const NO_STATE: &str = "there is no complete state DB; `threadkeep init` fills one";

/// Returns the change, if it is one of a row of Codex's.
pub(super) fn codex_change(change: &Change) -> Option<&CodexChange> {
    match change {
        Change::CodexRow(change) => Some(change),
        _ => None,
    }
}

/// Returns the change, if it is one of a row of the state DB.
pub(super) fn state_change(change: &Change) -> Option<&StateChange> {
    match change {
        Change::StateRow(change) => Some(change),
        _ => None,
    }
}

/// Says whether a change is made as the commands make it that change threads.
pub(super) fn is_of_thread(change: &Change) -> bool {
    matches!(change, Change::Name(_) | Change::Archived(_))
}

/// Returns the thread whose row changes.
pub(super) fn id_of(change: &StateChange) -> String {
    let row: Option<&ThreadRow> = change.before.as_ref().or(change.after.as_ref());
    row.map(|row| row.id.clone()).unwrap_or_default()
}

/// Returns where a file or directory of the home is reached.
pub(super) fn place<'p>(home: &'p Home, path: &'p str) -> (&'p Dir, &'p str) {
    home.resolve(path).unwrap_or((home.dir(), if path.is_empty() { "." } else { path }))
}

fn mode(home: &Home, path: &str) -> Result<Option<u32>, String> {
    let (dir, rest) = place(home, path);
    match dir.symlink_metadata(rest) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", home.absolute(path).display())),
        Ok(facts) if facts.is_symlink() => Err(format!("{} is a link", home.absolute(path).display())),
        Ok(facts) => Ok(Some(facts.permissions().mode() & 0o777)),
    }
}

/// Says of which of two names there is a file in Codex's SQLite home.
fn names(home: &Home, from: &str, to: &str) -> Result<(bool, bool), String> {
    let there = |name: &str| {
        let plain =
            !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']) && name.contains(".sqlite");
        match plain {
            true => Ok(home.sqlite_home().join(name).symlink_metadata().is_ok()),
            false => Err(format!("'{name}' is no name of a database")),
        }
    };
    Ok((there(from)?, there(to)?))
}
