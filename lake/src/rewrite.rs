//! Files into files: rows are read, some are left out, and what remains is written anew.

use std::collections::BTreeSet;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use bytes::Bytes;

use crate::columns::{self, SHAPES};
use crate::error::{Error, Result};
use crate::ledger;
use crate::manifest::LiveFile;
use crate::paths::{self, Owner};
use crate::sink::{self, Sealed, Sink};
use crate::source;
use crate::store::Store;

/// Writes finished files into the store, where nothing names them yet.
///
/// # Errors
///
/// The store may fail; then any of them may be there.
pub fn upload(store: &Store, owner: &Owner, sealed: Vec<Sealed>, as_of: i64) -> Result<Vec<LiveFile>> {
    let mut files = Vec::with_capacity(sealed.len());
    let mut objects: Vec<(String, Bytes)> = Vec::with_capacity(sealed.len());
    for Sealed { table, month, bounds, bytes } in sealed {
        let table = SHAPES[table].table.name;
        let path = owner.file(table, &month.to_string(), &ledger::nonce()?);
        let (smallest_thread, largest_thread) = bounds.threads.unzip();
        let (smallest_version, largest_version) = bounds.versions.unwrap_or_default();
        files.push(LiveFile {
            path: path.clone(),
            table: table.into(),
            month,
            rows: bounds.rows,
            bytes: bytes.len() as u64,
            smallest_thread,
            largest_thread,
            smallest_version,
            largest_version,
            as_of,
        });
        objects.push((path, bytes));
    }
    store.put_all(objects)?;
    Ok(files)
}

/// Writes the files without rows that tell the columns of each table.
///
/// # Errors
///
/// The store may fail.
pub fn tell_columns(store: &Store) -> Result<()> {
    let files = SHAPES.iter().map(|shape| Ok((paths::empty_file(shape.table.name), sink::empty_file(shape)?)));
    store.put_all(files.collect::<Result<_>>()?)
}

/// Says whether there are such files of this version.
///
/// # Errors
///
/// The store may fail.
pub fn are_columns_told(store: &Store) -> Result<bool> {
    for shape in SHAPES.iter() {
        if store.get(&paths::empty_file(shape.table.name))?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Hands those rows of a live file to a sink that `keep` keeps, with another version where one is given.
///
/// # Errors
///
/// The store may fail, and the file may be damaged.
pub fn copy(
    store: &Store,
    file: &LiveFile,
    sink: &mut Sink,
    version: Option<i64>,
    mut keep: impl FnMut(&RecordBatch) -> Result<BooleanArray>,
) -> Result<()> {
    let table = table_of(file)?;
    let shape = &SHAPES[table];
    source::read(store, &file.path, file.bytes, &[], |rows| {
        let mut rows = columns::conform(shape, &rows)?;
        let kept = keep(&rows)?;
        if kept.true_count() < rows.num_rows() {
            rows = filter_record_batch(&rows, &kept)
                .map_err(|error| Error::Internal(format!("rows cannot be left out: {error}")))?;
        }
        if let Some(version) = version {
            rows = columns::with_version(shape, &rows, version)?;
        }
        sink.push(table, rows)
    })
}

/// Writes a live file anew, without some threads and with another version where one is given.
///
/// # Errors
///
/// The store may fail, and the file may be damaged.
pub fn without(
    store: &Store,
    owner: &Owner,
    file: &LiveFile,
    threads: &BTreeSet<String>,
    version: Option<i64>,
) -> Result<Vec<LiveFile>> {
    let mut sink = Sink::default();
    let of_threads = SHAPES[table_of(file)?].table.of_threads();
    copy(store, file, &mut sink, version, |rows| {
        if !of_threads || threads.is_empty() {
            return Ok(BooleanArray::from(vec![true; rows.num_rows()]));
        }
        let column = columns::texts(rows, "thread")?;
        Ok(column.iter().map(|thread| Some(thread.is_none_or(|thread| !threads.contains(thread)))).collect())
    })?;
    upload(store, owner, sink.seal()?, version.unwrap_or(file.as_of))
}

/// Says which of some threads a live file has.
///
/// # Errors
///
/// The store may fail, and the file may be damaged.
pub fn threads_of(store: &Store, file: &LiveFile, wanted: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if !wanted.iter().any(|thread| file.may_have(thread)) {
        return Ok(found);
    }
    source::read(store, &file.path, file.bytes, &["thread"], |rows| {
        let mut last = "";
        for thread in columns::texts(&rows, "thread")?.iter().flatten() {
            if thread != last && wanted.contains(thread) {
                found.insert(thread.to_owned());
            }
            last = thread;
        }
        Ok(())
    })?;
    Ok(found)
}

/// Gives the table of a live file, as a place in [`SHAPES`].
///
/// # Errors
///
/// A manifest may name a table that nobody knows.
pub fn table_of(file: &LiveFile) -> Result<usize> {
    columns::place(&file.table).ok_or_else(|| Error::Damaged {
        path: file.path.clone(),
        reason: format!("there is no table '{}'", file.table),
    })
}
