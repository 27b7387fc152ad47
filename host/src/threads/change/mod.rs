//! Changes of threads: moved into the archive and back, deleted, named, their metadata corrected.
//!
//! The core plans a change; here it is executed, so that a process may be killed anywhere:
//!
//! ```text
//! change.lock → plan → writer locks → the same plan again → journal entry → files, fsync → rows, entry completed
//! ```
//!
//! An entry that the journal holds when nobody has `change.lock` was left by a killed process: every start executes it to its
//! end or, where it cannot even be begun, takes it back (`finish_unfinished`). What concerns the state DB alone is one
//! transaction and needs no journal.

mod error;
mod execute;
mod family_locks;
pub(crate) mod session_index;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use threadkeep_engine::contract::{
    ChangeError as CoreChangeError, CollectionMove as MovePlan, FileMove, LookupError as CoreLookupError, Patch,
    PatchField, Rejection, Removal, ThreadRow,
};
use threadkeep_engine::{Call, Core, CoreError, Runtime, calls};

use crate::db::{Database, Locks, StateDb, StateError, imports_with_foreign};
use crate::index::startup;
use crate::platform::file_lock::FileLock;
use crate::platform::home::Home;
use crate::platform::wait::Wait;

pub use error::ChangeError;
use execute::Plan;
use family_locks::FamilyLocks;

/// How often a plan is made again because it changed before all its threads were locked.
const MAX_TRIES: usize = 4;

/// Says what a user corrects of a thread's metadata. A field is left as it is for the outer none, and cleared for the inner
/// one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataPatch {
    /// The git commit at the thread's start.
    pub git_sha: Option<Option<String>>,
    /// The git branch at the thread's start.
    pub git_branch: Option<Option<String>>,
    /// The URL of the git remote `origin`.
    pub git_origin_url: Option<Option<String>>,
    /// The memory mode: `enabled`, `disabled` or `polluted`.
    pub memory_mode: Option<Option<String>>,
}

/// Says which threads were moved into the archive or out of it, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionMove {
    /// The thread that was asked for, first, and all that it spawned, as their rows are now.
    pub threads: Vec<ThreadRow>,
    /// The files that were renamed, by their home paths; none where all threads were in that collection already.
    pub renamings: Vec<FileMove>,
}

/// Says what a deletion removes; it is planned first, shown, and then done.
#[derive(Clone, Debug, PartialEq)]
pub struct Deletion {
    /// The thread that was asked for, all that it spawned, and the forks that go with them.
    pub threads: Vec<ThreadRow>,
    /// The home paths of all their rollouts.
    pub files: Vec<String>,
    with_forks: bool,
}

/// Makes changes of a home's threads, with the handle or, as far as one rename is enough, without it.
pub struct Changes {
    runtime: Runtime,
    home: Arc<Home>,
    state: Option<Database>,
    /// What is known of threads.
    rows: Database,
    core: Core,
    /// A thread whose writer lock the caller holds.
    locked_thread: Option<String>,
    /// The caller holds the lock of changes.
    is_locked: bool,
    wait: Wait,
}

impl Changes {
    /// Opens a home for changes. Without a handle every rollout is read now: only they tell which threads belong together.
    pub fn new(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        wait: Wait,
    ) -> Result<Changes, ChangeError> {
        let state = state.map(|state| state.database().clone());
        let rows = match &state {
            Some(state) => state.clone(),
            None => startup::from_files(runtime, home, None)?.0,
        };
        Ok(Changes::over(runtime, home, state, rows, wait))
    }

    /// Makes changes in a home, with the database of the handle, if there is one, and rows that are up to date.
    pub(crate) fn over(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<Database>,
        rows: Database,
        wait: Wait,
    ) -> Changes {
        let imports = imports_with_foreign(home, &rows).with_rows(rows.rows());
        let core = Core::new(runtime, imports.with_sources(rows.sources(home.default_provider())));
        Changes {
            runtime: runtime.clone(),
            home: home.clone(),
            state,
            rows,
            core,
            locked_thread: None,
            is_locked: false,
            wait,
        }
    }

    /// Gives the same changes for a caller that holds the writer lock of a thread.
    pub(crate) fn with_locked_thread(self, thread: &str) -> Changes {
        Changes { locked_thread: Some(thread.into()), ..self }
    }

