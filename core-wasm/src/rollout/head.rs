//! Reads how a rollout begins: whose it is, and what else its first lines say.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::fold::Fold;
use crate::rollout::record;
use crate::text::lines::{Line, Lines};
use crate::text::paths::{canonical_id, twin};
use contract::{FileError, HeadThread};

/// A head this long has been read before anything else of a file is known.
const HEAD: u32 = 64 << 10;
/// Nothing further back than this belongs to a head.
const LONGEST: u64 = 8 << 20;
/// Bytes asked for at a time, at most.
const CHUNK: u64 = 1 << 20;

/// Returns the thread that the very beginning of a file names, if it is a rollout as Codex writes them. Says nothing of
/// whether the line it stands in is whole: good for passing over other threads' files quickly, no more.
pub fn glance(head: &[u8]) -> Option<String> {
    record::early_id(head).and_then(|id| canonical_id(&id))
}

/// Returns the thread that a file's head names; none if no record in its first lines does.
pub fn identify<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Option<String>> {
    let mut fold = Fold::default();
    in_head(rollouts, path, |line| {
        fold.line(line, true);
        fold.identity.take().map(|identity| identity.id)
    })
}

/// Says whose thread the head of a file names, be it compressed or restored meanwhile.
pub fn head_thread<R: Rollouts>(rollouts: &R, path: &str) -> HeadThread {
    let read = match identify(rollouts, path) {
        Err(FileError::NotFound) => identify(rollouts, &twin(path)),
        read => read,
    };
    match read {
        Ok(Some(thread)) => HeadThread::Thread(thread),
        Ok(None) | Err(FileError::NotAFile | FileError::BrokenCompression(_)) => HeadThread::Nobody,
        Err(FileError::NotFound) => HeadThread::Absent,
        Err(error) => HeadThread::Unknown(error.message()),
    }
}

/// Returns the first answer that a line of a file's head gives; none if no line of its first megabytes does.
pub fn in_head<R: Rollouts, T>(
    rollouts: &R,
    path: &str,
    mut answer: impl FnMut(&Line<'_>) -> Option<T>,
) -> FileResult<Option<T>> {
    let mut reader = rollouts.open(path, 0)?;
    let mut lines = Lines::new(1, 0);
    let mut found = None;
    let mut seen = 0u64;
    loop {
        let chunk = reader.read(HEAD)?;
        seen += chunk.len() as u64;
        let mut each = |line: Line<'_>| {
            if found.is_none() {
                found = answer(&line);
            }
        };
        lines.push(chunk.as_bytes(), &mut each);
        if chunk.is_empty() {
            lines.finish(&mut each);
        }
        if found.is_some() || chunk.is_empty() || seen > LONGEST {
            return Ok(found);
        }
    }
}

/// Reads so many bytes, fewer only at the end: a reader may give less than it is asked for.
pub fn read_up_to<R: Reader>(reader: &mut R, wanted: u64) -> FileResult<Vec<u8>> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < wanted {
        let more = reader.read((wanted - bytes.len() as u64).min(CHUNK) as u32)?;
        if more.is_empty() {
            break;
        }
        match bytes.is_empty() {
            true => bytes = more.into_bytes(),
            false => bytes.extend_from_slice(more.as_bytes()),
        }
    }
    Ok(bytes)
}
