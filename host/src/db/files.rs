//! The index of the home's rollouts, and how a batch of parsed ones is stored: files, then the rows that follow from them,
//! in one transaction.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use threadkeep_engine::contract::{BadLine, Entries, Extraction, FileFacts};

use super::derive::derive_rows;
use super::file_row::{kind_code, kind_from};
use super::{Database, Domain, GLANCES, Pending, RowDeriver, StateError, Table, claim, suspects};
use crate::platform::foreign_place::KEPT_IN_STATE;
use crate::rollouts::{no_entries, push_entry};

/// Holds what was found at every path that claims to be a rollout. Rows go by their path: a thread is deleted with its files.
pub(super) const DOMAIN: Domain = Domain {
    name: "files",
    migrations: &[
        (
            1,
            "
    -- Every entry that claims to be a rollout, as it was when it was looked at.
    CREATE TABLE files (
        path TEXT PRIMARY KEY,
        kind INTEGER NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        thread_id TEXT,
        -- Its history begins in an earlier file of the same thread.
        continues INTEGER NOT NULL DEFAULT 0,
        -- Why there is no thread in it; null when there is.
        reason TEXT,
        bad_count INTEGER NOT NULL DEFAULT 0,
        -- JSON: [[line, offset, reason], ...]
        bad_lines TEXT,
        unread_from INTEGER,
        unread_to INTEGER
    ) WITHOUT ROWID;
    -- All files of a thread.
    CREATE INDEX files_by_thread ON files (thread_id) WHERE thread_id IS NOT NULL;
    -- What `status` names.
    CREATE INDEX files_with_problems ON files (path) WHERE reason IS NOT NULL OR bad_count > 0;
    -- What `status` counts.
    CREATE INDEX files_partly_read ON files (path) WHERE unread_from IS NOT NULL;

    -- What the core learned of a file, in its own form; apart, so that walking over `files` stays quick.
    CREATE TABLE folds (
        path TEXT PRIMARY KEY,
        state BLOB NOT NULL
    ) WITHOUT ROWID;
",
        ),
        (
            4,
            "
    -- Other words count as the user's own than did before: every rollout is read again.
    DELETE FROM files;
    DELETE FROM folds;
",
        ),
    ],
    tables: &[Table::read_again("files"), Table::read_again("folds")],
};

/// At most this many files are handed out at a time.
const MOST: u32 = 16_384;

/// Holds what came of reading a file.
pub(crate) struct Parsed {
    /// The file.
    pub(crate) file: FileFacts,
    /// What it says, or why it has no thread.
    pub(crate) outcome: Result<Extraction, Refused>,
}

/// Says why a file has no thread.
pub(crate) struct Refused {
    /// In words.
    pub(crate) reason: String,
    /// The line that is the reason, if one is.
    pub(crate) line: Option<BadLine>,
    /// The file is to be looked at again even if nothing of it changes.
    pub(crate) temporary: bool,
}

/// What is recorded of a file that claims to be a rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordedFile {
    /// Bytes on disk.
    pub(crate) size: u64,
    /// When it was last changed, in nanoseconds since the epoch; [`LOOK_AGAIN`] where that does not count.
    pub(crate) modified_ns: i64,
    /// Its number in the file system.
    pub(crate) inode: u64,
    /// The thread in it, if there is one.
    pub(crate) thread: Option<String>,
    /// Why there is none.
    pub(crate) reason: Option<String>,
}

impl RecordedFile {
    /// Says whether the file is to be looked at again, though nothing of it changes.
    pub(crate) fn is_to_be_read_again(&self) -> bool {
        self.modified_ns == LOOK_AGAIN
    }
}

/// A time that no file has makes the next start look again.
const LOOK_AGAIN: i64 = i64::MIN;
/// Kind 0 is a file.
const RECORDED: &str = "SELECT path, size, modified_ns, inode, thread_id, reason FROM files WHERE kind = 0";

fn recorded_from(row: &Row<'_>) -> rusqlite::Result<(String, RecordedFile)> {
    let (size, inode) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(3)? as u64);
    let file = RecordedFile { size, modified_ns: row.get(2)?, inode, thread: row.get(4)?, reason: row.get(5)? };
    Ok((row.get(0)?, file))
}

/// Holds what one transaction stores.
#[derive(Default)]
pub(crate) struct Batch {
    /// Files that were read.
    pub(crate) parsed: Vec<Parsed>,
    /// Files that are gone.
    pub(crate) gone: Vec<String>,
    /// The claim that the batch belongs to; none for a refresh.
    pub(crate) token: Option<String>,
    /// More batches follow, and then [`Database::update_relations`]: the row of a thread of very many files waits for that.
    pub(crate) more_follow: bool,
}

/// A page of the files that are recorded, and the path of its last one.
struct FileIndexPage {
    entries: Entries,
    last: Option<String>,
}

/// Reads the recorded files page by page: each page is read while the one before it is being used.
#[derive(Default)]
pub(crate) struct FileIndexPages(Option<(Option<String>, u32, Pending<FileIndexPage>)>);

