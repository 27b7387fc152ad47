//! Reads one line of JSON, pulled along by whoever wants something of it: it checks the whole grammar as it goes and
//! hands out only what is asked for.
//!
//! A rollout's bytes are mostly long strings that nobody asks for, so what counts is how fast a string is passed over:
//! sixteen bytes at a time, by the same code in the component and in a native build.
//!
//! The reader takes any bytes. Whether a line is UTF-8 is settled once, at its end, by [`Cursor::finish`], and only
//! when a byte above 0x7F was seen; until then nothing read from it may be kept.

mod token;

use wide::u8x16;

pub use token::{Fault, Text};

/// Containers may nest this deep; `serde_json`, which Codex writes with, stops at 128.
const MAX_DEPTH: usize = 512;

/// A place in one line.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    high: u64,
}

/// Result of a step.
pub type Step<T> = Result<T, Fault>;

impl<'a> Cursor<'a> {
    /// Begins at the start of a line.
    pub fn new(line: &'a [u8]) -> Self {
        Cursor { bytes: line, at: 0, high: 0 }
    }

    /// Ends after the one value: nothing but white space follows, and all of it was UTF-8.
    pub fn finish(mut self) -> Step<()> {
        match self.token() {
            Some(_) => Err(self.unexpected()),
            None if self.high == 0 => Ok(()),
            None => match simdutf8::compat::from_utf8(self.bytes) {
                Ok(_) => Ok(()),
                Err(bad) => Err(Fault::NotUtf8 { at: bad.valid_up_to() }),
            },
        }
    }

    /// Gives the fields of an object, each to `field` with the cursor before its value, which `field` must read or
    /// skip. Any other value is skipped.
    pub fn object(&mut self, mut field: impl FnMut(&mut Self, &Text<'a>) -> Step<()>) -> Step<()> {
        if self.token() != Some(b'{') {
            return self.skip();
        }
        self.at += 1;
        if self.token() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            field(self, &key)?;
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Gives the elements of an array, each to `element` to read or skip. Any other value is skipped.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Step<()>) -> Step<()> {
        if self.token() != Some(b'[') {
            return self.skip();
        }
        self.at += 1;
        if self.token() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads a string; any other value is skipped and none.
    pub fn text(&mut self) -> Step<Option<Text<'a>>> {
        match self.token() {
            Some(b'"') => self.string().map(Some),
            _ => self.skip().map(|()| None),
        }
    }

    /// Reads a whole number; any other value is skipped and none.
    pub fn integer(&mut self) -> Step<Option<i64>> {
        let raw = self.raw()?;
        Ok(core::str::from_utf8(raw).ok().and_then(|digits| digits.parse().ok()))
    }

    /// Reads any value as it stands, checked.
    pub fn raw(&mut self) -> Step<&'a [u8]> {
        self.token();
        let start = self.at;
        self.skip()?;
        Ok(&self.bytes[start..self.at])
    }

    /// Says what the value is, without moving on: its first byte.
    pub fn peek(&mut self) -> Option<u8> {
        self.token()
    }

    /// Reads the string field `name` of the object that begins here, without moving on; quick when it is the first
    /// field.
    pub fn peek_field(&self, name: &str) -> Step<Option<Text<'a>>> {
        let mut ahead = self.clone();
        if ahead.token() != Some(b'{') {
            return Ok(None);
        }
        ahead.at += 1;
        if ahead.token() == Some(b'}') {
            return Ok(None);
        }
        loop {
            if ahead.key()?.is(name) {
                return ahead.text();
            }
            ahead.skip()?;
            if !ahead.another(b'}')? {
                return Ok(None);
            }
        }
    }

    /// Passes over one value, checking it.
    pub fn skip(&mut self) -> Step<()> {
        let mut objects = [0u64; MAX_DEPTH / 64];
        let mut depth = 0;
        loop {
            // One value, or the opening of one.
            match self.token().ok_or(Fault::CutOff)? {
                b'"' => {
                    self.string()?;
                }
                open @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return Err(Fault::TooDeep);
                    }
                    self.at += 1;
                    let object = open == b'{';
                    let bit = 1 << (depth % 64);
                    objects[depth / 64] = if object { objects[depth / 64] | bit } else { objects[depth / 64] & !bit };
                    depth += 1;
                    match self.token() {
                        Some(b'}') if object => {}
                        Some(b']') if !object => {}
                        _ => {
                            if object {
                                self.key()?;
                            }
                            continue;
                        }
                    }
                    self.at += 1;
                    depth -= 1;
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            // What follows it: the next one, or the end of those that hold it.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = objects[(depth - 1) / 64] & (1 << ((depth - 1) % 64)) != 0;
                if self.another(if object { b'}' } else { b']' })? {
                    if object {
                        self.key()?;
                    }
                    break;
                }
                depth -= 1;
            }
        }
    }

    /// After a value in a container: true when a comma says that another one follows, false at its end.
    fn another(&mut self, end: u8) -> Step<bool> {
        let more = match self.token() {
            Some(b',') => true,
            Some(byte) if byte == end => false,
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(more)
    }

    fn key(&mut self) -> Step<Text<'a>> {
        if self.token() != Some(b'"') {
            return Err(self.unexpected());
        }
        let key = self.string()?;
        if self.token() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(key)
    }

    /// Skips white space; the byte that follows.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    #[inline]
    fn string(&mut self) -> Step<Text<'a>> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at = plain_run(self.bytes, self.at, &mut self.high);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    match self.bytes.get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                        Some(b'u') => {
                            self.at += 2;
                            for _ in 0..4 {
                                if !self.bytes.get(self.at).ok_or(Fault::CutOff)?.is_ascii_hexdigit() {
                                    return Err(self.unexpected());
                                }
                                self.at += 1;
                            }
                        }
                        Some(_) => {
                            self.at += 1;
                            return Err(self.unexpected());
                        }
                        None => return Err(Fault::CutOff),
                    }
                }
                Some(_) => return Err(self.unexpected()),
                None => return Err(Fault::CutOff),
            }
        }
        let text = Text { raw: &self.bytes[start..self.at], escaped };
        self.at += 1;
        Ok(text)
    }

    fn literal(&mut self, word: &[u8]) -> Step<()> {
        for &byte in word {
            if self.bytes.get(self.at) != Some(&byte) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Step<()> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Step<()> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    #[cold]
    fn unexpected(&self) -> Fault {
        match self.bytes.get(self.at) {
            Some(&byte) => Fault::Unexpected { at: self.at, byte },
            None => Fault::CutOff,
        }
    }
}

/// Finds the first byte from `at` on that a plain run of a string cannot hold (a quote, a backslash, a control
/// character), or the end; the top bits of all bytes seen are gathered in `high`, to tell whether UTF-8 has to be
/// checked.
#[inline]
pub fn plain_run(bytes: &[u8], mut at: usize, high: &mut u64) -> usize {
    let (quote, slash, control) = (u8x16::splat(b'"'), u8x16::splat(b'\\'), u8x16::splat(0x1F));
    while let Some(part) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let part = u8x16::from(*part);
        let hits = part.simd_eq(quote) | part.simd_eq(slash) | part.min(control).simd_eq(part);
        *high |= u64::from(part.to_bitmask());
        let hits = hits.to_bitmask();
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        *high |= u64::from(byte & 0x80);
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
