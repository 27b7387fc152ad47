//! One form of a rollout for the other, in an order that loses nothing wherever it is broken off.

use std::io::{BufWriter, Read, Write as _};

use zstd::stream::write::Encoder;

use super::place::{Original, Place, text};

/// As Codex compresses.
const LEVEL: i32 = 3;
/// How much of two texts is compared at a time.
const CHUNK: usize = 128 << 10;

/// Why a rollout stays as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Left {
    /// It is not there.
    #[error("it is gone")]
    Gone,
    /// No regular file has its name.
    #[error("it is no regular file")]
    NotAFile,
    /// Its thread has a writer, in words.
    #[error("{0}")]
    Written(String),
    /// Somebody changed it.
    #[error("it was changed meanwhile")]
    Changed,
    /// Both forms stand there, and the plain one is not the other's text.
    #[error("it stands there in both forms, and the compressed one {0}; both are left")]
    Twin(&'static str),
    /// What was written is not what was read.
    #[error("its new form does not hold the same bytes; the disk or the memory may be damaged")]
    Unfaithful,
    /// The system refused something.
    #[error("{0}: {1}")]
    Failed(&'static str, #[source] std::io::Error),
}

impl Left {
    pub(super) fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Left {
        move |error| Left::Failed(what, error)
    }
}

/// Two texts against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    /// The second one begins with the first one, and goes on.
    Begins,
    Differs,
}

/// Writes the form that goes by the name of `new`, compressed or plain, verifies it, and lets it stand in for the original;
/// its size.
pub(super) fn exchange(place: &Place, original: &Original, new: &str) -> Result<u64, Left> {
    let temporary = place.temporary()?;
    let mut from = original.text()?;
    let written = match new.ends_with(".zst") {
        true => pack(&mut from, &temporary.file, original.stat.size),
        false => unpack(&mut from, &temporary.file),
    };
    // A file that grew meanwhile does not keep what was promised of its size.
    written.map_err(|error| match place.still_holds(original) {
        true => Left::Failed("its new form cannot be written", error),
        false => Left::Changed,
    })?;
    drop(from);
    match compare(original.text()?, text(&temporary.file, new)?) {
        Ok(Compared::Same) => {}
        _ if !place.still_holds(original) => return Err(Left::Changed),
        Ok(_) => return Err(Left::Unfaithful),
        Err(error) => return Err(Left::Failed("its new form cannot be verified", error)),
    }
    let size = temporary.file.metadata().map_err(Left::failed("its new form cannot be read"))?.len();
    temporary.dress(original)?;
    if !place.still_holds(original) {
        return Err(Left::Changed);
    }
    temporary.install(new)?;
    // The new name is durable before the old one goes. Where it cannot go, the new one is not needed; where it is gone, the
    // new one is all there is.
    place.sync().and_then(|()| place.remove(original)).inspect_err(|_| {
        if place.stands(original) {
            temporary.withdraw(new);
        }
    })?;
    Ok(size)
}

fn pack(from: &mut impl Read, to: &std::fs::File, size: u64) -> std::io::Result<()> {
    let mut encoder = Encoder::new(to, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(size))?;
    std::io::copy(from, &mut encoder)?;
    encoder.finish()?.flush()
}

fn unpack(from: &mut impl Read, to: &std::fs::File) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(CHUNK, to);
    std::io::copy(from, &mut out)?;
    out.flush()
}

/// Compares two texts as they come.
pub(super) fn compare(mut first: impl Read, mut second: impl Read) -> std::io::Result<Compared> {
    let (mut one, mut two) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let (read, other) = (fill(&mut first, &mut one)?, fill(&mut second, &mut two)?);
        if read > other || one[..read] != two[..read] {
            return Ok(Compared::Differs);
        }
        if read < CHUNK {
            return Ok(if other > read { Compared::Begins } else { Compared::Same });
        }
    }
}

/// Fills the buffer; less only at the end of the text.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
