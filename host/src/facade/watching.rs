//! The facade, watching: what happens in threads as it happens, and how they stand.

use threadkeep_engine::calls::QueryMatches;
use threadkeep_engine::contract::{Listed, RowQuery, ThreadRow, ThreadState};
use threadkeep_engine::{Core, Imports};

use super::{Result, Threadkeep};
use crate::threads::directories::widen;
use crate::watch::{Watch, WatchOptions, states_of, threads_at_work};

/// How many threads are looked at at a time for one state, at least.
const LOOKED_AT: u32 = 50;

/// A page of the threads that stand in one of some ways.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatedPage {
    /// The threads, each with how it stands.
    pub rows: Vec<(Listed, ThreadState)>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

impl Threadkeep {
    /// Begins to tell what happens in the home's threads. What happens after this has returned is told, so whoever asks for a list
    /// now, and goes by what is told from then on, misses nothing.
    ///
    /// A home is watched by one thread of the process, whoever listens, as long as somebody does. It brings the rows up to date
    /// before it tells of a change.
    ///
    /// # Errors
    ///
    /// Fails where the threads of the home cannot be listed.
    pub fn watch(&self, options: &WatchOptions) -> Result<Watch> {
        Ok(self.inner.watcher.watch(&self.reader, options)?)
    }

    /// Says how each of these threads stands: at work, as the lock of its writer tells, or by how its rollout ends.
    pub fn states(&self, rows: &[ThreadRow]) -> Result<Vec<ThreadState>> {
        Ok(states_of(self.runtime(), self.home(), rows)?)
    }

    /// Says whether a list of this query would have a thread, which counts as there.
    pub fn passes(&self, row: &ThreadRow, query: &RowQuery) -> Result<bool> {
        let row = ThreadRow { missing: query.missing, ..row.clone() };
        let mut core = Core::new(self.runtime(), Imports::default());
        Ok(core.call(&QueryMatches { row, query: widen(query) })?)
    }

    /// Lists the threads that stand in one of these ways, as [`Threadkeep::list`] does: at most `limit`, and at least one. Sub-agents
    /// are threads of their own, whatever the query says.
    pub fn list_by_state(
        &self,
        query: &RowQuery,
        states: &[ThreadState],
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<StatedPage> {
        let mut query = RowQuery { fold_children: false, ..query.clone() };
        // Only of these the locks have to be looked at, and no rollout of another one.
        if states.iter().all(|state| matches!(state, ThreadState::Running | ThreadState::Waiting)) {
            let mut among = threads_at_work(self.home());
            if let Some(wanted) = &query.among {
                among.retain(|thread| wanted.contains(thread));
            }
            query.among = Some(among);
        }
        let limit = limit.max(1) as usize;
        let mut page = StatedPage { rows: Vec::new(), next: cursor.map(String::from) };
        loop {
            let listed = self.list(&query, page.next.as_deref(), LOOKED_AT.max(limit as u32))?;
            let rows: Vec<ThreadRow> = listed.rows.iter().map(|listed| listed.row.clone()).collect();
            let stand = self.states(&rows)?;
            let mut next = listed.next;
            for (at, stated) in listed.rows.into_iter().zip(stand).enumerate() {
                if !states.contains(&stated.1) {
                    continue;
                }
                page.rows.push(stated);
                if page.rows.len() == limit {
                    if at + 1 < rows.len() {
                        next = self.list(&query, page.next.as_deref(), at as u32 + 1)?.next;
                    }
                    return Ok(StatedPage { next, ..page });
                }
            }
            page.next = next;
            if page.next.is_none() {
                return Ok(page);
            }
        }
    }
}
