//! Reads the plain text of one rollout, compressed or not.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use threadkeep_engine::contract::{Chunk, FileError};
use threadkeep_engine::imports::Reader;

use super::inflate::Inflate;
use super::{file_error, open_file};
use crate::platform::home::Home;

/// How many bytes a read gives at most.
const MAX_CHUNK: u32 = 4 << 20;

/// Reads an open rollout as plain text, from an offset to its end.
pub struct RolloutReader(Source);

enum Source {
    /// A plain file, and how many bytes it should still hold, for which memory is reserved.
    Plain(File, u64),
    Compressed(Box<Inflate>),
    Memory(std::io::Cursor<std::sync::Arc<Vec<u8>>>),
}

impl RolloutReader {
    /// Reads a text in memory, from an offset in bytes on.
    pub(super) fn of_memory(text: std::sync::Arc<Vec<u8>>, offset: u64) -> RolloutReader {
        let mut cursor = std::io::Cursor::new(text);
        cursor.set_position(offset);
        RolloutReader(Source::Memory(cursor))
    }

    /// Opens a rollout at an offset in bytes of its plain text. A compressed one, whose name ends with `.zst`, is decompressed
    /// up to there.
    pub fn open(home: &Home, path: &str, offset: u64) -> Result<RolloutReader, FileError> {
        let mut file = open_file(home, path)?.into_std();
        if !path.ends_with(".zst") {
            if offset > 0 {
                file.seek(SeekFrom::Start(offset)).map_err(file_error)?;
            }
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            return Ok(RolloutReader(Source::Plain(file, length.saturating_sub(offset))));
        }
        let decoder = Inflate::new(file).map_err(file_error)?;
        let mut reader = RolloutReader(Source::Compressed(Box::new(decoder)));
        let mut remaining = offset;
        while remaining > 0 {
            let skipped = reader.next(remaining.min(MAX_CHUNK.into()) as u32)?.len() as u64;
            if skipped == 0 {
                break;
            }
            remaining -= skipped;
        }
        Ok(reader)
    }

    /// Gives the next bytes: as many as asked for, but at most 4 MiB, and fewer at the end; empty there.
    pub fn next(&mut self, limit: u32) -> Result<Vec<u8>, FileError> {
        let limit = limit.min(MAX_CHUNK);
        let mut chunk = Vec::new();
        match &mut self.0 {
            Source::Plain(file, remaining) => {
                // One more than is left shows the end without growing.
                chunk.reserve_exact((*remaining + 1).min(limit.into()) as usize);
                file.take(limit.into()).read_to_end(&mut chunk).map_err(file_error)?;
                *remaining = remaining.saturating_sub(chunk.len() as u64);
            }
            Source::Memory(text) => {
                let at = (text.position() as usize).min(text.get_ref().len());
                let end = (at + limit as usize).min(text.get_ref().len());
                chunk.extend_from_slice(&text.get_ref()[at..end]);
                text.set_position(end as u64);
            }
            Source::Compressed(decoder) => {
                chunk.reserve_exact(limit as usize);
                let read = decoder.take(limit.into()).read_to_end(&mut chunk);
                read.map_err(|error| FileError::BrokenCompression(error.to_string()))?;
            }
        }
        Ok(chunk)
    }
}

impl Reader for RolloutReader {
    fn read(&mut self, limit: u32) -> Result<Chunk, FileError> {
        self.next(limit).map(Chunk::Bytes)
    }
}
