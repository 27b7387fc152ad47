//! Cuts chunks of bytes into lines, in bounded memory.
//!
//! A line of up to [`WHOLE_LINE`] bytes is handed out as it stands. A longer one is condensed while it streams by: its
//! long strings are cut short, and when even that is too much, what comes later is left out and the open containers are
//! closed. The condensed line is JSON exactly where the line is, says the same of everything that is short, and begins
//! every long text as the line does; so the code that reads meaning out of lines needs to know one form only.

use alloc::vec::Vec;

use crate::text::json::plain_run;

/// Longer lines are condensed.
pub const WHOLE_LINE: usize = 1 << 20;
/// A condensed line keeps this much of each string, while there is room.
const KEPT_STRING: usize = 32 << 10;
/// When this much of a line has been kept, only this much of further strings is.
const ROOM: usize = 512 << 10;
const KEPT_LATE_STRING: usize = 64;
/// When this much of a line has been kept, the rest is left out.
const FULL: usize = WHOLE_LINE;

/// One line, without its newline.
pub struct Line<'a> {
    /// Its bytes, condensed if it is longer than [`WHOLE_LINE`], and without a byte order mark.
    pub bytes: &'a [u8],
    /// A byte order mark stands before them.
    pub marked: bool,
    /// Counted from 1.
    pub number: u64,
    /// Plain bytes before it.
    pub offset: u64,
    /// Its plain bytes.
    pub length: u64,
    /// It is condensed.
    pub condensed: bool,
    /// A newline ended it; false for what stands after the last newline.
    pub ended: bool,
}

impl Line<'_> {
    /// Says whether it is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// The byte order mark in UTF-8, which some programs put before a text, or before what they append to one.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Returns a line without the byte order mark before it.
pub fn unmarked(line: &[u8]) -> &[u8] {
    line.strip_prefix(MARK).unwrap_or(line)
}

/// Cuts a stream of chunks into lines.
pub struct Lines {
    carry: Vec<u8>,
    giant: Option<Condenser>,
    number: u64,
    offset: u64,
    length: u64,
}

impl Lines {
    /// Begins a stream that begins at the start of a line: its number (from 1), and the plain bytes before it.
    pub fn new(number: u64, offset: u64) -> Self {
        Lines { carry: Vec::new(), giant: None, number, offset, length: 0 }
    }

    /// Returns the plain bytes before the line that has begun and not ended.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of the line that has begun and not ended.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the plain bytes of that line so far.
    pub fn pending(&self) -> u64 {
        self.length
    }

    /// Takes a chunk and hands out each line that it ends.
    pub fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, rest) = (&chunk[..end], &chunk[end + 1..]);
            if self.length == 0 && head.len() <= WHOLE_LINE {
                self.length = head.len() as u64;
                let bytes = unmarked(head);
                each(Line {
                    bytes,
                    marked: bytes.len() < head.len(),
                    number: self.number,
                    offset: self.offset,
                    length: self.length,
                    condensed: false,
                    ended: true,
                });
            } else {
                self.keep(head);
                self.close(true, &mut each);
            }
            self.offset += self.length + 1;
            self.number += 1;
            self.length = 0;
            self.carry.clear();
            chunk = rest;
        }
        if !chunk.is_empty() {
            self.keep(chunk);
        }
    }

    /// Hands out, at the end of the stream, what stands after the last newline, if anything does.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.length > 0 {
            self.close(false, &mut each);
        }
    }

    fn keep(&mut self, part: &[u8]) {
        self.length += part.len() as u64;
        if let Some(giant) = &mut self.giant {
            giant.push(part, &mut self.carry);
        } else if self.carry.len() + part.len() <= WHOLE_LINE {
            self.carry.extend_from_slice(part);
        } else {
            let mut giant = Condenser::default();
            let begun = core::mem::take(&mut self.carry);
            giant.push(&begun, &mut self.carry);
            giant.push(part, &mut self.carry);
            self.giant = Some(giant);
        }
    }

    fn close(&mut self, ended: bool, each: &mut impl FnMut(Line<'_>)) {
        let giant = self.giant.take();
        let condensed = giant.is_some();
        if let Some(giant) = giant {
            giant.finish(&mut self.carry);
        }
        let bytes = unmarked(&self.carry);
        each(Line {
            bytes,
            marked: bytes.len() < self.carry.len(),
            number: self.number,
            offset: self.offset,
            length: self.length,
            condensed,
            ended,
        });
    }
}

