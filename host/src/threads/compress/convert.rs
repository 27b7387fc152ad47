//! Converts a rollout to its other form, compressed or plain, in an order that loses nothing wherever it is broken off.

use std::io::{BufWriter, Read, Write as _};

use zstd::stream::write::Encoder;

use super::entry::{Entry, OpenedFile, text};
use super::skip_reason::SkipReason;

/// The compression level, which is Codex's.
pub(crate) const LEVEL: i32 = 3;
/// How many bytes of two texts are compared at a time.
const CHUNK: usize = 128 << 10;

/// Says how two texts compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::threads) enum Compared {
    Same,
    /// The first one is a prefix of the second one, which goes on.
    Prefix,
    Differs,
}

/// Writes the form that the name `new` stands for, compressed or plain, verifies it, and removes the file that it replaces;
/// gives its size in bytes.
pub(super) fn convert(entry: &Entry, opened_file: &OpenedFile, new: &str) -> Result<u64, SkipReason> {
    let temporary = entry.temporary()?;
    let mut from = opened_file.text()?;
    let written = match new.ends_with(".zst") {
        true => pack(&mut from, &temporary.file, opened_file.stat.size),
        false => unpack(&mut from, &temporary.file),
    };
    // A file that grew meanwhile does not have the size that the encoder was promised.
    written.map_err(|error| match entry.is_unchanged(opened_file) {
        true => SkipReason::Failed("its new form cannot be written", error),
        false => SkipReason::Changed,
    })?;
    drop(from);
    match compare(opened_file.text()?, text(&temporary.file, new)?) {
        Ok(Compared::Same) => {}
        _ if !entry.is_unchanged(opened_file) => return Err(SkipReason::Changed),
        Ok(_) => return Err(SkipReason::NotIdentical),
        Err(error) => return Err(SkipReason::Failed("its new form cannot be verified", error)),
    }
    let size = temporary.file.metadata().map_err(SkipReason::failed("its new form cannot be read"))?.len();
    temporary.copy_attributes(opened_file)?;
    if !entry.is_unchanged(opened_file) {
        return Err(SkipReason::Changed);
    }
    temporary.install(new)?;
    // The new name is durable before the old one is removed. Where the old one cannot be removed, the new one goes again; where
    // it is gone already, the new one is all there is.
    entry.sync().and_then(|()| entry.remove(opened_file)).inspect_err(|_| {
        if entry.exists(opened_file) {
            temporary.uninstall(new);
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

/// Compares two texts as they are read.
pub(in crate::threads) fn compare(mut first: impl Read, mut second: impl Read) -> std::io::Result<Compared> {
    let (mut one, mut two) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let (read, other) = (fill(&mut first, &mut one)?, fill(&mut second, &mut two)?);
        if read > other || one[..read] != two[..read] {
            return Ok(Compared::Differs);
        }
        if read < CHUNK {
            return Ok(if other > read { Compared::Prefix } else { Compared::Same });
        }
    }
}

/// Fills the buffer, and gives how many bytes were read: fewer only at the end of the text.
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
