//! The facade, features: what is kept beside threads. Threads are named as [`Threadkeep::find`] finds them.

use std::time::Duration;

use super::{Error, Result, Threadkeep, now};
use crate::db::{FeatureError, StateDb, StateError};
use crate::features::device_keys::{self, Binding};
use crate::features::goals::{self, Goal, GoalChange, Source};
use crate::features::memories::{self, Claim, MemoryBounds};
use crate::features::moved_directories::{self, RecordedMove};
use crate::features::personality::{self, Outcome};
use crate::features::shell_snapshots::{self, Snapshot};
use crate::platform::error_kind::ErrorKind;
use crate::threads::change::MetadataPatch;
use crate::threads::feature_inputs::{has_threads, rollouts_and_threads};
use crate::threads::moved_directories::{MoveCheck, survey};

/// The goal of a thread, and who keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadGoal {
    /// The thread's id.
    pub thread: String,
    /// Its goal; none where nobody keeps one.
    pub goal: Option<(Goal, Source)>,
}

/// A claim on a thread, reported on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedThread {
    /// The thread's id.
    pub thread: String,
    /// When the lease ends, or when the thread may be tried again, milliseconds since the epoch.
    pub until: i64,
}

/// A project directory that was moved, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedDirectory {
    /// What speaks for it.
    pub check: MoveCheck,
    /// Whether this is news; nobody said so before.
    pub is_new: bool,
}

impl Threadkeep {
    /// Gives the goal of a thread; where none is kept here, the one that Codex keeps.
    pub fn goal(&self, wanted: &str) -> Result<ThreadGoal> {
        let thread = self.id_of(wanted)?;
        let goal = match goals::get(self.runtime(), self.home(), self.state().as_ref(), &thread) {
            Err(FeatureError::State(error @ StateError::External(..))) => {
                self.reader.warn(format!("{error}; a goal that only it knows is missing"));
                None
            }
            goal => goal?,
        };
        Ok(ThreadGoal { thread, goal })
    }

    /// Sets, rewords or accounts for the goal of a thread, by Codex's rules; the goal as it is then.
    pub fn change_goal(&self, wanted: &str, change: GoalChange) -> Result<ThreadGoal> {
        let state = self.needed_state("changing a goal")?;
        let thread = self.find_own(wanted)?.row.id;
        let goal = goals::change(self.home(), &state, &thread, change, now())?;
        Ok(ThreadGoal { thread, goal: Some((goal, Source::Threadkeep)) })
    }

    /// Forgets the goal that is kept here; the thread's id, and whether there was one.
    pub fn clear_goal(&self, wanted: &str) -> Result<(String, bool)> {
        let state = self.needed_state("clearing a goal")?;
        let thread = self.find_own(wanted)?.row.id;
        let cleared = goals::clear(&state, &thread)?;
        Ok((thread, cleared))
    }

    /// Gives the memory mode of a thread; the thread's id, and the mode where there is one.
    pub fn memory_mode(&self, wanted: &str) -> Result<(String, Option<String>)> {
        let row = self.find(wanted, None)?.row;
        Ok((row.id, row.memory_mode))
    }

    /// Sets the memory mode of a thread. `observed` sets it as a program may: what is disabled or polluted stays so.
    pub fn set_memory_mode(&self, wanted: &str, mode: &str, observed: bool) -> Result<(String, Option<String>)> {
        let state = self.needed_state("setting a memory mode")?;
        let row = self.find_own(wanted)?.row;
        let next = memories::next_mode(&state, row.memory_mode.as_deref(), mode, !observed)?;
        if row.memory_mode.as_ref() == Some(&next) {
            return Ok((row.id, row.memory_mode));
        }
        let patch = MetadataPatch { memory_mode: Some(Some(next)), ..MetadataPatch::default() };
        let row = self.patch(&row.id, &patch)?;
        Ok((row.id, row.memory_mode))
    }

    /// Lists threads whose memories may be extracted now, newest first, at most `limit`, or all for 0; each with the time of its
    /// last update, milliseconds since the epoch.
    pub fn memory_candidates(&self, bounds: &MemoryBounds, limit: u32) -> Result<Vec<(String, i64)>> {
        Ok(memories::candidates(&self.needed_state("listing candidates")?, bounds, limit, now())?)
    }

