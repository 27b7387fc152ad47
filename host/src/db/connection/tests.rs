//! What is asked, what was begun, and the order of the two.

use std::time::Duration;

use super::*;

fn with_table() -> SharedConnection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
    SharedConnection::of(connection)
}

fn add_slowly(connection: &mut Connection, n: i64) -> Result<usize, StateError> {
    std::thread::sleep(Duration::from_millis(20));
    Ok(connection.execute("INSERT INTO t VALUES (?1)", [n])?)
}

fn all(connection: &SharedConnection) -> Vec<i64> {
    let asked = connection.with(|connection| {
        let mut select = connection.prepare("SELECT n FROM t ORDER BY rowid")?;
        let numbers = select.query_map([], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    });
    asked.unwrap()
}

#[test]
fn what_is_asked_finds_all_that_was_begun_before_it() {
    let connection = with_table();
    for round in 0..3 {
        let begun: Vec<_> = (0..4)
            .map(|n| connection.begin(move |connection| add_slowly(connection, round * 4 + n)).unwrap())
            .collect();
        assert_eq!(all(&connection), Vec::from_iter(0..round * 4 + 4), "whether or not their answers are asked for");
        if round != 1 {
            assert!(begun.into_iter().all(|begun| begun.wait().unwrap() == 1));
        }
    }
}

#[test]
fn what_is_asked_by_many_threads_beside_what_was_begun_is_done_once_each() {
    let connection = with_table();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let connection = &connection;
            scope.spawn(move || {
                for n in at * 100..at * 100 + 100 {
                    let add =
                        move |connection: &mut Connection| Ok(connection.execute("INSERT INTO t VALUES (?1)", [n])?);
                    match n % 3 {
                        0 => drop(connection.begin(add).unwrap()),
                        _ => drop(connection.with(add).unwrap()),
                    }
                }
            });
        }
    });
    let mut numbers = all(&connection);
    numbers.sort_unstable();
    assert_eq!(numbers, Vec::from_iter(0..800));
}

#[test]
fn what_was_begun_is_done_when_the_connection_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("of-a-test.sqlite");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER)").unwrap();
    let connection = SharedConnection::of(connection);
    drop(connection.begin(|connection| add_slowly(connection, 7)).unwrap());
    drop(connection);
    assert!(!dir.path().join("of-a-test.sqlite-wal").exists());
    assert_eq!(all(&SharedConnection::of(Connection::open(&file).unwrap())), [7]);
}

#[test]
fn after_work_that_panicked_everything_fails_and_nothing_waits() {
    for on_thread in [false, true] {
        let connection = with_table();
        match on_thread {
            true => {
                assert!(connection.begin::<()>(|_| panic!("as if there were a fault")).unwrap().wait().is_err())
            }
            false => {
                let panicked = std::panic::AssertUnwindSafe(|| connection.with::<()>(|_| panic!("likewise")));
                assert!(std::panic::catch_unwind(panicked).is_err());
            }
        }
        let after = connection.with(|connection| Ok(connection.execute("INSERT INTO t VALUES (1)", [])?));
        assert!(after.is_err(), "{after:?}");
    }
}
