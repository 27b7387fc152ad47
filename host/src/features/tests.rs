//! The schema of the state DB: that it grew as it did, that no table is in no domain, and that nothing is lost where it is
//! migrated, rescued, or a thread is deleted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::{TempDir, tempdir};

use super::SCHEMA;
use crate::db::{CompletedChange, Database, FILE_NAME, Inspection, Rescue, RowDeriver, Table, move_aside};
use crate::platform::wait::Wait;
use threadkeep_engine::Runtime;
use threadkeep_engine::contract::{Depth, ThreadRow};

/// A state DB of each version, as SQL: its schema as SQLite had it, and rows in every table. They are never edited; a version
/// that comes to the schema brings its own.
const STORED: [&str; 14] = [
    include_str!("../../../tests/fixtures/state-db/1.sql"),
    include_str!("../../../tests/fixtures/state-db/2.sql"),
    include_str!("../../../tests/fixtures/state-db/3.sql"),
    include_str!("../../../tests/fixtures/state-db/4.sql"),
    include_str!("../../../tests/fixtures/state-db/5.sql"),
    include_str!("../../../tests/fixtures/state-db/6.sql"),
    include_str!("../../../tests/fixtures/state-db/7.sql"),
    include_str!("../../../tests/fixtures/state-db/8.sql"),
    include_str!("../../../tests/fixtures/state-db/9.sql"),
    include_str!("../../../tests/fixtures/state-db/10.sql"),
    include_str!("../../../tests/fixtures/state-db/11.sql"),
    include_str!("../../../tests/fixtures/state-db/12.sql"),
    include_str!("../../../tests/fixtures/state-db/13.sql"),
    include_str!("../../../tests/fixtures/state-db/14.sql"),
];
/// A thread that every table with rows of threads has a row of.
const EVERYWHERE: &str = "019ca8a0-0000-7000-8000-000000000002";

/// Rows, each by the names of its columns.
type Rows = BTreeSet<Vec<(String, String)>>;

fn stored(version: usize) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(STORED[version - 1]).unwrap();
    connection
}

/// A state directory with a stored state DB.
fn directory(version: usize) -> TempDir {
    let dir = tempdir().unwrap();
    let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL;").unwrap();
    connection.execute_batch(STORED[version - 1]).unwrap();
    dir
}

fn open(dir: &Path) -> Database {
    let deriver = RowDeriver::with_provider(&Runtime::load().unwrap(), "openai");
    Database::open(&SCHEMA, dir, &Wait::at_most(Duration::ZERO), deriver).unwrap()
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut select = connection.prepare(sql).unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    texts(connection, &format!("SELECT name FROM pragma_table_info('{table}')"))
}

/// The rows of a table in these columns.
fn rows(connection: &Connection, table: &str, columns: &[String]) -> Rows {
    let mut select = connection.prepare(&format!("SELECT {} FROM {table}", columns.join(", "))).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let cell = |(at, column): (usize, &String)| Ok((column.clone(), format!("{:?}", row.get::<_, Value>(at)?)));
        columns.iter().enumerate().map(cell).collect()
    };
    select.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The same of the database behind a handle.
fn rows_of(database: &Database, table: &'static str, columns: &[String]) -> Rows {
    let columns = columns.to_vec();
    database.with(move |connection| Ok(rows(connection, table, &columns))).unwrap()
}

/// What SQLite says of a schema: kind, name, table, SQL.
fn schema(connection: &Connection) -> Vec<String> {
    texts(connection, "SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema ORDER BY type, name")
}

fn tables() -> BTreeMap<&'static str, &'static Table> {
    let tables: BTreeMap<_, _> = SCHEMA.tables().map(|table| (table.name, table)).collect();
    assert_eq!(tables.len(), SCHEMA.tables().count(), "a table is in two domains");
    tables
}

