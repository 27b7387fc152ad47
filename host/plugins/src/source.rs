//! Files of another program, which the user named: what an importer reads, and nothing else.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use threadkeep::db::foreign_tables::{ForeignTables, ForeignValue};

use crate::contract::source::{Cell, Condition, File};
use crate::contract::types::Error;
use crate::error::PluginError;

/// No page of files is longer.
const LONGEST_PAGE: u32 = 1_000;
/// Bytes that are given at a time at most.
const LARGEST_PIECE: u32 = 1 << 20;
/// A line that is longer is given as an empty one.
const LONGEST_LINE: usize = 8 << 20;
/// Bytes of rows that are given at a time, and one more row.
const PIECE_OF_ROWS: usize = 256 << 10;

/// The files below a directory. It is cheap to clone.
#[derive(Clone)]
pub struct Source(Arc<Directory>);

struct Directory {
    root: PathBuf,
    dir: Dir,
    /// In the order of their names.
    files: Vec<File>,
    /// Databases that were asked for: one stays open while its file stays as it is.
    databases: Mutex<HashMap<String, Arc<ForeignTables>>>,
}

impl Source {
    /// Takes these files of a directory: their names below it, sizes, and times in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// The directory cannot be opened.
    pub fn of(root: &Path, files: impl IntoIterator<Item = (String, u64, i64)>) -> Result<Source, PluginError> {
        let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(PluginError::of_file(root))?;
        let mut files: Vec<File> =
            files.into_iter().map(|(name, size, modified_at)| File { name, size, modified_at }).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Source(Arc::new(Directory { root: root.into(), dir, files, databases: Mutex::default() })))
    }

    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<File>, Error> {
        let from = after.map_or(0, |after| self.0.files.partition_point(|file| &*file.name <= after));
        Ok(self.0.files[from..].iter().take(limit.min(LONGEST_PAGE) as usize).cloned().collect())
    }

    /// Says whether a file is one of those that were there.
    fn known(&self, name: &str) -> Result<(), Error> {
        let found = self.0.files.binary_search_by(|file| file.name.as_str().cmp(name));
        found.map(|_| ()).map_err(|_| Error::NotFound)
    }

    pub(crate) fn open(&self, name: &str, offset: u64) -> Result<Reader, Error> {
        self.known(name)?;
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        // A pipe that took the file's place is not waited for.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
        let file = self.0.dir.open_with(name, &options).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::NotFound);
        }
        let mut file = file.into_std();
        if name.ends_with(".zst") {
            let plain = threadkeep::rollouts::decompressed(file).map_err(failed)?;
            Ok(Reader { plain: Box::new(BufReader::new(plain)), passed_over: Some(Unwanted::Bytes(offset)) })
        } else {
            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
            Ok(Reader { plain: Box::new(BufReader::with_capacity(64 << 10, file)), passed_over: None })
        }
    }

    fn database(&self, file: &str) -> Result<Arc<ForeignTables>, Error> {
        self.known(file)?;
        let mut databases = self.0.databases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = databases.get(file) {
            return Ok(known.clone());
        }
        let opened = ForeignTables::at(&self.0.root.join(file)).map_err(|error| Error::Failed(error.to_string()))?;
        Ok(databases.entry(file.into()).or_insert(Arc::new(opened)).clone())
    }

    pub(crate) fn tables(&self, file: &str) -> Result<Vec<String>, Error> {
        self.database(file)?.names().map_err(|error| Error::Failed(error.to_string()))
    }

    pub(crate) fn rows(
        &self,
        file: &str,
        table: &str,
        columns: &[String],
        conditions: &[Condition],
        order: &[String],
    ) -> Result<Rows, Error> {
        let conditions = conditions.iter().map(|condition| (condition.column.clone(), value_of(&condition.is)));
        let rows = self.database(file)?.rows(table, columns, &conditions.collect::<Vec<_>>(), order);
        Ok(Rows::of(rows.map_err(|error| Error::Failed(error.to_string()))?))
    }
}

fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        _ => Error::Failed(error.to_string()),
    }
}

/// A file that is read.
pub(crate) struct Reader {
    plain: Box<dyn BufRead + Send>,
    passed_over: Option<Unwanted>,
}

/// What stands before that which is read next, and nobody wants.
enum Unwanted {
    /// So many bytes.
    Bytes(u64),
    /// The rest of a line that is too long.
    Line,
}

