//! What is known of the files, and how a batch of parsed ones is stored: files, then the rows that follow from them, in
//! one transaction.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Database, Pending, RowDeriver, StateError, claim, codex, patches, rows, sources};
use crate::component::exports::parsing::Extraction;
use crate::component::exports::repair::{Dossier, ThreadFile};
use crate::component::types::{BadLine, FileFacts, ThreadRow};
use crate::rollouts::{kind_code, kind_from, pack};

/// At most this many files are handed out at a time.
const MOST: u32 = 16_384;
/// Threads assembled in one call of the core.
const DOSSIERS: usize = 256;
/// Forks of forks whose clocks went backwards, at worst, before a circle is suspected.
const DEEPEST_FORK: u32 = 64;

/// A file that was looked at.
pub(crate) struct Parsed {
    /// The file.
    pub(crate) file: FileFacts,
    /// What it says, or why it has no thread.
    pub(crate) outcome: Result<Extraction, Refused>,
}

/// Why a file has no thread.
pub(crate) struct Refused {
    /// In words.
    pub(crate) reason: String,
    /// The line that is the reason, if one is.
    pub(crate) line: Option<BadLine>,
    /// The file is to be looked at again even if nothing of it changes.
    pub(crate) passing: bool,
}

/// What one transaction stores.
#[derive(Default)]
pub(crate) struct Batch {
    /// Files that were looked at.
    pub(crate) parsed: Vec<Parsed>,
    /// Files that are gone.
    pub(crate) gone: Vec<String>,
    /// The claim that the batch belongs to; none for a refresh.
    pub(crate) token: Option<String>,
}

/// A file without a thread, or a line that is no record.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Home path of the file.
    pub path: String,
    /// The line, from 1; none when it is not about a line or what comes before the line was not read.
    pub line: Option<u64>,
    /// Plain bytes before the line.
    pub offset: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

/// What is stored, counted.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Threads with a file.
    pub threads: u64,
    /// Threads whose files are gone.
    pub missing: u64,
    /// Files that claim to be rollouts.
    pub files: u64,
    /// Files too large to be read whole.
    pub partly_read: u64,
}

/// A page of what is known of the files.
#[derive(Default)]
struct Known {
    packed: Vec<u8>,
    last: Option<String>,
}

/// What is known of the files, page by page: each is read while the one before it is being looked at.
#[derive(Default)]
pub(crate) struct KnownAhead(Option<(Option<String>, u32, Pending<Known>)>);

