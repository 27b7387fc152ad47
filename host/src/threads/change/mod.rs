//! Changes of threads that users ask for: archived, brought back, deleted, named, told otherwise what they are.
//!
//! The core says what a change takes; here it is carried out, so that a process may be killed anywhere:
//!
//! ```text
//! change.lock → plan → writer locks → the same plan again → journal → files, fsync → rows, journal entry gone
//! ```
//!
//! What the journal holds when a process starts and nobody has `change.lock`, a killed one has left: it is carried on to
//! its end, or, where it cannot even be begun, taken back (`finish_unfinished`, which every start calls). What concerns
//! the state DB alone is one transaction and needs no journal.

mod carry;
pub(crate) mod index;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::component::exports::changing::{Error as CoreChangeError, Relocation, Removal, Renaming};
use crate::component::types::{Patch, PatchField, ThreadRow};
use crate::component::{self as ask, Core, CoreError, Failed, Runtime, World};
use crate::db::{Database, Locks, StateDb, StateError};
use crate::index::startup::{self, StartupError};
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::writer_lock::{WriterLock, WriterLockError};
use crate::threads::lookup::{LookupError, named, take_failed};

use carry::Plan;
pub(crate) use carry::rename_over_nothing;

/// How long another process's change is waited for.
const WAIT: Duration = Duration::from_secs(10);
/// How often a plan is made again because threads came to it before they were locked.
const TRIES: usize = 4;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The thread is not found, or cannot be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// Something is in the way.
    #[error("{from} cannot be moved to {to}: something is there already, which is left as it is; {hint}", hint = MOVE_AWAY)]
    Occupied {
        /// Home path of the file.
        from: String,
        /// Where it would go.
        to: String,
    },
    /// The history of other threads begins in what would go.
    #[error("the history of other threads begins in this one; delete them with it by --with-forks, or first:{}", named(.0))]
    Forks(Vec<ThreadRow>),
    /// A name or a value that cannot be one.
    #[error("{0}")]
    Wrong(String),
    /// It cannot be done safely without the journal.
    #[error("{0} needs the state DB, which keeps a journal of it; {hint}", hint = WITH_STATE)]
    NeedsState(&'static str),
    /// Somebody is writing one of the threads.
    #[error(transparent)]
    Writer(#[from] WriterLockError),
    /// Another process is at it.
    #[error("another process is changing threads of this home and did not finish within {} s; {hint}", .0.as_secs(), hint = TRY_AGAIN)]
    Busy(Duration),
    /// What a killed process has begun comes first, and cannot be finished now: why.
    #[error("{0}; it has to be finished before anything else is changed")]
    Unfinished(String),
    /// What would be done now is not what was shown.
    #[error("the thread, or what goes with it, has changed since it was looked at; {hint}", hint = LOOK_AGAIN)]
    Overtaken,
    /// A file could not be moved, removed or written; everything is as it was.
    #[error("{path}: {cause}; nothing was changed")]
    File {
        /// Home path.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A file could not be moved or removed, nor could what was done before it be taken back.
    #[error("{path}: {cause}; it was left half done, and the next start goes on with it")]
    Halfway {
        /// Home path.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// Without a handle: the files could not be gone through.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

const MOVE_AWAY: &str = "move it away first";
const WITH_STATE: &str = "do it without --no-state";
const TRY_AGAIN: &str = "try again";
const LOOK_AGAIN: &str = "look again";

impl Classified for ChangeError {
    fn kind(&self) -> ErrorKind {
        match self {
            ChangeError::Lookup(error) => error.kind(),
            ChangeError::Occupied { .. } | ChangeError::Forks(_) => ErrorKind::Conflict,
            ChangeError::Unfinished(_) | ChangeError::Overtaken => ErrorKind::Conflict,
            ChangeError::Wrong(_) => ErrorKind::InvalidInput,
            ChangeError::NeedsState(_) => ErrorKind::NeedsState,
            ChangeError::Writer(error) => error.kind(),
            ChangeError::Busy(_) => ErrorKind::Busy,
            ChangeError::File { cause, .. } | ChangeError::Halfway { cause, .. } => ErrorKind::of_io(cause),
            ChangeError::State(error) => error.kind(),
            ChangeError::Core(error) => error.kind(),
            ChangeError::Startup(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            ChangeError::Lookup(error) => error.hint(),
            ChangeError::Occupied { .. } => Some(MOVE_AWAY),
            ChangeError::NeedsState(_) => Some(WITH_STATE),
            ChangeError::Writer(error) => error.hint(),
            ChangeError::Busy(_) => Some(TRY_AGAIN),
            ChangeError::Overtaken => Some(LOOK_AGAIN),
            ChangeError::State(error) => error.hint(),
            ChangeError::Core(error) => error.hint(),
            ChangeError::Startup(error) => error.hint(),
            _ => None,
        }
    }

    fn argument(&self) -> Option<&'static str> {
        match self {
            ChangeError::Lookup(error) => error.argument(),
            _ => None,
        }
    }
}

/// What a user says of a thread. Outer none: left as it is; inner none: cleared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataPatch {
    /// Git commit at the start.
    pub git_sha: Option<Option<String>>,
    /// Git branch at the start.
    pub git_branch: Option<Option<String>>,
    /// URL of the git remote `origin`.
    pub git_origin_url: Option<Option<String>>,
    /// `enabled`, `disabled` or `polluted`.
    pub memory_mode: Option<Option<String>>,
}

/// Threads that are in another collection now.
#[derive(Clone, Debug, PartialEq)]
pub struct Relocated {
    /// The thread that was asked for and all that it spawned, as their rows are now.
    pub threads: Vec<ThreadRow>,
    /// What was renamed; nothing where they all were there already.
    pub renamings: Vec<Renaming>,
}

/// What a deletion would take with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deletion {
    /// The thread that was asked for, all that it spawned, and the forks that go with them.
    pub threads: Vec<ThreadRow>,
    /// Home paths of all their rollouts.
    pub files: Vec<String>,
    with_forks: bool,
}

/// Makes changes, with the handle or, as far as one rename is enough, without it.
pub struct Changes {
    runtime: Runtime,
    home: Arc<Home>,
    state: Option<Database>,
    core: Core,
    /// A thread whose writer's lock the caller holds.
    held: Option<String>,
}

impl Changes {
    /// Makes changes in a home. Without a handle every rollout is read now: only they tell what belongs together.
    pub fn new(runtime: &Runtime, home: &Arc<Home>, state: Option<&StateDb>) -> Result<Changes, ChangeError> {
        let state = state.map(|state| state.database().clone());
        let rows = match &state {
            Some(state) => state.clone(),
            None => startup::from_files(runtime, home, None)?.0,
        };
        Ok(Changes::over(runtime, home, state, rows))
    }

    /// Makes changes in a home, with the database of the handle, if there is one, and rows that are up to date.
    pub(crate) fn over(runtime: &Runtime, home: &Arc<Home>, state: Option<Database>, rows: Database) -> Changes {
        let world = World::of(home).with_rows(Some(rows.clone())).with_lore(Some(rows));
        let core = Core::new(runtime, world.recorded(runtime.recorder()));
        Changes { runtime: runtime.clone(), home: home.clone(), state, core, held: None }
    }

    /// The same for one who holds the writer's lock of a thread.
    pub(crate) fn holding(self, thread: &str) -> Changes {
        Changes { held: Some(thread.into()), ..self }
    }

    /// Archives a thread (by whatever finds it) and all that it spawned.
    pub fn archive(&mut self, wanted: &str) -> Result<Relocated, ChangeError> {
        self.relocate(wanted, |core, wanted| core.ask(&ask::Archive { wanted }))
    }

    /// Brings a thread and all that it spawned back from the archive.
    pub fn unarchive(&mut self, wanted: &str) -> Result<Relocated, ChangeError> {
        self.relocate(wanted, |core, wanted| core.ask(&ask::Unarchive { wanted }))
    }

    /// What deleting a thread would take with it. Without `with_forks` a thread with forks is refused.
    pub fn plan_delete(&mut self, wanted: &str, with_forks: bool) -> Result<Deletion, ChangeError> {
        let answer = self.core.ask(&ask::Delete { wanted: wanted.into(), with_forks })?;
        let Removal { threads, files } = answer.map_err(|error| refused(error, wanted, take_failed(&mut self.core)))?;
        Ok(Deletion { threads, files, with_forks })
    }

    /// Deletes what was planned, if it still is all there is.
    pub fn delete(&mut self, deletion: &Deletion) -> Result<(), ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("deleting a thread"))?;
        let _changing = begin(&self.home, &state)?;
        let _locks = lock(&self.home, &deletion.threads, None)?;
        // A fork or a sub-agent may have come since: only the files know.
        startup::refresh_rows(&self.runtime, &self.home, &state)?;
        let root = deletion.threads.first().map(|thread| thread.id.clone()).unwrap_or_default();
        if self.plan_delete(&root, deletion.with_forks)? != *deletion {
            return Err(ChangeError::Overtaken);
        }
        let plan = Plan::Remove { threads: ids(&deletion.threads), files: deletion.files.clone() };
        plan.make(&self.home, &state)
    }

    /// Gives a thread a name, or takes it away whoever gave it; the row as it is now.
    pub fn name(&mut self, wanted: &str, name: Option<&str>) -> Result<ThreadRow, ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("naming a thread"))?;
        let name = kept_name(&mut self.core, name)?;
        let _changing = begin(&self.home, &state)?;
        let thread = self.find(wanted)?.id;
        let line = match name.is_empty() {
            // The index cannot say so: of its names the last one that is not empty counts.
            true => String::new(),
            false => self.index_line(thread.clone(), &name)?,
        };
        let index = index::length(&self.home);
        Plan::Name { thread: thread.clone(), name, line, index }.make(&self.home, &state)?;
        self.find(&thread)
    }

    /// Takes in what a user says of a thread; the row as it is now. On disk when this returns.
    pub fn patch(&mut self, wanted: &str, patch: &MetadataPatch) -> Result<ThreadRow, ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("patching a thread's metadata"))?;
        let patches = kept_patches(&mut self.core, patch)?;
        let thread = self.find(wanted)?.id;
        state.patch(thread.clone(), patches)?;
        self.find(&thread)
    }

    fn relocate(
        &mut self,
        wanted: &str,
        plan: impl Fn(&mut Core, String) -> Result<Result<Relocation, CoreChangeError>, CoreError>,
    ) -> Result<Relocated, ChangeError> {
        let planned =
            |core: &mut Core| plan(core, wanted.into())?.map_err(|error| refused(error, wanted, take_failed(core)));
        let _changing = self.state.as_ref().map(|state| begin(&self.home, state)).transpose()?;
        let mut plan = planned(&mut self.core)?;
        for _ in 0..TRIES {
            if plan.renamings.is_empty() {
                return Ok(Relocated { threads: plan.threads, renamings: plan.renamings });
            }
            let _locks = lock(&self.home, &plan.threads, self.held.as_ref())?;
            let again = planned(&mut self.core)?;
            if again != plan {
                plan = again;
                continue;
            }
            match (&self.state, &plan.renamings[..]) {
                (Some(state), renamings) => {
                    let plan = Plan::Relocate { threads: ids(&plan.threads), renamings: renamings.to_vec() };
                    plan.make(&self.home, state)?;
                }
                // Done whole or not at all.
                (None, [renaming]) => carry::rename(&self.home, renaming)?,
                (None, _) => return Err(ChangeError::NeedsState("moving a thread of several files")),
            }
            return self.relocated(plan);
        }
        Err(ChangeError::Overtaken)
    }

    fn relocated(&mut self, plan: Relocation) -> Result<Relocated, ChangeError> {
        let mut threads = Vec::new();
        for thread in plan.threads {
            // One that lost its files meanwhile is no reason to call the others unmoved.
            threads.push(self.find(&thread.id).unwrap_or(thread));
        }
        Ok(Relocated { threads, renamings: plan.renamings })
    }

    fn find(&mut self, wanted: &str) -> Result<ThreadRow, ChangeError> {
        let found = self.core.ask(&ask::Find { wanted: wanted.into(), within: None })?;
        Ok(found.map_err(|error| LookupError::of_core(error, wanted, take_failed(&mut self.core)))?.row)
    }

    fn index_line(&mut self, thread: String, name: &str) -> Result<String, ChangeError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let line = self.core.call("changing.index-line", |core, store| {
            core.threadkeep_core_changing().call_index_line(store, &thread, name, now)
        })?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// A name as it is kept; an empty one takes it away.
