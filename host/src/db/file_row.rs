//! What every query for files reads of them.

use rusqlite::Row;

use threadkeep_engine::contract::{EntryKind, FileFacts};

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

/// Returns the number that stands for a kind.
pub(super) fn kind_code(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File => 0,
        EntryKind::Directory => 1,
        EntryKind::Link => 2,
        EntryKind::Other => 3,
        EntryKind::Closed => 4,
    }
}

/// Returns the kind that a number stands for, [`EntryKind::Other`] for an unknown one.
pub(super) fn kind_from(code: u8) -> EntryKind {
    match code {
        0 => EntryKind::File,
        1 => EntryKind::Directory,
        2 => EntryKind::Link,
        4 => EntryKind::Closed,
        _ => EntryKind::Other,
    }
}
