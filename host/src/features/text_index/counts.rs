//! How far the index is.

use super::store::version_of;
use crate::db::{Database, StateError};

/// Says how far the index of what was said is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextIndexCounts {
    /// How many rollouts are in it as they are.
    pub current: u64,
    /// How many are not, or not as they are.
    pub behind: u64,
    /// Whether somebody has begun to make it.
    pub is_begun: bool,
    /// Whether it was made by another version of texts and tokens, so that it is not used, and made anew by the next search.
    pub is_foreign: bool,
}

impl Database {
    /// Counts what is in the index, as the rollouts are recorded; `version` is the one of the core.
    pub(crate) fn text_index_counts(&self, version: u32) -> Result<TextIndexCounts, StateError> {
        self.with(move |connection| {
            let found = version_of(connection)?;
            let sql = "SELECT (SELECT count(*) FROM text_files
                               WHERE NOT EXISTS (SELECT 1 FROM text_outdated_files AS outdated WHERE outdated.path = text_files.path)),
                              (SELECT count(*) FROM files WHERE thread_id IS NOT NULL
                               AND (path IN text_outdated_files OR NOT EXISTS (SELECT 1 FROM text_version)))";
            let count = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64));
            let (current, behind) = connection.query_row(sql, [], count)?;
            Ok(TextIndexCounts {
                current,
                behind,
                is_begun: found.is_some(),
                is_foreign: found.is_some_and(|found| found != version),
            })
        })
    }
}