#[test]
fn every_version_has_the_schema_that_it_always_had() {
    assert_eq!(SCHEMA.version(), STORED.len() as i64, "a version without a stored state DB");
    let connection = Connection::open_in_memory().unwrap();
    for version in 1..=STORED.len() {
        let parts: Vec<&str> = SCHEMA.migration(version as i64).collect();
        assert!(!parts.is_empty(), "no domain has a part of version {version}");
        parts.into_iter().for_each(|part| connection.execute_batch(part).unwrap());
        assert_eq!(schema(&connection), schema(&stored(version)), "version {version}");
    }
}

#[test]
fn parts_of_migrations_are_in_the_order_of_their_versions() {
    for domain in SCHEMA.domains() {
        let versions: Vec<i64> = domain.migrations.iter().map(|(version, _)| *version).collect();
        assert!(versions.is_sorted() && versions.first() > Some(&0), "{}: {versions:?}", domain.name);
    }
}

#[test]
fn every_table_of_a_fresh_state_db_is_in_a_domain_and_every_domain_has_its_tables() {
    let dir = tempdir().unwrap();
    let database = open(dir.path());
    let select = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let fresh = database.with(|connection| Ok(texts(connection, select))).unwrap();
    assert_eq!(fresh, tables().into_keys().collect::<Vec<_>>());
}

#[test]
fn rows_that_name_a_thread_go_with_it_or_are_read_again() {
    for (name, table) in tables() {
        let columns = columns(&stored(STORED.len()), name);
        match table.thread_column {
            Some(column) => assert!(columns.iter().any(|known| known == column), "{name} has no {column}"),
            None => {
                let names_one = columns.iter().any(|column| column == "thread_id");
                assert!(!names_one || matches!(table.rescue, Rescue::ReadAgain), "{name} outlives its threads");
            }
        }
    }
}

#[test]
fn a_state_db_of_every_version_is_migrated_without_loss() {
    for version in 1..=STORED.len() {
        let (before, dir) = (stored(version), directory(version));
        let database = open(dir.path());
        let found = database
            .with(|connection| Ok(connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?));
        assert_eq!(found.unwrap(), SCHEMA.version());
        assert_eq!(database.with(|connection| Ok(schema(connection))).unwrap(), schema(&stored(STORED.len())));
        for (name, table) in tables() {
            let columns = columns(&before, name);
            // What is read again may be cleared, so that it is.
            if columns.is_empty() || name == "backfill" || matches!(table.rescue, Rescue::ReadAgain) {
                continue;
            }
            let rows = rows(&before, name, &columns);
            assert!(!rows.is_empty(), "the stored state DB of version {version} has no rows in {name}");
            assert_eq!(rows_of(&database, name, &columns), rows, "{name} of version {version}");
        }
    }
}

/// Overwrites the first page of a table.
fn damage(dir: &Path, table: &str) {
    let path = dir.join(FILE_NAME);
    let connection = Connection::open(&path).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    let page = number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"));
    let size = number("PRAGMA page_size");
    number("PRAGMA wal_checkpoint(TRUNCATE)");
    drop(connection);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&vec![0xA5; size as usize], (page - 1) * size).unwrap();
}

#[test]
fn a_rescue_keeps_the_rows_of_every_table_whose_domain_says_so_and_of_no_other() {
    let version = STORED.len();
    let (before, dir) = (stored(version), directory(version));
    damage(dir.path(), "threads");
    let empty = tempdir().unwrap();
    let fresh = open(empty.path());
    assert!(open(dir.path()).fault().unwrap().is_some());
    let moved = move_aside(&SCHEMA, dir.path()).unwrap();
    assert!(moved.moved_to.is_file());
    let database = open(dir.path());
    let fresh_rows = |name| (name, rows_of(&fresh, name, &columns(&before, name)));
    let fresh: BTreeMap<_, _> = tables().into_keys().map(fresh_rows).collect();
    assert_eq!(moved.lost, 0);
    for (name, table) in tables() {
        let mut columns = columns(&before, name);
        let expected = match table.rescue {
            Rescue::Copied { without, .. } => {
                columns.retain(|column| !without.contains(&column.as_str()));
                rows(&before, name, &columns)
            }
            Rescue::ReadAgain | Rescue::Derived => fresh[name].clone(),
        };
        assert_eq!(rows_of(&database, name, &columns), expected, "{name}");
    }
}

