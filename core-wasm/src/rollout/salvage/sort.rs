//! Decides line by line what of it is kept, under which number, and what is left out. Both ways through a text take the
//! same turns.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use contract::LeftOut;

use super::giant::{Giant, Hash};
use super::patches::{Patch, base_ordinal, meta_of, ordinal, wrapped};
use crate::rollout::record::{self};
use crate::text::json::{Cursor, Fault};
use crate::text::lines::{WHOLE_LINE, unmarked};

/// Records are known again by number and bytes among the last so many.
const KNOWN: usize = 1 << 16;
/// As many places of a bad line are tried that only look as if a record began there.
const TRIES: u32 = 256;
/// How a record begins, as Codex writes it.
const BEGINNINGS: [&[u8]; 2] = [b"{\"timestamp\":\"", b"{\"ordinal\":"];
/// How one of a bare rollout begins, which has no time: what a part of a message never is.
const BARE: [&[u8]; 8] = [
    b"{\"record_type\":",
    b"{\"type\":\"message\"",
    b"{\"type\":\"reasoning\"",
    b"{\"type\":\"function_call\"",
    b"{\"type\":\"function_call_output\"",
    b"{\"type\":\"custom_tool_call\"",
    b"{\"type\":\"custom_tool_call_output\"",
    b"{\"type\":\"local_shell_call\"",
];

/// Where the parts of a text go.
pub(super) trait Sink {
    /// A record that is kept; it was found inside a bad line, or not. One of more than a [`WHOLE_LINE`] comes
    /// condensed, where its bytes are not asked for.
    fn record(&mut self, bytes: &[u8], place: Place, patches: &[Patch], salvaged: bool);
    /// The beginning of a record that is too long to be held.
    fn giant(&mut self, head: &[u8], patches: &[Patch]);
    /// More of it, its end included.
    fn goes_on(&mut self, part: &[u8]);
    /// What is not kept, be it because it stands there before.
    fn left_out(&mut self, left_out: LeftOut, duplicate: bool);
}

/// Where a record stands in its text, and what tells it from others.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its line, counted from 1.
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) hash: u64,
}

/// Goes through a text.
#[derive(Default)]
pub(super) struct Sorter {
    line: Vec<u8>,
    giant: Option<Giant>,
    /// The giant that is under way is kept.
    passing: bool,
    /// Giants that are not kept, by their offsets; none on the first way, which finds them.
    known: Option<Vec<u64>>,
    pub(super) bad_giants: Vec<u64>,
    number: u64,
    offset: u64,
    length: u64,
    numbers: Numbers,
    /// The last record had no newline.
    pub(super) no_final_newline: bool,
    /// Records that a byte order mark stood before.
    pub(super) marked: u64,
}

impl Sorter {
    /// Begins the second way, on which it is known where the numbers begin and which giants are not kept.
    pub(super) fn knowing(start: Start, giants: Vec<u64>) -> Sorter {
        let numbers = Numbers { start: Some(start), next: start.number, ..Numbers::default() };
        Sorter { known: Some(giants), numbers, ..Sorter::default() }
    }

    /// Returns where the numbers begin.
    pub(super) fn start(&self) -> Start {
        self.numbers.start.unwrap_or_default()
    }

