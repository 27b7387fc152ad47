//! What happens when the state DB fails under one who reads: the handle is replaced, and the same is asked again.

use std::time::{Duration, Instant};

use super::{ThreadReader, lock};
use crate::db::{StateDb, StateError};
use crate::index::startup;
use crate::threads::lookup::{Lookup, LookupError};
use crate::threads::start::heal;

/// How long other threads that still read with the handle are waited for before its state DB is healed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long answers come from the files alone after the state DB failed without being damaged.
const REOPEN_AFTER: Duration = Duration::from_secs(5);
/// The pause between two looks whether the handle is closed.
const CLOSE_POLL: Duration = Duration::from_millis(2);

/// Holds the handle, and how often it was replaced.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) state: Option<StateDb>,
    pub(super) generation: u64,
    /// When the state DB may be opened again that failed without being damaged.
    pub(super) reopen: Option<Instant>,
}

impl ThreadReader {
    /// Replaces a handle whose database failed: by a new one where it was damaged and could be healed, else by none, with a
    /// warning.
    pub(super) fn recover(&self, generation: u64, failure: &StateError) -> Option<StateDb> {
        let _healing = lock(&self.shared.healing);
        let mut handle = lock(&self.shared.handle);
        if handle.generation != generation {
            // Another thread has replaced it already.
            return handle.state.clone();
        }
        let (old, config) = (handle.state.take(), self.shared.recovery.as_ref()?);
        drop(handle);
        if let Some(old) = old {
            close(old);
        }
        let healed = heal(&self.runtime, &self.shared.home, config, &failure.cause());
        self.end_progress();
        let state = match healed {
            Ok(Some((state, report))) => {
                report.warnings.into_iter().for_each(|warning| self.warn(warning));
                Some(state)
            }
            Ok(None) | Err(_) => {
                self.warn(format!("{}; answering from the files", failure.sentence()));
                None
            }
        };
        let mut handle = lock(&self.shared.handle);
        handle.generation += 1;
        handle.state.clone_from(&state);
        handle.reopen = state.is_none().then(|| Instant::now() + REOPEN_AFTER);
        state
    }

    /// Gives the handle; one whose database failed is opened again, once it is time.
    pub(super) fn handle(&self) -> Handle {
        let mut handle = lock(&self.shared.handle);
        if handle.reopen.is_some_and(|moment| moment <= Instant::now())
            && let Some(config) = &self.shared.recovery
        {
            let wait = &self.shared.wait;
            let opened = startup::open_existing(&self.runtime, &self.shared.home, &config.state_dir, wait);
            handle.reopen = opened.is_err().then(|| Instant::now() + REOPEN_AFTER);
            handle.state = opened.ok().flatten();
        }
        handle.clone()
    }
}

/// Waits until nobody else reads with a handle, so that its connection is closed before another one is opened.
fn close(state: StateDb) {
    let deadline = Instant::now() + CLOSE_TIMEOUT;
    while !state.is_last() && Instant::now() < deadline {
        std::thread::sleep(CLOSE_POLL);
    }
}

/// Asks one lookup several things. When the state DB fails under it, it goes on with another one.
pub(super) struct RecoveringLookup<'a, O> {
    reader: &'a ThreadReader,
    open: O,
    /// What the lookup was opened with.
    handle: Handle,
    /// The lookup; none where one could not be opened yet.
    lookup: Option<Lookup>,
}

impl<'a, O: Fn(&ThreadReader, Option<&StateDb>) -> Result<Lookup, LookupError>> RecoveringLookup<'a, O> {
    pub(super) fn new(reader: &'a ThreadReader, open: O) -> Self {
        RecoveringLookup { reader, open, handle: reader.handle(), lookup: None }
    }

    pub(super) fn ask<T>(&mut self, work: impl Fn(&mut Lookup) -> Result<T, LookupError>) -> Result<T, LookupError> {
        match self.ask_once(&work) {
            Err(LookupError::State(failure))
                if self.handle.state.is_some() && self.reader.shared.recovery.is_some() =>
            {
                (self.lookup, self.handle.state) = (None, None);
                self.handle.state = self.reader.recover(self.handle.generation, &failure);
                let answer = self.ask_once(&work);
                // One that was healed is not healed again for the same question.
                self.handle.generation = self.reader.handle().generation;
                answer
            }
            other => other,
        }
    }

    fn ask_once<T>(&mut self, work: impl Fn(&mut Lookup) -> Result<T, LookupError>) -> Result<T, LookupError> {
        let lookup = match &mut self.lookup {
            Some(lookup) => lookup,
            none => none.insert((self.open)(self.reader, self.handle.state.as_ref())?),
        };
        work(lookup)
    }
}
