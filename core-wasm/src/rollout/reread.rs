//! Tells whether a rollout still is what it was when it was read before, so that reading may go on where it stopped.

use alloc::vec::Vec;

use contract::FileFacts;

use crate::ports::{FileResult, Rollouts};
use crate::rollout::head::read_up_to;
use crate::text::codec::{Reader, Writer};

/// Bytes of a rollout that are compared before going on: at its beginning, and before the place.
const COMPARED: u64 = 512;

/// Where a reading stopped, and how the rollout was then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// The number of the line that is read next, from 1.
    pub line: u64,
    /// Plain bytes before it.
    pub offset: u64,
    /// Bytes of the rollout on disk; 0 where it was not read to its end.
    pub size: u64,
    head: Vec<u8>,
    before: Vec<u8>,
}

impl Stop {
    /// Returns the beginning of a rollout of which nothing was read.
    pub fn start() -> Stop {
        Stop { line: 1, ..Stop::default() }
    }

    /// Returns where an earlier reading stopped, if the rollout grew and still begins as it did; else its beginning.
    ///
    /// # Errors
    ///
    /// Fails where the rollout cannot be read.
    pub fn checked<R: Rollouts>(rollouts: &R, file: &FileFacts, earlier: Option<Stop>) -> FileResult<Option<Stop>> {
        let Some(stop) = earlier.filter(|stop| file.size > stop.size && stop.line > 0) else { return Ok(None) };
        let length = stop.before.len() as u64;
        let stands = exactly(rollouts, &file.path, 0, COMPARED)?.starts_with(&stop.head)
            && (length == 0
                || exactly(rollouts, &file.path, stop.offset.saturating_sub(length), length)? == stop.before);
        Ok(stands.then_some(stop))
    }

    /// Returns a stop before a line of a rollout that was read so far.
    ///
    /// # Errors
    ///
    /// Fails where the rollout cannot be read.
    pub fn at<R: Rollouts>(rollouts: &R, file: &FileFacts, line: u64, offset: u64) -> FileResult<Stop> {
        let before = match offset.min(COMPARED) {
            0 => Vec::new(),
            length => exactly(rollouts, &file.path, offset - length, length)?,
        };
        let head = exactly(rollouts, &file.path, 0, COMPARED)?;
        Ok(Stop { line, offset, size: file.size, head, before })
    }

    /// Writes it.
    pub fn encode(&self, writer: &mut Writer) {
        writer.unsigned(self.line);
        writer.unsigned(self.offset);
        writer.unsigned(self.size);
        writer.bytes(&self.head);
        writer.bytes(&self.before);
    }

    /// Reads it.
    pub fn decode(reader: &mut Reader<'_>) -> Option<Stop> {
        Some(Stop {
            line: reader.unsigned()?,
            offset: reader.unsigned()?,
            size: reader.unsigned()?,
            head: reader.bytes()?.to_vec(),
            before: reader.bytes()?.to_vec(),
        })
    }
}

fn exactly<R: Rollouts>(rollouts: &R, path: &str, offset: u64, length: u64) -> FileResult<Vec<u8>> {
    let mut bytes = read_up_to(&mut rollouts.open(path, offset)?, length)?;
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Ok(bytes)
}
