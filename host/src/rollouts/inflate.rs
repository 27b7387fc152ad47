//! Decompresses rollouts within a budget. A file of 1.5 MB can hold 50 GB of nothing: it ends after a budget, with an error,
//! instead of keeping every command busy.
//!
//! What people and programs say is compressed to a tenth, and at the very most to a hundredth. What a file gives beyond a
//! hundred times of what was read of it is its excess. A file may have a little of that, be it some hundred megabytes; one that has more
//! was made to have it. When a process has met several such files, no more is spent on the next ones.

use std::fs::File;
use std::io::{BufReader, Error, Read, Result};
use std::sync::atomic::{AtomicU64, Ordering};

use zstd::stream::read::Decoder;

/// So many bytes for one are what a rollout may be compressed to.
const USUAL_RATIO: u64 = 100;
/// The excess that a file may have, in bytes.
const MOST_EXCESS: u64 = 320 << 20;
/// The excess that a process spends on files that have too much, and what is left for each file after that.
const MOST_SPENT: u64 = 320 << 20;
const LEAST_EXCESS: u64 = 16 << 20;

/// Counts the excess of the files that had too much of it.
static SPENT: AtomicU64 = AtomicU64::new(0);

/// Reads the plain text of a compressed file.
pub(crate) struct Inflate {
    decoder: Decoder<'static, BufReader<Counted>>,
    given: u64,
    most_excess: u64,
}

/// Counts what is read of a file.
struct Counted {
    file: File,
    read: u64,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.file.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Inflate {
    /// Begins with an open file.
    pub(crate) fn new(file: File) -> Result<Inflate> {
        let most_excess = if SPENT.load(Ordering::Relaxed) < MOST_SPENT { MOST_EXCESS } else { LEAST_EXCESS };
        Inflate::with_excess(file, most_excess)
    }

    fn with_excess(file: File, most_excess: u64) -> Result<Inflate> {
        Ok(Inflate { decoder: Decoder::new(Counted { file, read: 0 })?, given: 0, most_excess })
    }
}

impl Read for Inflate {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.decoder.get_ref().get_ref().read;
        let excess = self.given.saturating_sub(read.saturating_mul(USUAL_RATIO));
        if excess > self.most_excess {
            SPENT.fetch_add(excess, Ordering::Relaxed);
            return Err(Error::other(format!(
                "{} MB came out of its first {} kB, which is more than any conversation: it is not read further",
                self.given >> 20,
                read.div_ceil(1 << 10)
            )));
        }
        let given = self.decoder.read(into)?;
        self.given += given as u64;
        Ok(given)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    /// Reads a compressed text to its end with so much excess allowed; its length.
    fn length(plain: &[u8], most_excess: u64) -> Result<u64> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&zstd::encode_all(plain, 3).unwrap()).unwrap();
        file.rewind().unwrap();
        std::io::copy(&mut Inflate::with_excess(file, most_excess)?, &mut std::io::sink())
    }

    #[test]
    fn what_people_say_is_read_whatever_its_length() {
        let mut text = Vec::new();
        for n in 0u64..400_000 {
            writeln!(
                text,
                "{{\"n\":{n},\"text\":\"the same words again, and {}\"}}",
                n.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            )
            .unwrap();
        }
        assert_eq!(length(&text, 0).unwrap(), text.len() as u64);
        assert_eq!(length(b"", 0).unwrap(), 0);
    }

    #[test]
    fn nothing_but_repetition_ends_when_its_excess_is_used_up() {
        for (plain, most_excess) in
            [(vec![0; 64 << 20], 1 << 20), (vec![b'\n'; 32 << 20], 0), (b"{}\n".repeat(8 << 20), 4 << 20)]
        {
            let refused = length(&plain, most_excess).unwrap_err().to_string();
            assert!(refused.contains("not read further"), "{refused}");
            assert_eq!(length(&plain, plain.len() as u64).unwrap(), plain.len() as u64);
        }
    }
}
