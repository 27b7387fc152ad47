//! The requests of all threads, as the core counts them: by checksums, and as rows of those that are sent.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use threadkeep_engine::calls::{CompareUsage, MakeUsageLines, OpenUsageTable};
use threadkeep_engine::contract::ThreadRequests;
use threadkeep_engine::{Core, Imports};

use super::PushRequest;
use super::error::PushError;
use crate::db::Database;
use crate::features::pushed::{NO_REQUESTS, PushedThread};
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;

/// What is known of them.
pub(super) struct Requests {
    /// The core that has them, and the number of its table.
    table: Mutex<(Core, usize)>,
    /// By ids: where the core has those of a thread, and which there are.
    threads: HashMap<String, (u32, ThreadRequests)>,
}

impl Requests {
    /// Counts them, and compares them with those that a place has.
    pub(super) fn open(
        reader: &ThreadReader,
        database: &Database,
        request: &PushRequest,
    ) -> Result<Requests, PushError> {
        let (threads, rollouts) = reader.usage_columns(&request.rows)?;
        let ids: Vec<String> = threads.ids.split_terminator('\0').map(str::to_owned).collect();
        let mut core = Core::new(reader.runtime(), Imports::default());
        let open = OpenUsageTable { prices: request.prices.clone(), threads, rollouts };
        let table = core.call(&open).map_err(LookupError::from)?;
        drop(open);
        let before = database.pushed_requests(&request.destination)?;
        let known = ids.iter().map(|id| before.get(id).copied().unwrap_or(NO_REQUESTS)).collect();
        let compared = core.call(&CompareUsage { table, known }).map_err(LookupError::from)?;
        let threads = ids.into_iter().zip(0..).zip(compared).map(|((id, place), requests)| (id, (place, requests)));
        Ok(Requests { table: Mutex::new((core, table)), threads: threads.collect() })
    }

    /// Gives the threads of which there are others than a place has.
    pub(super) fn others<'r>(&'r self, before: &HashMap<String, PushedThread>) -> impl Iterator<Item = &'r String> {
        let is_other = |(id, (_, requests)): &(&String, &(u32, ThreadRequests))| {
            let known = before.get(*id).map_or(NO_REQUESTS, |before| before.requests);
            requests.now.requests > 0 && requests.now != known
        };
        self.threads.iter().filter(is_other).map(|(id, _)| id)
    }

    /// Gives which there are of a thread; none where it has none.
    pub(super) fn of(&self, id: &str) -> Option<ThreadRequests> {
        self.threads.get(id).map(|(_, requests)| *requests).filter(|requests| requests.now.requests > 0)
    }

    /// Gives the rows of those of a thread that come behind the first `known` ones.
    pub(super) fn lines(&self, id: &str, known: u32) -> Result<String, PushError> {
        let Some((thread, _)) = self.threads.get(id) else { return Ok(String::new()) };
        let mut table = self.table.lock().map_err(|_| PushError::Answer("requests are counted no more".into()))?;
        let (core, table) = &mut *table;
        let make = MakeUsageLines { table: *table, thread: *thread, known };
        Ok(core.call(&make).map_err(LookupError::from)?)
    }
}

/// Requests that are counted beside other work.
#[derive(Default)]
pub(super) struct CountedRequests(OnceLock<Result<Requests, PushError>>);

impl CountedRequests {
    /// Counts them. Whoever waits is not left to wait, whatever becomes of it.
    pub(super) fn count(&self, count: impl FnOnce() -> Result<Requests, PushError> + Send) {
        let counted = std::thread::scope(|scope| scope.spawn(count).join());
        let failed = |_| Err(PushError::Answer("the count of requests broke off".into()));
        let _ = self.0.set(counted.unwrap_or_else(failed));
    }

    /// Waits for them; gives none where they could not be counted.
    pub(super) fn wait(&self) -> Option<&Requests> {
        self.0.wait().as_ref().ok()
    }

    /// Gives why there are none.
    pub(super) fn into_error(self) -> Option<PushError> {
        self.0.into_inner().and_then(Result::err)
    }
}