    pub(super) fn push(&mut self, mut chunk: &[u8], sink: &mut impl Sink) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            self.part(&chunk[..end], sink);
            self.close(true, sink);
            chunk = &chunk[end + 1..];
        }
        self.part(chunk, sink);
    }

    pub(super) fn finish(&mut self, sink: &mut impl Sink) {
        if self.length > 0 {
            self.close(false, sink);
        }
    }

    /// Says how its records are numbered.
    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    fn part(&mut self, part: &[u8], sink: &mut impl Sink) {
        self.length += part.len() as u64;
        if let Some(giant) = &mut self.giant {
            giant.push(part);
            if self.passing {
                sink.goes_on(part);
            }
            return;
        }
        self.line.extend_from_slice(part);
        if self.line.len() <= WHOLE_LINE {
            return;
        }
        let head = core::mem::take(&mut self.line);
        let ordinal = ordinal(&head);
        if self.known.as_ref().is_some_and(|bad| bad.binary_search(&self.offset).is_err()) {
            let patches = self.numbers.place(ordinal.clone(), None).unwrap_or_default();
            sink.giant(&head, &patches);
            self.passing = true;
        }
        let mut giant = Giant::new(ordinal);
        giant.push(&head);
        self.giant = Some(giant);
    }

    fn close(&mut self, ended: bool, sink: &mut impl Sink) {
        let line = core::mem::take(&mut self.line);
        match self.giant.take() {
            Some(giant) => self.end_giant(giant, ended, sink),
            None => self.end_line(&line, ended, sink),
        }
        self.line = line;
        self.line.clear();
        self.offset += self.length + u64::from(ended);
        self.number += 1;
        self.length = 0;
    }

    fn end_line(&mut self, line: &[u8], ended: bool, sink: &mut impl Sink) {
        let record = unmarked(line);
        match record::read(record) {
            Ok(_) => {
                self.no_final_newline = !ended;
                let mark = (line.len() - record.len()) as u64;
                self.marked += u64::from(mark > 0);
                self.keep(record, ordinal(record), mark, Hash::of(record), mark > 0, sink);
            }
            // A newline too many does no harm, and is no record.
            Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Err(fault) => self.search(line, 0, fault, sink),
        }
    }

    fn end_giant(&mut self, mut giant: Giant, ended: bool, sink: &mut impl Sink) {
        if core::mem::take(&mut self.passing) {
            if let Some((_, number)) = giant.ordinal {
                self.numbers.note(number, giant.hash.0);
            }
            return sink.goes_on(b"\n");
        }
        let condensed = giant.condensed();
        let verdict = condensed.as_deref().map_or(Err(Fault::NotUtf8 { at: 0 }), |line| record::read(line).map(drop));
        if self.known.is_none() {
            self.no_final_newline = verdict.is_ok() && !ended;
            let kept = match condensed.filter(|_| verdict.is_ok()) {
                Some(line) => self.keep(&line, giant.ordinal.clone(), 0, giant.hash.0, false, sink),
                None => false,
            };
            if !kept {
                self.bad_giants.push(self.offset);
            }
        }
        // One that is whole was kept, or stands there before.
        let Err(fault) = verdict else { return };
        let tail = giant.tail.len().saturating_sub(WHOLE_LINE);
        let before = giant.length - (giant.tail.len() - tail) as u64;
        self.search(&giant.tail[tail..], before, fault, sink);
    }

    /// Keeps a record unless it stands there before; `before` is what stands before it on its line.
    fn keep(
        &mut self,
        record: &[u8],
        ordinal: Option<(Range<usize>, u64)>,
        before: u64,
        hash: u64,
        salvaged: bool,
        sink: &mut impl Sink,
    ) -> bool {
        self.numbers.begin(record);
        // A whole line may be longer than what is at hand of it.
        let length = if salvaged { record.len() as u64 } else { self.length };
        match self.numbers.place(ordinal, Some(hash)) {
            Some(patches) => {
                let place = Place { line: self.number + 1, offset: self.offset + before, length, hash };
                sink.record(record, place, &patches, salvaged);
                true
            }
            None => {
                sink.left_out(self.left(before, length, "it stands there before, with the same number"), true);
                false
            }
        }
    }

    fn left(&self, from: u64, length: u64, reason: &str) -> LeftOut {
        LeftOut { line: self.number + 1, offset: self.offset + from, length, reason: reason.to_string() }
    }

    /// Looks for whole records in a bad line, or in the end of one, which stands behind `before` bytes of it.
    fn search(&mut self, line: &[u8], before: u64, fault: Fault, sink: &mut impl Sink) {
        let (mut done, mut at, mut tries) = (0, 0, 0);
        let mut gap = before;
        while let Some(brace) = line[at..].iter().position(|&byte| byte == b'{').map(|found| at + found) {
            at = brace + 1;
            let Some(record) = self.record_at(&line[brace..]) else {
                tries += u32::from(begins_like_a_record(&line[brace..]));
                if tries == TRIES {
                    break;
                }
                continue;
            };
            self.gap(&line[done..brace], before + done as u64, core::mem::take(&mut gap), None, sink);
            self.no_final_newline = false;
            self.keep(record, ordinal(record), before + brace as u64, Hash::of(record), true, sink);
            done = brace + record.len();
            at = done;
        }
        let whole = (done == 0).then_some(fault);
        self.gap(&line[done..], before + done as u64, gap, whole, sink);
    }

    /// Bytes of a bad line that are in no record, after `more` that are not at hand.
    fn gap(&self, bytes: &[u8], at: u64, more: u64, fault: Option<Fault>, sink: &mut impl Sink) {
        if more == 0 && bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let reason = match fault {
            _ if !bytes.is_empty() && bytes.iter().all(|&byte| byte == 0) => String::from("nothing but NUL bytes"),
            Some(fault) => fault.reason(),
            None => record::read(bytes).err().map_or_else(|| "no record".into(), Fault::reason),
        };
        sink.left_out(self.left(at - more, more + bytes.len() as u64, &reason), false);
    }

    /// The whole record that begins here.
    fn record_at<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let bare = self.start().bare && BARE.iter().any(|begin| bytes.starts_with(begin));
        if !bare && !begins_like_a_record(bytes) {
            return None;
        }
        let record = Cursor::new(bytes).raw().ok()?;
        let whole = bare || wrapped(record)?;
        (whole && core::str::from_utf8(record).is_ok() && record::read(record).is_ok()).then_some(record)
    }
}

