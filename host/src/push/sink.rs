//! Where rows go.

use std::collections::BTreeMap;

use super::error::PushError;
use crate::documents::{LakeBegin, LakeDone, LakeOpened};

/// Takes rows, thread by thread.
pub trait RowSink {
    /// Says whether what it takes is there to stay in the end; else nothing is noted.
    fn keeps_rows(&self) -> bool {
        true
    }

    /// Begins, and says what is known of the home.
    fn begin(&mut self, begin: LakeBegin<'_>) -> Result<LakeOpened, PushError>;
    /// Rows of a thread follow.
    fn open(&mut self, thread: &str, generation: u64) -> Result<(), PushError>;
    /// Takes some of them: whole lines.
    fn rows(&mut self, lines: &str) -> Result<(), PushError>;
    /// All rows of the thread were there.
    fn close(&mut self) -> Result<(), PushError>;
    /// Says how many of the threads that were closed are there to stay, the first ones.
    fn committed(&mut self) -> Result<u64, PushError>;
    /// Ends, once all is there to stay; `threads` is how many the home has.
    fn end(&mut self, threads: u64) -> Result<LakeDone, PushError>;
}

/// Takes rows and keeps none: it counts them, and shows some. By it is said what would leave.
#[derive(Debug, Default)]
pub struct CountingSink {
    /// Rows, by tables.
    pub rows: BTreeMap<String, u64>,
    /// Bytes of all of them.
    pub bytes: u64,
    /// The first row of each table, as it would leave.
    pub sample: Vec<String>,
    closed: u64,
}

impl RowSink for CountingSink {
    fn keeps_rows(&self) -> bool {
        false
    }

    fn begin(&mut self, _: LakeBegin<'_>) -> Result<LakeOpened, PushError> {
        Ok(LakeOpened { version: 1, is_new: false, forgotten: Vec::new() })
    }

    fn open(&mut self, _: &str, _: u64) -> Result<(), PushError> {
        Ok(())
    }

    fn rows(&mut self, lines: &str) -> Result<(), PushError> {
        self.bytes += lines.len() as u64;
        for line in lines.lines() {
            let Some(table) = line.strip_prefix("{\"").and_then(|rest| rest.split('"').next()) else { continue };
            match self.rows.get_mut(table) {
                Some(count) => *count += 1,
                None => {
                    self.rows.insert(table.to_owned(), 1);
                    self.sample.push(line.to_owned());
                }
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), PushError> {
        self.closed += 1;
        Ok(())
    }

    /// Nothing is there to stay.
    fn committed(&mut self) -> Result<u64, PushError> {
        Ok(0)
    }

    fn end(&mut self, _: u64) -> Result<LakeDone, PushError> {
        Ok(LakeDone { rows: self.rows.clone(), bytes: self.bytes, files: 0 })
    }
}
