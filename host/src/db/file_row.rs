//! What every query for files reads of them.

use rusqlite::Row;

use crate::component::types::FileFacts;
use crate::rollouts::kind_from;

/// Reads a file out of a row that begins with its path, kind, size, time and inode.
pub(super) fn file_facts(row: &Row<'_>) -> rusqlite::Result<FileFacts> {
    Ok(FileFacts {
        path: row.get(0)?,
        kind: kind_from(row.get(1)?),
        size: row.get::<_, i64>(2)? as u64,
        modified_ns: row.get(3)?,
        inode: row.get::<_, i64>(4)? as u64,
    })
}