fn begins_like_a_record(bytes: &[u8]) -> bool {
    BEGINNINGS.iter().any(|begin| bytes.starts_with(begin))
}

/// Where the numbers of a rollout begin.
#[derive(Clone, Copy, Default)]
pub(super) struct Start {
    /// What the first of its records has.
    pub(super) number: u64,
    /// It is one of the first releases' rollouts.
    pub(super) bare: bool,
}

/// The numbers of a paginated rollout's records.
#[derive(Default)]
pub(super) struct Numbers {
    /// Known from the first record on.
    start: Option<Start>,
    /// What the next record should have.
    next: u64,
    known: BTreeMap<u64, u64>,
    /// Records that got another number.
    pub(super) changed: u64,
    /// Some record has a number.
    pub(super) numbered: bool,
}

impl Numbers {
    /// A rollout begins with 0, one whose history begins elsewhere where that ends; one whose head is to be made has
    /// the head before it.
    fn begin(&mut self, first: &[u8]) {
        if self.start.is_none() {
            let start = match meta_of(first) {
                Some(meta) => Start { number: base_ordinal(first).unwrap_or(0), bare: !meta.wrapped },
                None => Start { number: 1, bare: false },
            };
            (self.start, self.next) = (Some(start), start.number);
        }
    }

    /// What is to be changed in a record of this number for it to have the one of its place; none for one that stands
    /// there before.
    fn place(&mut self, ordinal: Option<(Range<usize>, u64)>, hash: Option<u64>) -> Option<Vec<Patch>> {
        let Some((at, number)) = ordinal else { return Some(Vec::new()) };
        self.numbered = true;
        if let Some(hash) = hash {
            if self.known.get(&number) == Some(&hash) {
                return None;
            }
            self.note(number, hash);
        }
        let should = self.next;
        self.next = should.saturating_add(1);
        if number == should {
            return Some(Vec::new());
        }
        self.changed += 1;
        Some([Patch { at, with: should.to_string().into_bytes() }].into())
    }

    /// Remembers a record by its number.
    fn note(&mut self, number: u64, hash: u64) {
        self.known.entry(number).or_insert(hash);
        if self.known.len() > KNOWN {
            self.known.pop_first();
        }
    }
}