/// Condenses one line. Knows strings, escapes and brackets, and nothing of what they mean.
#[derive(Default)]
struct Condenser {
    /// Open containers, by their closing byte.
    open: Vec<u8>,
    in_string: bool,
    /// Bytes of the string so far.
    kept: usize,
    /// Some of them were left out.
    cut: bool,
    /// An escape that a chunk's end cut in two.
    escape: Vec<u8>,
    /// Kept bytes up to the end of the last whole value.
    safe: usize,
    /// Nothing more is kept: only brackets are counted, to see that they fit.
    full: bool,
    /// A bracket closed what was not open.
    broken: bool,
}

impl Condenser {
    fn push(&mut self, part: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while at < part.len() {
            at = if !self.escape.is_empty() {
                self.escape(part, at, out)
            } else if self.in_string {
                self.string(part, at, out)
            } else {
                self.structure(part[at], out);
                at + 1
            };
        }
    }

    fn finish(self, out: &mut Vec<u8>) {
        if !self.full {
            return;
        }
        // At least a byte stays: what is no value at all must not look like an empty line.
        out.truncate(self.safe.max(1));
        // A line that is not whole stays cut off; a whole one gets back the closing brackets that were left out.
        if !self.broken && !self.in_string && self.open.is_empty() {
            let closers = open_containers(out);
            out.extend(closers.iter().rev());
        }
    }

    fn limit(&self, out: &[u8]) -> usize {
        if self.full {
            0
        } else if out.len() > ROOM {
            KEPT_LATE_STRING
        } else {
            KEPT_STRING
        }
    }

    fn string(&mut self, part: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
        let end = plain_run(part, at, &mut 0);
        let mut run = &part[at..end];
        let limit = self.limit(out);
        if self.kept + run.len() > limit && !self.full {
            // Not in the middle of a character: its other bytes come along, be they in the next chunk.
            let mut cut = limit.saturating_sub(self.kept);
            while !self.cut && cut < run.len() && cut < limit + 4 && run[cut] & 0xC0 == 0x80 {
                cut += 1;
            }
            self.cut |= cut < run.len();
            run = &run[..cut];
        }
        if !self.full {
            out.extend_from_slice(run);
        }
        self.kept += end - at;
        match part.get(end) {
            Some(b'\\') => {
                self.escape.push(b'\\');
                end + 1
            }
            Some(b'"') => {
                self.in_string = false;
                self.put(b'"', out);
                end + 1
            }
            // A control character has no place in a string: kept, so that the reader of the line sees it.
            Some(&byte) => {
                self.put(byte, out);
                end + 1
            }
            None => end,
        }
    }

    /// Gathers an escape, which is kept or cut as a whole.
    fn escape(&mut self, part: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
        self.escape.push(part[at]);
        let whole = if self.escape[1] == b'u' { 6 } else { 2 };
        if self.escape.len() == whole {
            self.kept += whole;
            // Both halves of a surrogate pair, or neither: a lone one is read as U+FFFD, which does no harm.
            if self.kept <= self.limit(out) {
                out.extend_from_slice(&self.escape);
            } else {
                self.cut = true;
            }
            self.escape.clear();
        }
        at + 1
    }

    fn structure(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'"' => {
                self.in_string = true;
                (self.kept, self.cut) = (0, false);
            }
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' if self.open.pop() != Some(byte) => self.broken = true,
            b',' if !self.full => self.safe = out.len(),
            _ => {}
        }
        self.put(byte, out);
        if matches!(byte, b'}' | b']') && !self.full {
            self.safe = out.len();
        }
    }

    fn put(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.full |= out.len() >= FULL;
        if !self.full {
            out.push(byte);
        }
    }
}

/// The closing bytes of the containers that are open at the end of `text`.
fn open_containers(text: &[u8]) -> Vec<u8> {
    let mut open = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => {
                at += 1;
                loop {
                    at = plain_run(text, at, &mut 0);
                    match text.get(at) {
                        Some(b'\\') => at += 2,
                        Some(b'"') | None => break,
                        Some(_) => at += 1,
                    }
                }
            }
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    open
}

#[cfg(test)]
mod tests;
