//! The threads that are open for writing in a store, and what every store does with them: items become lines by the core,
//! and lines go where the store keeps them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Item, NewThread, StoreError, StoreResult};
use crate::component::exports::writing::{Begun, Moment, Resumed, Written};
use crate::component::{Core, GoOn, Runtime, World};

/// Open threads by their ids, each with what a store knows of it.
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

    /// Opens a thread; false, and nothing happens, where it is open.
    pub(super) fn insert(&self, thread: &str, writer: T) -> bool {
        match self.open().entry(thread.into()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(Arc::new(Mutex::new(writer)));
                true
            }
        }
    }

    /// Is it open?
    pub(super) fn has(&self, thread: &str) -> bool {
        self.open().contains_key(thread)
    }

    /// Does something with an open thread; other threads go on meanwhile.
    pub(super) fn with<A>(&self, thread: &str, work: impl FnOnce(&mut T) -> StoreResult<A>) -> StoreResult<A> {
        let writer = self.open().get(thread).cloned();
        let writer = writer.ok_or_else(|| StoreError::NotOpen(thread.into()))?;
        work(&mut writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes a thread.
    pub(super) fn remove(&self, thread: &str) -> StoreResult<()> {
        self.open().remove(thread).map(drop).ok_or_else(|| StoreError::NotOpen(thread.into()))
    }

    /// The ids of those that are open.
    pub(super) fn threads(&self) -> Vec<String> {
        self.open().keys().cloned().collect()
    }
}

/// The core, making lines.
pub(super) struct Encoder(Mutex<Core>);

impl Encoder {
    /// With an instance of its own, which sees no files.
    pub(super) fn new(runtime: &Runtime) -> Encoder {
        Encoder(Mutex::new(Core::new(runtime, World::default())))
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new thread's id, place and first lines.
    pub(super) fn begin(&self, new: &NewThread) -> StoreResult<Begun> {
        let at = moment()?;
        Ok(self
            .core()
            .call("writing.begin", |bindings, store| bindings.threadkeep_core_writing().call_begin(store, new, at))??)
    }

    /// Items as lines.
    pub(super) fn write(&self, writer_state: &[u8], items: &[Item]) -> StoreResult<Written> {
        let now = jiff::Timestamp::now().as_millisecond();
        Ok(self.core().call("writing.write", |bindings, store| {
            bindings.threadkeep_core_writing().call_write(store, writer_state, items, now)
        })??)
    }
}

/// A writer_state for a plain rollout, read through `core`.
pub(super) fn go_on(core: &mut Core, path: &str) -> StoreResult<Resumed> {
    Ok(core.ask(&GoOn { path: path.into(), at: moment()? })??)
}

fn moment() -> StoreResult<Moment> {
    let now = jiff::Zoned::now();
    let offset = now.offset().seconds() / 60;
    let chance = getrandom::u64().map_err(|error| StoreError::BadThread(format!("no randomness: {error}")))?;
    Ok(Moment { now: now.timestamp().as_millisecond(), offset, chance })
}
