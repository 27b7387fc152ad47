//! The facade, recordings: calls of the core made again, without any home.

use std::io::{BufRead, Write};

use super::Result;
use crate::component::Runtime;
use crate::component::tape::{self, Replayed};

/// Runs every call of a recording again, and holds each answer against the recorded one.
///
/// # Errors
///
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) where it is no recording of this version, and
/// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where the core goes another way than it did then.
pub fn replay(recording: impl BufRead) -> Result<Replayed> {
    Ok(tape::replay(&Runtime::load()?, recording)?)
}

/// Writes a recording again, with nothing in it that people wrote.
pub fn redact(recording: impl BufRead, out: impl Write + Send + 'static) -> Result<Replayed> {
    Ok(tape::redact(&Runtime::load()?, recording, out)?)
}
