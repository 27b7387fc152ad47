//! The threads that are open for writing in a store, and the encoding of items as lines, which every store has the core do.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use threadkeep_engine::contract::{Begun, Resumed, WriteContext};
use threadkeep_engine::{Core, Imports, Runtime, calls};

use super::{Item, NewThread, StoreError, StoreResult};

/// Holds the threads that are open for writing by their ids, each with the writer of its store.
pub(super) struct Writers<T>(Mutex<HashMap<String, Arc<Mutex<T>>>>);

impl<T> Default for Writers<T> {
    fn default() -> Self {
        Writers(Mutex::default())
    }
}

impl<T> Writers<T> {
    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Mutex<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a thread, and says whether it was not open before; where it was, nothing happens.
    pub(super) fn insert(&self, thread: &str, writer: T) -> bool {
        match self.open().entry(thread.into()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(Arc::new(Mutex::new(writer)));
                true
            }
        }
    }

    /// Says whether a thread is open.
    pub(super) fn has(&self, thread: &str) -> bool {
        self.open().contains_key(thread)
    }

    /// Does something with the writer of an open thread, while other threads can be used. Fails where it is not open.
    pub(super) fn with<A>(&self, thread: &str, work: impl FnOnce(&mut T) -> StoreResult<A>) -> StoreResult<A> {
        let writer = self.open().get(thread).cloned();
        let writer = writer.ok_or_else(|| StoreError::NotOpen(thread.into()))?;
        work(&mut writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes a thread. Fails where it is not open.
    pub(super) fn remove(&self, thread: &str) -> StoreResult<()> {
        self.open().remove(thread).map(drop).ok_or_else(|| StoreError::NotOpen(thread.into()))
    }

    /// Gives the ids of the threads that are open.
    pub(super) fn threads(&self) -> Vec<String> {
        self.open().keys().cloned().collect()
    }
}

/// Encodes items as lines of rollouts, by the core.
pub(super) struct Encoder(Mutex<Core>);

impl Encoder {
    /// Makes an encoder with an instance of the core of its own, which sees no files.
    pub(super) fn new(runtime: &Runtime) -> Encoder {
        Encoder(Mutex::new(Core::new(runtime, Imports::default())))
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a new thread's id, its rollout's home path and first lines, and the state of its writer.
    pub(super) fn begin(&self, new: NewThread) -> StoreResult<Begun> {
        let call = calls::BeginThread { thread: new, at: write_context()? };
        Ok(self.core().call(&call)??)
    }

    /// Gives the lines of these items, and makes the state of the writer the one after them. Where this fails, the state is as
    /// before.
    pub(super) fn write(&self, writer_state: &mut Vec<u8>, items: &[Item]) -> StoreResult<String> {
        let (state, now) = (std::mem::take(writer_state), jiff::Timestamp::now().as_millisecond());
        let call = calls::WriteItems { state, items: items.into(), now };
        let answer = self.core().call(&call);
        let written = answer.map_err(StoreError::from).and_then(|written| written.map_err(StoreError::from));
        match written {
            Ok(written) => {
                *writer_state = written.state;
                Ok(written.lines)
            }
            Err(error) => {
                *writer_state = call.state;
                Err(error)
            }
        }
    }
}

/// Gives the state of a writer that appends to a plain rollout, which is read through `core`.
pub(super) fn resume_writer(core: &mut Core, path: &str) -> StoreResult<Resumed> {
    Ok(core.call(&calls::Resume { path: path.into(), at: write_context()? })??)
}

/// Gives the time and the random bits that the core is handed for a new writer.
pub(super) fn write_context() -> StoreResult<WriteContext> {
    let now = jiff::Zoned::now();
    let utc_offset = now.offset().seconds() / 60;
    let random_bits = getrandom::u64().map_err(|error| StoreError::BadThread(format!("no randomness: {error}")))?;
    Ok(WriteContext { now: now.timestamp().as_millisecond(), utc_offset, random_bits })
}