impl FileIndexPages {
    /// Returns at most `limit` files after a path.
    pub(crate) fn after(
        &mut self,
        database: &Database,
        after: Option<String>,
        limit: u32,
    ) -> Result<Entries, StateError> {
        let page = match self.0.take() {
            Some((path, most, page)) if path == after && most == limit && path.is_some() => page.wait()?,
            _ => database.indexed_files(after, limit)?.wait()?,
        };
        if page.last.is_some() {
            self.0 = Some((page.last.clone(), limit, database.indexed_files(page.last, limit)?));
        }
        Ok(page.entries)
    }
}

impl Database {
    /// Begins to read the recorded files after a path.
    fn indexed_files(&self, after: Option<String>, limit: u32) -> Result<Pending<FileIndexPage>, StateError> {
        self.begin(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, kind, size, modified_ns, inode FROM files WHERE path > ?1 ORDER BY path LIMIT ?2",
            )?;
            let mut found = select.query(params![after.unwrap_or_default(), limit.clamp(1, MOST)])?;
            let (mut entries, mut last) = (no_entries(), None);
            while let Some(row) = found.next()? {
                let path: String = row.get(0)?;
                let (kind, size, inode) = (kind_from(row.get(1)?), row.get::<_, i64>(2)?, row.get::<_, i64>(4)?);
                push_entry(&mut entries, kind, size as u64, row.get(3)?, inode as u64, [&path, ""]);
                last = Some(path);
            }
            Ok(FileIndexPage { entries, last })
        })
    }

    /// Returns the home paths of a thread's files, in order.
    pub(crate) fn files_of(&self, id: String) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT path FROM files WHERE thread_id = ?1 ORDER BY path")?;
            let paths = select.query_map([id], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the home path of every recorded file, with the thread that is in it.
    pub(crate) fn files_and_threads(&self) -> Result<Vec<(String, Option<String>)>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare("SELECT path, thread_id FROM files")?;
            let files = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// Returns what is recorded of a file that claims to be a rollout; none of what is no file.
    pub(crate) fn recorded_file(&self, path: String) -> Result<Option<RecordedFile>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!("{RECORDED} AND path = ?1"))?;
            Ok(select.query_row([path], recorded_from).optional()?.map(|(_, file)| file))
        })
    }

    /// Gives the same of every such file that is one of the home, with its home path, in the order of these: a few at a time, since
    /// there may be very many.
    pub(crate) fn each_recorded_file(&self, mut each: impl FnMut(String, RecordedFile)) -> Result<(), StateError> {
        let page = |connection: &mut Connection, after: &str| {
            let sql = format!("{RECORDED} AND path > ?1 AND path < ?2 ORDER BY path LIMIT ?3");
            let mut select = connection.prepare_cached(&sql)?;
            let files = select.query_map(params![after, KEPT_IN_STATE, GLANCES], recorded_from)?;
            Ok(files.collect::<Result<_, _>>()?)
        };
        self.each_glance(page, |(path, _)| path, |(path, file)| each(path, file))
    }

    /// Returns the home paths of files that are recorded with a reason why there is no thread in them.
    pub(crate) fn unparsed_files(&self) -> Result<Vec<String>, StateError> {
        self.with(|connection| {
            // As its index says it.
            let sql = "SELECT path FROM files WHERE (reason IS NOT NULL OR bad_count > 0) AND thread_id IS NULL";
            let mut select = connection.prepare_cached(sql)?;
            let paths = select.query_map([], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// Returns a number that another connection changes by writing.
    pub(crate) fn data_version(&self) -> Result<u64, StateError> {
        Ok(self.versions()?.0)
    }

    /// Returns a number that another connection changes by writing, and one that this connection does.
    pub(crate) fn versions(&self) -> Result<(u64, u64), StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached("PRAGMA data_version")?;
            let by_others = select.query_row([], |row| row.get::<_, i64>(0))? as u64;
            Ok((by_others, connection.total_changes()))
        })
    }

    /// Returns what the core learned of a file, for going on from there.
    pub(crate) fn fold_of(&self, path: String) -> Result<Option<Vec<u8>>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT state FROM folds WHERE path = ?1")?;
            Ok(select.query_row([path], |row| row.get(0)).optional()?)
        })
    }

    /// Stores a batch and the rows that follow from it, in one transaction.
    pub(crate) fn store(&self, batch: Batch) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| store(transaction, batch, &deriver))
    }

    /// Removes what is recorded of files that are gone; rows follow.
    pub(crate) fn remove_files(&self, gone: Vec<String>) -> Result<(), StateError> {
        self.store(Batch { gone, ..Batch::default() })
    }
}