    /// Claims candidates for a worker.
    pub fn claim_memories(
        &self,
        worker: &str,
        bounds: &MemoryBounds,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Claim>> {
        let state = self.needed_state("a claim")?;
        Ok(memories::claim(&state, worker, bounds, millis(lease), limit, now())?)
    }

    /// Keeps a claim, from now on.
    pub fn renew_memory_claim(&self, wanted: &str, token: &str, lease: Duration) -> Result<ClaimedThread> {
        let (state, thread) = self.claimed(wanted)?;
        let until = memories::renew(&state, &thread, token, millis(lease), now())?;
        Ok(ClaimedThread { thread, until })
    }

    /// Gives a claim back, done up to an update of the thread, milliseconds since the epoch.
    pub fn finish_memory_claim(&self, wanted: &str, token: &str, up_to: i64) -> Result<ClaimedThread> {
        let (state, thread) = self.claimed(wanted)?;
        memories::finish(&state, &thread, token, up_to, now())?;
        Ok(ClaimedThread { thread, until: up_to })
    }

    /// Gives a claim back, not done; when the thread may be tried again.
    pub fn fail_memory_claim(&self, wanted: &str, token: &str, retry_after: Duration) -> Result<ClaimedThread> {
        let (state, thread) = self.claimed(wanted)?;
        let now = now();
        memories::fail(&state, &thread, token, millis(retry_after), now)?;
        Ok(ClaimedThread { thread, until: now.saturating_add(millis(retry_after)) })
    }

    /// Binds a device key, anew if it was bound before.
    pub fn put_device_key(&self, key: &str, account: &str, client: &str) -> Result<Binding> {
        Ok(device_keys::put(self.state().as_ref(), key, account, client, now())?)
    }

    /// Gives the binding of a device key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where it is not bound.
    pub fn device_key(&self, key: &str) -> Result<Binding> {
        device_keys::get(self.state().as_ref(), key)?.ok_or_else(|| unbound(key))
    }

    /// Forgets a device key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where it is not bound.
    pub fn delete_device_key(&self, key: &str) -> Result<()> {
        match device_keys::delete(self.state().as_ref(), key)? {
            true => Ok(()),
            false => Err(unbound(key)),
        }
    }

    /// Lists every device key that is bound.
    pub fn device_keys(&self) -> Result<Vec<Binding>> {
        Ok(device_keys::list(self.state().as_ref())?)
    }

    /// Says what becomes of every shell snapshot. Those of `active` threads stay, which are named by what finds them, and those
    /// of `running`, by their ids.
    pub fn plan_snapshots(&self, retention: Duration, active: &[String], running: &[String]) -> Result<Vec<Snapshot>> {
        let mut threads = Vec::new();
        for wanted in active {
            threads.push(self.id_of(wanted)?);
        }
        threads.extend(running.iter().cloned());
        let rollouts = || rollouts_and_threads(self.runtime(), self.home(), self.state().as_ref());
        Ok(shell_snapshots::plan(self.runtime(), self.home(), retention, &threads, rollouts)?)
    }

    /// Removes those shell snapshots of a plan that are to go.
    pub fn remove_snapshots(&self, plan: &[Snapshot]) -> Result<()> {
        Ok(shell_snapshots::remove(self.home(), plan)?)
    }

    /// Says what would become of the home's personality; nothing is changed.
    pub fn preview_personality(&self) -> Result<Outcome> {
        let has_threads = || has_threads(self.runtime(), self.home(), self.state().as_ref());
        Ok(personality::preview(self.runtime(), self.home(), has_threads)?)
    }

    /// Sets the personality of a home that has threads and whose user has not chosen one, once.
    pub fn migrate_personality(&self) -> Result<Outcome> {
        let has_threads = || has_threads(self.runtime(), self.home(), self.state().as_ref());
        Ok(personality::migrate(self.runtime(), self.home(), has_threads)?)
    }

    /// Lists the directories that were said to have moved, in the order in which they were told.
    pub fn moved_directories(&self) -> Result<Vec<RecordedMove>> {
        Ok(moved_directories::list(&self.needed_state("listing moved directories")?)?)
    }

    /// Says what speaks for a directory having moved, and whether that would be news; nothing is changed.
    pub fn check_moved_directory(&self, from: &str, to: &str) -> Result<MovedDirectory> {
        let state = self.needed_state("moving a directory")?;
        let is_new = moved_directories::check(&state, from, to)?;
        let check = survey(self.runtime(), self.home(), &state, from, to)?;
        Ok(MovedDirectory { check, is_new })
    }

    /// Takes in that a directory was moved; false where that was told already.
    pub fn move_directory(&self, from: &str, to: &str) -> Result<bool> {
        Ok(moved_directories::record(&self.needed_state("moving a directory")?, from, to, now())?)
    }

    /// Forgets what was told last of a directory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where nothing was.
    pub fn undo_moved_directory(&self, from: &str) -> Result<RecordedMove> {
        let gone = moved_directories::undo(&self.needed_state("moving a directory")?, from)?;
        gone.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("{from} was not relocated")))
    }

    /// Gives what was told last of a directory: what [`Threadkeep::undo_moved_directory`] would forget.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where nothing was.
    pub fn last_moved_directory(&self, from: &str) -> Result<RecordedMove> {
        let told = moved_directories::list(&self.needed_state("moving a directory")?)?;
        let last = told.into_iter().rfind(|told| told.from == from);
        last.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("{from} was not relocated")))
    }

    pub(super) fn id_of(&self, wanted: &str) -> Result<String> {
        Ok(self.find(wanted, None)?.row.id)
    }

    fn claimed(&self, wanted: &str) -> Result<(StateDb, String)> {
        Ok((self.needed_state("a claim")?, self.id_of(wanted)?))
    }
}

fn unbound(key: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("no device key '{key}' is bound"))
}

fn millis(span: Duration) -> i64 {
    span.as_millis().min(i64::MAX as u128) as i64
}
