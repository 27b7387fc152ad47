//! Brings the index up to date: what of it is outdated, and what the core made of that.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use threadkeep_engine::contract::{EntryKind, FileFacts, IndexedText, SourceRole, TextPart, ThreadNames};

use super::sources::{known_source, source_number};
use super::{PART_BITS, touches};
use crate::db::{Database, StateError};

/// How the index merges its segments: never by itself, but with new text, so that a refresh with little of that writes little. A
/// level of so many segments, though, becomes one.
const MERGING: [(&str, i64); 2] = [("automerge", 0), ("crisismerge", 512)];
/// For so much new text one page is merged.
const TEXT_OF_MERGED_PAGE: u64 = 2_048;
/// Pages that are merged at least: fewer are not worth what beginning costs.
const FEWEST_MERGED: u64 = 32;
/// How much of its last part may be read again of a rollout that grew.
const READ_AGAIN: u64 = 64 << 10;

/// Selects the threads of which something in the index is outdated. What is outdated comes first: most often that is nothing.
pub(super) const OUTDATED_THREADS: &str = "SELECT thread_id FROM text_outdated_files CROSS JOIN files USING (path)
     WHERE thread_id IS NOT NULL UNION SELECT thread FROM text_outdated_names";

/// A rollout whose text is to be read.
pub(crate) struct OutdatedFile {
    /// The file as it is recorded.
    pub(crate) file: FileFacts,
    /// Where reading stopped before.
    pub(crate) earlier: Option<Vec<u8>>,
}

/// A thread whose names are to be read.
pub(crate) struct OutdatedNames {
    /// Its id.
    pub(crate) thread: String,
    /// What may be names of it.
    pub(crate) names: ThreadNames,
}

/// What was read of the text of a rollout.
pub(crate) struct TextParts {
    /// The rollout as it was recorded, and where reading it began.
    pub(crate) of: OutdatedFile,
    /// What was read; none where it cannot be.
    pub(crate) text: Option<IndexedText>,
}

impl TextParts {
    /// Bytes of its text that were not known before, at least.
    fn new_text(&self) -> u64 {
        let read = self.text.as_ref().map_or(0, |text| text.text_bytes);
        if self.of.earlier.is_some() { read.saturating_sub(READ_AGAIN) } else { read }
    }
}

/// Returns the number that stands for what a source is of its thread's.
pub(super) fn role_code(role: SourceRole) -> i64 {
    match role {
        SourceRole::Text => 0,
        SourceRole::Copied => 1,
        SourceRole::Names => 2,
    }
}

/// Returns what a number stands for.
pub(super) fn role_from(code: i64) -> SourceRole {
    match code {
        2 => SourceRole::Names,
        1 => SourceRole::Copied,
        _ => SourceRole::Text,
    }
}

/// Returns a token as a query of the index has it.
pub(super) fn quoted(token: &str) -> String {
    format!("\"{}\"", token.replace('"', ""))
}

/// Returns the version of texts and tokens that the index is made of; none where nobody has begun to make one.
pub(super) fn version_of(connection: &Connection) -> Result<Option<u32>, StateError> {
    Ok(connection.prepare_cached("SELECT version FROM text_version")?.query_row([], |row| row.get(0)).optional()?)
}

impl Database {
    /// Empties the index where it was made by another version of the core, and says whether it was.
    pub(crate) fn keep_text_index_of(&self, version: u32) -> Result<bool, StateError> {
        match self.has_text_index_of(version)? {
            true => Ok(false),
            false => self.transaction(move |transaction| {
                // Another process may have begun meanwhile.
                if version_of(transaction)? == Some(version) {
                    return Ok(false);
                }
                clear(transaction)?;
                let mut configure =
                    transaction.prepare_cached("INSERT INTO text_index (text_index, rank) VALUES (?1, ?2)")?;
                MERGING.iter().try_for_each(|setting| configure.execute(*setting).map(drop))?;
                transaction.execute("INSERT INTO text_version VALUES (?1)", [version])?;
                Ok(true)
            }),
        }
    }

    /// Says whether there is an index of this version, be it behind.
    pub(crate) fn has_text_index_of(&self, version: u32) -> Result<bool, StateError> {
        self.with(move |connection| Ok(version_of(connection)? == Some(version)))
    }

