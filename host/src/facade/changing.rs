//! The facade, changing: names, metadata, the archive, deletion; runs recorded, rollouts stored smaller.

use threadkeep_engine::Cancellation;
use threadkeep_engine::contract::{BranchRequest, ThreadRow};

use super::{Result, Threadkeep};
use crate::threads::change::{Changes, CollectionMove, Deletion, MetadataPatch};
use crate::threads::compress::{self, CompressOptions, Report as CompressReport};
use crate::threads::exec::{Run, RunReport, exec};
use crate::threads::store::ThreadStore as _;

/// Takes what a run has to say while it goes on.
pub trait RunObserver {
    /// Is called once the thread is on disk, before the program is started.
    fn begun(&self, thread: &str);
    /// Is called with a sentence that a person should read.
    fn warn(&self, warning: &str);
}

impl Threadkeep {
    /// Gives a thread a name, or takes it away whoever gave it; the row as it is then.
    pub fn name(&self, wanted: &str, name: Option<&str>) -> Result<ThreadRow> {
        match self.open_here(wanted)? {
            Some(thread) => Ok(self.store().name(&thread, name)?),
            None => Ok(self.changes()?.name(wanted, name)?),
        }
    }

    /// Corrects what is known of a thread; the row as it is then.
    pub fn patch(&self, wanted: &str, patch: &MetadataPatch) -> Result<ThreadRow> {
        match self.open_here(wanted)? {
            Some(thread) => Ok(self.store().patch(&thread, patch)?),
            None => Ok(self.changes()?.patch(wanted, patch)?),
        }
    }

    /// Moves a thread with all its files, and the sub-agents that it spawned, into the archive.
    pub fn archive(&self, wanted: &str) -> Result<CollectionMove> {
        match self.open_here(wanted)? {
            Some(thread) => Ok(self.store().move_to(&thread, Changes::archive)?),
            None => Ok(self.changes()?.archive(wanted)?),
        }
    }

    /// Moves a thread with all that it spawned back out of the archive.
    pub fn unarchive(&self, wanted: &str) -> Result<CollectionMove> {
        match self.open_here(wanted)? {
            Some(thread) => Ok(self.store().move_to(&thread, Changes::unarchive)?),
            None => Ok(self.changes()?.unarchive(wanted)?),
        }
    }

    /// Says what archiving a thread would move, and moves nothing.
    pub fn plan_archive(&self, wanted: &str) -> Result<CollectionMove> {
        Ok(self.changes()?.plan_archive(wanted)?)
    }

    /// Says what taking a thread out of the archive would move, and moves nothing.
    pub fn plan_unarchive(&self, wanted: &str) -> Result<CollectionMove> {
        Ok(self.changes()?.plan_unarchive(wanted)?)
    }

    /// Gives a name for a thread in the form in which it is stored; fails where no thread can be called so.
    pub fn check_name(&self, name: &str) -> Result<String> {
        Ok(self.changes()?.check_name(name)?)
    }

    /// Says what deleting a thread would take with it; refused while forks begin in it, unless they are to go too.
    pub fn plan_delete(&self, wanted: &str, with_forks: bool) -> Result<Deletion> {
        Ok(self.changes()?.plan_delete(wanted, with_forks)?)
    }

    /// Deletes what was planned, for good, if it still is all there is.
    pub fn delete(&self, deletion: &Deletion) -> Result<()> {
        Ok(self.changes()?.delete(deletion)?)
    }

    /// Stores rollouts smaller that nobody has written for long. The state DB is left alone: the next start sees what became of
    /// the files.
    pub fn compress(&self, options: CompressOptions) -> Result<CompressReport> {
        Ok(compress::compress(self.runtime(), self.home(), options)?)
    }

    /// Forks a new thread off a thread, or has the thread go back to an earlier place; gives the id of the one that it is.
    pub fn branch(&self, wanted: &str, request: &BranchRequest) -> Result<String> {
        Ok(self.store().branch(&self.find_own(wanted)?.row.id, request)?)
    }

    /// Runs a program and records it as a turn of a thread. From here on SIGINT, SIGTERM and SIGHUP of this process are the
    /// program's.
    pub fn exec(&self, run: &Run, observer: &dyn RunObserver) -> Result<RunReport> {
        let started = |thread: &str| observer.begun(thread);
        let warn = |warning: &str| observer.warn(warning);
        let state_dir = self.state().map(|_| self.state_dir());
        Ok(exec(self.runtime(), self.store(), state_dir, run, &started, &warn)?)
    }

    /// Gives the id of the thread, where it is open for writing in this process: what was appended is written first.
    fn open_here(&self, wanted: &str) -> Result<Option<String>> {
        let Some(store) = self.inner.store.get().filter(|store| store.has_open_threads()) else { return Ok(None) };
        let thread = self.find(wanted, None)?.row.id;
        Ok(store.is_open(&thread).then_some(thread))
    }

    /// Prepares to make changes. One that has begun comes to its end, whatever is cancelled meanwhile.
    pub(super) fn changes(&self) -> Result<Changes> {
        Ok(self.reader.with_runtime(self.runtime().cancellable(Cancellation::default())).changes()?)
    }
}
