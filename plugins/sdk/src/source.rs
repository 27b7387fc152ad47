//! Reads the files of another program, which the user named.

use crate::threads::Pages;
use crate::{Error, Result, host};

pub use crate::bindings::imports::threadkeep::plugin::source::{Cell, Condition, File};

const FILES: u32 = 1000;
const LINES: u32 = 256 << 10;
const BYTES: u32 = 1 << 20;
const ROWS: u32 = 10_000;

/// Goes through all files in the order of their names.
pub fn files() -> impl Iterator<Item = Result<File>> {
    files_below("")
}

/// Goes through the files whose names begin so, in the order of their names. The others are not gone through.
pub fn files_below(start: &str) -> impl Iterator<Item = Result<File>> + use<> {
    let start = start.to_owned();
    let mut last = Some(start.clone()).filter(|start| !start.is_empty());
    Pages::new(move || {
        let mut page = host::files(last.as_deref(), FILES)?;
        last = page.last().map(|file| file.name.clone()).or(last.take());
        page.retain(|file| file.name.starts_with(&start));
        Ok(page)
    })
}

/// The name of a file without its directory and its ending.
pub fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split('.').next().unwrap_or(name)
}

/// Goes through the lines of a file. A line of more than 8 MiB is an empty one.
///
/// # Errors
///
/// There is no such file, or it cannot be read.
pub fn lines(file: &str) -> Result<impl Iterator<Item = Result<String>> + use<>> {
    let mut reader = host::Reader::open(file, 0)?;
    Ok(Pages::new(move || reader.lines(LINES)))
}

/// Reads a file as a whole, as text. What is not UTF-8 is replaced.
///
/// # Errors
///
/// There is no such file, it cannot be read, or it has more bytes than `limit`.
pub fn text(file: &str, limit: usize) -> Result<String> {
    let mut reader = host::Reader::open(file, 0)?;
    let mut bytes = Vec::new();
    loop {
        let mut more = reader.bytes(BYTES)?;
        if more.is_empty() {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        bytes.append(&mut more);
        if bytes.len() > limit {
            return Err(Error::failed(format!("{file} has more than {limit} bytes")));
        }
    }
}

/// Reads the file among these that has the name of a file at another path, as it is told where an output was too long for a record. None
/// if it is not there any more.
pub fn text_of_same_name(files: &[String], path: &str, limit: usize) -> Option<String> {
    let file = files.iter().find(|file| stem(file) == stem(path))?;
    text(file, limit).ok()
}

/// Tells which tables a SQLite file has.
///
/// # Errors
///
/// There is no such file, or it is no SQLite file.
pub fn tables(file: &str) -> Result<Vec<String>> {
    host::tables(file)
}

/// Goes through rows of a table of a SQLite file: those columns of the rows that meet all conditions, in the order of `order`.
///
/// # Errors
///
/// There is no such file, table or column.
pub fn rows(
    file: &str,
    table: &str,
    columns: &[&str],
    conditions: &[(&str, Cell)],
    order: &[&str],
) -> Result<impl Iterator<Item = Result<Vec<Cell>>> + use<>> {
    let mut rows = host::Rows::open(file, table, columns, conditions, order)?;
    Ok(Pages::new(move || rows.next(ROWS)))
}

/// Reads what a column holds.
pub trait CellExt {
    /// The text, if it is one.
    fn text(&self) -> Option<&str>;
    /// The number, if it is a whole one.
    fn integer(&self) -> Option<i64>;
}

impl CellExt for Cell {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}
