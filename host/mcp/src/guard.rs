//! Which threads a client gets to see.

use std::path::{Path, PathBuf};

use threadkeep::contract::{RowQuery, ThreadRow};
use threadkeep::{Error, ErrorKind, Threadkeep};

use crate::failure::Failure;

/// How many generations of sub-agents are followed to the thread that spawned them.
const MOST_GENERATIONS: usize = 64;

/// Says which threads there are for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those of the repository around a directory; where it lies in none, those that ran in it or below it.
    Around(PathBuf),
}

/// Lets threads through that a client may see.
pub(crate) struct Guard<'a> {
    threadkeep: &'a Threadkeep,
    scope: Option<RowQuery>,
    excluded: Vec<RowQuery>,
    own: Option<RowQuery>,
}

impl<'a> Guard<'a> {
    /// Makes a guard. `own` is the thread that asks, which is left out with its sub-agents.
    pub(crate) fn new(threadkeep: &'a Threadkeep, scope: &Scope, own: Option<&str>) -> Result<Guard<'a>, Error> {
        let scope = match scope {
            Scope::All => None,
            Scope::Around(directory) => Some(query_around(threadkeep, directory)?),
        };
        let excluded = threadkeep.index_exclusions().queries().collect();
        let own = own.map(|id| RowQuery { among: Some(vec![id.into()]), ..RowQuery::default() });
        Ok(Guard { threadkeep, scope, excluded, own })
    }

    /// Narrows a query to what the client may see, as far as a query can say it; [`Guard::allowed`] says the rest.
    pub(crate) fn narrow(&self, query: RowQuery) -> RowQuery {
        let Some(scope) = &self.scope else { return query };
        RowQuery {
            repo: scope.repo.clone(),
            also_in_repo: scope.also_in_repo.clone(),
            under: query.under.or_else(|| scope.under.clone()),
            ..query
        }
    }

    /// Says of threads which of them the client may see in a list.
    pub(crate) fn allowed(&self, rows: &[ThreadRow]) -> Result<Vec<bool>, Error> {
        let mut allowed = self.visible(rows)?;
        for (allowed, row) in allowed.iter_mut().zip(rows) {
            *allowed = *allowed && !self.is_own(row)?;
        }
        Ok(allowed)
    }

    /// Keeps of threads those that the client may see.
    pub(crate) fn keep<T>(&self, found: Vec<T>, row: impl Fn(&T) -> &ThreadRow) -> Result<Vec<T>, Error> {
        let rows: Vec<ThreadRow> = found.iter().map(|found| row(found).clone()).collect();
        let allowed = self.allowed(&rows)?;
        Ok(found.into_iter().zip(allowed).filter(|(_, allowed)| *allowed).map(|(found, _)| found).collect())
    }

    /// Lets a thread through that was named; the one that asks, too, since it was asked for.
    pub(crate) fn admit(&self, row: &ThreadRow) -> Result<(), Failure> {
        let rows = std::slice::from_ref(row);
        if self.is_excluded(rows)?.contains(&true) {
            return Err(Failure::not_found("there is no such thread"));
        }
        if self.is_in_scope(rows)?.contains(&false) {
            return Err(Failure::outside_scope());
        }
        Ok(())
    }

    /// Turns an error into what the client may know of it.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Ambiguous) {
            if error.known_thread().is_some_and(|row| self.admit(row).is_err()) {
                return Failure::not_found("there is no such thread");
            }
            let visible = self.visible(error.candidates()).unwrap_or_default();
            let documents = error.document().candidates;
            let candidates: Vec<_> =
                documents.into_iter().zip(visible).filter(|(_, visible)| *visible).map(|(one, _)| one).collect();
            if candidates.is_empty() && !error.candidates().is_empty() {
                return Failure::not_found("there is no such thread");
            }
            return Failure::with_candidates(error, candidates);
        }
        Failure::with_candidates(error, Vec::new())
    }

    fn visible(&self, rows: &[ThreadRow]) -> Result<Vec<bool>, Error> {
        let (inside, excluded) = (self.is_in_scope(rows)?, self.is_excluded(rows)?);
        Ok(inside.into_iter().zip(excluded).map(|(inside, excluded)| inside && !excluded).collect())
    }

    fn is_in_scope(&self, rows: &[ThreadRow]) -> Result<Vec<bool>, Error> {
        match &self.scope {
            Some(scope) => self.matching(rows, scope),
            None => Ok(vec![true; rows.len()]),
        }
    }

    fn is_excluded(&self, rows: &[ThreadRow]) -> Result<Vec<bool>, Error> {
        let mut excluded = vec![false; rows.len()];
        for below in &self.excluded {
            let below = self.matching(rows, below)?;
            excluded.iter_mut().zip(below).for_each(|(excluded, below)| *excluded |= below);
        }
        Ok(excluded)
    }

    /// Says whether it is the thread that asks, or a sub-agent of it, however far down.
    fn is_own(&self, row: &ThreadRow) -> Result<bool, Error> {
        let Some(own) = &self.own else { return Ok(false) };
        let mut at = row.clone();
        for _ in 0..MOST_GENERATIONS {
            if self.matching(std::slice::from_ref(&at), own)? == [true] {
                return Ok(true);
            }
            let Some(parent) = at.parent_thread_id.clone() else { return Ok(false) };
            at = match self.threadkeep.find(&parent, None) {
                Ok(found) => found.row,
                // Its rollouts may be gone; who it is, is known all the same.
                Err(_) => ThreadRow { id: parent, parent_thread_id: None, ..at },
            };
        }
        Ok(false)
    }

    /// Asks the core; a row that is missing is looked at like any other.
    fn matching(&self, rows: &[ThreadRow], query: &RowQuery) -> Result<Vec<bool>, Error> {
        let there: Vec<ThreadRow> = rows.iter().map(|row| ThreadRow { missing: false, ..row.clone() }).collect();
        self.threadkeep.matching(&there, query)
    }
}

/// Gives the query for the threads of the repository around a directory, or of the directory where it lies in none.
fn query_around(threadkeep: &Threadkeep, directory: &Path) -> Result<RowQuery, Error> {
    match threadkeep.repository_around(directory) {
        Ok(names) => Ok(RowQuery { repo: Some(names.origin), also_in_repo: names.worktrees, ..RowQuery::default() }),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            let under = Some(directory.to_string_lossy().into_owned());
            Ok(RowQuery { under, ..RowQuery::default() })
        }
        Err(error) => Err(error),
    }
}