impl KnownAhead {
    /// At most `limit` files after a path, in the packed form of the walk.
    pub(crate) fn known(
        &mut self,
        database: &Database,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<u8>, StateError> {
        let known = match self.0.take() {
            Some((path, most, page)) if path == after && most == limit && path.is_some() => page.wait()?,
            _ => database.known(after, limit)?.wait()?,
        };
        if known.last.is_some() {
            self.0 = Some((known.last.clone(), limit, database.known(known.last, limit)?));
        }
        Ok(known.packed)
    }
}

impl Database {
    /// Begins to read what is known of the files after a path, in the packed form of the walk.
    fn known(&self, after: Option<String>, limit: u32) -> Result<Pending<Known>, StateError> {
        self.begin(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, kind, size, modified_ns, inode FROM files WHERE path > ?1 ORDER BY path LIMIT ?2",
            )?;
            let mut found = select.query(params![after.unwrap_or_default(), limit.clamp(1, MOST)])?;
            let mut known = Known::default();
            while let Some(row) = found.next()? {
                let file = facts(row)?;
                pack(&mut known.packed, &file);
                known.last = Some(file.path);
            }
            Ok(known)
        })
    }

    /// Files of a thread.
    pub(crate) fn files_of(&self, id: String) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT path FROM files WHERE thread_id = ?1 ORDER BY path")?;
            let paths = select.query_map([id], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// The row that follows from all that is recorded of a thread, where another one stands.
    pub(crate) fn assembled(&self, id: String) -> Result<Option<ThreadRow>, StateError> {
        let deriver = self.deriver();
        self.with(move |connection| Ok(deriver.assemble(vec![dossier(connection, &id)?])?.pop()))
    }

    /// Returns the home path of every recorded file, with the thread that is in it.
    pub(crate) fn files_and_threads(&self) -> Result<Vec<(String, Option<String>)>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare("SELECT path, thread_id FROM files")?;
            let files = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// Files that are recorded with a reason why there is no thread in them.
    pub(crate) fn without_thread(&self) -> Result<Vec<String>, StateError> {
        self.with(|connection| {
            // As its index says it.
            let sql = "SELECT path FROM files WHERE (reason IS NOT NULL OR bad_count > 0) AND thread_id IS NULL";
            let mut select = connection.prepare_cached(sql)?;
            let paths = select.query_map([], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// A number that another connection changes by writing.
    pub(crate) fn data_version(&self) -> Result<u64, StateError> {
        self.with(|connection| Ok(connection.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))? as u64))
    }

    /// What the core learned of a file, for going on from there.
    pub(crate) fn fold_of(&self, path: String) -> Result<Option<Vec<u8>>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT state FROM folds WHERE path = ?1")?;
            Ok(select.query_row([path], |row| row.get(0)).optional()?)
        })
    }

    /// Stores a batch and the rows that follow from it.
    pub(crate) fn store(&self, batch: Batch) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| store(transaction, batch, &deriver))
    }

    /// Takes back what is known of files that are gone.
    pub(crate) fn forget(&self, gone: Vec<String>) -> Result<(), StateError> {
        self.store(Batch { gone, ..Batch::default() })
    }

    /// Brings forks' previews up to date with their parents', and marks rows whose files were never found again.
    pub(crate) fn relate(&self) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| {
            let orphans = ids(
                transaction,
                "SELECT id FROM threads WHERE missing = 0
                 AND NOT EXISTS (SELECT 1 FROM files WHERE files.thread_id = threads.id)",
            )?;
            reassemble(transaction, orphans, &deriver)?;
            // A fork of a fork waits for its parent's turn: mostly the order of creation is right, and else a further
            // pass is.
            for _ in 0..DEEPEST_FORK {
                let forks = ids(
                    transaction,
                    "SELECT fork.id FROM threads AS fork JOIN threads AS base ON base.id = fork.base_thread_id
                     ORDER BY fork.created_at",
                )?;
                let mut changed = 0;
                for fork in forks {
                    changed += reassemble(transaction, vec![fork], &deriver)?;
                }
                if changed == 0 {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Makes the rows of these threads anew.
    pub(crate) fn reassemble(&self, ids: Vec<String>) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| reassemble(transaction, ids, &deriver).map(drop))
    }

    /// What is stored, counted.
    pub(crate) fn totals(&self) -> Result<Totals, StateError> {
        self.with(|connection| totals(connection))
    }

    /// Files without a thread, and lines that are no records.
    pub(crate) fn problems(&self) -> Result<Vec<Problem>, StateError> {
        self.with(|connection| problems(connection))
    }
}

/// What is stored, counted.
pub(super) fn totals(connection: &Connection) -> Result<Totals, StateError> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0).map(|count| count as u64));
    Ok(Totals {
        threads: count("SELECT count(*) FROM threads WHERE missing = 0")?,
        missing: count("SELECT count(*) FROM threads WHERE missing = 1")?,
        files: count("SELECT count(*) FROM files")?,
        partly_read: count("SELECT count(*) FROM files WHERE unread_from IS NOT NULL")?,
    })
}

/// Files without a thread, and lines that are no records.
pub(super) fn problems(connection: &Connection) -> Result<Vec<Problem>, StateError> {
    let mut select = connection.prepare(
        "SELECT path, reason, bad_lines, bad_count FROM files WHERE reason IS NOT NULL OR bad_count > 0 ORDER BY path",
    )?;
    let mut found = select.query([])?;
    let mut problems = Vec::new();
    while let Some(row) = found.next()? {
        let path: String = row.get(0)?;
        let bad: Option<String> = row.get(2)?;
        let lines: Vec<(u64, u64, String)> = bad.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let shown = lines.len() as u64;
        let at = |line: u64| (line > 0).then_some(line);
        if let Some(reason) = row.get::<_, Option<String>>(1)? {
            let first = lines.first();
            problems.push(Problem {
                path,
                line: first.and_then(|(line, ..)| at(*line)),
                offset: first.map(|(_, offset, _)| *offset),
                reason: first.map_or(reason.clone(), |(.., why)| format!("{reason}: {why}")),
            });
            continue;
        }
        for (line, offset, reason) in lines {
            problems.push(Problem { path: path.clone(), line: at(line), offset: Some(offset), reason });
        }
        let all = row.get::<_, i64>(3)? as u64;
        if all > shown {
            let reason = format!("and {} more lines that are no records", all - shown);
            problems.push(Problem { path, line: None, offset: None, reason });
        }
    }
    problems.extend(duplicates(connection)?);
    Ok(problems)
}

