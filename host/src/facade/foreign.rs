//! The facade, threads of other programs: kept in the state DB beside Codex's threads, never among them.

use std::time::Duration;

use threadkeep_engine::contract::{Found, ThreadRow};

use super::{Error, Result, Threadkeep, startup};
use crate::platform::error_kind::ErrorKind;
use crate::platform::file_lock::FileLock;
use crate::platform::foreign_place::ForeignPlace;
use crate::platform::wait::Wait;
use crate::threads::foreign::{ForeignError, ForeignImport, ForeignRefresh, ForeignRefreshError, ForeignTally};

/// Held while a process reads files of other programs.
const LOCK: &str = "foreign.lock";
/// How long that one is waited for: no longer than it takes to begin a program, which has the lock, too, for that moment.
const BUSY: Duration = Duration::from_millis(250);

impl Threadkeep {
    /// Brings the threads of another program up to date with its files, and gives what became of them. Where another process is at
    /// it, nothing is done.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no state DB; [`ErrorKind::Io`] where nothing of the program's files can be listed,
    /// or its name is none. What is wrong with single files is counted, and told by the doctor.
    pub fn import_foreign(&self, import: &ForeignImport) -> Result<ForeignTally> {
        let tally = self.read_foreign(import)?;
        self.follow_foreign([&tally])?;
        Ok(tally)
    }

    /// Does the same for all programs that the home was opened with. What cannot be read of one is a warning, and the others are read.
    pub fn refresh_foreign(&self) -> Result<Vec<(String, ForeignTally)>> {
        let mut tallies = Vec::new();
        for import in &self.inner.options.foreign {
            let program = import.source.name();
            match self.read_foreign(import) {
                Ok(tally) => tallies.push((program.to_owned(), tally)),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => self.reader.warn(format!("threads of {program} are as they were before: {error}")),
            }
        }
        self.follow_foreign(tallies.iter().map(|(_, tally)| tally))?;
        Ok(tallies)
    }

    /// Names the other programs whose threads are kept.
    pub fn foreign_programs(&self) -> impl Iterator<Item = &str> {
        self.inner.options.foreign.iter().map(|import| import.source.name())
    }

    /// Says whether any thread of another program is kept.
    pub fn has_foreign_threads(&self) -> Result<bool> {
        Ok(match self.state() {
            Some(state) => state.database().has_foreign_threads()?,
            None => false,
        })
    }

    /// Gives another program's own id of a thread; none where it is Codex's.
    pub fn foreign_id(&self, thread: &ThreadRow) -> Result<Option<String>> {
        match (ForeignPlace::of(&thread.path), self.state()) {
            (Some(_), Some(state)) => Ok(state.database().foreign_own_id(thread.id.clone())?),
            _ => Ok(None),
        }
    }

    /// Finds a thread that may be changed, as [`Threadkeep::find`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] where it is another program's.
    pub fn find_own(&self, wanted: &str) -> Result<Found> {
        Ok(self.reader.find_own(wanted)?)
    }

    /// Brings them up to date at a start of a process that `owns` the state, or says that they are not shown.
    pub(super) fn start_foreign(&self, owns: bool) -> Result<()> {
        let programs: Vec<&str> = self.foreign_programs().collect();
        if programs.is_empty() {
            return Ok(());
        }
        if self.state().is_some() {
            return match owns && self.inner.options.refresh {
                true => self.refresh_foreign().map(drop),
                false => Ok(()),
            };
        }
        self.reader.warn(format!(
            "threads of {} are kept in the state DB alone and are not shown without it",
            programs.join(", ")
        ));
        Ok(())
    }

    fn read_foreign(&self, import: &ForeignImport) -> Result<ForeignTally> {
        self.needed_state("keeping threads of other programs")?;
        let lock = FileLock::take_within(&self.state_dir().join(LOCK), &Wait::at_most(BUSY), "another process");
        let Some(_reading) = lock.map_err(|error| Error::new(ErrorKind::Io, error.to_string()))? else {
            return Ok(ForeignTally::default());
        };
        // A state DB that proves to be damaged is healed, and asked again.
        let read = self.reader.with_database(false, |state, database, progress| {
            if state.is_none() {
                return Ok(Err(ForeignError::temporary("there is no state DB any more")));
            }
            match (ForeignRefresh { runtime: self.runtime(), database, progress }).run(import) {
                Ok(read) => Ok(Ok(read)),
                Err(ForeignRefreshError::Source(error)) => Ok(Err(error)),
                Err(ForeignRefreshError::State(error)) => Err(error.into()),
            }
        });
        let (tally, unknown) = read?.map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        unknown.into_iter().for_each(|warning| self.reader.warn(warning));
        Ok(tally)
    }

    /// Has the rows follow what was read.
    fn follow_foreign<'a>(&self, tallies: impl IntoIterator<Item = &'a ForeignTally>) -> Result<()> {
        if tallies.into_iter().any(ForeignTally::has_changed) {
            let _: startup::Report = self.refresh()?;
        }
        Ok(())
    }
}