    /// Says whether everything is up to date.
    pub(crate) fn is_text_index_current(&self, version: u32) -> Result<bool, StateError> {
        self.with(move |connection| {
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM text_outdated_files) AND NOT EXISTS (SELECT 1 FROM text_outdated_names)
                       AND EXISTS (SELECT 1 FROM text_version WHERE version = ?1)";
            Ok(connection.prepare_cached(sql)?.query_row([version], |row| row.get(0))?)
        })
    }

    /// Returns how many rollouts have text that is to be read.
    pub(crate) fn count_outdated_texts(&self) -> Result<u64, StateError> {
        self.with(|connection| {
            let count =
                connection.query_row("SELECT count(*) FROM text_outdated_files", [], |row| row.get::<_, i64>(0))?;
            Ok(count as u64)
        })
    }

    /// Returns at most `limit` rollouts behind a path whose text is to be read, in the order of their paths.
    pub(crate) fn outdated_texts(&self, after: Option<String>, limit: usize) -> Result<Vec<OutdatedFile>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT path, size, modified_ns, inode, state FROM text_outdated_files
                 JOIN files USING (path) LEFT JOIN text_files USING (path)
                 WHERE path > ?1 AND thread_id IS NOT NULL ORDER BY path LIMIT {limit}"
            ))?;
            let file = |row: &Row<'_>| {
                let path = row.get(0)?;
                let (size, modified_ns, inode) =
                    (row.get::<_, i64>(1)? as u64, row.get(2)?, row.get::<_, i64>(3)? as u64);
                let file = FileFacts { path, kind: EntryKind::File, size, modified_ns, inode };
                Ok(OutdatedFile { file, earlier: row.get(4)? })
            };
            let files = select.query_map([after.unwrap_or_default()], file)?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// Returns at most `limit` threads whose names are to be read.
    pub(crate) fn outdated_names(&self, limit: usize) -> Result<Vec<OutdatedNames>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT id, name, title, preview FROM text_outdated_names JOIN threads ON id = thread LIMIT {limit}"
            ))?;
            let threads = select.query_map([], names_of)?;
            Ok(threads.collect::<Result<_, _>>()?)
        })
    }

    /// Stores what was read of texts, in one transaction with where reading stopped. What another process stored meanwhile
    /// stays.
    pub(crate) fn store_texts(&self, texts: Vec<TextParts>) -> Result<(), StateError> {
        self.transaction(move |transaction| {
            texts.iter().try_for_each(|text| store(transaction, text))?;
            merge(transaction, texts.iter().map(TextParts::new_text).sum())
        })
    }

    /// Stores the tokens of the names of threads, unless these were changed meanwhile.
    pub(crate) fn store_names(&self, threads: Vec<OutdatedNames>, tokens: Vec<String>) -> Result<(), StateError> {
        self.transaction(move |transaction| {
            let mut current = transaction
                .prepare_cached("SELECT 1 FROM threads WHERE id = ?1 AND name IS ?2 AND title = ?3 AND preview = ?4")?;
            let mut done = transaction.prepare_cached("DELETE FROM text_outdated_names WHERE thread = ?1")?;
            for (OutdatedNames { thread, names }, tokens) in threads.iter().zip(&tokens) {
                if !current.exists(params![thread, names.name, names.title, names.preview])? {
                    continue;
                }
                let part = TextPart { number: 0, copied: false, tokens: tokens.clone() };
                replace_parts(transaction, (thread, role_code(SourceRole::Names), thread), 0, [&part])?;
                done.execute([thread])?;
            }
            Ok(())
        })
    }
}

pub(super) fn names_of(row: &Row<'_>) -> rusqlite::Result<OutdatedNames> {
    let names = ThreadNames { name: row.get(1)?, title: row.get(2)?, preview: row.get(3)? };
    Ok(OutdatedNames { thread: row.get(0)?, names })
}

