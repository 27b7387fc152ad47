//! Reads sessions of a source, and has the core write each in the form of a rollout.

use std::collections::BTreeMap;

use threadkeep_engine::calls::{Close, ForeignThreadOf, OpenForeignWriter, WriteForeignEntries};
use threadkeep_engine::contract::{ForeignEntry, ForeignSession};
use threadkeep_engine::{Core, CoreError, Imports, Runtime};

use super::source::{ForeignError, ForeignSource, ForeignUnit, ToldSession};
use crate::db::{ForeignText, StateError};

/// How long a text may become, in bytes: a longer one is no conversation.
const LONGEST: usize = 1 << 30;

/// Says why a session was not read.
pub(super) enum Unread {
    /// The source says so.
    Source(ForeignError),
    /// It is not the session's fault.
    State(StateError),
}

impl From<CoreError> for Unread {
    fn from(error: CoreError) -> Unread {
        match error {
            error @ CoreError::Cancelled => Unread::State(error.into()),
            // A session over which the core fails costs itself alone.
            error => Unread::Source(ForeignError::of_files(error.to_string())),
        }
    }
}

impl From<ForeignError> for Unread {
    fn from(error: ForeignError) -> Unread {
        Unread::Source(error)
    }
}

impl From<StateError> for Unread {
    fn from(error: StateError) -> Unread {
        Unread::State(error)
    }
}

/// Writes sessions, with one instance of the core.
pub(super) struct SessionWriter {
    core: Core,
}

impl SessionWriter {
    pub(super) fn new(runtime: &Runtime) -> SessionWriter {
        SessionWriter { core: Core::new(runtime, Imports::default()) }
    }

    /// Gives the thread that a session of a program becomes.
    pub(super) fn thread_of(&mut self, program: &str, session: &str) -> Result<String, StateError> {
        Ok(self.core.call(&ForeignThreadOf { program: program.into(), session: session.into() })?)
    }

    /// Reads a session to its end. One without a title is called by the first of `titles` whose key one of its entries has.
    pub(super) fn read(
        &mut self,
        source: &dyn ForeignSource,
        unit: &ForeignUnit,
        thread: &str,
        told: &ToldSession,
        titles: &BTreeMap<String, String>,
    ) -> Result<ForeignText, Unread> {
        let session = ForeignSession { program: source.name().into(), ..told.session.clone() };
        let mut title = session.title.clone();
        let mut entries = source.entries(unit, &session.id)?;
        let writer = self.core.call(&OpenForeignWriter { session: session.clone() })?;
        let written = self.write_all(writer, &mut *entries, |entry| {
            if title.is_none()
                && let Some(told) = entry.key.as_ref().and_then(|key| titles.get(key))
            {
                title = Some(told.clone());
            }
        });
        // The instance may be another one by now, which has no such writer.
        let _ = self.core.call(&Close { number: writer });
        let mut text = ForeignText::new(thread.into(), session.id, told.stamp.clone(), &written?)?;
        (text.is_archived, text.title) = (session.archived, title);
        Ok(text)
    }

    fn write_all(
        &mut self,
        writer: usize,
        entries: &mut dyn super::source::ForeignEntries,
        mut each: impl FnMut(&ForeignEntry),
    ) -> Result<String, Unread> {
        let mut text = self.core.call(&WriteForeignEntries { writer, entries: Vec::new() })?;
        loop {
            let page = entries.next()?;
            if page.is_empty() {
                return Ok(text);
            }
            page.iter().for_each(&mut each);
            text.push_str(&self.core.call(&WriteForeignEntries { writer, entries: page })?);
            if text.len() > LONGEST {
                return Err(ForeignError::of_files(format!("a session has more than {} MB", LONGEST >> 20)).into());
            }
        }
    }
}