pub(crate) fn kept_name(core: &mut Core, name: Option<&str>) -> Result<String, ChangeError> {
    let Some(name) = name else { return Ok(String::new()) };
    let kept = core.call("changing.name", |core, store| core.threadkeep_core_changing().call_name(store, name))?;
    kept.map_err(ChangeError::Wrong)
}

/// What a user says of a thread, field by field, as it is kept.
pub(crate) fn kept_patches(core: &mut Core, patch: &MetadataPatch) -> Result<Vec<Patch>, ChangeError> {
    let fields = [
        (PatchField::GitSha, &patch.git_sha),
        (PatchField::GitBranch, &patch.git_branch),
        (PatchField::GitOriginUrl, &patch.git_origin_url),
        (PatchField::MemoryMode, &patch.memory_mode),
    ];
    let patches = fields.into_iter().filter_map(|(field, value)| Some(Patch { field, value: value.clone()? }));
    let checked = patches.map(|patch| {
        let kept =
            core.call("changing.checked", |core, store| core.threadkeep_core_changing().call_checked(store, &patch))?;
        kept.map_err(ChangeError::Wrong)
    });
    checked.collect()
}

/// Finishes what killed processes have begun, if nobody is changing anything now; what cannot be finished, in words.
pub(crate) fn finish_unfinished(home: &Home, state: &Database, state_dir: &Path) -> Result<Vec<String>, StateError> {
    if state.journal().unfinished()?.is_empty() {
        return Ok(Vec::new());
    }
    match FileLock::try_take(&Locks::of(state_dir).change)? {
        // Whoever has the lock is at it.
        None => Ok(Vec::new()),
        Some(_changing) => finish(home, state),
    }
}

