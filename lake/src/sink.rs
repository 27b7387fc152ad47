//! Rows into Parquet files: one for each table and month, of row groups that are sorted by the key.
//!
//! Rows wait, as they are, until there is enough of one table and month for a row group, or too much of all; compressed they
//! wait until [`Sink::seal`].

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_ord::sort::{SortColumn, lexsort_to_indices};
use arrow_select::concat::concat;
use arrow_select::interleave::interleave_record_batch;
use arrow_select::take::take_record_batch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use threadkeep_tables::{Kind, Table};

use crate::columns::{self, SHAPES, Shape};
use crate::error::{Error, Result};
use crate::paths::Month;

/// Is how much of one table and month makes a row group.
const GROUP_BYTES: usize = 6 << 20;
const GROUP_ROWS: usize = 128 << 10;
/// Is how much may wait uncompressed in all.
const WAITING_BYTES: usize = 10 << 20;

/// Columns of texts that are long and hardly ever the same: a dictionary of them is thrown away in the end, and bounds of them
/// help nobody to skip anything.
const LONG_TEXTS: [&str; 8] = ["text", "output", "arguments", "command", "prompt", "first_prompt", "title", "error"];

/// Makes files of rows.
#[derive(Default)]
pub struct Sink {
    parts: BTreeMap<(usize, Month), Part>,
    waiting: usize,
}

#[derive(Default)]
struct Part {
    batches: Vec<RecordBatch>,
    bytes: usize,
    rows: usize,
    writer: Option<ArrowWriter<Vec<u8>>>,
    bounds: Bounds,
}

/// Tells what a file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// How many rows.
    pub rows: u64,
    /// The first and the last thread.
    pub threads: Option<(String, String)>,
    /// The lowest and the highest version.
    pub versions: Option<(i64, i64)>,
}

/// Is a finished file.
pub struct Sealed {
    /// The table, as a place in [`SHAPES`].
    pub table: usize,
    /// The month.
    pub month: Month,
    /// What it has.
    pub bounds: Bounds,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Sink {
    /// Takes rows that are complete; each goes to its month.
    ///
    /// # Errors
    ///
    /// None is known.
    pub fn push(&mut self, table: usize, rows: RecordBatch) -> Result<()> {
        let shape = &SHAPES[table];
        let mut by_month: BTreeMap<Month, Vec<u32>> = BTreeMap::new();
        for (row, month) in (0..).zip(columns::months(shape, &rows)?) {
            let month = month.ok_or_else(|| Error::Internal(format!("a row of {} has no month", shape.table.name)))?;
            by_month.entry(month).or_default().push(row);
        }
        if let (1, Some((month, _))) = (by_month.len(), by_month.first_key_value()) {
            return self.add(table, *month, rows);
        }
        for (month, of_month) in by_month {
            let taken = take_record_batch(&rows, &UInt32Array::from(of_month)).map_err(of_arrow)?;
            self.add(table, month, taken)?;
        }
        Ok(())
    }

    fn add(&mut self, table: usize, month: Month, rows: RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let part = self.parts.entry((table, month)).or_default();
        let bytes = rows.get_array_memory_size();
        part.bytes += bytes;
        part.rows += rows.num_rows();
        part.batches.push(rows);
        self.waiting += bytes;
        if part.bytes >= GROUP_BYTES || part.rows >= GROUP_ROWS {
            self.waiting -= part.end_group(&SHAPES[table])?;
        }
        while self.waiting >= WAITING_BYTES {
            let largest = self.parts.iter_mut().max_by_key(|(_, part)| part.bytes);
            let Some(((table, _), part)) = largest else { break };
            self.waiting -= part.end_group(&SHAPES[*table])?;
        }
        Ok(())
    }

    /// Says whether there is nothing that would become a file.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Gives how many bytes wait, compressed already.
    pub fn compressed(&self) -> usize {
        self.parts.values().filter_map(|part| part.writer.as_ref()).map(ArrowWriter::bytes_written).sum()
    }

    /// Finishes all files; the sink is empty then.
    ///
    /// # Errors
    ///
    /// None is known.
    pub fn seal(&mut self) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(self.parts.len());
        while let Some(((table, month), mut part)) = self.parts.pop_first() {
            self.waiting -= part.end_group(&SHAPES[table])?;
            if let Some(writer) = part.writer {
                let bytes = writer.into_inner().map_err(of_parquet)?;
                sealed.push(Sealed { table, month, bounds: part.bounds, bytes: bytes.into() });
            }
        }
        Ok(sealed)
    }
}