    /// Gives the same changes for a caller that holds the lock of changes, which nobody else then waits for.
    pub(crate) fn under_lock(self) -> Changes {
        Changes { is_locked: true, ..self }
    }

    /// Moves a thread and all that it spawned into the archive. `wanted` is whatever [`Lookup::find`] takes.
    ///
    /// [`Lookup::find`]: crate::threads::lookup::Lookup::find
    pub fn archive(&mut self, wanted: &str) -> Result<CollectionMove, ChangeError> {
        self.move_to_collection(wanted, &calls::Archive { wanted: wanted.into() })
    }

    /// Moves a thread and all that it spawned back out of the archive.
    pub fn unarchive(&mut self, wanted: &str) -> Result<CollectionMove, ChangeError> {
        self.move_to_collection(wanted, &calls::Unarchive { wanted: wanted.into() })
    }

    /// Says what archiving a thread would move, and moves nothing.
    pub fn plan_archive(&mut self, wanted: &str) -> Result<CollectionMove, ChangeError> {
        self.plan_move(wanted, &calls::Archive { wanted: wanted.into() })
    }

    /// Says what taking a thread out of the archive would move, and moves nothing.
    pub fn plan_unarchive(&mut self, wanted: &str) -> Result<CollectionMove, ChangeError> {
        self.plan_move(wanted, &calls::Unarchive { wanted: wanted.into() })
    }

    fn plan_move(
        &mut self,
        wanted: &str,
        plan: &impl Call<Answer = Result<MovePlan, CoreChangeError>>,
    ) -> Result<CollectionMove, ChangeError> {
        let planned = self.core.call(plan)?.map_err(|error| self.meant(failed(&self.core, error, wanted)))?;
        Ok(CollectionMove { threads: planned.threads, renamings: planned.moves })
    }

    /// Gives a name in the form in which it is stored.
    ///
    /// # Errors
    ///
    /// Fails with [`ChangeError::InvalidValue`] where a thread cannot be called so.
    pub fn check_name(&mut self, name: &str) -> Result<String, ChangeError> {
        checked_name(&mut self.core, Some(name))
    }

    /// Plans the deletion of a thread and all that it spawned, and with `with_forks` of the forks whose history begins in them.
    ///
    /// # Errors
    ///
    /// Fails with [`ChangeError::Forks`] where there are such forks and `with_forks` is not set.
    pub fn plan_delete(&mut self, wanted: &str, with_forks: bool) -> Result<Deletion, ChangeError> {
        let answer = self.core.call(&calls::Delete { wanted: wanted.into(), with_forks })?;
        let Removal { threads, files } = answer.map_err(|error| self.meant(failed(&self.core, error, wanted)))?;
        Ok(Deletion { threads, files, with_forks })
    }

