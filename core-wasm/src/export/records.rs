//! The files of a history as they stand: each record byte for byte, in pieces.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{Collection, LookupError};

use super::hidden_fields::{HiddenFields, without_hidden_fields};
use crate::history::chain::Segment;
use crate::history::record_ordinal;
use crate::ports::{PlainText, Reader, Rollouts};
use crate::rollout::base::early_ordinal;
use crate::secrets::Redactor;
use crate::secrets::json::JsonRedactor;
use crate::text::json_writer::JsonWriter;
use crate::text::lines::unmarked;
use crate::text::paths::collection_of;

/// Bytes asked for at a time.
const CHUNK: u32 = 512 << 10;
/// A line is looked at as a whole up to this length, in bytes; a longer one leaves as it comes.
const MOST_HELD: usize = 8 << 20;
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
    /// What a line goes through that is too long to be held; none while it is held.
    passing: Option<Passing>,
    left_out: u64,
    /// Encrypted contents and instructions leave too.
    full: bool,
}

/// What a line goes through piece by piece.
struct Passing {
    /// None where everything leaves.
    hidden_fields: Option<HiddenFields>,
    redactor: JsonRedactor,
}

impl Passing {
    fn push(&mut self, bytes: &[u8], redactor: &mut Redactor, out: &mut Vec<u8>) {
        let mut shown = Vec::new();
        let bytes = match &mut self.hidden_fields {
            Some(fields) => {
                fields.push(bytes, &mut shown);
                &shown[..]
            }
            None => bytes,
        };
        match redactor.is_idle() {
            true => out.extend_from_slice(bytes),
            false => self.redactor.push(redactor, bytes, out),
        }
    }

    fn finish(self, redactor: &mut Redactor, out: &mut Vec<u8>) {
        self.redactor.finish(redactor, out);
        out.push(b'\n');
    }
}

impl<F: Rollouts> Records<F> {
    /// Begins with the oldest file.
    pub(super) fn new(segments: Vec<Segment>, full: bool) -> Records<F> {
        Records { segments, begun: 0, reader: None, carry: Vec::new(), passing: None, left_out: 0, full }
    }

    /// Returns how many lines were no records.
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
                    match self.passing.take() {
                        Some(passing) => passing.finish(redactor, &mut out),
                        None => {
                            self.line(&line, redactor, &mut out);
                        }
                    }
                    true
                }
                false => self.chunk(chunk.as_bytes(), redactor, &mut out),
            };
            if over {
                self.reader = None;
                self.carry.clear();
            }
        }
        Ok(Some(out).filter(|out| !out.is_empty()))
    }

    /// Takes a chunk; true where nothing more of the file belongs to the history.
    fn chunk(&mut self, mut chunk: &[u8], redactor: &mut Redactor, out: &mut Vec<u8>) -> bool {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, rest) = (&chunk[..end], &chunk[end + 1..]);
            let over = match self.passing.take() {
                Some(mut passing) => {
                    passing.push(head, redactor, out);
                    passing.finish(redactor, out);
                    false
                }
                None if self.carry.is_empty() => self.line(head, redactor, out),
                None => {
                    self.carry.extend_from_slice(head);
                    let line = core::mem::take(&mut self.carry);
                    self.line(&line, redactor, out)
                }
            };
            if over {
                return true;
            }
            chunk = rest;
        }
        match &mut self.passing {
            Some(passing) => passing.push(chunk, redactor, out),
            None => self.carry.extend_from_slice(chunk),
        }
        self.carry.len() > MOST_HELD && self.pass(redactor, out)
    }

    /// Lets a line through that is too long to be held; true where it belongs to another history.
    fn pass(&mut self, redactor: &mut Redactor, out: &mut Vec<u8>) -> bool {
        let line = core::mem::take(&mut self.carry);
        if self.is_of_another_history(early_ordinal(&line[..HEAD])) {
            return true;
        }
        let hidden_fields = (!self.full).then(HiddenFields::default);
        let passing = self.passing.insert(Passing { hidden_fields, redactor: JsonRedactor::default() });
        passing.push(&line, redactor, out);
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
