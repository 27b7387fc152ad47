//! Whole texts out of the database.

use postgres::Client;

use super::schema::quoted;
use super::{Database, migrate};
use crate::error::Result;
use crate::read::{KeptThread, Texts, Wanted};

/// Is how many lines are asked for at once.
const LINES: i64 = 256;
/// Is how many threads are.
const THREADS: i64 = 4096;

/// Reads what was pushed to a database.
pub struct Reading<'d> {
    database: &'d Database,
    client: Client,
}

impl<'d> Reading<'d> {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The server may fail, and there may be no tables.
    pub fn open(database: &'d Database) -> Result<Reading<'d>> {
        let mut client = database.connect()?;
        migrate::require(database, &mut client)?;
        Ok(Reading { database, client })
    }
}

impl Texts for Reading<'_> {
    fn threads(&mut self, _: &Wanted, each: &mut dyn FnMut(KeptThread)) -> Result<()> {
        let name = quoted(self.database.schema());
        let milliseconds = |column: &str| format!("(extract(epoch FROM t.{column}) * 1000)::bigint");
        let sql = format!(
            "SELECT t.thread, t.machine, t.home, m.name, t.generation, {}, {}, t.project, t.repository, t.records \
             FROM {name}.rows_threads AS t LEFT JOIN {name}.rows_machines AS m ON m.machine = t.machine AND m.home = t.home \
             WHERE NOT t.deleted AND (t.thread, t.machine, t.home) > ($1, $2, $3) \
             ORDER BY t.thread, t.machine, t.home LIMIT {THREADS}",
            milliseconds("created_at"),
            milliseconds("updated_at"),
        );
        let fail = |error: postgres::Error| self.database.failed("reading threads", &error);
        let mut last = (String::new(), String::new(), String::new());
        loop {
            let rows = self.client.query(&sql, &[&last.0, &last.1, &last.2]).map_err(fail)?;
            for row in &rows {
                let thread = KeptThread {
                    thread: row.get(0),
                    machine: row.get(1),
                    home: row.get(2),
                    machine_name: row.get(3),
                    generation: row.get(4),
                    created_at: row.get(5),
                    updated_at: row.get(6),
                    project: row.get(7),
                    repository: row.get(8),
                    records: row.get(9),
                };
                last = (thread.thread.clone(), thread.machine.clone(), thread.home.clone());
                each(thread);
            }
            if (rows.len() as i64) < THREADS {
                return Ok(());
            }
        }
    }

    fn lines(&mut self, thread: &KeptThread, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<Option<String>> {
        let sql = format!(
            "SELECT record, \"text\" FROM {}.rows_records WHERE thread = $1 AND machine = $2 AND home = $3 AND generation = $4 \
             AND record >= $5 AND record < $6 ORDER BY record",
            quoted(self.database.schema())
        );
        let count = thread.records.unwrap_or(0);
        let mut next = 0;
        while next < count {
            let until = count.min(next + LINES);
            let rows = self
                .client
                .query(&sql, &[&thread.thread, &thread.machine, &thread.home, &thread.generation, &next, &until]);
            for row in rows.map_err(|error| self.database.failed("reading a thread", &error))? {
                if row.get::<_, i64>(0) != next {
                    break;
                }
                each(row.get(1))?;
                next += 1;
            }
            if next < until {
                return Ok(Some(format!("line {next} of its {count} lines is not there")));
            }
        }
        Ok(None)
    }
}
