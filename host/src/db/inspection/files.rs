//! How files are: recorded while they are read, and found again with what the state DB knows of them.

use rusqlite::{Row, params};

use super::super::file_row::file_facts;
use super::Inspection;
use crate::db::StateError;
use threadkeep_engine::contract::{FileFacts, FileReport, ThreadFileFacts};

/// Columns of a file with its health, for [`reported_file`]: its facts, thread, reason, whether it is as the state DB knows
/// it, and how it is.
pub(super) const FILE: &str = "files.path, kind, files.size, files.modified_ns, files.inode, files.thread_id, reason, \
     indexed_files.size = files.size AND indexed_files.modified_ns = files.modified_ns \
     AND indexed_files.inode = files.inode, \
     file_health.lines, file_health.has_messages, file_health.skimmed, file_health.details";
/// What [`FILE`] needs beside `files`.
pub(super) const WITH_HEALTH: &str = "LEFT JOIN indexed_files ON indexed_files.path = files.path \
     LEFT JOIN file_health ON file_health.path = files.path";
/// Files that nobody has read yet, handed out at a time.
const PAGE: usize = 256;

/// Says how a file was found to be.
pub(crate) struct FileHealth {
    /// Its home path.
    pub(crate) path: String,
    /// How it is.
    pub(crate) health: FileReport,
    /// Only its ends were read, and what it says is not known.
    pub(crate) skimmed: bool,
}

/// Is a file that belongs to no thread.
pub(crate) struct StrayFile {
    /// What there is to say of it.
    pub(crate) file: ThreadFileFacts,
    /// It is as the state DB knows it.
    pub(crate) is_current: bool,
}

/// Is a file with what is recorded of it.
pub(super) struct ReportedFile {
    /// What there is to say of it.
    pub(super) file: ThreadFileFacts,
    /// It is as the state DB knows it.
    pub(super) is_current: bool,
    /// Only its ends were read.
    pub(super) skimmed: bool,
}

impl Inspection {
    /// Records how files are. What most files are like is kept as two numbers, and only what is remarkable in full.
    pub(crate) fn put_health(&self, files: Vec<FileHealth>) -> Result<(), StateError> {
        self.database.transaction(move |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO file_health (path, lines, has_messages, skimmed, details)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for FileHealth { path, health, skimmed } in files {
                let plain = health.damaged_line_count == 0
                    && health.ordinal_error_count == 0
                    && health.base.is_none()
                    && health.marked_lines == 0
                    && health.odd_times == 0
                    && !health.history_lost
                    && !health.no_final_newline;
                let details = (!plain).then(|| serde_json::to_string(&health).unwrap_or_default());
                insert.execute(params![path, health.lines as i64, health.has_messages, skimmed, details])?;
            }
            Ok(())
        })
    }

    /// Returns the next files after a path whose health nobody has recorded, with what the core learned of them before.
    pub(crate) fn unread_files_after(&self, path: &str) -> Result<Vec<(FileFacts, Vec<u8>)>, StateError> {
        let after = path.to_string();
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT path, kind, size, modified_ns, inode, state FROM files JOIN folds USING (path)
                 WHERE path > ?1 AND NOT EXISTS (SELECT 1 FROM file_health WHERE file_health.path = files.path)
                 ORDER BY path LIMIT ?2",
            )?;
            let rows = select.query_map((after, PAGE as i64), |row| Ok((file_facts(row)?, row.get(5)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns at most `limit` files after a path that belong to no thread.
    pub(crate) fn stray_files_after(&self, path: &str, limit: usize) -> Result<Vec<StrayFile>, StateError> {
        let after = path.to_string();
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {FILE} FROM files {WITH_HEALTH} WHERE files.path > ?1 AND files.thread_id IS NULL
                 ORDER BY files.path LIMIT ?2"
            ))?;
            let files = select.query_map((after, limit as i64), |row| {
                let ReportedFile { file, is_current, .. } = reported_file(row)?;
                Ok(StrayFile { file, is_current })
            })?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the home paths of a thread's files, and of the files of the one that its history begins in.
    pub(crate) fn files_around(&self, id: &str) -> Result<Vec<String>, StateError> {
        let id = id.to_string();
        self.database.with(move |connection| {
            let mut select = connection.prepare(
                "SELECT path FROM files WHERE thread_id = ?1
                 OR thread_id = (SELECT base_thread_id FROM threads WHERE id = ?1) ORDER BY path",
            )?;
            let paths = select.query_map([id], |row| row.get(0))?;
            Ok(paths.collect::<Result<_, _>>()?)
        })
    }

    /// Returns for each list of home paths the first one that is a recorded file, with its thread.
    #[expect(clippy::type_complexity, reason = "a path and a thread, as the core takes them")]
    pub(crate) fn first_files(
        &self,
        candidates: Vec<Vec<String>>,
    ) -> Result<Vec<Option<(String, Option<String>)>>, StateError> {
        self.database.with(move |connection| {
            let mut select = connection.prepare_cached("SELECT path, thread_id FROM files WHERE path = ?1")?;
            let mut files = Vec::new();
            for paths in &candidates {
                let mut file = None;
                for path in paths {
                    let mut rows = select.query([path])?;
                    if let Some(row) = rows.next()? {
                        file = Some((row.get(0)?, row.get(1)?));
                        break;
                    }
                }
                files.push(file);
            }
            Ok(files)
        })
    }
}

/// Reads a file out of the columns of [`FILE`].
pub(super) fn reported_file(row: &Row<'_>) -> rusqlite::Result<ReportedFile> {
    let report = match row.get::<_, Option<i64>>(8)? {
        Some(lines) => Some(report(lines, row.get(9)?, row.get(11)?)),
        None => None,
    };
    Ok(ReportedFile {
        file: ThreadFileFacts { file: file_facts(row)?, report, reason: row.get(6)? },
        is_current: row.get::<_, Option<bool>>(7)? == Some(true),
        skimmed: row.get::<_, Option<bool>>(10)? == Some(true),
    })
}

fn report(lines: i64, has_messages: bool, details: Option<String>) -> FileReport {
    details.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| FileReport {
        lines: lines as u64,
        damaged_lines: Vec::new(),
        damaged_line_count: 0,
        ordinal_errors: Vec::new(),
        ordinal_error_count: 0,
        base: None,
        no_final_newline: false,
        has_messages,
        marked_lines: 0,
        odd_times: 0,
        history_lost: false,
    })
}
