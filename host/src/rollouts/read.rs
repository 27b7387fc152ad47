//! Plain text of one rollout, compressed or not.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::{file_error, open_file};
use crate::component::imports::rollouts::Error;
use crate::platform::home::Home;

/// At most this much is handed out at a time.
const LONGEST: u32 = 4 << 20;

/// An open rollout.
pub struct RolloutReader(Source);

enum Source {
    /// The file, and how many bytes it should still hold: what is set aside for them.
    Plain(File, u64),
    Compressed(Box<zstd::stream::read::Decoder<'static, BufReader<File>>>),
    Memory(std::io::Cursor<std::sync::Arc<Vec<u8>>>),
}

impl RolloutReader {
    /// Of a text in memory.
    pub(super) fn of(text: std::sync::Arc<Vec<u8>>, offset: u64) -> RolloutReader {
        let mut cursor = std::io::Cursor::new(text);
        cursor.set_position(offset);
        RolloutReader(Source::Memory(cursor))
    }

    /// Opens a rollout at a plain-text offset.
    pub fn open(home: &Home, path: &str, offset: u64) -> Result<RolloutReader, Error> {
        let mut file = open_file(home, path)?.into_std();
        if !path.ends_with(".zst") {
            if offset > 0 {
                file.seek(SeekFrom::Start(offset)).map_err(file_error)?;
            }
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            return Ok(RolloutReader(Source::Plain(file, length.saturating_sub(offset))));
        }
        let decoder = zstd::stream::read::Decoder::new(file).map_err(file_error)?;
        let mut reader = RolloutReader(Source::Compressed(Box::new(decoder)));
        let mut left = offset;
        while left > 0 {
            let skipped = reader.next(left.min(LONGEST.into()) as u32)?.len() as u64;
            if skipped == 0 {
                break;
            }
            left -= skipped;
        }
        Ok(reader)
    }

    /// The next bytes: as many as asked for, fewer only at the end.
    pub fn next(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        let limit = limit.min(LONGEST);
        let mut chunk = Vec::new();
        match &mut self.0 {
            Source::Plain(file, left) => {
                // One more than is left shows the end without growing.
                chunk.reserve_exact((*left + 1).min(limit.into()) as usize);
                file.take(limit.into()).read_to_end(&mut chunk).map_err(file_error)?;
                *left = left.saturating_sub(chunk.len() as u64);
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
                read.map_err(|error| Error::BrokenCompression(error.to_string()))?;
            }
        }
        Ok(chunk)
    }
}