#[test]
fn everything_of_a_thread_is_deleted_with_it_and_nothing_else() {
    let (before, dir) = (stored(STORED.len()), directory(STORED.len()));
    let database = open(dir.path());
    let number = database.journal().append("a plan".into()).unwrap();
    database.journal().complete(number, CompletedChange::Removed(vec![EVERYWHERE.into()], vec![])).unwrap();
    for (name, table) in tables() {
        // What SQLite's full text index keeps of it follows from what is deleted from that.
        if name.starts_with("text_index_") {
            continue;
        }
        let columns = columns(&before, name);
        let mut expected = rows(&before, name, &columns);
        let all = expected.len();
        if let Some(column) = table.thread_column {
            let of_thread = (column.to_string(), format!("{:?}", Value::Text(EVERYWHERE.into())));
            expected.retain(|row| !row.contains(&of_thread));
            assert!(expected.len() < all, "the stored state DB has nothing of the thread in {name}");
        }
        let mut left = rows_of(&database, name, &columns);
        if name == "pushed_deletions" {
            // A place that has the thread is told that it is deleted.
            left.retain(|row| !row.contains(&("deleted_id".into(), format!("{:?}", Value::Text(EVERYWHERE.into())))));
            assert_eq!(rows_of(&database, name, &columns).len(), left.len() + 1);
        }
        assert_eq!(left, expected, "{name}");
    }
}

/// Rows of threads as an inspection says that the state DB has them, by what is done to its private database meanwhile.
fn current_rows(has_state: bool, change: &'static str) -> (Vec<Option<ThreadRow>>, Vec<Option<ThreadRow>>) {
    let dir = directory(STORED.len());
    let ids = texts(&stored(STORED.len()), "SELECT id FROM threads UNION SELECT 'new' ORDER BY 1");
    let before = open(dir.path()).read_rows(ids.clone()).unwrap();
    let deriver = RowDeriver::with_provider(&Runtime::load().unwrap(), "openai");
    let (copy, _) = Database::open_copy(&SCHEMA, dir.path(), deriver).unwrap().unwrap();
    let inspection = Inspection::prepare(copy, has_state, Depth::Whole).unwrap();
    inspection.database().with(move |connection| Ok(connection.execute_batch(change)?)).unwrap();
    let current = |id: &String| inspection.thread(id).unwrap().into_iter().next().unwrap().current;
    (ids.iter().map(current).collect(), before)
}

#[test]
fn an_inspection_knows_every_row_as_the_state_db_has_it_whatever_is_derived() {
    let new = "INSERT OR REPLACE INTO threads (id, path, archived, preview, title, created_at, updated_at, recency_at, source,
               source_kind, history_mode, missing) VALUES ('new', 'a', 0, '', '', 1, 1, 1, '', '', 'legacy', 0);";
    let twice: &str =
        Box::leak(format!("{new} UPDATE threads SET title = 'b'; {new} UPDATE threads SET id = id;").into());
    for change in [
        "",
        "UPDATE threads SET title = 'other', path = 'elsewhere'",
        "DELETE FROM threads",
        "DELETE FROM threads; INSERT OR REPLACE INTO threads SELECT * FROM current_rows",
        "CREATE TABLE kept AS SELECT * FROM threads; UPDATE kept SET title = 'other'; INSERT OR REPLACE INTO threads SELECT * FROM kept",
        new,
        twice,
    ] {
        let (current, before) = current_rows(true, change);
        assert!(before.iter().any(Option::is_some) && before.iter().any(Option::is_none));
        assert_eq!(current, before, "{change}");
        let (current, _) = current_rows(false, change);
        assert!(current.iter().all(Option::is_none), "{change}");
    }
}
