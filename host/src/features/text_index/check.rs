//! Holds the index against what was read of rollouts and names.

use rusqlite::{OptionalExtension as _, Row, params};
use threadkeep_engine::contract::{EntryKind, FileFacts, SourceRole, TextPart};

use super::PART_BITS;
use super::store::{quoted, role_code};
use crate::db::{Database, StateError};

/// How many words of a part are looked for.
const SAMPLE: usize = 4;

/// A part of a source as it should be in the index, and some of its words.
pub(crate) struct ExpectedPart {
    /// What the source is of its thread's.
    pub(crate) role: SourceRole,
    number: u32,
    words: Vec<String>,
}

impl ExpectedPart {
    /// Takes a sample of a part's words; none of a part without words, which is not stored.
    pub(crate) fn of(role: SourceRole, part: &TextPart) -> Option<ExpectedPart> {
        let words: Vec<&str> = part.tokens.split(' ').filter(|word| !word.is_empty()).collect();
        let step = words.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<String> = words.iter().step_by(step).map(|&word| word.to_owned()).collect();
        let number = part.number.min((1 << PART_BITS) - 1);
        (!sample.is_empty()).then_some(ExpectedPart { role, number, words: sample })
    }
}

impl Database {
    /// Returns at most `limit` rollouts behind a path that are in the index as they are recorded.
    pub(crate) fn indexed_texts(&self, after: String, limit: usize) -> Result<Vec<FileFacts>, StateError> {
        self.with(move |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT path, size, modified_ns, inode FROM text_files JOIN files USING (path)
                 WHERE path > ?1 AND NOT EXISTS (SELECT 1 FROM text_outdated_files AS outdated WHERE outdated.path = files.path)
                 ORDER BY path LIMIT {limit}"
            ))?;
            let file = |row: &Row<'_>| {
                let (size, inode) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(3)? as u64);
                Ok(FileFacts { path: row.get(0)?, kind: EntryKind::File, size, modified_ns: row.get(2)?, inode })
            };
            Ok(select.query_map([after], file)?.collect::<Result<_, _>>()?)
        })
    }

    /// Says whether the names of a thread need not be in the index: they are kept out, or are to be read.
    pub(crate) fn is_kept_out_or_outdated(&self, thread: String) -> Result<bool, StateError> {
        self.with(move |connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM text_outdated_names WHERE thread = ?1) OR EXISTS (
                           SELECT 1 FROM threads, text_exclusions WHERE id = ?1
                           AND (is_under(cwd, directory) OR is_under(last_cwd, directory))
                       )";
            Ok(connection.prepare_cached(sql)?.query_row([thread], |row| row.get(0))?)
        })
    }

    /// Returns what the index lacks of the parts of a subject, each in words.
    pub(crate) fn lacking(&self, subject: String, parts: Vec<ExpectedPart>) -> Result<Vec<String>, StateError> {
        self.with(move |connection| {
            let mut source =
                connection.prepare_cached("SELECT number FROM text_sources WHERE subject = ?1 AND role = ?2")?;
            let mut stored = connection.prepare_cached("SELECT 1 FROM text_index_docsize WHERE id = ?1")?;
            let mut has =
                connection.prepare_cached("SELECT 1 FROM text_index WHERE text_index MATCH ?1 AND rowid = ?2")?;
            let mut lacking = Vec::new();
            for ExpectedPart { role, number, words } in &parts {
                let known: Option<i64> =
                    source.query_row(params![subject, role_code(*role)], |row| row.get(0)).optional()?;
                let place = known.map(|source| source << PART_BITS | i64::from(*number));
                let Some(place) = place.filter(|place| stored.exists([place]).unwrap_or(false)) else {
                    lacking.push(format!("part {number} of {subject}"));
                    continue;
                };
                for word in words {
                    if !has.exists(params![quoted(word), place])? {
                        lacking.push(format!("words of part {number} of {subject}"));
                        break;
                    }
                }
            }
            Ok(lacking)
        })
    }
}
