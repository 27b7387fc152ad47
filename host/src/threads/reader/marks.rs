//! What users put on threads, for whoever shows them: without a handle nobody knows.

use std::collections::BTreeMap;

use super::ThreadReader;
use crate::db::{FeatureError, FeatureResult, StateDb};
use crate::features::marks::{self, MarksInShort, ThreadMarks};
use crate::threads::lookup::LookupError;

impl ThreadReader {
    /// Gives what lists show of threads; those without marks are not there. What cannot be read is a warning.
    pub(crate) fn marks_in_short(&self, threads: &[String]) -> BTreeMap<String, MarksInShort> {
        self.marks_or_none(|state| marks::in_short(state.database(), threads))
    }

    /// Gives what users put on a thread. What cannot be read is a warning.
    pub(crate) fn marks(&self, thread: &str) -> ThreadMarks {
        self.marks_or_none(|state| marks::of(state.database(), thread))
    }

    fn marks_or_none<T: Default>(&self, ask: impl Fn(&StateDb) -> Result<T, crate::db::StateError>) -> T {
        let read = self.recovering(|state| match state {
            Some(state) => ask(state).map_err(LookupError::from),
            None => Ok(T::default()),
        });
        read.unwrap_or_else(|error| {
            self.warn(format!("tags, pins and notes are not shown: {error}"));
            T::default()
        })
    }

    /// Asks the handle, or what replaces it when the state DB fails; none without one.
    pub(crate) fn ask_state<T>(
        &self,
        ask: impl Fn(&StateDb) -> FeatureResult<T>,
    ) -> Result<Option<FeatureResult<T>>, LookupError> {
        self.recovering(|state| match state.map(&ask) {
            None => Ok(None),
            Some(Err(FeatureError::State(error))) => Err(error.into()),
            Some(answer) => Ok(Some(answer)),
        })
    }
}