impl Part {
    /// Writes what waits as one row group, sorted, and gives how many bytes waited.
    fn end_group(&mut self, shape: &Shape) -> Result<usize> {
        let batches = std::mem::take(&mut self.batches);
        let bytes = std::mem::take(&mut self.bytes);
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(bytes);
        }
        for batch in &batches {
            self.bounds.widen(shape.table, batch)?;
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(writer(shape)?),
        };
        match order(shape, &batches)? {
            None => {
                for batch in &batches {
                    writer.write(batch).map_err(of_parquet)?;
                }
            }
            Some(order) => {
                let batches: Vec<&RecordBatch> = batches.iter().collect();
                // A part at a time: so the sorted copy is small.
                for part in order.chunks(4096) {
                    let sorted = interleave_record_batch(&batches, part).map_err(of_arrow)?;
                    writer.write(&sorted).map_err(of_parquet)?;
                }
            }
        }
        writer.flush().map_err(of_parquet)?;
        Ok(bytes)
    }
}

impl Bounds {
    fn widen(&mut self, table: &Table, rows: &RecordBatch) -> Result<()> {
        self.rows += rows.num_rows() as u64;
        if let Some((least, most)) = bounds_of(columns::integers(rows, "version")?.iter().flatten()) {
            self.versions = Some(match self.versions {
                Some((from, to)) => (from.min(least), to.max(most)),
                None => (least, most),
            });
        }
        if !table.of_threads() {
            return Ok(());
        }
        if let Some((least, most)) = bounds_of(columns::texts(rows, "thread")?.iter().flatten()) {
            self.threads = Some(match self.threads.take() {
                Some((from, to)) => (from.min(least.to_owned()), to.max(most.to_owned())),
                None => (least.to_owned(), most.to_owned()),
            });
        }
        Ok(())
    }
}

fn bounds_of<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<(T, T)> {
    values.fold(None, |bounds, value| match bounds {
        Some((least, most)) => Some((value.min(least), value.max(most))),
        None => Some((value, value)),
    })
}

/// Gives the order of rows by their key, as places of batch and row; none where they stand in it already.
fn order(shape: &Shape, batches: &[RecordBatch]) -> Result<Option<Vec<(usize, usize)>>> {
    if shape.key.is_empty() {
        return Ok(None);
    }
    let mut keys = Vec::with_capacity(shape.key.len());
    for column in &shape.key {
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(*column).as_ref()).collect();
        let values: ArrayRef = concat(&arrays).map_err(of_arrow)?;
        keys.push(SortColumn { values, options: None });
    }
    let sorted = lexsort_to_indices(&keys, None).map_err(of_arrow)?;
    if sorted.values().iter().zip(0..).all(|(index, row)| *index == row) {
        return Ok(None);
    }
    let places: Vec<(usize, usize)> = batches
        .iter()
        .enumerate()
        .flat_map(|(batch, rows)| (0..rows.num_rows()).map(move |row| (batch, row)))
        .collect();
    Ok(Some(sorted.values().iter().map(|index| places[*index as usize]).collect()))
}

/// Gives the bytes of a file of a table that has no rows.
///
/// # Errors
///
/// None is known.
pub fn empty_file(shape: &Shape) -> Result<Bytes> {
    writer(shape)?.into_inner().map(Bytes::from).map_err(of_parquet)
}

fn writer(shape: &Shape) -> Result<ArrowWriter<Vec<u8>>> {
    let level = ZstdLevel::try_new(1).map_err(of_parquet)?;
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("threadkeep-lake {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(None)
        .set_dictionary_page_size_limit(256 << 10)
        .set_data_page_size_limit(256 << 10);
    for column in shape.table.columns {
        let at = || ColumnPath::from(column.name);
        if column.kind == Kind::Text && LONG_TEXTS.contains(&column.name) {
            properties = properties
                .set_column_dictionary_enabled(at(), false)
                .set_column_statistics_enabled(at(), EnabledStatistics::None);
        }
    }
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(Vec::new(), shape.schema.clone(), options).map_err(of_parquet)
}

fn of_arrow(error: arrow_schema::ArrowError) -> Error {
    Error::Internal(format!("rows cannot be arranged: {error}"))
}

fn of_parquet(error: parquet::errors::ParquetError) -> Error {
    Error::Internal(format!("rows cannot be written: {error}"))
}
