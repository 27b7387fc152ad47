//! Reads rollouts as UTF-8, whatever they are written in.
//!
//! Offsets are those of the UTF-8 text. A rollout in UTF-16, which Codex itself never writes, is translated from its
//! beginning on whenever something of it is read: correct, and slow.

use alloc::vec::Vec;

use contract::{Chunk, FileError};

use super::{FileResult, Reader, Rollouts};
use crate::text::utf16::Utf16;

/// The text of one rollout in UTF-8.
pub struct PlainText<R> {
    reader: R,
    encoding: Encoding,
}

enum Encoding {
    /// Nothing has been read yet.
    Unknown,
    /// Nothing needs to be done. What has been read ahead comes first.
    Utf8(Option<Chunk>),
    /// What has been translated, of which so many bytes are skipped.
    Utf16 { decoder: Utf16, ahead: Vec<u8>, skipped: u64, ended: bool },
}

impl<R: Reader> PlainText<R> {
    /// Opens a rollout at an offset.
    pub(super) fn open<F: Rollouts<Reader = R>>(rollouts: &F, at: &str, offset: u64) -> FileResult<PlainText<R>> {
        if offset == 0 {
            return Ok(PlainText { reader: rollouts.open_bytes(at, 0)?, encoding: Encoding::Unknown });
        }
        let mut beginning = PlainText { reader: rollouts.open_bytes(at, 0)?, encoding: Encoding::Unknown };
        beginning.begin(2)?;
        match &mut beginning.encoding {
            Encoding::Utf16 { skipped, .. } => {
                *skipped = offset;
                Ok(beginning)
            }
            _ => Ok(PlainText { reader: rollouts.open_bytes(at, offset)?, encoding: Encoding::Utf8(None) }),
        }
    }

    /// Says whether the rollout is written in something else than UTF-8.
    pub fn is_translated(&mut self) -> FileResult<bool> {
        self.begin(1 << 10)?;
        Ok(matches!(self.encoding, Encoding::Utf16 { .. }))
    }

    /// Reads enough to tell the encoding, and at most so much.
    fn begin(&mut self, limit: u32) -> FileResult<()> {
        if !matches!(self.encoding, Encoding::Unknown) {
            return Ok(());
        }
        let first = self.reader.read(limit)?;
        let mut beginning = first.as_bytes();
        let mut longer = Vec::new();
        // A reader may give a byte alone, which tells nothing.
        if let [0xFE | 0xFF] = beginning {
            longer.extend_from_slice(beginning);
            longer.extend_from_slice(self.reader.read(1)?.as_bytes());
            beginning = &longer;
        }
        self.encoding = match Utf16::of(beginning) {
            Some(mut decoder) => {
                let mut ahead = Vec::new();
                decoder.push(beginning, &mut ahead);
                Encoding::Utf16 { decoder, ahead, skipped: 0, ended: false }
            }
            None if longer.is_empty() => Encoding::Utf8(Some(first)),
            None => Encoding::Utf8(Some(Chunk::Bytes(longer))),
        };
        Ok(())
    }
}

impl<R: Reader> Reader for PlainText<R> {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        self.begin(limit)?;
        match &mut self.encoding {
            Encoding::Unknown => Err(FileError::Io("it was not begun".into())),
            Encoding::Utf8(ahead) => match ahead.take() {
                Some(chunk) => Ok(chunk),
                None => self.reader.read(limit),
            },
            Encoding::Utf16 { decoder, ahead, skipped, ended } => loop {
                let drop = (*skipped).min(ahead.len() as u64);
                ahead.drain(..drop as usize);
                *skipped -= drop;
                if !ahead.is_empty() {
                    let rest = ahead.split_off(ahead.len().min(limit as usize));
                    return Ok(Chunk::Bytes(core::mem::replace(ahead, rest)));
                }
                if *ended {
                    return Ok(Chunk::Bytes(Vec::new()));
                }
                let next = self.reader.read(limit)?;
                *ended = next.is_empty();
                match *ended {
                    true => decoder.finish(ahead),
                    false => decoder.push(next.as_bytes(), ahead),
                }
            },
        }
    }
}