/// Empties the index; everything is outdated then.
pub(super) fn clear(connection: &Connection) -> Result<(), StateError> {
    connection.execute_batch(
        "INSERT INTO text_index (text_index) VALUES ('delete-all');
         DELETE FROM text_version;
         DELETE FROM text_files;
         DELETE FROM text_sources;
         INSERT OR IGNORE INTO text_outdated_files SELECT path FROM files WHERE thread_id IS NOT NULL;
         INSERT OR IGNORE INTO text_outdated_names SELECT id FROM threads;",
    )?;
    Ok(())
}

fn store(transaction: &Transaction<'_>, TextParts { of, text }: &TextParts) -> Result<(), StateError> {
    let path = &of.file.path;
    let known: Option<Vec<u8>> = transaction
        .prepare_cached("SELECT state FROM text_files WHERE path = ?1")?
        .query_row([path], |row| row.get(0))
        .optional()?;
    let thread: Option<String> = transaction
        .prepare_cached("SELECT thread_id FROM files WHERE path = ?1")?
        .query_row([path], |row| row.get(0))
        .optional()?
        .flatten();
    let facts = params![path, of.file.size as i64, of.file.modified_ns, of.file.inode as i64];
    let mut current = transaction
        .prepare_cached("SELECT 1 FROM files WHERE path = ?1 AND size = ?2 AND modified_ns = ?3 AND inode = ?4")?;
    let Some(thread) = thread.filter(|_| known == of.earlier) else { return Ok(()) };
    if !current.exists(facts)? {
        return Ok(());
    }
    let Some(text) = text else {
        // It cannot be read now; the next change of its row says that it can.
        transaction.prepare_cached("DELETE FROM text_outdated_files WHERE path = ?1")?.execute([path])?;
        return Ok(());
    };
    for (role, copied) in [(SourceRole::Text, false), (SourceRole::Copied, true)] {
        let parts = text.parts.iter().filter(|part| part.copied == copied);
        let source = (path.as_str(), role_code(role), thread.as_str());
        replace_parts(transaction, source, text.replaced_from, parts)?;
        let touches = text.touches.iter().filter(|touch| touch.copied == copied);
        touches::replace(transaction, source, text.replaced_from, touches)?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO text_files (path, has_rollbacks, state) VALUES (?1, ?2, ?3)
             ON CONFLICT (path) DO UPDATE SET has_rollbacks = excluded.has_rollbacks, state = excluded.state",
        )?
        .execute(params![path, text.has_rollbacks, text.state])?;
    if text.is_whole {
        transaction.prepare_cached("DELETE FROM text_outdated_files WHERE path = ?1")?.execute([path])?;
    }
    Ok(())
}

/// Merges segments of the index, as much of them as this much new text is worth.
fn merge(transaction: &Transaction<'_>, new_text: u64) -> Result<(), StateError> {
    let pages = new_text / TEXT_OF_MERGED_PAGE;
    if pages >= FEWEST_MERGED {
        let sql = "INSERT INTO text_index (text_index, rank) VALUES ('merge', ?1)";
        transaction.prepare_cached(sql)?.execute([pages as i64])?;
    }
    Ok(())
}

/// Replaces the parts of a source from a number on; one without parts is not there.
fn replace_parts<'a>(
    transaction: &Transaction<'_>,
    (subject, role, thread): (&str, i64, &str),
    from: u32,
    parts: impl IntoIterator<Item = &'a TextPart>,
) -> Result<(), StateError> {
    let mut parts = parts.into_iter().filter(|part| !part.tokens.is_empty()).peekable();
    let known = known_source(transaction, subject, role)?;
    if let Some(number) = known {
        let mut remove = transaction.prepare_cached("DELETE FROM text_index WHERE rowid BETWEEN ?1 AND ?2")?;
        remove.execute([number << PART_BITS | i64::from(from), ((number + 1) << PART_BITS) - 1])?;
    }
    if parts.peek().is_none() {
        return Ok(());
    }
    let number = source_number(transaction, known, (subject, role, thread))?;
    let mut insert = transaction.prepare_cached("INSERT INTO text_index (rowid, tokens) VALUES (?1, ?2)")?;
    for part in parts {
        let part_number = i64::from(part.number.min((1 << PART_BITS) - 1));
        insert.execute(params![number << PART_BITS | part_number, part.tokens])?;
    }
    Ok(())
}
