//! Goes through what may have text: threads with their names, and rollouts.

use rusqlite::params;

use super::exclusions::{EXCLUDED, IndexExclusions};
use super::store::{OutdatedNames, names_of};
use crate::db::{Database, StateError};

impl Database {
    /// Returns at most `limit` threads behind an id with what may be their names; `only` those that are kept out.
    pub(crate) fn names_after(
        &self,
        only: Option<&IndexExclusions>,
        after: String,
        limit: usize,
    ) -> Result<Vec<OutdatedNames>, StateError> {
        let list = only.map(IndexExclusions::list);
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT id, name, title, preview FROM threads WHERE id > ?2 AND (?1 IS NULL OR {EXCLUDED})
                 ORDER BY id LIMIT {limit}"
            ))?;
            let threads = select.query_map(params![list, after], names_of)?;
            Ok(threads.collect::<Result<_, _>>()?)
        })
    }

    /// Counts the rollouts that hold a thread; `only` those that are kept out.
    pub(crate) fn count_files_of_threads(&self, only: Option<&IndexExclusions>) -> Result<u64, StateError> {
        let list = only.map(IndexExclusions::list);
        self.with(move |connection| {
            let mut count = connection.prepare_cached(&format!(
                "SELECT count(*) FROM files LEFT JOIN threads ON threads.id = thread_id
                 WHERE thread_id IS NOT NULL AND (?1 IS NULL OR {EXCLUDED})"
            ))?;
            Ok(count.query_row(params![list], |row| row.get::<_, i64>(0))?.cast_unsigned())
        })
    }

    /// Returns at most `limit` rollouts behind a path that hold a thread, each with that; `only` those that are kept out.
    pub(crate) fn files_of_threads_after(
        &self,
        only: Option<&IndexExclusions>,
        after: String,
        limit: usize,
    ) -> Result<Vec<(String, String)>, StateError> {
        let list = only.map(IndexExclusions::list);
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT files.path, thread_id FROM files LEFT JOIN threads ON threads.id = thread_id
                 WHERE files.path > ?2 AND thread_id IS NOT NULL AND (?1 IS NULL OR {EXCLUDED})
                 ORDER BY files.path LIMIT {limit}"
            ))?;
            let files = select.query_map(params![list, after], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }
}
