//! The core's own code, run natively over files and over data: what the component is compared with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use threadkeep_contract::{Chunk, Entries, EntryKind, FileError, FileFacts, Heads};
use threadkeep_core::ports::{FileResult, HeadsWalker, Reader, Rollouts, Walker};

/// Files by their home path, in memory; plain ones only.
#[derive(Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl Memory {
    /// One file.
    pub fn of(path: &str, bytes: impl Into<Vec<u8>>) -> Memory {
        Memory(BTreeMap::from([(path.into(), bytes.into())]))
    }
}

/// Reads out of memory.
pub struct Slice(Vec<u8>);

impl Reader for Slice {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        let rest = self.0.split_off(self.0.len().min(limit as usize));
        Ok(std::mem::replace(&mut self.0, rest).into())
    }
}

/// No walk.
pub struct Nowhere;

impl Walker for Nowhere {
    fn next(&mut self, _: u32) -> FileResult<Entries> {
        Ok(Entries::default())
    }
}

impl HeadsWalker for Nowhere {
    fn next(&mut self, _: u32) -> FileResult<Heads> {
        Ok(Heads::default())
    }
}

impl Rollouts for Memory {
    type Reader = Slice;
    type Walker = Nowhere;
    type HeadsWalker = Nowhere;

    fn stat(&self, at: &str) -> FileResult<FileFacts> {
        let bytes = self.0.get(at).ok_or(FileError::NotFound)?;
        Ok(facts(at, bytes.len()))
    }

    fn open_bytes(&self, at: &str, offset: u64) -> FileResult<Slice> {
        let bytes = self.0.get(at).ok_or(FileError::NotFound)?;
        Ok(Slice(bytes.get(offset as usize..).unwrap_or_default().to_vec()))
    }

    fn walk(&self) -> FileResult<Nowhere> {
        Ok(Nowhere)
    }

    fn heads(&self) -> FileResult<Nowhere> {
        Ok(Nowhere)
    }

    fn files_named(&self, part: &str) -> FileResult<Vec<String>> {
        Ok(self.0.keys().filter(|path| path.contains(part)).cloned().collect())
    }
}

/// Facts of a regular file.
pub fn facts(path: &str, size: usize) -> FileFacts {
    FileFacts { path: path.into(), kind: EntryKind::File, size: size as u64, modified_ns: 1, inode: 1 }
}

/// The files below a home, and how much was read of them.
pub struct Disk {
    root: PathBuf,
    /// Bytes read so far.
    pub read: RefCell<u64>,
}

impl Disk {
    /// Of a home.
    pub fn of(root: &Path) -> Disk {
        Disk { root: root.into(), read: RefCell::new(0) }
    }
}

/// Reads a file.
pub struct DiskReader(Box<dyn Read>);

impl Reader for DiskReader {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        let mut chunk = Vec::new();
        let read = (&mut self.0).take(limit.into()).read_to_end(&mut chunk);
        read.map_err(|error| FileError::BrokenCompression(error.to_string()))?;
        Ok(chunk.into())
    }
}

impl Rollouts for Disk {
    type Reader = DiskReader;
    type Walker = Nowhere;
    type HeadsWalker = Nowhere;

    fn stat(&self, at: &str) -> FileResult<FileFacts> {
        let metadata = std::fs::symlink_metadata(self.root.join(at)).map_err(|_| FileError::NotFound)?;
        Ok(FileFacts {
            path: at.into(),
            kind: EntryKind::File,
            size: metadata.len(),
            modified_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
            inode: metadata.ino(),
        })
    }

    fn open_bytes(&self, at: &str, offset: u64) -> FileResult<DiskReader> {
        let mut file = File::open(self.root.join(at)).map_err(|_| FileError::NotFound)?;
        if at.ends_with(".zst") {
            let decoder = zstd::stream::read::Decoder::new(file);
            let mut reader = DiskReader(Box::new(decoder.map_err(|error| FileError::Io(error.to_string()))?));
            reader.read(u32::try_from(offset).unwrap())?;
            return Ok(reader);
        }
        file.seek(SeekFrom::Start(offset)).map_err(|error| FileError::Io(error.to_string()))?;
        Ok(DiskReader(Box::new(file)))
    }

    fn walk(&self) -> FileResult<Nowhere> {
        Ok(Nowhere)
    }

    fn heads(&self) -> FileResult<Nowhere> {
        Ok(Nowhere)
    }

    fn files_named(&self, _: &str) -> FileResult<Vec<String>> {
        Ok(Vec::new())
    }
}
