//! Numbers of sources.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::db::StateError;

/// Returns the number of a source that is there.
pub(super) fn known_source(transaction: &Transaction<'_>, subject: &str, role: i64) -> Result<Option<i64>, StateError> {
    let mut find = transaction.prepare_cached("SELECT number FROM text_sources WHERE subject = ?1 AND role = ?2")?;
    Ok(find.query_row(params![subject, role], |row| row.get(0)).optional()?)
}

/// Returns the number of a source of this thread, which is made where none is `known`.
pub(super) fn source_number(
    transaction: &Transaction<'_>,
    known: Option<i64>,
    (subject, role, thread): (&str, i64, &str),
) -> Result<i64, StateError> {
    let Some(number) = known else {
        transaction
            .prepare_cached("INSERT INTO text_sources (role, subject, thread) VALUES (?1, ?2, ?3)")?
            .execute(params![role, subject, thread])?;
        return Ok(transaction.last_insert_rowid());
    };
    transaction
        .prepare_cached("UPDATE text_sources SET thread = ?2 WHERE number = ?1 AND thread <> ?2")?
        .execute(params![number, thread])?;
    Ok(number)
}
