//! The journal of changes that concern files and rows together, and how the rows follow when the files are done.

use rusqlite::{Transaction, params};

use super::derive::derive_rows;
use super::rows::source_code;
use super::{Database, Domain, StateError, Table, UserData};
use threadkeep_engine::contract::Provenance;

/// Holds changes of files and rows together that were begun.
pub(super) const DOMAIN: Domain = Domain {
    name: "journal",
    migrations: &[(
        5,
        "
    -- Changes of files and rows together that were begun: what they come to, as JSON. One that is done is not there.
    CREATE TABLE journal (
        number INTEGER PRIMARY KEY,
        plan TEXT NOT NULL
    );
",
    )],
    tables: &[Table::copied("journal", UserData::Nothing)],
};

/// Says what became of the files of a change, for the rows to follow.
pub(crate) enum CompletedChange {
    /// Everything is as it was.
    Nothing,
    /// Files of these threads have other places: from, to.
    Moved(Vec<String>, Vec<(String, String)>),
    /// These threads and these files are gone.
    Removed(Vec<String>, Vec<String>),
    /// A user gave the thread this name; an empty one says that it has none.
    Named(String, String),
}

/// Is the journal of a database.
pub(crate) struct Journal<'a>(&'a Database);

impl Database {
    /// Returns its journal.
    pub(crate) fn journal(&self) -> Journal<'_> {
        Journal(self)
    }
}

impl Journal<'_> {
    /// Appends what is about to be done. It is on disk when this returns its number.
    pub(crate) fn append(&self, plan: String) -> Result<i64, StateError> {
        self.0.durably(move |transaction| {
            transaction.prepare_cached("INSERT INTO journal (plan) VALUES (?1)")?.execute([plan])?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Returns what was begun and is not known to be done, oldest first: numbers and plans.
    pub(crate) fn unfinished(&self) -> Result<Vec<(i64, String)>, StateError> {
        self.0.with(|connection| {
            let mut select = connection.prepare_cached("SELECT number, plan FROM journal ORDER BY number")?;
            let plans = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(plans.collect::<Result<_, _>>()?)
        })
    }

    /// Completes a change whose files are done: the rows follow, and its plan goes. Should this be lost, the plan is still
    /// there.
    pub(crate) fn complete(&self, number: i64, change: CompletedChange) -> Result<(), StateError> {
        let (deriver, schema) = (self.0.deriver(), self.0.schema());
        // What is deleted at a user's word is in no byte of the database afterwards.
        let erases = matches!(change, CompletedChange::Removed(..));
        let work = move |transaction: &Transaction<'_>| {
            let touched = match change {
                CompletedChange::Nothing => Vec::new(),
                CompletedChange::Moved(threads, moves) => {
                    moves.iter().try_for_each(|(from, to)| move_file(transaction, from, to))?;
                    threads
                }
                CompletedChange::Removed(threads, files) => {
                    files.iter().try_for_each(|file| remove_file(transaction, file))?;
                    threads.iter().try_for_each(|thread| remove_thread(transaction, schema.tables(), thread))?;
                    let erase = schema.tables().filter_map(|table| table.erase);
                    erase.into_iter().try_for_each(|sql| transaction.execute(sql, []).map(drop))?;
                    Vec::new()
                }
                CompletedChange::Named(thread, name) => {
                    add_user_name(transaction, &thread, &name)?;
                    vec![thread]
                }
            };
            derive_rows(transaction, &touched, &deriver)?;
            transaction.prepare_cached("DELETE FROM journal WHERE number = ?1")?.execute([number])?;
            Ok(())
        };
        if erases { self.0.erasing(work) } else { self.0.transaction(work) }
    }
}

/// Moves what is recorded of a file, which is not read again.
fn move_file(transaction: &Transaction<'_>, from: &str, to: &str) -> Result<(), StateError> {
    let is_recorded = transaction.prepare_cached("SELECT 1 FROM files WHERE path = ?1")?.exists([to])?;
    if is_recorded {
        // Somebody has found it there meanwhile.
        return remove_file(transaction, from);
    }
    for table in ["files", "folds"] {
        transaction.prepare_cached(&format!("UPDATE {table} SET path = ?2 WHERE path = ?1"))?.execute([from, to])?;
    }
    Ok(())
}

pub(super) fn remove_file(transaction: &Transaction<'_>, path: &str) -> Result<(), StateError> {
    for table in ["files", "folds"] {
        transaction.prepare_cached(&format!("DELETE FROM {table} WHERE path = ?1"))?.execute([path])?;
    }
    Ok(())
}

/// Deletes what these tables have of a thread.
pub(super) fn remove_thread(
    transaction: &Transaction<'_>,
    tables: impl Iterator<Item = &'static Table>,
    thread: &str,
) -> Result<(), StateError> {
    for table in tables {
        if let Some(column) = table.thread_column {
            let delete = format!("DELETE FROM {} WHERE {column} = ?1", table.name);
            transaction.prepare_cached(&delete)?.execute([thread])?;
        }
    }
    Ok(())
}

fn add_user_name(transaction: &Transaction<'_>, thread: &str, name: &str) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO names (thread_id, source, name, given)
             VALUES (?1, ?2, ?3, (SELECT COALESCE(MAX(given) + 1, 0) FROM names))",
        )?
        .execute(params![thread, source_code(Provenance::User), name])?;
    Ok(())
}
