//! How methods find threads, and show them.

use threadkeep::ErrorKind;
use threadkeep::contract::{Found, ThreadRow};
use threadkeep::threads::lookup::Transcript;

use super::Call;
use crate::error::RpcError;
use crate::protocol::{Section, Status, Thread, thread_id};

impl Call<'_> {
    /// Reads the id of a thread, and finds it. `absent` is what Codex says where there is none, with `{id}` for its id.
    ///
    /// # Errors
    ///
    /// Codex's words for what is no id and for a thread that is not there; others for what failed.
    pub(super) fn find(&self, given: &str, absent: &str) -> Result<Found, RpcError> {
        let id = self.id(given)?;
        self.threads.find(&id, None).map_err(|error| not_found(error, &absent.replace("{id}", &id)))
    }

    /// Finds a thread likewise that may be changed.
    ///
    /// # Errors
    ///
    /// As [`Call::find`], and where it is another program's.
    pub(super) fn find_own(&self, given: &str, absent: &str) -> Result<Found, RpcError> {
        let id = self.id(given)?;
        self.threads.find_own(&id).map_err(|error| not_found(error, &absent.replace("{id}", &id)))
    }

    /// Reads the id of a thread.
    pub(super) fn id(&self, given: &str) -> Result<String, RpcError> {
        thread_id(given).map_err(|error| RpcError::invalid(format!("invalid thread id: {error}")))
    }

    /// Opens the history of a thread.
    ///
    /// # Errors
    ///
    /// As [`Call::find`].
    pub(super) fn history(&self, given: &str) -> Result<Transcript, RpcError> {
        let id = self.id(given)?;
        let of = threadkeep::contract::Subject::Thread(id.clone());
        self.threads.transcript(&of).map_err(|error| not_found(error, &format!("thread not loaded: {id}")))
    }

    /// Makes the threads of rows, in their order.
    pub(super) fn show_all(&self, rows: Vec<ThreadRow>) -> Result<Vec<Thread>, RpcError> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let places = self.threads.section_places(Some(&ids))?;
        let sections = if places.is_empty() { Vec::new() } else { self.threads.sections()? };
        let show = |row: ThreadRow| {
            let place = places.iter().find(|place| place.thread == row.id);
            let section = place.and_then(|place| sections.iter().find(|section| section.id == place.section));
            let since = place.filter(|_| section.is_some()).and_then(|place| place.since);
            let status = if self.loaded.is_open(&row.id) { Status::Idle } else { Status::NotLoaded };
            let thread = Thread::new(row, self.threads.home(), self.threads.default_provider(), status)?;
            Ok(thread.in_section(section.map(Section::from), since.map(|since| since.div_euclid(1000))))
        };
        rows.into_iter().map(show).collect()
    }

    /// Makes the thread of a row.
    pub(super) fn show(&self, row: ThreadRow) -> Result<Thread, RpcError> {
        let thread = self.show_all(vec![row])?.pop();
        thread.ok_or_else(|| RpcError::invalid("the thread is not there"))
    }
}

/// Says in Codex's words that a thread is not there.
pub(super) fn not_found(error: threadkeep::Error, words: &str) -> RpcError {
    match error.kind() {
        ErrorKind::NotFound => RpcError::invalid(words),
        _ => error.into(),
    }
}
