//! Where rows go, as a push sees it: whatever takes batches, and commits them so that nobody sees half of anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;

use arrow_array::RecordBatch;

use super::Options;
use super::messages::Answer;
use super::reader::Work;
use crate::columns::{self, SHAPES};
use crate::error::Result;
use crate::paths::Owner;

/// Is a place that rows can be pushed to.
pub trait Target {
    /// Begins a run of one home.
    ///
    /// # Errors
    ///
    /// The place may fail, or be of a newer program.
    fn begin(&self, owner: Owner, options: Options) -> Result<Box<dyn Batches + '_>>;
}

/// Is a run of one home. Two of one home at once lose nothing of each other, and the later commit has the higher version.
pub trait Batches: Send {
    /// Says what was there before; after a commit, with what was forgotten in the meantime.
    fn opened(&self) -> Opened;

    /// Takes rows of a table, which is a place in [`crate::columns::SHAPES`], as they came: with thread and generation, and
    /// without machine, home and version. Nobody sees them yet.
    ///
    /// # Errors
    ///
    /// The place may fail.
    fn rows(&mut self, table: usize, rows: &RecordBatch) -> Result<()>;

    /// Makes everything so far durable and seen by all, at once. Rows of threads that were forgotten in the meantime do not come
    /// along.
    ///
    /// # Errors
    ///
    /// The place may fail; then everything since the last commit is there or nothing.
    fn commit(&mut self) -> Result<()>;

    /// Tidies up after the last commit, and says what was written.
    ///
    /// # Errors
    ///
    /// The place may fail; what was committed stays.
    fn finish(&mut self) -> Result<Written>;

    /// Drops what was not committed.
    fn abandon(&mut self);
}

/// Tells what was there when a run began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The version that its rows will have, unless another run is quicker.
    pub version: i64,
    /// Whether nothing of this home was there.
    pub is_new: bool,
    /// The threads that must not come back.
    pub forgotten: BTreeSet<String>,
}

/// Tells what a run wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many files; none where rows are not kept in files of ours.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many rows of each table.
    pub rows: BTreeMap<&'static str, u64>,
    /// How many files, or rows, were removed in the end.
    pub removed: u64,
}

/// Does what is asked until nothing else comes. Where that is before the end, what was not committed is dropped.
pub(crate) fn write(
    mut batches: Box<dyn Batches + '_>,
    work: &Receiver<Work>,
    tell: impl Fn(Answer) -> Result<()>,
) -> Result<()> {
    // What the reading thread leaves out already.
    let known = batches.opened().forgotten;
    let mut late = BTreeSet::new();
    while let Ok(work) = work.recv() {
        match work {
            Work::Rows(table, rows) if SHAPES[table].table.of_threads() => {
                let rows = columns::without(rows, &late)?;
                if rows.num_rows() > 0 {
                    batches.rows(table, &rows)?;
                }
            }
            Work::Rows(table, rows) => batches.rows(table, &rows)?,
            Work::Commit(threads) => {
                batches.commit()?;
                late = batches.opened().forgotten.difference(&known).cloned().collect();
                tell(Answer::Committed { threads })?;
            }
            Work::End(threads) => {
                batches.commit()?;
                tell(Answer::Committed { threads })?;
                let Written { files, bytes, rows, removed } = batches.finish()?;
                return tell(Answer::Done { files, bytes, rows, removed });
            }
        }
    }
    batches.abandon();
    Ok(())
}
