//! The threads that clients have open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A connection, by its number.
pub(crate) type ConnectionId = u64;

/// Knows which threads are open, and by which connections.
#[derive(Debug, Default)]
pub(crate) struct LoadedThreads {
    by_thread: Mutex<BTreeMap<String, BTreeSet<ConnectionId>>>,
}

impl LoadedThreads {
    /// Notes that a connection has a thread open; says whether nobody had it open before.
    pub(crate) fn open(&self, thread: &str, by: ConnectionId) -> bool {
        let mut threads = self.threads();
        let holders = threads.entry(thread.to_owned()).or_default();
        let is_first = holders.is_empty();
        holders.insert(by);
        is_first
    }

    /// Notes that a connection has a thread open no more; says whether it had, and whether nobody has it open now.
    pub(crate) fn close(&self, thread: &str, by: ConnectionId) -> (bool, bool) {
        let mut threads = self.threads();
        let Some(holders) = threads.get_mut(thread) else { return (false, true) };
        let had = holders.remove(&by);
        let is_last = holders.is_empty();
        if is_last {
            threads.remove(thread);
        }
        (had, is_last)
    }

    /// Notes that a connection ended; gives the threads that nobody has open now.
    pub(crate) fn close_all(&self, by: ConnectionId) -> Vec<String> {
        let mut closed = Vec::new();
        self.threads().retain(|thread, holders| {
            if holders.remove(&by) && holders.is_empty() {
                closed.push(thread.clone());
            }
            !holders.is_empty()
        });
        closed
    }

    /// Notes that a thread is gone, whoever had it open.
    pub(crate) fn forget(&self, thread: &str) {
        self.threads().remove(thread);
    }

    /// Says whether anybody has a thread open.
    pub(crate) fn is_open(&self, thread: &str) -> bool {
        self.threads().contains_key(thread)
    }

    /// Gives the connections that have a thread open.
    pub(crate) fn holders(&self, thread: &str) -> BTreeSet<ConnectionId> {
        self.threads().get(thread).cloned().unwrap_or_default()
    }

    /// Gives the ids of the threads that are open, in their order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.threads().keys().cloned().collect()
    }

    fn threads(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<ConnectionId>>> {
        self.by_thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_open_until_the_last_connection_lets_go() {
        let loaded = LoadedThreads::default();
        assert!(loaded.open("a", 1));
        assert!(!loaded.open("a", 2));
        assert!(loaded.open("b", 2));
        assert_eq!(loaded.close("a", 1), (true, false));
        assert_eq!(loaded.close("a", 1), (false, false));
        assert_eq!(loaded.ids(), ["a", "b"]);
        assert_eq!(loaded.close_all(2), ["a", "b"]);
        assert_eq!(loaded.close("a", 2), (false, true));
        assert!(!loaded.is_open("a"));
    }
}
