//! Finding and listing: the core decides, with the handle or without it.

use std::sync::Arc;

use crate::backfill::Progress;
use crate::component::exports::history::PageOfTurns;
use crate::component::exports::lookup::{Error as CoreLookupError, Found, PageOfRows};
use crate::component::imports::state::RowQuery;
use crate::component::types::{Collection, Discrepancy};
use crate::component::{Core, CoreError, Runtime, World};
use crate::home::Home;
use crate::startup::{self, Report, StartupError};
use crate::state::StateDb;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Nobody answers to it.
    #[error(
        "no thread '{0}': neither an id, nor at least eight characters of one, nor a name; `threadkeep list` shows them"
    )]
    NotFound(String),
    /// Several do.
    #[error("several threads answer to '{wanted}': {}; give more of the id", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// Their ids.
        candidates: Vec<String>,
    },
    /// The cursor is not one of this list.
    #[error("bad cursor: {0}; take nextCursor of the page before, in the same order")]
    BadCursor(String),
    /// The state DB failed.
    #[error("{0}")]
    State(String),
    /// The files failed.
    #[error("the home's rollouts cannot be read: {0}")]
    Files(String),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// Without a handle: the files could not be gone through.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

/// Finds, lists and reads, with the handle or without it.
pub struct Lookup {
    core: Core,
    warnings: Vec<String>,
}

impl Lookup {
    /// For finding and for reading turns. Without a handle the files are asked when it comes to it.
    pub fn to_find(runtime: &Runtime, home: &Arc<Home>, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let (lore, report) = match state {
            Some(state) => (state.shelf().clone(), Report::default()),
            None => startup::lore_alone(runtime, home)?,
        };
        let world = World::of(home).with_rows(state.map(|state| state.shelf().clone())).with_lore(Some(lore));
        Ok(Lookup { core: Core::new(runtime, world), warnings: report.warnings })
    }

    /// For listing. Without a handle every rollout is read now, once for all pages.
    pub fn to_list(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<Lookup, LookupError> {
        let (shelf, report) = match state {
            Some(state) => (state.shelf().clone(), Report::default()),
            None => startup::from_files(runtime, home, progress)?,
        };
        let world = World::of(home).with_rows(Some(shelf.clone())).with_lore(Some(shelf));
        Ok(Lookup { core: Core::new(runtime, world), warnings: report.warnings })
    }

    /// What a person should know of the answers, in words; each once.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Finds a thread by id, by the beginning of an id, or by name; mends its row when there is a handle.
    pub fn find(&mut self, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
        let answer = self
            .core
            .call("find", |bindings, store| bindings.threadkeep_core_lookup().call_find(store, wanted, within))?;
        answer.map_err(|error| failed(error, wanted))
    }

    /// A page of a list, `limit` rows long, or all there are for 0.
    pub fn page(&mut self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows, LookupError> {
        let answer = self
            .core
            .call("page", |bindings, store| bindings.threadkeep_core_lookup().call_page(store, query, cursor, limit))?;
        answer.map_err(|error| failed(error, ""))
    }

    /// A page of at most `limit` turns of a thread, or of as many as fit into one for 0; fewer where turns are large.
    pub fn turns(
        &mut self,
        wanted: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<PageOfTurns, LookupError> {
        let answer = self.core.call("turns", |bindings, store| {
            bindings.threadkeep_core_history().call_turns(store, wanted, cursor, limit, newest_first)
        })?;
        answer.map_err(|error| failed(error, wanted))
    }
}

fn failed(error: CoreLookupError, wanted: &str) -> LookupError {
    match error {
        CoreLookupError::NotFound(wanted) => LookupError::NotFound(wanted),
        CoreLookupError::Ambiguous(candidates) => LookupError::Ambiguous { wanted: wanted.into(), candidates },
        CoreLookupError::BadCursor(why) => LookupError::BadCursor(why),
        CoreLookupError::State(why) => LookupError::State(why),
        CoreLookupError::Files(why) => LookupError::Files(why),
    }
}

/// A discrepancy as a short code and what it is about.
pub fn describe(what: &Discrepancy) -> (&'static str, String) {
    match what {
        Discrepancy::StalePath(path) => ("stale-path", path.clone()),
        Discrepancy::MismatchedPath((path, thread)) => ("mismatched-path", format!("{path} belongs to {thread}")),
        Discrepancy::MissingRow(path) => ("missing-row", path.clone()),
        Discrepancy::MissingFile(path) => ("missing-file", path.clone()),
        Discrepancy::WrongArchived(path) => ("wrong-archived", path.clone()),
        Discrepancy::WrongMetadata(field) => ("wrong-metadata", field.clone()),
        Discrepancy::Unreadable((path, why)) => ("unreadable", format!("{path}: {why}")),
    }
}