    /// Deletes what was planned, for good.
    ///
    /// # Errors
    ///
    /// Fails with [`ChangeError::Outdated`], and deletes nothing, where the plan would be another one now.
    pub fn delete(&mut self, deletion: &Deletion) -> Result<(), ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("deleting a thread"))?;
        let _changing = self.lock(&state)?;
        let home = self.home.clone();
        let mut locks = FamilyLocks::take(&home, Some(&state), &ids(&deletion.threads), None)?;
        // A fork or a sub-agent may have been added since: only the files tell.
        startup::refresh_rows(&self.runtime, &self.home, &state, &self.wait)?;
        let root = deletion.threads.first().map(|thread| thread.id.clone()).unwrap_or_default();
        if self.plan_delete(&root, deletion.with_forks)? != *deletion {
            return Err(ChangeError::Outdated);
        }
        let plan = Plan::Remove { threads: ids(&deletion.threads), files: deletion.files.clone() };
        plan.execute(&self.home, &state, &mut locks, &self.wait)
    }

    /// Gives a thread a name, or takes its name away whoever gave it; gives the row as it is then.
    pub fn name(&mut self, wanted: &str, name: Option<&str>) -> Result<ThreadRow, ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("naming a thread"))?;
        let name = checked_name(&mut self.core, name)?;
        let _changing = self.lock(&state)?;
        let row = self.find(wanted)?;
        let thread = row.id.clone();
        let line = self.index_line(row, &name)?;
        let index = session_index::length(&self.home);
        let mut locks = FamilyLocks::take(&self.home, None, &[], None)?;
        Plan::Name { thread: thread.clone(), name, line, index }.execute(&self.home, &state, &mut locks, &self.wait)?;
        drop(locks);
        self.find(&thread)
    }

    /// Stores what a user corrects of a thread's metadata; gives the row as it is then. It is on disk when this returns.
    pub fn patch(&mut self, wanted: &str, patch: &MetadataPatch) -> Result<ThreadRow, ChangeError> {
        let state = self.state.clone().ok_or(ChangeError::NeedsState("patching a thread's metadata"))?;
        let patches = checked_patches(&mut self.core, patch)?;
        let thread = self.find(wanted)?.id;
        state.patch(thread.clone(), patches)?;
        self.find(&thread)
    }

    fn move_to_collection(
        &mut self,
        wanted: &str,
        plan: &impl Call<Answer = Result<MovePlan, CoreChangeError>>,
    ) -> Result<CollectionMove, ChangeError> {
        let planned = |core: &mut Core| core.call(plan)?.map_err(|error| failed(core, error, wanted));
        let _changing = self.state.as_ref().map(|state| self.lock(state)).transpose()?;
        let mut plan = planned(&mut self.core).map_err(|error| self.meant(error))?;
        for _ in 0..MAX_TRIES {
            if plan.moves.is_empty() {
                return Ok(CollectionMove { threads: plan.threads, renamings: plan.moves });
            }
            let (home, own) = (self.home.clone(), self.locked_thread.clone());
            let mut locks = FamilyLocks::take(&home, self.state.as_ref(), &ids(&plan.threads), own.as_deref())?;
            let again = planned(&mut self.core)?;
            if again != plan {
                plan = again;
                continue;
            }
            match (&self.state, &plan.moves[..]) {
                (Some(state), renamings) => {
                    let plan = Plan::Move { threads: ids(&plan.threads), renamings: renamings.to_vec() };
                    plan.execute(&self.home, state, &mut locks, &self.wait)?;
                }
                // One rename is done whole or not at all.
                (None, [renaming]) => execute::rename(&self.home, renaming)?,
                (None, _) => return Err(ChangeError::NeedsState("moving a thread of several files")),
            }
            return self.with_current_rows(plan);
        }
        Err(ChangeError::Outdated)
    }

    /// Takes the lock of changes, unless the caller holds it, and finishes what killed processes left.
    fn lock(&self, state: &Database) -> Result<Option<FileLock>, ChangeError> {
        match self.is_locked {
            true => finish_first(&self.home, state, &self.wait).map(|()| None),
            false => lock_changes(&self.home, state, &self.wait),
        }
    }

    fn with_current_rows(&mut self, plan: MovePlan) -> Result<CollectionMove, ChangeError> {
        let mut threads = Vec::new();
        for thread in plan.threads {
            // That one lost its files meanwhile does not mean that the others were not moved.
            threads.push(self.find(&thread.id).unwrap_or(thread));
        }
        Ok(CollectionMove { threads, renamings: plan.moves })
    }

    fn find(&mut self, wanted: &str) -> Result<ThreadRow, ChangeError> {
        let found = self.core.call(&calls::FindOwn { wanted: wanted.into() })?;
        let failed = |error| self.meant(failed(&self.core, CoreChangeError::Lookup(error), wanted));
        Ok(found.map_err(failed)?.row)
    }

    /// Tells, where no thread was found, those that may be meant.
    fn meant(&self, error: ChangeError) -> ChangeError {
        let rows = || Ok(self.rows.clone());
        match error {
            ChangeError::Lookup(error) => error.with_candidates(&self.runtime, &self.home, None, rows).into(),
            error => error,
        }
    }

    fn index_line(&mut self, thread: ThreadRow, name: &str) -> Result<String, ChangeError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let at_ns = i64::try_from(now).unwrap_or(i64::MAX);
        Ok(self.core.call(&calls::IndexLine { thread, name: name.into(), at_ns })?)
    }
}

