//! Rows replaced by others as they are, for a repair: nothing is derived from the files, and nothing becomes suspect by it.

use super::rows::{read, write};
use super::suspects::delete_row;
use super::{Database, StateError};
use threadkeep_engine::contract::ThreadRow;

/// Names a row to be replaced, or none, and the one that it is replaced by, or none.
pub(crate) struct Replacement {
    /// The thread.
    pub(crate) id: String,
    /// The current one.
    pub(crate) before: Option<ThreadRow>,
    /// The desired one.
    pub(crate) after: Option<ThreadRow>,
}

impl Database {
    /// Returns the current rows of threads, in their order.
    pub(crate) fn read_rows(&self, ids: Vec<String>) -> Result<Vec<Option<ThreadRow>>, StateError> {
        self.with(move |connection| ids.iter().map(|id| read(connection, id)).collect())
    }

    /// Replaces rows in one transaction, which is on disk when this returns. A row that is neither the one to be replaced nor
    /// the desired one is left, and returned with its place among the replacements; with `whole`, nothing is done then.
    pub(crate) fn replace_rows(
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
                    let current = read(&transaction, id)?;
                    match after {
                        _ if current == *after => {}
                        _ if current != *before => left.push((at, current)),
                        Some(after) => write(&transaction, after)?,
                        None => delete_row(&transaction, id)?,
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
