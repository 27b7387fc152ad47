//! Writes and reads a small binary form for what the core gives to the host to keep and takes back later:
//! variable-length integers, length-prefixed bytes, a flag before what may be missing.

use alloc::string::String;
use alloc::vec::Vec;

/// Writes.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Begins with a version byte.
    pub fn new(version: u8) -> Self {
        Writer(alloc::vec![version])
    }

    /// Returns what was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes LEB128.
    pub fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Writes zigzag LEB128.
    pub fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)) as u64);
    }

    /// Writes length and bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        self.unsigned(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// Writes a flag, then the text if there is one.
    pub fn text(&mut self, value: Option<&str>) {
        self.0.push(value.is_some() as u8);
        if let Some(text) = value {
            self.bytes(text.as_bytes());
        }
    }

    /// Writes a flag, then the number if there is one.
    pub fn number(&mut self, value: Option<i64>) {
        self.0.push(value.is_some() as u8);
        if let Some(number) = value {
            self.signed(number);
        }
    }
}

/// Reads; every answer is none once the bytes do not fit.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins; none if the version byte is another one.
    pub fn new(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        (first == version).then_some(Reader(rest))
    }

    /// Says whether everything was read.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many bytes were not read yet.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Reads LEB128.
    pub fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Reads zigzag LEB128.
    pub fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads length and bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    /// Reads a flag, then the text if there is one.
    pub fn text(&mut self) -> Option<Option<String>> {
        match self.byte()? {
            0 => Some(None),
            _ => Some(Some(String::from(core::str::from_utf8(self.bytes()?).ok()?))),
        }
    }

    /// Reads a flag, then the number if there is one.
    pub fn number(&mut self) -> Option<Option<i64>> {
        match self.byte()? {
            0 => Some(None),
            _ => Some(Some(self.signed()?)),
        }
    }
}

#[cfg(test)]
mod tests;
