//! Makes one rollout of the parts of a history, that needs no other file.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::mark::{mark_place, mark_text};
use crate::rollout::base::history_head_of;
use crate::rollout::record::{self, Body};
use crate::text::json::Cursor;
use crate::text::lines::{WHOLE_LINE, unmarked};
use crate::text::paths::canonical_id;

/// Makes one rollout of the parts of a history: who the thread is first, then its records in their order, numbered without
/// gaps where they are numbered. Lines of any length go through; what is no record is left out, as no reader counts it.
pub struct Flattener {
    thread: String,
    redacted: bool,
    /// The head that is yet to be written.
    head: Option<Vec<u8>>,
    seeking: Vec<u8>,
    sought: u64,
    next: u64,
    part: Part,
    out: Vec<u8>,
}

/// The part that goes through.
#[derive(Default)]
struct Part {
    from: u64,
    until: Option<u64>,
    line: Vec<u8>,
    /// The line is too long to be held: it passes, or is left out.
    passing: Option<bool>,
    /// Nothing more of it belongs to the history.
    over: bool,
    begun: bool,
}

/// A head is not looked for further than this, bytes.
const LONGEST: u64 = 8 << 20;

impl Flattener {
    /// Begins with a thread; `redacted` marks its head.
    pub fn new(thread: &str, redacted: bool) -> Flattener {
        Flattener {
            thread: thread.into(),
            redacted,
            head: None,
            seeking: Vec::new(),
            sought: 0,
            next: 0,
            part: Part::default(),
            out: Vec::new(),
        }
    }

    /// Takes pieces of the part with the thread's first head, until the answer is true.
    pub fn head(&mut self, piece: &[u8]) -> bool {
        if self.head.is_some() || self.sought > LONGEST {
            return self.head.is_some();
        }
        self.sought += piece.len() as u64;
        self.seeking.extend_from_slice(piece);
        let mut from = 0;
        while let Some(end) = memchr::memchr(b'\n', &self.seeking[from..]) {
            let line = unmarked(&self.seeking[from..from + end]);
            if is_head_of(line, &self.thread) {
                self.head = Some(line.to_vec());
                self.seeking = Vec::new();
                return true;
            }
            from += end + 1;
        }
        self.seeking.drain(..from);
        false
    }

    /// Begins the next part, oldest first: of its numbered records those from one number on, up to another one.
    pub fn begin_part(&mut self, from: u64, until: Option<u64>) {
        self.part = Part { from, until, ..Part::default() };
    }

    /// Takes the next piece of the part; what follows of the rollout.
    pub fn feed(&mut self, mut piece: &[u8]) -> Vec<u8> {
        self.write_head();
        while !self.part.over {
            let end = memchr::memchr(b'\n', piece);
            self.take(&piece[..end.unwrap_or(piece.len())]);
            let Some(end) = end else { break };
            self.close();
            piece = &piece[end + 1..];
        }
        core::mem::take(&mut self.out)
    }

    /// Ends the part; what follows of the rollout.
    pub fn end_part(&mut self) -> Vec<u8> {
        if !self.part.over && (!self.part.line.is_empty() || self.part.passing.is_some()) {
            self.close();
        }
        core::mem::take(&mut self.out)
    }

    fn write_head(&mut self) {
        let Some(head) = self.head.take() else { return };
        let mut changes = changes_of_head(&head);
        if self.redacted
            && let Some(at) = mark_place(&head)
        {
            changes.push((at, at, mark_text()));
        }
        if let Some((from, to, _)) = ordinal(&head) {
            changes.push((from, to, self.next.to_string()));
            self.next += 1;
        }
        changes.sort();
        write_changed(&head, &changes, &mut self.out);
        self.out.push(b'\n');
    }

    fn take(&mut self, bytes: &[u8]) {
        if let Some(passes) = self.part.passing {
            if passes {
                self.out.extend_from_slice(bytes);
            }
            return;
        }
        self.part.line.extend_from_slice(bytes);
        if self.part.line.len() > WHOLE_LINE {
            let line = core::mem::take(&mut self.part.line);
            // Its end is not known yet: what stands at its beginning decides.
            let passes = line.starts_with(b"{") && self.record(&line);
            self.part.passing = Some(passes);
        }
    }

    fn close(&mut self) {
        let line = core::mem::take(&mut self.part.line);
        let written = match self.part.passing.take() {
            Some(passes) => passes,
            None => record::read(unmarked(&line)).is_ok() && self.record(unmarked(&line)),
        };
        if written {
            self.out.push(b'\n');
        }
        self.part.line = line;
        self.part.line.clear();
    }

    /// Writes a record, or the beginning of one, unless it is not of the history; says whether it did.
    fn record(&mut self, line: &[u8]) -> bool {
        let first = !core::mem::replace(&mut self.part.begun, true);
        // Who the parts' threads are is not said again.
        if first && is_any_head(line) {
            return false;
        }
        let Some((from, to, number)) = ordinal(line) else {
            self.out.extend_from_slice(line);
            return true;
        };
        if self.part.until.is_some_and(|until| number >= until) {
            self.part.over = true;
            return false;
        }
        if number < self.part.from {
            return false;
        }
        write_changed(line, &[(from, to, self.next.to_string())], &mut self.out);
        self.next += 1;
        true
    }
}

/// Other text in the place of some bytes: from, to, text.
type Change = (usize, usize, String);

/// Returns what is changed in a head for it to need no other file: the base becomes `null`, and so does the number before which
/// records of that file are somebody else's, of which none are left.
fn changes_of_head(head: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    let _ = Cursor::new(head).object(|c, key| match key.raw() {
        b"payload" => c.object(|c, key| {
            let gone = matches!(key.raw(), b"history_base" | b"subagent_history_start_ordinal");
            let raw = c.raw()?;
            if gone {
                let from = raw.as_ptr() as usize - head.as_ptr() as usize;
                changes.push((from, from + raw.len(), "null".into()));
            }
            Ok(())
        }),
        _ => c.skip(),
    });
    changes
}

fn write_changed(bytes: &[u8], changes: &[Change], out: &mut Vec<u8>) {
    let mut done = 0;
    for (from, to, with) in changes {
        out.extend_from_slice(bytes.get(done..*from).unwrap_or_default());
        out.extend_from_slice(with.as_bytes());
        done = *to;
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
}

/// A record's number, and where its digits stand: from, to, number. Of the beginning of a long record what stands there counts.
fn ordinal(record: &[u8]) -> Option<(usize, usize, u64)> {
    let mut digits: &[u8] = &[];
    let _ =
        Cursor::new(record).object(|c, key| if key.is("ordinal") { c.raw().map(|raw| digits = raw) } else { c.skip() });
    let number = core::str::from_utf8(digits).ok()?.parse().ok()?;
    let from = digits.as_ptr() as usize - record.as_ptr() as usize;
    Some((from, from + digits.len(), number))
}

fn is_any_head(line: &[u8]) -> bool {
    // A long one is not held to its end.
    history_head_of(line).is_some() || matches!(record::read(line), Ok(record::Record { body: Body::Meta(_), .. }))
}

fn is_head_of(line: &[u8], thread: &str) -> bool {
    let Ok(record::Record { body: Body::Meta(meta), .. }) = record::read(line) else { return false };
    meta.id.and_then(|id| canonical_id(&id.decode())).as_deref() == Some(thread)
}
