//! The facade, pushing: threads as rows of tables to a place where engines ask questions of many homes.

use std::path::Path;
use std::time::Duration;

use threadkeep_engine::contract::RowQuery;

use super::{Error, Result, Threadkeep};
use crate::platform::error_kind::ErrorKind;
use crate::platform::file_lock::FileLock;
use crate::push::{FetchRequest, Fetched, Push, PushRequest, Pushed, RowSink, fetch};

/// Held while a process pushes.
const LOCK: &str = "push.lock";
const JUST_OPENED: Duration = Duration::from_secs(2);

impl Threadkeep {
    /// Says whether threads of this home were pushed to a place before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle.
    pub fn was_pushed_to(&self, destination: &str) -> Result<bool> {
        Ok(self.needed_state("a push")?.database().has_pushed(destination)?)
    }

    /// Sends the rows of threads that a place lacks into a sink, and keeps what is there to stay. What was committed stays, however the
    /// push ends, and the next one goes on from there. Threads of directories that are kept out of the index never leave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle, [`ErrorKind::Busy`] where another process pushes threads of this home,
    /// and whatever the sink fails with.
    pub fn push(&self, request: &PushRequest, sink: &mut dyn RowSink) -> Result<Pushed> {
        let state = self.needed_state("a push")?;
        let lock = FileLock::try_take(&self.state_dir().join(LOCK));
        let lock = lock.map_err(|error| Error::new(ErrorKind::of_io(&error.cause), error.to_string()))?;
        let _lock = lock.ok_or_else(|| {
            let why = "another process pushes threads of this home; wait for its end";
            Error::new(ErrorKind::Busy, why)
        })?;
        // What the opening saw a moment ago is not looked at again.
        if self.inner.options.refresh && self.inner.opened.elapsed() > JUST_OPENED {
            self.refresh()?;
        }
        let excluded: Vec<RowQuery> = self.index_exclusions().queries().collect();
        let pushed = Push::run(&self.reader, state.database(), request, &excluded, sink);
        self.reader.end_progress();
        Ok(pushed?)
    }

    /// Fetches threads that were pushed whole from a place, by the program that keeps tables, into files that can be imported. They
    /// are there as long as what this gives.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle, [`ErrorKind::Busy`] where another process fetches threads, and whatever
    /// the program fails with.
    pub fn fetch_pushed(&self, program: &Path, place: &str, request: &FetchRequest) -> Result<Fetched> {
        self.needed_state("an import")?;
        let (cancellation, progress) = (self.runtime().cancellation(), self.progress());
        let fetched = fetch(program, place, request, self.state_dir(), cancellation, progress.as_ref());
        self.reader.end_progress();
        Ok(fetched?)
    }
}
