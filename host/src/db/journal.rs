//! The journal of changes that concern files and rows together, and how the rows follow when the files are done.

use rusqlite::{Transaction, params};

use super::files::reassemble;
use super::rows::source_code;
use super::{Database, StateError};
use crate::component::types::Provenance;

/// Where else something is kept of a thread, by the table and its column: it goes when the thread is deleted.
const KEPT_OF_A_THREAD: [(&str, &str); 8] = [
    ("threads", "id"),
    ("names", "thread_id"),
    ("patches", "thread_id"),
    ("codex", "thread_id"),
    ("goals", "thread_id"),
    ("extractions", "thread_id"),
    ("spawn_statuses", "thread_id"),
    // Last: that a row went has made a suspect of it.
    ("suspects", "thread_id"),
];

/// What became of the files, for the rows to follow.
pub(crate) enum Follow {
    /// Everything is as it was.
    Nothing,
    /// Files of these threads have other places: from, to.
    Moved(Vec<String>, Vec<(String, String)>),
    /// These threads and these files are gone.
    Removed(Vec<String>, Vec<String>),
    /// A user gave the thread this name; an empty one says that it has none.
    Named(String, String),
}

impl Database {
    /// Writes down what is about to be done. On disk when this returns; the answer is its number.
    pub(crate) fn journal_append(&self, plan: String) -> Result<i64, StateError> {
        self.durably(move |transaction| {
            transaction.prepare_cached("INSERT INTO journal (plan) VALUES (?1)")?.execute([plan])?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// What was begun and is not known to be done, oldest first: numbers and plans.
    pub(crate) fn unfinished(&self) -> Result<Vec<(i64, String)>, StateError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT number, plan FROM journal ORDER BY number")?;
            let plans = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(plans.collect::<Result<_, _>>()?)
        })
    }

    /// The files are done: the rows follow, and the plan goes. Should this be lost, the plan is still there.
    pub(crate) fn strike(&self, number: i64, follow: Follow) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.transaction(move |transaction| {
            let touched = match follow {
                Follow::Nothing => Vec::new(),
                Follow::Moved(threads, moves) => {
                    moves.iter().try_for_each(|(from, to)| moved(transaction, from, to))?;
                    threads
                }
                Follow::Removed(threads, files) => {
                    files.iter().try_for_each(|file| forget(transaction, file))?;
                    threads.iter().try_for_each(|thread| removed(transaction, thread))?;
                    Vec::new()
                }
                Follow::Named(thread, name) => {
                    named(transaction, &thread, &name)?;
                    vec![thread]
                }
            };
            reassemble(transaction, touched, &deriver)?;
            transaction.prepare_cached("DELETE FROM journal WHERE number = ?1")?.execute([number])?;
            Ok(())
        })
    }
}

/// What is known of a file goes with it: it is not read again.
fn moved(transaction: &Transaction<'_>, from: &str, to: &str) -> Result<(), StateError> {
    let known = transaction.prepare_cached("SELECT 1 FROM files WHERE path = ?1")?.exists([to])?;
    if known {
        // Somebody has looked meanwhile, and found it there.
        return forget(transaction, from);
    }
    for table in ["files", "folds"] {
        transaction.prepare_cached(&format!("UPDATE {table} SET path = ?2 WHERE path = ?1"))?.execute([from, to])?;
    }
    Ok(())
}

fn forget(transaction: &Transaction<'_>, path: &str) -> Result<(), StateError> {
    for table in ["files", "folds"] {
        transaction.prepare_cached(&format!("DELETE FROM {table} WHERE path = ?1"))?.execute([path])?;
    }
    Ok(())
}

fn removed(transaction: &Transaction<'_>, thread: &str) -> Result<(), StateError> {
    for (table, column) in KEPT_OF_A_THREAD {
        transaction.prepare_cached(&format!("DELETE FROM {table} WHERE {column} = ?1"))?.execute([thread])?;
    }
    Ok(())
}

fn named(transaction: &Transaction<'_>, thread: &str, name: &str) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO names (thread_id, source, name, given)
             VALUES (?1, ?2, ?3, (SELECT COALESCE(MAX(given) + 1, 0) FROM names))",
        )?
        .execute(params![thread, source_code(Provenance::User), name])?;
    Ok(())
}
