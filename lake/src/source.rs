//! Parquet files of a store as rows, a row group at a time.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

use crate::error::{Error, Result};
use crate::store::Store;

/// Is how much of the end is read at first; it nearly always has all of the metadata.
const TAIL: u64 = 64 << 10;
/// Is how much a batch of rows takes, about.
const BATCH_BYTES: i64 = 2 << 20;

/// Knows a file, of which row groups are read.
pub struct ParquetFile<'s> {
    store: &'s Store,
    path: String,
    size: u64,
    known: ArrowReaderMetadata,
}

/// Hands the rows of a file to `each`, with the named columns alone where there are any names.
///
/// # Errors
///
/// The store may fail, the file may be damaged, and what `each` fails by is handed on.
pub fn read(
    store: &Store,
    path: &str,
    size: u64,
    names: &[&str],
    mut each: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let file = ParquetFile::open(store, path, size)?;
    (0..file.groups()).try_for_each(|group| file.read_group(group, names, &mut each))
}

impl<'s> ParquetFile<'s> {
    /// Reads what a file says of itself.
    ///
    /// # Errors
    ///
    /// The store may fail, and the file may be damaged.
    pub fn open(store: &'s Store, path: &str, size: u64) -> Result<ParquetFile<'s>> {
        let metadata = metadata(store, path, size)?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let known = ArrowReaderMetadata::try_new(metadata, options)
            .map_err(|error| Error::Damaged { path: path.into(), reason: error.to_string() })?;
        Ok(ParquetFile { store, path: path.into(), size, known })
    }

    /// Gives how many row groups it has.
    pub fn groups(&self) -> usize {
        self.known.metadata().num_row_groups()
    }

    /// Says whether rows of a thread may be in a row group; nothing is known where the group has no bounds.
    pub fn may_have(&self, group: usize, thread: &str) -> bool {
        let columns = self.known.metadata().row_group(group).columns();
        let column = columns.iter().find(|column| column.column_path().string() == "thread");
        let Some(bounds) = column.and_then(|column| column.statistics()) else { return true };
        let thread = thread.as_bytes();
        bounds.min_bytes_opt().is_none_or(|least| least <= thread)
            && bounds.max_bytes_opt().is_none_or(|most| thread <= most)
    }

    /// Hands the rows of a row group to `each`, with the named columns alone where there are any names.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read_group(
        &self,
        group: usize,
        names: &[&str],
        mut each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let damaged = |reason: String| Error::Damaged { path: self.path.clone(), reason };
        let of_group = self.known.metadata().row_group(group);
        let mask = match names {
            [] => ProjectionMask::all(),
            names => ProjectionMask::columns(self.known.parquet_schema(), names.iter().copied()),
        };
        let Some((from, to)) = extent(of_group, &mask).filter(|(_, to)| *to <= self.size) else {
            return Err(damaged("a row group lies outside of the file".into()));
        };
        let bytes = if from == to { Bytes::new() } else { self.store.get_part(&self.path, Some(from), to - from)? };
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(Part { start: from, bytes }, self.known.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(batch_rows(of_group))
                .build()
                .map_err(|error| damaged(error.to_string()))?;
        for batch in reader {
            each(batch.map_err(|error| damaged(error.to_string()))?)?;
        }
        Ok(())
    }
}

fn metadata(store: &Store, path: &str, size: u64) -> Result<Arc<ParquetMetaData>> {
    let damaged = |error: ParquetError| Error::Damaged { path: path.into(), reason: error.to_string() };
    let mut reader = ParquetMetaDataReader::new();
    let mut length = TAIL.min(size);
    loop {
        let tail = store.get_part(path, Some(size - length), length)?;
        match reader.try_parse_sized(&tail, size) {
            Ok(()) => return reader.finish().map(Arc::new).map_err(damaged),
            Err(ParquetError::NeedMoreData(needed)) if length < size => {
                length = (needed as u64).clamp(length + 1, size);
            }
            Err(error) => return Err(damaged(error)),
        }
    }
}

fn batch_rows(group: &RowGroupMetaData) -> usize {
    let row = (group.total_byte_size() / group.num_rows().max(1)).max(1);
    usize::try_from((BATCH_BYTES / row).clamp(16, 8192)).unwrap_or(1024)
}

/// Gives where the columns lie that are read, from the first to the last; nothing of a file is believed.
fn extent(group: &RowGroupMetaData, mask: &ProjectionMask) -> Option<(u64, u64)> {
    let mut extent = (u64::MAX, 0);
    for (index, column) in group.columns().iter().enumerate() {
        if mask.leaf_included(index) {
            let start = column.dictionary_page_offset().unwrap_or(i64::MAX).min(column.data_page_offset());
            let start = u64::try_from(start).ok()?;
            let end = start.checked_add(u64::try_from(column.compressed_size()).ok()?)?;
            extent = (extent.0.min(start), extent.1.max(end));
        }
    }
    Some(if extent.0 > extent.1 { (0, 0) } else { extent })
}

/// Is a part of a file that is in memory.
struct Part {
    start: u64,
    bytes: Bytes,
}

impl Part {
    fn slice(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let from = start.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        match from.and_then(|from| Some((from, from.checked_add(length)?))) {
            Some((from, to)) if to <= self.bytes.len() => Ok(self.bytes.slice(from..to)),
            _ => Err(ParquetError::EOF("it refers to bytes outside of its row group".into())),
        }
    }
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Part {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let length = self.len().saturating_sub(start);
        self.slice(start, usize::try_from(length).unwrap_or(usize::MAX)).map(Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.slice(start, length)
    }
}
