//! Lines of a pipe, without a copy of each.

use std::io::{ErrorKind, Read};

use memchr::memchr;

use crate::error::{Error, Result};

/// Is how long a line may be, in bytes.
pub const LONGEST_LINE: usize = 64 << 20;
/// Is how much is read at once.
const READ: usize = 256 << 10;

/// Reads lines.
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Lines<R> {
        Lines { input, buffer: vec![0; READ], start: 0, end: 0, number: 0 }
    }

    /// Gives the next line and its number, from 1; none at the end. A last line without an end was cut off, and does not count.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>> {
        let mut searched = 0;
        loop {
            if let Some(length) = memchr(b'\n', &self.buffer[self.start + searched..self.end]) {
                let from = self.start;
                let to = from + searched + length;
                self.start = to + 1;
                self.number += 1;
                return Ok(Some((self.number, &self.buffer[from..to])));
            }
            searched = self.end - self.start;
            if searched > LONGEST_LINE {
                let reason = format!("it is longer than {} MB", LONGEST_LINE >> 20);
                return Err(Error::Line { number: self.number + 1, reason });
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    fn fill(&mut self) -> Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            // A line that was very long does not keep its memory.
            if self.buffer.len() > READ * 16 && self.end < READ {
                self.buffer.truncate(READ);
                self.buffer.shrink_to_fit();
            }
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Pipe { what: "reading rows", error }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST_LINE, Lines, READ};

    fn all(input: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(input);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().expect("a line") {
            all.push(line.to_vec());
            assert_eq!(number, all.len() as u64);
        }
        all
    }

    #[test]
    fn long_lines_come_whole_and_one_that_is_cut_off_does_not_come() {
        let long = vec![b'x'; READ * 3];
        let mut input = b"a\n\n".to_vec();
        input.extend(&long);
        input.extend(b"\nlast");
        assert_eq!(all(&input), [b"a".to_vec(), Vec::new(), long]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_by_its_number() {
        let input = std::io::Read::chain(&b"a\n"[..], std::io::repeat(b'x').take(LONGEST_LINE as u64 * 2));
        let mut lines = Lines::new(input);
        assert!(lines.next().expect("the first").is_some());
        assert!(lines.next().expect_err("too long").to_string().starts_with("line 2 is refused"));
    }

    use std::io::Read as _;

    proptest! {
        #[test]
        fn lines_are_those_between_the_ends(parts in prop::collection::vec("[a-z]{0,9}", 0..50)) {
            let input: String = parts.iter().map(|part| format!("{part}\n")).collect();
            let expected: Vec<Vec<u8>> = parts.iter().map(|part| part.clone().into_bytes()).collect();
            prop_assert_eq!(all(input.as_bytes()), expected);
        }
    }
}
