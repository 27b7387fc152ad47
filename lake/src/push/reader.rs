//! The reading thread: lines into batches of rows, and only whole threads into commits.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::sync::mpsc::SyncSender;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;

use super::lines::Lines;
use super::messages::{self, Message};
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
    /// The ids of the threads of rows that wait, by their numbers.
    ids: HashMap<u64, String>,
    closed: u64,
    /// Whether there were rows of the thread that is not closed yet.
    open: bool,
}

/// Reads everything up to the end. That the writer is gone is no error here: it says itself why.
pub(crate) fn run(
    lines: &mut Lines<impl Read>,
    work: SyncSender<Work>,
    forgotten: BTreeSet<String>,
    commit_bytes: usize,
) -> Result<()> {
    let rows = (0..SHAPES.len()).map(Rows::of).collect();
    let mut reader = Reader { work, rows, forgotten, ids: HashMap::new(), closed: 0, open: false };
    let mut bytes = 0;
    while let Some((number, line)) = lines.next()? {
        bytes += line.len();
        let refused = |reason: String| Error::Line { number, reason };
        match messages::parse(number, line)? {
            Message::Begin(_) => return Err(refused("'begin' comes once".into())),
            Message::Row(table, row) => {
                if !reader.row(table, row, number)? {
                    return Ok(());
                }
            }
            Message::Close(thread) => {
                reader.close(thread, number)?;
                if bytes >= commit_bytes {
                    bytes = 0;
                    if !reader.flush()? || reader.work.send(Work::Commit(reader.closed)).is_err() {
                        return Ok(());
                    }
                }
            }
            Message::End(_) if reader.open => return Err(refused("the last thread is not closed".into())),
            Message::End(threads) if threads != reader.closed => {
                return Err(refused(format!("{threads} threads were meant, and {} came", reader.closed)));
            }
            Message::End(threads) => {
                if reader.flush()? {
                    let _ = reader.work.send(Work::End(threads));
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
        self.open |= SHAPES[table].table.of_threads();
        self.rows[table].push(row, line, self.closed);
        if self.rows[table].is_full() { self.decode(table) } else { Ok(true) }
    }

    fn close(&mut self, thread: String, number: u64) -> Result<()> {
        match self.ids.get(&self.closed) {
            Some(id) if *id != thread => {
                return Err(Error::Line {
                    number,
                    reason: "it closes another thread than that of the rows before".into(),
                });
            }
            Some(_) => {}
            None => _ = self.ids.insert(self.closed, thread),
        }
        self.closed += 1;
        self.open = false;
        Ok(())
    }

    fn flush(&mut self) -> Result<bool> {
        for table in 0..self.rows.len() {
            if !self.decode(table)? {
                return Ok(false);
            }
        }
        self.ids.clear();
        Ok(true)
    }

    fn decode(&mut self, table: usize) -> Result<bool> {
        let Some((mut batch, sources)) = self.rows[table].decode()? else {
            return Ok(true);
        };
        if SHAPES[table].table.of_threads() {
            self.check_threads(&batch, &sources)?;
            batch = self.without_forgotten(batch)?;
        }
        Ok(batch.num_rows() == 0 || self.work.send(Work::Rows(table, batch)).is_ok())
    }

    /// Refuses rows that stand among those of another thread.
    fn check_threads(&mut self, batch: &RecordBatch, sources: &[Source]) -> Result<()> {
        let threads = columns::texts(batch, "thread")?;
        for (row, source) in sources.iter().enumerate() {
            let thread = threads.value(row);
            match self.ids.get(&source.thread) {
                Some(id) if id == thread => {}
                Some(_) => {
                    let reason = "its row is of another thread than those around it".into();
                    return Err(Error::Line { number: source.line, reason });
                }
                None => _ = self.ids.insert(source.thread, thread.to_owned()),
            }
        }
        Ok(())
    }

    fn without_forgotten(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if self.forgotten.is_empty() {
            return Ok(batch);
        }
        let threads = columns::texts(&batch, "thread")?;
        let kept: BooleanArray =
            (0..batch.num_rows()).map(|row| Some(!self.forgotten.contains(threads.value(row)))).collect();
        filter_record_batch(&batch, &kept).map_err(|error| Error::Internal(format!("rows cannot be left out: {error}")))
    }
}
