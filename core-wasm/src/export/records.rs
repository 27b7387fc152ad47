//! The files of a history as they stand: each record byte for byte, in pieces.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{Collection, LookupError};

use super::hidden_fields::without_hidden_fields;
use crate::history::chain::Segment;
use crate::history::record_ordinal;
use crate::ports::{PlainText, Reader, Rollouts};
use crate::rollout::base::early_ordinal;
use crate::secrets::Redactor;
use crate::text::json_writer::JsonWriter;
use crate::text::lines::unmarked;
use crate::text::paths::collection_of;

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;
/// A line is looked at as a whole up to this length, in bytes.
const MOST_HELD: usize = 64 << 20;
/// Bytes of a longer line in which its ordinal is looked for.
const HEAD: usize = 64 << 10;

/// Hands out the records of a history's files, each file behind a line that says what it is.
pub(super) struct Records<F: Rollouts> {
    segments: Vec<Segment>,
    /// How many files have been begun.
    begun: usize,
    reader: Option<PlainText<F::Reader>>,
    /// The beginning of a line whose end has not been read.
    carry: Vec<u8>,
    /// What becomes of the rest of a line that is too long to be held.
    passing: Passing,
    left_out: u64,
    /// Encrypted contents and instructions leave too.
    full: bool,
    /// A line has to be seen whole before it leaves.
    redacts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Passing {
    /// The line is held.
    Held,
    /// It leaves as it comes.
    Through,
    /// It is left out.
    Dropped,
}

impl<F: Rollouts> Records<F> {
    /// Begins with the oldest file.
    pub(super) fn new(segments: Vec<Segment>, full: bool, redacts: bool) -> Records<F> {
        Records {
            segments,
            begun: 0,
            reader: None,
            carry: Vec::new(),
            passing: Passing::Held,
            left_out: 0,
            full,
            redacts,
        }
    }

    /// Returns how many lines were no records, or too long to be redacted.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Returns the next piece; none at the end.
    pub(super) fn next(&mut self, rollouts: &F, redactor: &mut Redactor) -> Result<Option<Vec<u8>>, LookupError> {
        let mut out = Vec::new();
        while out.len() < CHUNK as usize {
            let Some(reader) = &mut self.reader else {
                let Some(segment) = self.segments.get(self.begun) else { break };
                self.reader = Some(rollouts.open(&segment.path, 0)?);
                let plain = segment.path.strip_suffix(".zst").unwrap_or(&segment.path);
                let head = file_line(segment, plain);
                out.extend_from_slice(&redactor.json_line(head.as_bytes()));
                out.push(b'\n');
                redactor.set_place(plain);
                self.begun += 1;
                continue;
            };
            let chunk = reader.read(CHUNK)?;
            let over = match chunk.is_empty() {
                true => {
                    let line = core::mem::take(&mut self.carry);
                    self.line(&line, redactor, &mut out);
                    true
                }
                false => self.chunk(chunk.as_bytes(), redactor, &mut out),
            };
            if over {
                self.reader = None;
                self.carry.clear();
                self.passing = Passing::Held;
            }
        }
        Ok(Some(out).filter(|out| !out.is_empty()))
    }

    /// Takes a chunk; true where nothing more of the file belongs to the history.
    fn chunk(&mut self, mut chunk: &[u8], redactor: &mut Redactor, out: &mut Vec<u8>) -> bool {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let over = match self.passing {
                Passing::Held if self.carry.is_empty() => self.line(&chunk[..end], redactor, out),
                Passing::Held => {
                    self.carry.extend_from_slice(&chunk[..end]);
                    let line = core::mem::take(&mut self.carry);
                    self.line(&line, redactor, out)
                }
                Passing::Through => {
                    out.extend_from_slice(&chunk[..=end]);
                    false
                }
                Passing::Dropped => false,
            };
            if over {
                return true;
            }
            self.passing = Passing::Held;
            chunk = &chunk[end + 1..];
        }
        match self.passing {
            Passing::Held => self.carry.extend_from_slice(chunk),
            Passing::Through => out.extend_from_slice(chunk),
            Passing::Dropped => {}
        }
        self.passing == Passing::Held && self.carry.len() > MOST_HELD && self.too_long(out)
    }

    /// Decides what becomes of a line that is too long to be held; true where it belongs to another history.
    fn too_long(&mut self, out: &mut Vec<u8>) -> bool {
        let line = core::mem::take(&mut self.carry);
        if self.is_of_another_history(early_ordinal(&line[..HEAD])) {
            return true;
        }
        if self.redacts || !self.full {
            self.left_out += 1;
            self.passing = Passing::Dropped;
        } else {
            out.extend_from_slice(&line);
            self.passing = Passing::Through;
        }
        false
    }

    /// Takes a whole line; true where it belongs to another history, as all behind it do.
    fn line(&mut self, line: &[u8], redactor: &mut Redactor, out: &mut Vec<u8>) -> bool {
        if line.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        let Some(ordinal) = record_ordinal(unmarked(line)) else {
            self.left_out += 1;
            return false;
        };
        if self.is_of_another_history(ordinal) {
            return true;
        }
        let line = if self.full { Cow::Borrowed(line) } else { without_hidden_fields(line) };
        out.extend_from_slice(&redactor.json_line(&line));
        out.push(b'\n');
        false
    }

    /// What another thread wrote behind the place where this history goes on elsewhere is not this history's; files of the
    /// thread itself leave whole.
    fn is_of_another_history(&self, ordinal: Option<u64>) -> bool {
        let Some(segment) = self.begun.checked_sub(1).and_then(|at| self.segments.get(at)) else { return false };
        let is_own = self.segments.last().is_some_and(|newest| newest.thread == segment.thread);
        !is_own && segment.until.zip(ordinal).is_some_and(|(until, ordinal)| ordinal >= until)
    }
}

/// The line that says what a file is; `plain` is its path without compression.
fn file_line(segment: &Segment, plain: &str) -> String {
    let mut line = JsonWriter::default();
    line.raw("{\"type\":\"threadkeep_file\",\"payload\":{\"path\":").text(plain);
    line.raw(",\"thread\":").text(&segment.thread).raw(",\"from\":").unsigned(segment.from).raw(",\"until\":");
    match segment.until {
        Some(until) => line.unsigned(until),
        None => line.raw("null"),
    };
    let archived = collection_of(&segment.path) == Collection::Archived;
    line.raw(if archived { ",\"archived\":true}}" } else { ",\"archived\":false}}" });
    line.into_text()
}
