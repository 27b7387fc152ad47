//! Keeps, of a line that is too long to be held, what it takes to judge it.

use alloc::vec::Vec;
use core::ops::Range;

use crate::text::lines::{Lines, WHOLE_LINE};

/// A line of more than [`WHOLE_LINE`] bytes that has begun.
pub(super) struct Giant {
    condensed: Lines,
    utf8: Utf8,
    /// Of all its bytes so far.
    pub(super) hash: Hash,
    pub(super) length: u64,
    /// Its number and the place of that, by its beginning.
    pub(super) ordinal: Option<(Range<usize>, u64)>,
    /// Its last bytes, at least a [`WHOLE_LINE`] of them.
    pub(super) tail: Vec<u8>,
}

impl Giant {
    pub(super) fn new(ordinal: Option<(Range<usize>, u64)>) -> Giant {
        let (utf8, hash) = (Utf8::default(), Hash::default());
        Giant { condensed: Lines::new(1, 0), utf8, hash, length: 0, ordinal, tail: Vec::new() }
    }

    pub(super) fn push(&mut self, part: &[u8]) {
        self.condensed.push(part, |_| {});
        self.utf8.push(part);
        self.hash.push(part);
        self.length += part.len() as u64;
        self.tail.extend_from_slice(part);
        let over = self.tail.len().saturating_sub(WHOLE_LINE);
        if over > WHOLE_LINE {
            self.tail.drain(..over);
        }
    }

    /// Returns the condensed line; none if the line is no UTF-8.
    pub(super) fn condensed(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        self.condensed.finish(|condensed| line.extend_from_slice(condensed.bytes));
        self.utf8.is_good().then_some(line)
    }
}

/// FNV-1a.
#[derive(Clone, Copy)]
pub(super) struct Hash(pub(super) u64);

impl Default for Hash {
    fn default() -> Hash {
        Hash(0xCBF2_9CE4_8422_2325)
    }
}

impl Hash {
    pub(super) fn of(bytes: &[u8]) -> u64 {
        let mut hash = Hash::default();
        hash.push(bytes);
        hash.0
    }

    fn push(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    }
}

/// Is what streams by UTF-8?
#[derive(Default)]
struct Utf8 {
    /// A character that a part's end cut in two.
    begun: Vec<u8>,
    bad: bool,
}

impl Utf8 {
    fn push(&mut self, part: &[u8]) {
        // As much of the part as ends the character that has begun.
        let mut part = part;
        while !self.begun.is_empty() && !part.is_empty() && !self.bad {
            self.begun.push(part[0]);
            part = &part[1..];
            match core::str::from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) => self.bad = error.error_len().is_some(),
            }
        }
        match core::str::from_utf8(part) {
            Err(error) if error.error_len().is_none() => self.begun = part[error.valid_up_to()..].to_vec(),
            Err(_) => self.bad = true,
            Ok(_) => {}
        }
    }

    fn is_good(&self) -> bool {
        !self.bad && self.begun.is_empty()
    }
}
