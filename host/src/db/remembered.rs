//! The threads of a list, as a search takes them, of the last search: who types asks for the same ones with every key.

use std::sync::{Mutex, PoisonError};

use threadkeep_engine::contract::{RowQuery, SearchedThreads};

/// Remembers the threads of a list and their sources, until anything changes in the database, and no longer than that is open.
#[derive(Default)]
pub(crate) struct RememberedThreads(Mutex<Option<Remembered>>);

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SearchedList {
    /// Which threads, in their order.
    pub(crate) query: RowQuery,
    /// What a thread copied of another one counts, though that one is there.
    pub(crate) with_copies: bool,
    /// What others and this connection have changed in the database so far.
    pub(crate) versions: (u64, u64),
}

struct Remembered {
    question: SearchedList,
    threads: SearchedThreads,
}

impl RememberedThreads {
    /// Gives the threads that were the answer to this question, if it was the last one.
    pub(crate) fn answer(&self, question: &SearchedList) -> Option<SearchedThreads> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.as_ref().filter(|remembered| remembered.question == *question).map(|known| known.threads.clone())
    }

    /// Remembers an answer in the place of the one before.
    pub(crate) fn remember(&self, question: SearchedList, threads: &SearchedThreads) {
        let remembered = Remembered { question, threads: threads.clone() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(remembered);
    }
}
