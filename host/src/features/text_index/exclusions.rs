//! What users keep out of the index: all texts, or those of threads in some directories.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use threadkeep_engine::contract::RowQuery;

use super::store::{OUTDATED_THREADS, clear};
use crate::db::{Database, StateError};

/// Says what is kept out of the index; that is searched by reading the rollouts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexExclusions {
    /// Nothing is in the index.
    pub all: bool,
    /// No text of a thread is that ran in one of these directories or below it.
    directories: Vec<String>,
}

impl IndexExclusions {
    /// Keeps threads of these directories out, by which name of them ever they are known; or `all`.
    pub fn new(all: bool, directories: &[PathBuf]) -> IndexExclusions {
        let names = |directory: &PathBuf| [Some(directory.clone()), std::fs::canonicalize(directory).ok()];
        let names = directories.iter().flat_map(names).flatten();
        let mut directories: Vec<String> = names.map(|name| text_of(&name)).collect();
        directories.sort();
        directories.dedup();
        IndexExclusions { all, directories }
    }

    /// Gives the directories.
    pub fn directories(&self) -> &[String] {
        &self.directories
    }

    /// Gives queries that let pass what ran in one of the directories each.
    pub fn queries(&self) -> impl Iterator<Item = RowQuery> {
        self.directories.iter().map(|directory| RowQuery { under: Some(directory.clone()), ..RowQuery::default() })
    }

    /// Says whether threads of some directories are kept out.
    pub(crate) fn has_directories(&self) -> bool {
        !self.all && !self.directories.is_empty()
    }

    /// Gives the directories as the list that `json_each` takes.
    pub(super) fn list(&self) -> String {
        serde_json::to_string(&self.directories).unwrap_or_else(|_| "[]".into())
    }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Selects threads that are kept out; `?1` is the list of directories.
pub(super) const EXCLUDED: &str =
    "EXISTS (SELECT 1 FROM json_each(?1) WHERE is_under(threads.cwd, value) OR is_under(threads.last_cwd, value))";

impl Database {
    /// Takes out of the index what is kept out now and was not before, so that none of its words is in any byte of the file; and
    /// has read what is kept out no more. Costs nothing where nothing has changed.
    pub(crate) fn exclude_from_text_index(&self, exclusions: &IndexExclusions) -> Result<(), StateError> {
        if exclusions.all {
            let is_empty = self.with(|connection| {
                let sql = "SELECT NOT EXISTS (SELECT 1 FROM text_version) AND NOT EXISTS (SELECT 1 FROM text_sources)";
                Ok(connection.query_row(sql, [], |row| row.get::<_, bool>(0))?)
            })?;
            return if is_empty { Ok(()) } else { self.erasing(|transaction| clear(transaction)) };
        }
        let wanted = exclusions.directories.clone();
        let known: Vec<String> = self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT directory FROM text_exclusions ORDER BY directory")?;
            Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })?;
        if known == wanted {
            return Ok(());
        }
        let list = exclusions.list();
        self.erasing(move |transaction| {
            if remove_excluded(transaction, &list, "threads.id IN (SELECT thread FROM text_sources)")? {
                transaction.execute("INSERT INTO text_index (text_index) VALUES ('optimize')", [])?;
            }
            transaction.execute_batch("DELETE FROM text_exclusions")?;
            let mut insert = transaction.prepare_cached("INSERT INTO text_exclusions VALUES (?1)")?;
            wanted.iter().try_for_each(|directory| insert.execute([directory]).map(drop))?;
            // What was kept out until now.
            transaction.execute(
                &format!(
                    "INSERT OR IGNORE INTO text_outdated_files SELECT files.path FROM files JOIN threads ON threads.id = thread_id
                     WHERE NOT EXISTS (SELECT 1 FROM text_files WHERE text_files.path = files.path) AND NOT {EXCLUDED}"
                ),
                [&list],
            )?;
            transaction.execute(
                &format!(
                    "INSERT OR IGNORE INTO text_outdated_names SELECT id FROM threads
                     WHERE NOT EXISTS (SELECT 1 FROM text_sources WHERE subject = id) AND NOT {EXCLUDED}"
                ),
                [&list],
            )?;
            Ok(())
        })
    }

    /// Takes threads that are kept out from what is to be read. What they have in the index, because they ran elsewhere before,
    /// goes with that.
    pub(crate) fn skip_excluded_texts(&self, exclusions: &IndexExclusions) -> Result<(), StateError> {
        if !exclusions.has_directories() {
            return Ok(());
        }
        let list = exclusions.list();
        let among = format!("threads.id IN ({OUTDATED_THREADS})");
        let find = format!("SELECT EXISTS (SELECT 1 FROM threads WHERE {among} AND {EXCLUDED})");
        let asked = list.clone();
        let is_needed =
            self.with(move |connection| Ok(connection.query_row(&find, [asked], |row| row.get::<_, bool>(0))?))?;
        match is_needed {
            true => self.transaction(move |transaction| remove_excluded(transaction, &list, &among).map(drop)),
            false => Ok(()),
        }
    }
}

/// Removes what the index has of threads that are kept out, and what is to be read of them; says whether it had anything.
fn remove_excluded(connection: &Connection, list: &str, among: &str) -> Result<bool, StateError> {
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS text_excluded (id TEXT PRIMARY KEY); DELETE FROM text_excluded",
    )?;
    let select = format!(
        "INSERT INTO text_excluded SELECT id FROM threads WHERE ({among} OR id IN (SELECT thread FROM text_outdated_names))
         AND {EXCLUDED}"
    );
    connection.execute(&select, [list])?;
    let removed = connection.execute("DELETE FROM text_sources WHERE thread IN text_excluded", [])?;
    let files = "SELECT path FROM files WHERE thread_id IN text_excluded";
    connection.execute(&format!("DELETE FROM text_files WHERE path IN ({files})"), [])?;
    connection.execute(&format!("DELETE FROM text_outdated_files WHERE path IN ({files})"), [])?;
    connection.execute("DELETE FROM text_outdated_names WHERE thread IN text_excluded", [])?;
    Ok(removed > 0)
}
