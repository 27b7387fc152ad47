//! Measures what takes the space in a rollout, streaming through it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use contract::{RecordSpace, RolloutSpace};
use memchr::memmem::Finder;

use super::reader::Pass;
use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::skim::beginning;
use crate::text::json::{Cursor, Text};
use crate::text::lines::{Line, Lines};

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;
/// With what image data begins.
const IMAGE: &[u8] = b"data:image/";
/// More types than these in one rollout are none of Codex's: the rest is one.
const MOST_TYPES: usize = 1_024;
/// The name of a longer type is cut.
const LONGEST_NAME: usize = 128;

/// Measures a rollout.
///
/// # Errors
///
/// Fails where it cannot be read.
pub fn measure<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<RolloutSpace> {
    let mut reader = rollouts.open(path, 0)?;
    let mut lines = Lines::new(1, 0);
    let (mut pass, mut images, mut text) = (Pass::start(), Images::new(), TextHash::new());
    let mut types = BTreeMap::<String, (u64, u64)>::new();
    let mut space = RolloutSpace {
        types: alloc::vec::Vec::new(),
        bytes: 0,
        image_bytes: 0,
        compaction_bytes: 0,
        copied_bytes: 0,
        hash: 0,
    };
    loop {
        let chunk = reader.read(CHUNK)?;
        let bytes = chunk.as_bytes();
        space.bytes += bytes.len() as u64;
        text.take(bytes);
        images.take(bytes);
        let mut each = |line: Line<'_>| {
            let length = line.length + u64::from(line.ended);
            let is_copied = pass.line(&line);
            pass.forget();
            let (name, is_compaction) = type_of(line.bytes);
            space.copied_bytes += if is_copied { length } else { 0 };
            space.compaction_bytes += if is_compaction { length } else { 0 };
            let name = if types.len() < MOST_TYPES || types.contains_key(&name) { name } else { String::new() };
            let (records, bytes) = types.entry(name).or_default();
            (*records, *bytes) = (*records + 1, *bytes + length);
        };
        if bytes.is_empty() {
            lines.finish(&mut each);
            break;
        }
        lines.push(bytes, &mut each);
    }
    (space.image_bytes, space.hash) = (images.bytes, text.finish());
    let types = types.into_iter();
    space.types = types.map(|(name, (records, bytes))| RecordSpace { name, records, bytes }).collect();
    Ok(space)
}

/// Returns the type that an object of JSON names.
fn type_field(object: &[u8]) -> Option<Text<'_>> {
    Cursor::new(object).peek_field("type").ok().flatten()
}

/// Returns the name of a line's type, and whether it repeats history for a model.
fn type_of(line: &[u8]) -> (String, bool) {
    let usual = beginning(line);
    let kind = match &usual {
        Some(usual) => Some(String::from_utf8_lossy(usual.kind).into_owned()),
        None => type_field(line).map(|kind| kind.decode().into_owned()),
    };
    let Some(kind) = kind else { return (String::new(), false) };
    let inner = usual.and_then(|usual| type_field(usual.payload)).map(|inner| inner.decode().into_owned());
    let is_compaction = kind == "compacted";
    let mut name = inner.map_or(kind.clone(), |inner| format!("{kind}/{inner}"));
    if name.len() > LONGEST_NAME {
        name = name.chars().take(LONGEST_NAME / 4).collect();
    }
    (name, is_compaction)
}

/// Counts bytes of image data, which stands in texts of JSON from its beginning to the next quotation mark.
struct Images {
    bytes: u64,
    is_inside: bool,
    /// The end of the bytes before, in which image data may begin.
    seam: alloc::vec::Vec<u8>,
    finder: Finder<'static>,
}

impl Images {
    fn new() -> Images {
        Images { bytes: 0, is_inside: false, seam: alloc::vec::Vec::new(), finder: Finder::new(IMAGE) }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        let before = self.seam.len();
        if !self.is_inside {
            self.seam.extend_from_slice(&bytes[..bytes.len().min(IMAGE.len() - 1)]);
            // One that begins before the end of the seam and goes on behind it.
            if let Some(at) = self.finder.find(&self.seam).filter(|at| *at < before) {
                self.bytes += (before - at) as u64;
                self.is_inside = true;
            }
        }
        loop {
            if self.is_inside {
                let end = memchr::memchr(b'"', rest);
                self.bytes += end.unwrap_or(rest.len()) as u64;
                self.is_inside = end.is_none();
                rest = end.map_or(&[], |end| &rest[end..]);
            }
            if rest.is_empty() {
                break;
            }
            match self.finder.find(rest) {
                Some(at) => (self.is_inside, rest) = (true, &rest[at..]),
                None => break,
            }
        }
        self.seam.truncate(before);
        self.seam.extend_from_slice(&bytes[bytes.len().saturating_sub(IMAGE.len() - 1)..]);
        let spare = self.seam.len().saturating_sub(IMAGE.len() - 1);
        self.seam.drain(..spare);
    }
}

/// Hashes a text that comes in pieces of any length: FNV-1a over words of eight bytes, the last one filled up with zeros.
struct TextHash {
    hash: u64,
    word: [u8; 8],
    filled: usize,
}

impl TextHash {
    fn new() -> TextHash {
        TextHash { hash: 0xcbf2_9ce4_8422_2325, word: [0; 8], filled: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        if self.filled > 0 {
            let (head, rest) = bytes.split_at(bytes.len().min(8 - self.filled));
            self.word[self.filled..self.filled + head.len()].copy_from_slice(head);
            (self.filled, bytes) = (self.filled + head.len(), rest);
            if self.filled < 8 {
                return;
            }
            self.add(self.word);
        }
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(*word));
        self.word[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    fn add(&mut self, word: [u8; 8]) {
        self.hash = (self.hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }

    fn finish(mut self) -> u64 {
        self.word[self.filled..].fill(0);
        self.add(self.word);
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_text_has_one_hash_however_it_comes() {
        let text: alloc::vec::Vec<u8> = (0..=255).collect();
        let hash = |most: usize| {
            let mut hash = TextHash::new();
            text.chunks(most).for_each(|piece| hash.take(piece));
            hash.finish()
        };
        assert!((1..300).all(|most| hash(most) == hash(300)));
    }

    #[test]
    fn image_data_is_counted_wherever_a_piece_ends() {
        let data = "data:image/png;base64,".to_string() + &"QUJD".repeat(40);
        let text = alloc::format!("{{\"a\":\"data:image\",\"b\":\"{data}\"}}\n{{\"c\":[\"{data}\",\"data:imago\"]}}\n");
        for most in 1..text.len() {
            let mut images = Images::new();
            text.as_bytes().chunks(most).for_each(|piece| images.take(piece));
            assert_eq!(images.bytes, 2 * data.len() as u64, "{most}");
        }
    }
}