/// The caller holds the lock.
fn finish(home: &Home, state: &Database) -> Result<Vec<String>, StateError> {
    let mut left = Vec::new();
    for (number, plan) in state.journal().unfinished()? {
        let outcome = match serde_json::from_str::<Plan>(&plan) {
            Ok(plan) => plan.finish(home, state, number),
            Err(error) => Err(ChangeError::State(StateError::Io(format!("its plan cannot be read: {error}")))),
        };
        match outcome {
            Err(ChangeError::State(error @ (StateError::Busy | StateError::Corrupt(_)))) => return Err(error),
            Err(error) => left.push(format!("a change that was broken off could not be finished: {error}")),
            Ok(()) => {}
        }
    }
    Ok(left)
}

/// The right to change threads; what others left unfinished comes first.
fn begin(home: &Home, state: &Database) -> Result<Option<FileLock>, ChangeError> {
    let Some(dir) = state.dir() else { return Ok(None) };
    let lock = FileLock::take_within(&Locks::of(dir).change, WAIT)
        .map_err(StateError::from)?
        .ok_or(ChangeError::Busy(WAIT))?;
    let left = finish(home, state)?;
    // Once that can be finished, it would undo whatever came in between.
    match state.journal().unfinished()?.iter().any(|(_, plan)| serde_json::from_str::<Plan>(plan).is_ok()) {
        true => Err(ChangeError::Unfinished(left.join("; "))),
        false => Ok(Some(lock)),
    }
}

/// The locks of all of them that are not held already.
fn lock(home: &Home, threads: &[ThreadRow], held: Option<&String>) -> Result<Vec<WriterLock>, ChangeError> {
    let free = threads.iter().filter(|thread| held != Some(&thread.id));
    Ok(free.map(|thread| WriterLock::take(home, &thread.id)).collect::<Result<_, _>>()?)
}

fn ids(threads: &[ThreadRow]) -> Vec<String> {
    threads.iter().map(|thread| thread.id.clone()).collect()
}

pub(crate) fn refused(error: CoreChangeError, wanted: &str, failed: Failed) -> ChangeError {
    match error {
        CoreChangeError::Lookup(error) => LookupError::of_core(error, wanted, failed).into(),
        CoreChangeError::Occupied(Renaming { from, to }) => ChangeError::Occupied { from, to },
        CoreChangeError::Forks(forks) => ChangeError::Forks(forks),
    }
}
