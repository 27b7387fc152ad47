//! What was said and done in a thread, page by page: the core reads it out of the rollouts.

use std::sync::Arc;

use crate::component::exports::history::PageOfTurns;
use crate::component::{Core, Runtime, World};
use crate::home::Home;
use crate::lookup::{LookupError, failed};
use crate::startup::{self, Report};
use crate::state::StateDb;

/// The history of one thread.
pub struct History {
    core: Core,
    wanted: String,
    warnings: Vec<String>,
}

impl History {
    /// Of a thread, by its id, the beginning of its id, or its name; with the handle or without it.
    pub fn open(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        wanted: &str,
    ) -> Result<History, LookupError> {
        let (lore, report) = match state {
            Some(state) => (state.shelf().clone(), Report::default()),
            None => startup::lore_alone(runtime, home)?,
        };
        let world = World::of(home).with_rows(state.map(|state| state.shelf().clone())).with_lore(Some(lore));
        Ok(History { core: Core::new(runtime, world), wanted: wanted.to_owned(), warnings: report.warnings })
    }

    /// What a person should know of the answers, in words; each once.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// A page of at most `limit` turns, or of as many as fit into one for 0; fewer where turns are large.
    pub fn page(&mut self, cursor: Option<&str>, limit: u32, newest_first: bool) -> Result<PageOfTurns, LookupError> {
        let wanted = self.wanted.clone();
        let answer = self.core.call("turns", |bindings, store| {
            bindings.threadkeep_core_history().call_turns(store, &wanted, cursor, limit, newest_first)
        })?;
        let page = answer.map_err(|error| failed(error, &wanted))?;
        // What a name or the beginning of an id found is the same thread for every page.
        self.wanted.clone_from(&page.thread);
        Ok(page)
    }
}
