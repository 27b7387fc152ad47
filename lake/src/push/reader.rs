//! The reading thread: lines into batches of rows, and only whole threads into commits.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use arrow_array::{Array as _, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};

use super::lines::Lines;
use super::messages::{self, Begin, Message, Open};
use super::rows::{Rows, Source};
use crate::columns::{self, SHAPES};
use crate::error::{Error, Result};

/// Is what the reading thread asks of the writing one.
pub(crate) enum Work {
    /// Rows of a table, as they came.
    Rows(usize, RecordBatch),
    /// Everything so far is of whole threads, so many of them: it may be committed.
    Commit(u64),
    /// As before, and nothing else comes.
    End(u64),
}

struct Reader {
    work: SyncSender<Work>,
    rows: Vec<Rows>,
    forgotten: BTreeSet<String>,
    /// The threads of rows that wait, by their numbers.
    threads: HashMap<u64, Open>,
    closed: u64,
    /// Whether a thread is open.
    is_open: bool,
    /// The place of the table of machines.
    machines: Option<usize>,
}

/// Reads everything up to the end. That the writer is gone is no error here: it says itself why.
pub(crate) fn run(
    lines: &mut Lines<impl Read>,
    work: SyncSender<Work>,
    forgotten: BTreeSet<String>,
    begin: &Begin,
    commit_bytes: usize,
) -> Result<()> {
    let rows = (0..SHAPES.len()).map(Rows::of).collect();
    let machines = columns::place("machines");
    let mut reader = Reader { work, rows, forgotten, threads: HashMap::new(), closed: 0, is_open: false, machines };
    let mut bytes = 0;
    while let Some((number, line)) = lines.next()? {
        bytes += line.len();
        let refused = |reason: String| Error::Line { number, reason };
        match messages::parse(number, line)? {
            Message::Begin(_) => return Err(refused("'begin' comes once".into())),
            Message::Row(table, _) if !SHAPES[table].table.of_threads() => {
                return Err(refused("the row of the machine is made of 'begin' and 'end'".into()));
            }
            Message::Row(..) if !reader.is_open => return Err(refused("its row is of no thread: none is open".into())),
            Message::Row(table, row) => {
                if !reader.row(table, row, number)? {
                    return Ok(());
                }
            }
            Message::Open(_) if reader.is_open => return Err(refused("a thread is open already".into())),
            Message::Open(open) => {
                reader.threads.insert(reader.closed, open);
                reader.is_open = true;
            }
            Message::Close if !reader.is_open => return Err(refused("no thread is open".into())),
            Message::Close => {
                reader.closed += 1;
                reader.is_open = false;
                if bytes >= commit_bytes {
                    bytes = 0;
                    if !reader.flush()? || reader.work.send(Work::Commit(reader.closed)).is_err() {
                        return Ok(());
                    }
                }
            }
            Message::End(_) if reader.is_open => return Err(refused("the last thread is not closed".into())),
            Message::End(threads) => {
                // A run without anything new writes nothing, not even that.
                if reader.closed > 0 {
                    reader.machine(begin, threads, number)?;
                }
                if reader.flush()? {
                    let _ = reader.work.send(Work::End(reader.closed));
                }
                return Ok(());
            }
        }
    }
    Err(Error::Interrupted)
}

impl Reader {
    /// Takes a row, and says whether the writer is still there.
    fn row(&mut self, table: usize, row: &[u8], line: u64) -> Result<bool> {
        self.rows[table].push(row, line, self.closed);
        if self.rows[table].is_full() { self.decode(table) } else { Ok(true) }
    }

    /// Makes the row of the machine.
    fn machine(&mut self, begin: &Begin, threads: u64, line: u64) -> Result<()> {
        let Some(table) = self.machines else { return Ok(()) };
        let row = serde_json::json!({
            "name": begin.name, "system": begin.system, "program_version": begin.program_version, "threads": threads,
            "pushed_at": begin.now,
        });
        self.row(table, row.to_string().as_bytes(), line).map(drop)
    }

    fn flush(&mut self) -> Result<bool> {
        for table in 0..self.rows.len() {
            if !self.decode(table)? {
                return Ok(false);
            }
        }
        self.threads.clear();
        Ok(true)
    }

    fn decode(&mut self, table: usize) -> Result<bool> {
        let Some((mut batch, sources)) = self.rows[table].decode()? else {
            return Ok(true);
        };
        if SHAPES[table].table.of_threads() {
            batch = columns::without(self.with_threads(&batch, &sources)?, &self.forgotten)?;
        }
        Ok(batch.num_rows() == 0 || self.work.send(Work::Rows(table, batch)).is_ok())
    }

    /// Adds to rows of which thread and generation they are.
    fn with_threads(&self, batch: &RecordBatch, sources: &[Source]) -> Result<RecordBatch> {
        let lost = || Error::Internal("a row is of no thread".into());
        let opens: Vec<&Open> =
            sources.iter().map(|source| self.threads.get(&source.thread).ok_or_else(lost)).collect::<Result<_>>()?;
        let threads = StringArray::from_iter_values(opens.iter().map(|open| &open.thread));
        let generations = Int64Array::from_iter_values(opens.iter().map(|open| open.generation));
        let mut fields = batch.schema().fields().to_vec();
        let mut arrays = batch.columns().to_vec();
        for (name, array) in [("thread", Arc::new(threads) as ArrayRef), ("generation", Arc::new(generations))] {
            fields.push(Arc::new(Field::new(name, array.data_type().clone(), false)));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .map_err(|error| Error::Internal(format!("rows have no threads: {error}")))
    }
}
