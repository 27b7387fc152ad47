//! What is stored, counted, and what is wrong with it: files without a thread, lines that are no records, threads that begin
//! in two files.

use rusqlite::Connection;

use super::{Database, StateError};

/// Describes a file without a thread, or a line that is no record.
#[derive(Clone, Debug, PartialEq)]
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

/// Counts what is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl Database {
    /// Counts what is stored.
    pub(crate) fn totals(&self) -> Result<Totals, StateError> {
        self.with(|connection| totals(connection))
    }

    /// Lists the files with lines that are no records, each with its thread where that is known.
    pub(crate) fn files_with_bad_lines(&self) -> Result<Vec<(String, Option<String>)>, StateError> {
        self.with(|connection| {
            let mut select =
                connection.prepare("SELECT path, thread_id FROM files WHERE bad_count > 0 ORDER BY path")?;
            let files = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// Lists files without a thread, and lines that are no records, by path; second files of a thread come last.
    pub(crate) fn problems(&self) -> Result<Vec<Problem>, StateError> {
        self.with(|connection| problems(connection))
    }
}

fn totals(connection: &Connection) -> Result<Totals, StateError> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0).map(|count| count as u64));
    Ok(Totals {
        threads: count("SELECT count(*) FROM threads WHERE missing = 0")?,
        missing: count("SELECT count(*) FROM threads WHERE missing = 1")?,
        files: count("SELECT count(*) FROM files")?,
        partly_read: count("SELECT count(*) FROM files WHERE unread_from IS NOT NULL")?,
    })
}

fn problems(connection: &Connection) -> Result<Vec<Problem>, StateError> {
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

/// Lists files that begin a thread which another file begins too, and that are not the one it is read from.
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
