//! What rollouts say of tokens, turns and rate limits, kept in the state DB so that only what changed is read again.
//!
//! What is kept of a rollout is opaque here: the core reads it out of the rollout, and counts by it. It belongs to the rollout as its
//! row has it, and goes with that row.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};
use threadkeep_engine::contract::{EntryKind, FileFacts, RowQuery, UsageThreads};

use crate::db::{Database, Domain, StateError, Table, searched_rows};
use crate::platform::foreign_place::KEPT_IN_STATE;

/// Holds what rollouts say of what was used.
pub(super) const DOMAIN: Domain = Domain {
    name: "usage",
    migrations: &[(
        8,
        "
    -- What the core read of a rollout of this size and time, by its version of that.
    CREATE TABLE rollout_usage (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        version INTEGER NOT NULL,
        usage BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TRIGGER usage_of_moved_file AFTER UPDATE OF path ON files BEGIN
        UPDATE OR REPLACE rollout_usage SET path = new.path WHERE path = old.path;
    END;
    CREATE TRIGGER usage_of_lost_file AFTER DELETE ON files BEGIN
        DELETE FROM rollout_usage WHERE path = old.path;
    END;
    CREATE TRIGGER usage_of_unreadable_file AFTER INSERT ON files WHEN new.thread_id IS NULL BEGIN
        DELETE FROM rollout_usage WHERE path = new.path;
    END;
",
    )],
    tables: &[Table::derived("rollout_usage")],
};

/// By what of a thread its usage may be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadGroup {
    /// The directory in which it began.
    Project,
    /// What made it.
    Source,
    /// The git branch on which it began.
    Branch,
    /// The thread itself.
    Thread,
}

/// A rollout, and what is known of it.
pub(crate) struct KnownUsage {
    /// The file as it is recorded.
    pub(crate) file: FileFacts,
    /// The id of its thread.
    pub(crate) thread: String,
    /// What was read of it, as it is or as it was; none where nothing was.
    pub(crate) usage: Option<Vec<u8>>,
    /// That is of the file as it is.
    pub(crate) is_current: bool,
}

/// A rollout as it is recorded, and the id of its thread.
pub(crate) struct StoredRollout {
    /// The file.
    pub(crate) file: FileFacts,
    /// The id.
    pub(crate) thread: String,
}

impl Database {
    /// Returns all rollouts of the home that have a thread, in the order of their paths.
    pub(crate) fn stored_rollouts(&self) -> Result<Vec<StoredRollout>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, size, modified_ns, inode, thread_id FROM files
                 WHERE thread_id IS NOT NULL AND path < ?1 ORDER BY path",
            )?;
            let rollouts = select
                .query_map([KEPT_IN_STATE], |row| Ok(StoredRollout { file: facts(row)?, thread: row.get(4)? }))?;
            Ok(rollouts.collect::<Result<_, _>>()?)
        })
    }

    /// Returns all rollouts that have a thread, and what is known of each by this version of the core.
    pub(crate) fn known_usage(&self, version: u32) -> Result<Vec<KnownUsage>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT f.path, f.size, f.modified_ns, f.inode, f.thread_id, u.usage,
                     u.size IS f.size AND u.modified_ns IS f.modified_ns AND u.inode IS f.inode
                 FROM files AS f LEFT JOIN rollout_usage AS u ON u.path = f.path AND u.version = ?1
                 WHERE f.thread_id IS NOT NULL ORDER BY f.path",
            )?;
            let known = |row: &Row<'_>| {
                Ok(KnownUsage { file: facts(row)?, thread: row.get(4)?, usage: row.get(5)?, is_current: row.get(6)? })
            };
            let known = select.query_map([version], known)?;
            Ok(known.collect::<Result<_, _>>()?)
        })
    }

    /// Says whether one of the newest rollouts is another one than it was when its usage was read.
    pub(crate) fn has_new_usage(&self) -> Result<bool, StateError> {
        self.with(|connection| {
            // The paths of the newest ones come last.
            let sql = "SELECT EXISTS (SELECT 1
                           FROM (SELECT * FROM files WHERE thread_id IS NOT NULL ORDER BY path DESC LIMIT 64) AS f
                           LEFT JOIN rollout_usage AS u ON u.path = f.path
                           WHERE NOT (u.size IS f.size AND u.modified_ns IS f.modified_ns AND u.inode IS f.inode))";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
    }

    /// Keeps what was read of rollouts, unless they were changed meanwhile.
    pub(crate) fn store_usage(&self, version: u32, read: Vec<(FileFacts, Vec<u8>)>) -> Result<(), StateError> {
        self.transaction(move |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO rollout_usage (path, size, modified_ns, inode, version, usage)
                 SELECT path, size, modified_ns, inode, ?5, ?6 FROM files
                 WHERE path = ?1 AND size = ?2 AND modified_ns = ?3 AND inode = ?4 AND thread_id IS NOT NULL",
            )?;
            for (file, usage) in &read {
                let (size, inode) = (file.size as i64, file.inode as i64);
                insert.execute(params![file.path, size, file.modified_ns, inode, version, usage])?;
            }
            Ok(())
        })
    }

    /// Returns all threads in the order of their ids, of which those count that a query lets pass, in groups.
    pub(crate) fn usage_threads(
        &self,
        query: RowQuery,
        group: Option<ThreadGroup>,
    ) -> Result<UsageThreads, StateError> {
        self.with(move |connection| {
            let passing = searched_rows(connection, query, None)?;
            let passing: HashSet<&str> = passing.ids.split_terminator('\0').collect();
            threads(connection, &passing, group)
        })
    }
}

fn threads(
    connection: &Connection,
    passing: &HashSet<&str>,
    group: Option<ThreadGroup>,
) -> Result<UsageThreads, StateError> {
    let group = match group {
        None => "NULL",
        Some(ThreadGroup::Project) => "cwd",
        Some(ThreadGroup::Source) => "source_kind",
        Some(ThreadGroup::Branch) => "git_branch",
        Some(ThreadGroup::Thread) => "id",
    };
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, coalesce(forked_from_id, parent_thread_id), {group} FROM threads ORDER BY id"
    ))?;
    let mut rows = select.query([])?;
    let mut threads =
        UsageThreads { ids: String::new(), origins: String::new(), groups: String::new(), counted: Vec::new() };
    while let Some(row) = rows.next()? {
        let id = text(row, 0)?;
        threads.counted.push(passing.contains(id));
        for (column, text) in
            [(&mut threads.ids, id), (&mut threads.origins, text(row, 1)?), (&mut threads.groups, text(row, 2)?)]
        {
            // A NUL would end the text early.
            column.extend(text.chars().filter(|letter| *letter != '\0'));
            column.push('\0');
        }
    }
    Ok(threads)
}

fn text<'r>(row: &'r Row<'_>, at: usize) -> rusqlite::Result<&'r str> {
    Ok(row.get_ref(at)?.as_str_or_null()?.unwrap_or_default())
}

/// Reads a file out of its path, size, time and inode, which a row begins with.
pub(super) fn facts(row: &Row<'_>) -> rusqlite::Result<FileFacts> {
    let (size, inode) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(3)? as u64);
    Ok(FileFacts { path: row.get(0)?, kind: EntryKind::File, size, modified_ns: row.get(2)?, inode })
}