/// Files that begin a thread which another file begins too, and that are not the one it is read from.
fn duplicates(connection: &Connection) -> Result<Vec<Problem>, StateError> {
    let mut select = connection.prepare(
        "SELECT files.path, threads.path, threads.id FROM files JOIN threads ON threads.id = files.thread_id
         WHERE files.continues = 0 AND threads.path <> files.path AND EXISTS (
             SELECT 1 FROM files AS other
             WHERE other.thread_id = files.thread_id AND other.continues = 0 AND other.path <> files.path)
         ORDER BY files.path",
    )?;
    let duplicates = select.query_map([], |row| {
        let (path, counts, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let reason = format!("a second file of thread {id}, which is read from {counts}");
        Ok(Problem { path, line: None, offset: None, reason })
    })?;
    Ok(duplicates.collect::<Result<_, _>>()?)
}

/// A file out of a row that begins with its path, kind, size, time and inode.
pub(crate) fn facts(row: &Row<'_>) -> rusqlite::Result<FileFacts> {
    Ok(FileFacts {
        path: row.get(0)?,
        kind: kind_from(row.get(1)?),
        size: row.get::<_, i64>(2)? as u64,
        modified_ns: row.get(3)?,
        inode: row.get::<_, i64>(4)? as u64,
    })
}

fn ids(transaction: &Transaction<'_>, sql: &str) -> Result<Vec<String>, StateError> {
    let mut select = transaction.prepare_cached(sql)?;
    let ids = select.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
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
    reassemble(transaction, touched, deriver)?;
    Ok(())
}

fn ids_by(connection: &Connection, sql: &str, value: &str) -> Result<Vec<String>, StateError> {
    let mut select = connection.prepare_cached(sql)?;
    let ids = select.query_map([value], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Stores a file; the threads that it names now and named before.
fn store_file(transaction: &Transaction<'_>, parsed: &Parsed) -> Result<Vec<String>, StateError> {
    let file = &parsed.file;
    let mut touched =
        ids_by(transaction, "SELECT thread_id FROM files WHERE path = ?1 AND thread_id IS NOT NULL", &file.path)?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO files
         (path, kind, size, modified_ns, inode, thread_id, continues, reason, bad_count, bad_lines, unread_from,
          unread_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    // A time that no file has makes the next start look again.
    let again = parsed.outcome.as_ref().is_err_and(|refused| refused.passing);
    let modified_ns = if again { i64::MIN } else { file.modified_ns };
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
            insert.execute(&[facts, rest].concat()[..])?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO folds (path, state) VALUES (?1, ?2)")?
                .execute(params![file.path, found.state])?;
            touched.push(found.thread.clone());
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

fn json(bad: &[(u64, u64, String)]) -> String {
    serde_json::to_string(bad).unwrap_or_default()
}

/// Makes the rows of these threads anew and writes those that are wrong; how many were.
pub(super) fn reassemble(
    transaction: &Transaction<'_>,
    ids: Vec<String>,
    deriver: &RowDeriver,
) -> Result<usize, StateError> {
    let mut written = 0;
    for ids in ids.chunks(DOSSIERS) {
        let dossiers = ids.iter().map(|id| dossier(transaction, id)).collect::<Result<_, _>>()?;
        for row in deriver.assemble(dossiers)? {
            rows::write(transaction, &row)?;
            written += 1;
        }
    }
    Ok(written)
}

fn dossier(connection: &Connection, id: &str) -> Result<Dossier, StateError> {
    let mut select = connection.prepare_cached(
        "SELECT path, kind, size, modified_ns, inode, state FROM files JOIN folds USING (path) WHERE thread_id = ?1",
    )?;
    let files = select.query_map([id], |row| Ok(ThreadFile { file: facts(row)?, state: row.get(5)? }))?;
    let row = rows::read(connection, id)?;
    let base_preview = match row.as_ref().and_then(|row| row.base_thread_id.as_deref()) {
        None => None,
        Some(base) => ids_by(connection, "SELECT preview FROM threads WHERE id = ?1", base)?.pop(),
    };
    // A parent that has no row contradicts nothing.
    let base_preview = base_preview.or_else(|| row.as_ref().map(|row| row.preview.clone()));
    Ok(Dossier {
        id: id.into(),
        files: files.collect::<Result<_, _>>()?,
        names: sources::names(connection, id)?,
        codex: codex::read(connection, id)?,
        patches: patches::read(connection, id)?,
        row,
        base_preview,
    })
}
