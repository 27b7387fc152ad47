//! What users said of threads beside their names: kept for good, a rebuild and a damaged state DB survived.

use rusqlite::{Connection, params};

use super::files::reassemble;
use super::{Database, StateError};
use crate::component::types::{Patch, PatchField};

fn field_code(field: PatchField) -> i64 {
    match field {
        PatchField::GitSha => 0,
        PatchField::GitBranch => 1,
        PatchField::GitOriginUrl => 2,
        PatchField::MemoryMode => 3,
    }
}

/// None for a field that another version of the program knows.
fn field_from(code: i64) -> Option<PatchField> {
    Some(match code {
        0 => PatchField::GitSha,
        1 => PatchField::GitBranch,
        2 => PatchField::GitOriginUrl,
        3 => PatchField::MemoryMode,
        _ => return None,
    })
}

/// What users said of a thread.
pub(super) fn read(connection: &Connection, id: &str) -> Result<Vec<Patch>, StateError> {
    let mut select = connection.prepare_cached("SELECT field, value FROM patches WHERE thread_id = ?1")?;
    let patches = select.query_map([id], |row| {
        let value = row.get(1)?;
        Ok(field_from(row.get(0)?).map(|field| Patch { field, value }))
    })?;
    Ok(patches.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

impl Database {
    /// What users said of a thread.
    pub(crate) fn patches(&self, id: String) -> Result<Vec<Patch>, StateError> {
        self.with(move |connection| read(connection, &id))
    }

    /// Takes in what a user says of a thread; its row follows. On disk when this returns.
    pub(crate) fn patch(&self, id: String, patches: Vec<Patch>) -> Result<(), StateError> {
        let deriver = self.deriver();
        self.durably(move |transaction| {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO patches (thread_id, field, value) VALUES (?1, ?2, ?3)")?;
            for patch in patches {
                insert.execute(params![id, field_code(patch.field), patch.value])?;
            }
            reassemble(transaction, vec![id], &deriver).map(drop)
        })
    }
}
