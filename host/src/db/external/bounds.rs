//! Bounds of what is done in somebody else's database: whatever its schema says, it comes to an end.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, InterruptHandle};

use super::StateError;

/// So much a transaction may make the database grow, bytes.
const GROWTH: i64 = 256 << 20;

/// Takes away what a schema could run by itself when a table is read.
pub(super) fn distrust(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(())
}

/// Bounds how large the database may become by this connection. That is a property of the connection alone.
pub(super) fn bound_growth(connection: &Connection) -> Result<(), StateError> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let (pages, size) = (number("PRAGMA page_count")?, number("PRAGMA page_size")?.max(1));
    let most = pages.saturating_add(GROWTH / size);
    connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?;
    Ok(())
}

/// Interrupts what a connection does once its time is over; dropped, it does not any more.
pub(super) struct TimeLimit {
    end: Option<Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl TimeLimit {
    /// Begins to count.
    pub(super) fn of(connection: &Connection, limit: Duration) -> Result<TimeLimit, StateError> {
        let handle: InterruptHandle = connection.get_interrupt_handle();
        let (end, ended) = channel();
        let watcher = std::thread::Builder::new().name("time-limit".into()).spawn(move || {
            let mut left = limit;
            // A statement that begins after an interrupt is not interrupted by it.
            while ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                left = Duration::from_millis(50);
            }
        });
        let watcher = watcher.map_err(|error| StateError::Io(format!("no thread for a time limit: {error}")))?;
        Ok(TimeLimit { end: Some(end), watcher: Some(watcher) })
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        self.end.take();
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::time::Instant;

    use super::super::in_memory;
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    #[test]
    fn what_would_run_for_ever_is_interrupted_at_every_statement() {
        let connection = in_memory().unwrap();
        let _time = TimeLimit::of(&connection, Duration::from_millis(100)).unwrap();
        let began = Instant::now();
        for _ in 0..3 {
            let error = connection.query_row(ENDLESS, [], |_| Ok(())).unwrap_err();
            assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted), "{error}");
        }
        assert!((Duration::from_millis(100)..Duration::from_secs(20)).contains(&began.elapsed()));
    }

    #[test]
    fn what_ends_in_time_is_not_interrupted_afterwards() {
        let connection = in_memory().unwrap();
        drop(TimeLimit::of(&connection, Duration::from_millis(1)).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    }

    #[test]
    fn a_database_does_not_grow_beyond_its_bound() {
        let connection = in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        bound_growth(&connection).unwrap();
        let put = |rows: i64| {
            let sql = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                       SELECT zeroblob(1 << 20) FROM n";
            connection.execute(sql, [rows])
        };
        assert_eq!(put(200).unwrap(), 200);
        let error = put(100).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull), "{error}");
    }

    #[test]
    fn a_view_is_not_read() {
        let connection = in_memory().unwrap();
        connection.execute_batch(&format!("CREATE VIEW v AS {ENDLESS}")).unwrap();
        distrust(&connection).unwrap();
        assert!(connection.query_row("SELECT * FROM v", [], |_| Ok(())).is_err());
    }
}