fn store(transaction: &Transaction<'_>, batch: Batch, deriver: &RowDeriver) -> Result<(), StateError> {
    if let Some(token) = &batch.token {
        claim::check(transaction, token)?;
    }
    let mut touched = Vec::new();
    for path in &batch.gone {
        touched.extend(ids_by(
            transaction,
            "SELECT thread_id FROM files WHERE path = ?1 AND thread_id IS NOT NULL",
            path,
        )?);
        touched.extend(ids_by(transaction, "SELECT id FROM threads WHERE path = ?1", path)?);
        transaction.prepare_cached("DELETE FROM files WHERE path = ?1")?.execute([path])?;
        transaction.prepare_cached("DELETE FROM folds WHERE path = ?1")?.execute([path])?;
    }
    for parsed in &batch.parsed {
        touched.extend(store_file(transaction, parsed)?);
    }
    if let (Some(_), Some(last)) = (&batch.token, batch.parsed.last()) {
        transaction
            .prepare_cached("UPDATE backfill SET watermark = ?1 WHERE watermark IS NULL OR watermark < ?1")?
            .execute([&last.file.path])?;
    }
    touched.sort_unstable();
    touched.dedup();
    if batch.more_follow {
        // The files of a thread that has many are gone through once, at the end, and not with every batch.
        touched = suspects::put_off(transaction, touched)?;
    }
    derive_rows(transaction, &touched, deriver)?;
    Ok(())
}

/// Returns the first column, a text, of the rows of a query with one parameter.
fn ids_by(connection: &Connection, sql: &str, value: &str) -> Result<Vec<String>, StateError> {
    let mut select = connection.prepare_cached(sql)?;
    let ids = select.query_map([value], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Stores a file; returns the threads that it names now and named before.
fn store_file(transaction: &Transaction<'_>, parsed: &Parsed) -> Result<Vec<String>, StateError> {
    let file = &parsed.file;
    let mut touched =
        ids_by(transaction, "SELECT thread_id FROM files WHERE path = ?1 AND thread_id IS NOT NULL", &file.path)?;
    // What is said of most files that were read before is what was said then; the indexes need nothing where it is.
    let mut update = transaction.prepare_cached(
        "UPDATE files SET kind = ?2, size = ?3, modified_ns = ?4, inode = ?5
         WHERE path = ?1 AND thread_id = ?6 AND continues = ?7 AND reason IS ?8 AND bad_count = ?9 AND bad_lines IS ?10
         AND unread_from IS ?11 AND unread_to IS ?12",
    )?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO files
         (path, kind, size, modified_ns, inode, thread_id, continues, reason, bad_count, bad_lines, unread_from,
          unread_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let again = parsed.outcome.as_ref().is_err_and(|refused| refused.temporary);
    let modified_ns = if again { LOOK_AGAIN } else { file.modified_ns };
    let facts = params![file.path, kind_code(file.kind), file.size as i64, modified_ns, file.inode as i64];
    let place = |bad: &BadLine| (bad.line, bad.offset, bad.reason.clone());
    match &parsed.outcome {
        Ok(found) => {
            let bad: Vec<_> = found.bad_lines.iter().map(place).collect();
            let bad = (!bad.is_empty()).then(|| json(&bad));
            let (from, to) = found.unread.unzip();
            let rest = params![
                found.thread,
                found.continues,
                None::<String>,
                found.bad_count as i64,
                bad,
                from.map(|from| from as i64),
                to.map(|to| to as i64)
            ];
            let all = [facts, rest].concat();
            if touched.is_empty() || update.execute(&all[..])? == 0 {
                insert.execute(&all[..])?;
            }
            transaction
                .prepare_cached(
                    "INSERT INTO folds (path, state) VALUES (?1, ?2)
                     ON CONFLICT (path) DO UPDATE SET state = excluded.state WHERE state IS NOT excluded.state",
                )?
                .execute(params![file.path, found.state])?;
            touched.push(found.thread.clone());
        }
        // The file that was read before may say what it said then: nobody could look.
        Err(refused) if refused.temporary && is_known(transaction, &file.path)? => {
            let sql =
                "UPDATE files SET kind = ?2, size = ?3, modified_ns = ?4, inode = ?5, reason = ?6 WHERE path = ?1";
            let reason = params![refused.reason];
            transaction.prepare_cached(sql)?.execute(&[facts, reason].concat()[..])?;
        }
        Err(refused) => {
            let bad = refused.line.as_ref().map(|line| json(&[place(line)]));
            let rest = params![None::<String>, false, refused.reason, 0, bad, None::<i64>, None::<i64>];
            insert.execute(&[facts, rest].concat()[..])?;
            transaction.prepare_cached("DELETE FROM folds WHERE path = ?1")?.execute([&file.path])?;
        }
    }
    Ok(touched)
}

/// Says whether a file of this path is recorded with its thread.
fn is_known(connection: &Connection, path: &str) -> Result<bool, StateError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM files JOIN folds USING (path) WHERE path = ?1 AND thread_id IS NOT NULL)";
    Ok(connection.prepare_cached(sql)?.query_row([path], |row| row.get(0))?)
}

fn json(bad: &[(u64, u64, String)]) -> String {
    serde_json::to_string(bad).unwrap_or_default()
}