/// Gives the error for one of a core about `wanted`.
fn failed(core: &Core, error: CoreChangeError, wanted: &str) -> ChangeError {
    match error {
        // What was cancelled in the middle of an import is told of as a failure of that.
        CoreChangeError::Lookup(CoreLookupError::State(_)) if core.is_cancelled() => CoreError::Cancelled.into(),
        error => ChangeError::from_core(error, wanted),
    }
}

/// Gives a name in the form in which it is stored; it is empty for none, which takes the name away.
pub(crate) fn checked_name(core: &mut Core, name: Option<&str>) -> Result<String, ChangeError> {
    let Some(name) = name else { return Ok(String::new()) };
    core.call(&calls::CheckName { given: name.into() })?.map_err(invalid)
}

/// Gives the error for a name or a value that the core rejects.
fn invalid(rejection: Rejection) -> ChangeError {
    match rejection {
        Rejection::Invalid(why) => ChangeError::InvalidValue(why),
        other => ChangeError::InvalidValue(format!("it is rejected: {other:?}")),
    }
}

/// Gives the fields of a patch in the form in which they are stored.
pub(crate) fn checked_patches(core: &mut Core, patch: &MetadataPatch) -> Result<Vec<Patch>, ChangeError> {
    let fields = [
        (PatchField::GitSha, &patch.git_sha),
        (PatchField::GitBranch, &patch.git_branch),
        (PatchField::GitOriginUrl, &patch.git_origin_url),
        (PatchField::MemoryMode, &patch.memory_mode),
    ];
    let patches = fields.into_iter().filter_map(|(field, value)| Some(Patch { field, value: value.clone()? }));
    patches.map(|patch| core.call(&calls::CheckPatch { patch })?.map_err(invalid)).collect()
}

/// Finishes the changes that killed processes have begun, if nobody is changing anything now; gives a sentence for each that
/// cannot be finished.
pub(crate) fn finish_unfinished(
    home: &Home,
    state: &Database,
    state_dir: &Path,
    wait: &Wait,
) -> Result<Vec<String>, StateError> {
    if state.journal().unfinished()?.is_empty() {
        return Ok(Vec::new());
    }
    match FileLock::try_take(&Locks::of(state_dir).change)? {
        // Whoever has the lock finishes them.
        None => Ok(Vec::new()),
        Some(_changing) => finish(home, state, wait),
    }
}

/// Finishes what the journal holds; the caller holds the lock of changes.
fn finish(home: &Home, state: &Database, wait: &Wait) -> Result<Vec<String>, StateError> {
    let mut unfinished = Vec::new();
    for (number, plan) in state.journal().unfinished()? {
        let outcome = match Plan::read(home, &plan) {
            Ok(plan) => plan.resume(home, state, number, wait),
            Err(why) => Err(ChangeError::State(StateError::Io(format!("its plan cannot be read: {why}")))),
        };
        match outcome {
            Err(ChangeError::State(error @ (StateError::Busy | StateError::Corrupt(_)))) => return Err(error),
            Err(error) => unfinished.push(format!("a change that was broken off could not be finished: {error}")),
            Ok(()) => {}
        }
    }
    Ok(unfinished)
}

/// Takes the lock of changes, and finishes what killed processes left. A database without a directory needs no lock.
pub(super) fn lock_changes(home: &Home, state: &Database, wait: &Wait) -> Result<Option<FileLock>, ChangeError> {
    let Some(dir) = state.dir() else { return Ok(None) };
    let who = "another process, which is changing threads of this home";
    let lock = FileLock::take_within(&Locks::of(dir).change, wait, who)
        .map_err(StateError::from)?
        .ok_or(ChangeError::Busy(wait.bound()))?;
    finish_first(home, state, wait)?;
    Ok(Some(lock))
}

/// Finishes what killed processes left before anything else is changed; the caller holds the lock of changes.
fn finish_first(home: &Home, state: &Database, wait: &Wait) -> Result<(), ChangeError> {
    let unfinished = finish(home, state, wait)?;
    // Such a change, finished later, would undo whatever was changed in between.
    match state.journal().unfinished()?.iter().any(|(_, plan)| Plan::read(home, plan).is_ok()) {
        true => Err(ChangeError::Unfinished(unfinished.join("; "))),
        false => Ok(()),
    }
}

fn ids(threads: &[ThreadRow]) -> Vec<String> {
    threads.iter().map(|thread| thread.id.clone()).collect()
}
