//! Rows put in place of others as they are, by a repair: nothing is made of the files, and nothing is suspected of it.

use rusqlite::OptionalExtension as _;

use super::rows::{read, write};
use super::{Database, StateError};
use crate::component::types::ThreadRow;

/// A row that stands, or none, and the one that should.
pub(crate) struct Replacement {
    /// The thread.
    pub(crate) id: String,
    /// As it stands.
    pub(crate) before: Option<ThreadRow>,
    /// As it should.
    pub(crate) after: Option<ThreadRow>,
}

impl Database {
    /// Rows of threads, each as it stands.
    pub(crate) fn rows(&self, ids: Vec<String>) -> Result<Vec<Option<ThreadRow>>, StateError> {
        self.with(move |connection| ids.iter().map(|id| read(connection, id)).collect())
    }

    /// Puts rows in the places of those that stand, in one transaction, on disk when this returns. Where another one stands
    /// by now, or none, it is left and given back by its place among the replacements; `whole` does nothing then.
    pub(crate) fn swap(
        &self,
        replacements: Vec<Replacement>,
        whole: bool,
    ) -> Result<Vec<(usize, Option<ThreadRow>)>, StateError> {
        self.with(move |connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let left = (|| {
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                let mut left = Vec::new();
                for (at, Replacement { id, before, after }) in replacements.iter().enumerate() {
                    let stands = read(&transaction, id)?;
                    match after {
                        _ if stands == *after => {}
                        _ if stands != *before => left.push((at, stands)),
                        Some(after) => write(&transaction, after)?,
                        None => remove(&transaction, id)?,
                    }
                }
                match left.is_empty() || !whole {
                    true => transaction.commit()?,
                    false => transaction.rollback()?,
                }
                Ok(left)
            })();
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            left
        })
    }
}

/// That it goes makes no suspect of it, unless it was one before.
fn remove(connection: &rusqlite::Connection, id: &str) -> Result<(), StateError> {
    let suspected = "SELECT 1 FROM suspects WHERE thread_id = ?1";
    let before = connection.prepare_cached(suspected)?.query_row([id], |_| Ok(())).optional()?;
    connection.prepare_cached("DELETE FROM threads WHERE id = ?1")?.execute([id])?;
    if before.is_none() {
        connection.prepare_cached("DELETE FROM suspects WHERE thread_id = ?1")?.execute([id])?;
    }
    Ok(())
}
