//! Threads are forgotten, and rows that no longer count are dropped.

use std::collections::BTreeSet;

use postgres::{Client, Transaction};
use threadkeep_tables::TABLES;

use super::schema::{self, quoted, rows_table};
use super::{Database, migrate};
use crate::error::{Error, Result};
use crate::paths::Owner;

type Asked<T> = std::result::Result<T, postgres::Error>;

/// Takes threads out of the rows of every machine, and keeps them from coming back; gives how many rows that were.
///
/// # Errors
///
/// Nothing is changed where a thread is nowhere, or the server fails.
pub fn forget(database: &Database, threads: &BTreeSet<String>) -> Result<u64> {
    let mut client = database.connect()?;
    migrate::require(database, &mut client)?;
    let fail = |error: postgres::Error| database.failed("forgetting threads", &error);
    let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
    let mut transaction = client.transaction().map_err(fail)?;
    if locked(database, &mut transaction).map_err(fail)?.is_empty() {
        return Err(Error::NoTables(database.shown().to_owned()));
    }
    let unknown = unknown(database, &mut transaction, &threads).map_err(fail)?;
    if !unknown.is_empty() {
        return Err(Error::NoThreads(unknown));
    }
    let removed = (|| {
        let name = quoted(database.schema());
        transaction.execute(
            &format!(
                "INSERT INTO {name}.forgotten (machine, home, thread) SELECT machine, home, thread FROM {name}.homes, \
                 unnest($1::text[]) AS thread ON CONFLICT DO NOTHING"
            ),
            &[&threads],
        )?;
        let mut removed = 0;
        for table in TABLES.iter().filter(|table| table.of_threads()) {
            let rows = quoted(&rows_table(table));
            removed +=
                transaction.execute(&format!("DELETE FROM {name}.{rows} WHERE thread = ANY($1)"), &[&threads])?;
        }
        transaction.commit()?;
        Ok(removed)
    })()
    .map_err(fail)?;
    vacuum(database, &mut client);
    Ok(removed)
}

/// Drops the rows of everybody that will never be current again, and gives how many that were.
///
/// # Errors
///
/// The server may fail; what was dropped of other homes stays so.
pub fn compact(database: &Database) -> Result<u64> {
    let mut client = database.connect()?;
    migrate::require(database, &mut client)?;
    let sql = format!("SELECT machine, home FROM {}.homes ORDER BY machine, home", quoted(database.schema()));
    let homes = client.query(&sql, &[]).map_err(|error| database.failed("reading what was pushed", &error))?;
    if homes.is_empty() {
        return Err(Error::NoTables(database.shown().to_owned()));
    }
    let mut dropped = 0;
    for home in homes {
        dropped += drop_dead(database, &mut client, &Owner { machine: home.get(0), home: home.get(1) })?;
    }
    vacuum(database, &mut client);
    Ok(dropped)
}

/// Drops the rows of a home that will never be current again.
pub(super) fn drop_dead(database: &Database, client: &mut Client, owner: &Owner) -> Result<u64> {
    let dropped: Asked<u64> = (|| {
        let mut transaction = client.transaction()?;
        let name = quoted(database.schema());
        let sql = format!("SELECT FROM {name}.homes WHERE machine = $1 AND home = $2 FOR UPDATE");
        transaction.execute(&sql, &[&owner.machine, &owner.home])?;
        let mut dropped = 0;
        for sql in TABLES.iter().flat_map(|table| schema::drop_dead(database.schema(), table)) {
            dropped += transaction.execute(&sql, &[&owner.machine, &owner.home])?;
        }
        transaction.commit()?;
        Ok(dropped)
    })();
    dropped.map_err(|error| database.failed("dropping rows", &error))
}

/// Keeps every home from committing until the end of the transaction; always in one order.
fn locked(database: &Database, transaction: &mut Transaction) -> Asked<Vec<Owner>> {
    let name = quoted(database.schema());
    let rows =
        transaction.query(&format!("SELECT machine, home FROM {name}.homes ORDER BY machine, home FOR UPDATE"), &[])?;
    Ok(rows.iter().map(|row| Owner { machine: row.get(0), home: row.get(1) }).collect())
}

fn unknown(database: &Database, transaction: &mut Transaction, threads: &[&str]) -> Asked<Vec<String>> {
    let name = quoted(database.schema());
    let known: Vec<String> = TABLES
        .iter()
        .filter(|table| table.of_threads())
        .map(|table| quoted(&rows_table(table)))
        .chain(["forgotten".to_owned()])
        .map(|rows| format!("NOT EXISTS (SELECT FROM {name}.{rows} AS r WHERE r.thread = wanted)"))
        .collect();
    let sql = format!("SELECT wanted FROM unnest($1::text[]) AS wanted WHERE {} ORDER BY wanted", known.join(" AND "));
    Ok(transaction.query(&sql, &[&threads])?.iter().map(|row| row.get(0)).collect())
}

/// Makes the server let go of what deleted rows said. Who owns the tables not may not; then the server does it in its own time.
fn vacuum(database: &Database, client: &mut Client) {
    for table in TABLES {
        let _ = client.batch_execute(&format!("VACUUM {}.{}", quoted(database.schema()), quoted(&rows_table(table))));
    }
}
