//! The facade, recordings: calls of the core made again, without any home.

use std::io::{BufRead, Write};

use threadkeep_engine::Runtime;
use threadkeep_engine::replay::{self, Replayed};

use super::Result;

/// Runs every call of a recording again, and holds each answer against the recorded one.
///
/// # Errors
///
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) where it is no recording of this version, and
/// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where the core goes another way than it did then.
pub fn replay(lines: impl BufRead) -> Result<Replayed> {
    Ok(replay::replay(&Runtime::load()?, lines)?)
}

/// Writes a recording again, with nothing in it that people wrote.
pub fn redact(lines: impl BufRead, out: impl Write + Send + 'static) -> Result<Replayed> {
    Ok(replay::redact(&Runtime::load()?, lines, out)?)
}