impl Reader {
    /// Passes over a piece of what nobody wants, and gives how many bytes it had; none when there is nothing of it. It may have no end, so
    /// whoever calls this again looks at the limits in between.
    pub(crate) fn pass_over(&mut self) -> Result<usize, Error> {
        let Some(unwanted) = &mut self.passed_over else { return Ok(0) };
        let mut passed = 0;
        while passed < LARGEST_PIECE as usize {
            let buffer = self.plain.fill_buf().map_err(failed)?;
            let (length, is_over) = match unwanted {
                Unwanted::Bytes(left) => {
                    let length = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= length as u64;
                    (length, *left == 0)
                }
                Unwanted::Line => match buffer.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (at + 1, true),
                    None => (buffer.len(), false),
                },
            };
            let is_end = buffer.is_empty();
            self.plain.consume(length);
            passed += length;
            if is_over || is_end {
                self.passed_over = None;
                break;
            }
        }
        Ok(passed)
    }

    /// Gives the next bytes; none at the end.
    pub(crate) fn bytes(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.plain.by_ref().take(limit.clamp(1, LARGEST_PIECE).into()).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// Gives the next whole lines, none at the end, and how many bytes of the file they are.
    pub(crate) fn lines(&mut self, limit: u32) -> Result<(Vec<String>, usize), Error> {
        let limit = limit.clamp(1, LARGEST_PIECE) as usize;
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while bytes < limit && self.passed_over.is_none() {
            let mut line = Vec::new();
            let read = self.plain.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line).map_err(failed)?;
            if read == 0 {
                break;
            }
            bytes += read;
            let is_whole = line.pop_if(|last| *last == b'\n').is_some();
            if !is_whole && read == LONGEST_LINE {
                self.passed_over = Some(Unwanted::Line);
                line.clear();
            }
            line.pop_if(|last| *last == b'\r');
            lines
                .push(String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into()));
        }
        Ok((lines, bytes))
    }
}

/// Rows that are left to be given.
pub(crate) struct Rows {
    left: VecDeque<Vec<ForeignValue>>,
    bytes: u64,
}

impl Rows {
    fn of(rows: Vec<Vec<ForeignValue>>) -> Rows {
        let bytes = rows.iter().flatten().map(foreign_size_of).sum::<usize>() as u64;
        Rows { left: rows.into(), bytes }
    }

    /// Gives how many bytes of memory they took from the beginning on.
    pub(crate) fn memory(&self) -> u64 {
        self.bytes
    }

    /// Gives the next rows; none at the end.
    pub(crate) fn next(&mut self, limit: u32) -> Vec<Vec<Cell>> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while page.len() < limit.max(1) as usize
            && bytes < PIECE_OF_ROWS
            && let Some(row) = self.left.pop_front()
        {
            let row: Vec<Cell> = row.into_iter().map(cell_of).collect();
            bytes += row.iter().map(size_of).sum::<usize>();
            page.push(row);
        }
        page
    }
}

/// Gives about how many bytes a value takes.
pub(crate) fn size_of(cell: &Cell) -> usize {
    16 + match cell {
        Cell::Text(text) => text.len(),
        Cell::Blob(bytes) => bytes.len(),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) => 0,
    }
}

fn foreign_size_of(value: &ForeignValue) -> usize {
    16 + match value {
        ForeignValue::Text(text) => text.len(),
        ForeignValue::Blob(bytes) => bytes.len(),
        ForeignValue::Null | ForeignValue::Integer(_) | ForeignValue::Real(_) => 0,
    }
}

fn cell_of(value: ForeignValue) -> Cell {
    match value {
        ForeignValue::Null => Cell::Null,
        ForeignValue::Integer(number) => Cell::Integer(number),
        ForeignValue::Real(number) => Cell::Real(number),
        ForeignValue::Text(text) => Cell::Text(text),
        ForeignValue::Blob(bytes) => Cell::Blob(bytes),
    }
}

fn value_of(cell: &Cell) -> ForeignValue {
    match cell {
        Cell::Null => ForeignValue::Null,
        Cell::Integer(number) => ForeignValue::Integer(*number),
        Cell::Real(number) => ForeignValue::Real(*number),
        Cell::Text(text) => ForeignValue::Text(text.clone()),
        Cell::Blob(bytes) => ForeignValue::Blob(bytes.clone()),
    }
}
