//! What users said of threads beside their names: kept for good, through a rebuild and a rescue of a damaged state DB.

use rusqlite::{Connection, params};

use super::{Database, Domain, StateError, Table, UserData};
use threadkeep_engine::contract::{Patch, PatchField};

/// Holds what users said of threads beside their names.
pub(super) const DOMAIN: Domain = Domain {
    name: "patches",
    migrations: &[
        (
            5,
            "
    -- What users said of threads: 0 git sha, 1 git branch, 2 git origin URL, 3 memory mode; null where there is nothing,
    -- whatever others say.
    CREATE TABLE patches (
        thread_id TEXT NOT NULL,
        field INTEGER NOT NULL,
        value TEXT,
        PRIMARY KEY (thread_id, field)
    ) WITHOUT ROWID;
",
        ),
    ],
    tables: &[Table::copied("patches", UserData::All).of_thread("thread_id")],
};

fn field_code(field: PatchField) -> i64 {
    match field {
        PatchField::GitSha => 0,
        PatchField::GitBranch => 1,
        PatchField::GitOriginUrl => 2,
        PatchField::MemoryMode => 3,
    }
}

/// Returns the field of a number; none for one that another version of the program knows.
fn field_from(code: i64) -> Option<PatchField> {
    Some(match code {
        0 => PatchField::GitSha,
        1 => PatchField::GitBranch,
        2 => PatchField::GitOriginUrl,
        3 => PatchField::MemoryMode,
        _ => return None,
    })
}

/// Returns what users said of a thread.
pub(super) fn read(connection: &Connection, id: &str) -> Result<Vec<Patch>, StateError> {
    let mut select = connection.prepare_cached("SELECT field, value FROM patches WHERE thread_id = ?1")?;
    let patches = select.query_map([id], |row| {
        let value = row.get(1)?;
        Ok(field_from(row.get(0)?).map(|field| Patch { field, value }))
    })?;
    Ok(patches.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

impl Database {
    /// Returns what users said of a thread.
    pub(crate) fn patches(&self, id: String) -> Result<Vec<Patch>, StateError> {
        self.with(move |connection| read(connection, &id))
    }
}

/// Stores what a user says of a thread.
pub(super) fn write(connection: &Connection, id: &str, patches: Vec<Patch>) -> Result<(), StateError> {
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO patches (thread_id, field, value) VALUES (?1, ?2, ?3)")?;
    for patch in patches {
        insert.execute(params![id, field_code(patch.field), patch.value])?;
    }
    Ok(())
}
