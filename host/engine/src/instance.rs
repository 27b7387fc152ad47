//! One instance of the core, and what is open in it.

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::Trapped;
use crate::bindings;
use crate::host_state::HostState;

/// Holds a live instance, as a call sees it.
pub struct Instance {
    pub(crate) store: Store<HostState>,
    pub(crate) exports: bindings::Core,
    /// What was opened, by number; none for what was closed or consumed.
    open: Vec<Option<ResourceAny>>,
}

impl Instance {
    /// Makes an instance in which nothing is open.
    pub(crate) fn new(store: Store<HostState>, exports: bindings::Core) -> Instance {
        Instance { store, exports, open: Vec::new() }
    }

    /// Numbers an open thing.
    pub(crate) fn keep(&mut self, handle: ResourceAny) -> usize {
        self.open.push(Some(handle));
        self.open.len() - 1
    }

    /// Gives an open thing.
    pub(crate) fn open(&self, number: usize) -> Trapped<ResourceAny> {
        let known = self.open.get(number).copied().flatten();
        known.ok_or_else(|| wasmtime::format_err!("nothing is open under the number {number}"))
    }

    /// Takes an open thing, if there is one of this number.
    pub(crate) fn take(&mut self, number: usize) -> Option<ResourceAny> {
        self.open.get_mut(number).and_then(Option::take)
    }

    /// Takes an open thing, for a function that consumes it.
    pub(crate) fn consume(&mut self, number: usize) -> Trapped<ResourceAny> {
        self.take(number).ok_or_else(|| wasmtime::format_err!("nothing is open under the number {number}"))
    }
}
