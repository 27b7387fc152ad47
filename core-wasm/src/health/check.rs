//! Checks how a file is: in one pass with what it says.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ports::{FileResult, Reader, Rollouts};
use crate::rollout::base::{base_of, early_ordinal};
use crate::rollout::extract::read_through;
use crate::rollout::fold::Fold;
use crate::rollout::head::{glance, identify, in_head, read_up_to};
use crate::rollout::parse::Watch;
use crate::rollout::record::{self, Body, Record};
use crate::rollout::spoken::spoken;
use crate::text::json::{Cursor, Fault, Step};
use crate::text::lines::{Line, Lines};
use crate::text::paths::is_compressed;
use contract::{CheckedFile, DamagedLine, Depth, FileReport, HistoryBase, OrdinalError, OrdinalFault};
use contract::{EntryKind, Extraction, FileError, FileFacts, NoThread};

/// Flaws and misorders that are kept with their places; all are counted.
const KEPT: usize = 20;
/// Bytes of a head that mostly say whose a file is.
const HEAD: u64 = 1 << 10;
/// Bytes of a tail that mostly hold the last line, and what is looked at in the end.
const TAIL: (u64, u64) = (4 << 10, 1 << 20);
/// Whole records that are looked for in a line that is none, and how often a place that looks like one is tried.
const WHOLE_RECORDS: (usize, usize) = (64, 256);
/// A record takes at least so many bytes.
const SHORTEST: u64 = 64;

/// Checks a file.
pub fn check<R: Rollouts>(rollouts: &R, file: &FileFacts, depth: Depth, known: Option<&[u8]>) -> CheckedFile {
    match depth {
        Depth::Whole => whole(rollouts, file),
        Depth::Ends => ends(rollouts, file, known).unwrap_or_else(|error| {
            let temporary = !matches!(error, FileError::BrokenCompression(_) | FileError::NotAFile);
            let reason = format!("it cannot be read: {}", error.message());
            let outcome = Some(Err(NoThread { reason, line: None, temporary }));
            CheckedFile { thread: None, outcome, report: FileReport::default() }
        }),
    }
}

fn whole<R: Rollouts>(rollouts: &R, file: &FileFacts) -> CheckedFile {
    let mut course = Course::default();
    let outcome = read_through(rollouts, file, &mut course);
    let thread = outcome.as_ref().ok().map(|extraction| extraction.thread.clone());
    CheckedFile { thread, outcome: Some(outcome), report: course.report }
}

/// A file from its first line on.
#[derive(Default)]
struct Course {
    report: FileReport,
    /// It has been said who the thread is.
    met: bool,
    /// A turn has begun.
    turn_started: bool,
    /// The ordinal that should be next.
    next: Option<u64>,
    /// What would follow a record that stood too late.
    back: Option<u64>,
    /// So many records may be lost before it.
    lost: u64,
}

impl Watch for Course {
    /// What it learns of a line is told by little else than its time and ordinal, once somebody said something.
    fn wants_all(&self) -> bool {
        !(self.met && self.report.has_messages)
    }

    fn line(&mut self, line: &Line<'_>, read: &Step<Record<'_>>) {
        self.report.lines += 1;
        self.report.marked_lines += u64::from(line.marked);
        self.report.no_final_newline = !line.ended;
        match read {
            _ if line.is_blank() => {}
            Ok(record) => self.record(line, record),
            Err(fault) => self.damaged_line(damaged_line(line, *fault), line),
        }
    }
}

impl Course {
    fn record(&mut self, line: &Line<'_>, record: &Record<'_>) {
        self.report.odd_times += u64::from(record.odd_time);
        match &record.body {
            Body::TurnStarted => self.turn_started = true,
            Body::Compacted(_) if !self.turn_started && !self.report.has_messages && self.report.base.is_none() => {
                self.report.history_lost = true;
            }
            Body::Meta(meta) if !self.met => {
                self.met = true;
                // Reading it again is for those alone who have one.
                self.report.base = meta.base_thread.as_ref().and_then(|_| base_of(line.bytes));
                // Nothing stands before the one that says so, but lines that are no records.
                self.next = self.next.or_else(|| Some(self.report.base.as_ref().map_or(0, |base| base.ordinal)));
            }
            Body::UserMessage { texts, images } if !self.report.has_messages => {
                let joined: String = texts.iter().map(|text| text.decode()).collect();
                self.report.has_messages = *images || spoken(&joined).is_some();
            }
            // Old rollouts have no event for what the user said.
            Body::UserItem { texts, images } if !self.report.has_messages && record.ordinal.is_none() => {
                self.report.has_messages = *images || texts.iter().any(|text| spoken(&text.decode()).is_some());
            }
            _ => {}
        }
        match record.ordinal {
            Some(found) => self.ordinal(line.number, line.offset, found),
            // Whoever wrote it may have counted it all the same.
            None => self.lost += 1,
        }
    }

    fn ordinal(&mut self, line: u64, offset: u64, found: u64) {
        let lost = core::mem::take(&mut self.lost);
        let Some(expected) = self.next else {
            self.next = Some(found.saturating_add(1));
            return;
        };
        self.next = Some(found.saturating_add(1));
        // A record that stands once more, later, is wrong alone: what follows it goes on from before it, or from it.
        if core::mem::take(&mut self.back) == Some(found) {
            return;
        }
        let kind = match found {
            found if found == expected => return,
            // A line that is no record has said what is lost.
            found if found > expected && found - expected <= lost => return,
            found if found > expected => OrdinalFault::Skips,
            found if found + 1 == expected => OrdinalFault::Repeats,
            _ => {
                self.back = self.next;
                self.next = Some(expected);
                OrdinalFault::Regresses
            }
        };
        self.report.ordinal_error_count += 1;
        if self.report.ordinal_errors.len() < KEPT {
            self.report.ordinal_errors.push(OrdinalError { line, offset, kind, expected, found });
        }
    }

    fn damaged_line(&mut self, damaged_line: DamagedLine, line: &Line<'_>) {
        let nuls = line.bytes.contains(&0);
        self.lost += if nuls { 1 + damaged_line.length / SHORTEST } else { 1 };
        for &(offset, length) in &damaged_line.salvageable {
            let from = (offset - line.offset) as usize;
            match line.bytes.get(from..from + length as usize).and_then(early_ordinal) {
                // It may stand at the place of the one that was lost.
                Some(ordinal) => (self.next, self.lost) = (Some(ordinal.saturating_add(1)), 1),
                None => self.lost += 1,
            }
        }
        self.report.damaged_line_count += 1;
        if self.report.damaged_lines.len() < KEPT {
            self.report.damaged_lines.push(damaged_line);
        }
    }
}

/// What is wrong with a line, and what of it can be saved.
fn damaged_line(line: &Line<'_>, fault: Fault) -> DamagedLine {
    let found = if line.condensed { Vec::new() } else { records_in(line.bytes) };
    let covered: usize = found.iter().map(|(_, length)| length).sum();
    let nuls = line.bytes.iter().filter(|&&byte| byte == 0).count();
    let reason = match nuls {
        _ if found.len() > 1 && covered == line.bytes.len() => format!("{} records on one line", found.len()),
        0 => fault.reason(),
        nuls => format!("{nuls} NUL bytes, which no record has"),
    };
    let place = |(from, length): (usize, usize)| (line.offset + from as u64, length as u64);
    DamagedLine {
        line: line.number,
        offset: line.offset,
        length: line.length,
        reason,
        salvageable: found.into_iter().map(place).collect(),
    }
}

/// Returns whole records inside of a line that is none: offset and length. Half a record is mostly followed by a whole
/// one, and so are the zeros that a crash leaves; two records may have lost the newline between them.
pub fn records_in(line: &[u8]) -> Vec<(usize, usize)> {
    const BEGINNING: &[u8] = b"{\"timestamp\"";
    let mut found = Vec::new();
    let mut at = 0;
    // Where the last record ended, only a record can begin; elsewhere it must look like one.
    let mut sure = true;
    for _ in 0..WHOLE_RECORDS.1 {
        if found.len() == WHOLE_RECORDS.0 {
            break;
        }
        if sure {
            at += line[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0).count();
        } else {
            match memchr::memmem::find(&line[at..], BEGINNING) {
                Some(step) => at += step,
                None => break,
            }
        }
        match object(&line[at..]) {
            Some(length) if sure || is_wrapped(&line[at..at + length]) => {
                found.push((at, length));
                at += length;
                sure = true;
            }
            _ => {
                at += usize::from(!sure);
                sure = false;
            }
        }
        if at >= line.len() {
            break;
        }
    }
    found
}

/// The length of the record that a text begins with.
fn object(text: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(text);
    if cursor.peek() != Some(b'{') {
        return None;
    }
    let length = cursor.raw().ok()?.len();
    record::read(&text[..length]).is_ok().then_some(length)
}

/// It has what a record of Codex's has.
fn is_wrapped(record: &[u8]) -> bool {
    let mut keys = 0;
    let _ = Cursor::new(record).object(|c, key| {
        keys += u32::from(matches!(key.raw(), b"timestamp" | b"type" | b"payload"));
        c.skip()
    });
    keys == 3
}

fn ends<R: Rollouts>(rollouts: &R, file: &FileFacts, known: Option<&[u8]>) -> FileResult<CheckedFile> {
    if file.kind != EntryKind::File {
        return Err(FileError::NotAFile);
    }
    let mut reader = rollouts.open(&file.path, 0)?;
    if reader.is_translated()? {
        // Places in it are not those of its bytes.
        return Ok(whole(rollouts, file));
    }
    let head = read_up_to(&mut reader, HEAD)?;
    let mut thread = glance(&head);
    if thread.is_none() {
        thread = identify(rollouts, &file.path)?;
    }
    let mut report = FileReport::default();
    let mut read = head.len() as u64;
    let fold = known.and_then(Fold::decode).filter(|fold| fold.identity.as_ref().map(|id| &id.id) == thread.as_ref());
    if let Some(fold) = &fold {
        report.lines = fold.lines;
        report.has_messages = fold.opening().is_some();
        report.damaged_line_count = fold.bad_count;
        for bad in &fold.bad_lines {
            report.damaged_lines.extend(flaw_at(rollouts, &file.path, bad.line, bad.offset)?);
        }
        let continues = fold.identity.as_ref().is_some_and(|identity| identity.base_thread.is_some());
        if continues {
            report.base = base(rollouts, &file.path)?;
        }
    }
    if !is_compressed(&file.path) {
        read += tail(rollouts, file, &mut report)?;
    }
    let outcome = match (fold, known, &thread) {
        (Some(fold), Some(state), Some(thread)) => Some(Ok(extraction(fold, state, thread, read))),
        (_, _, None) => {
            let empty = head.is_empty();
            let reason = if empty { "it is empty" } else { "no session_meta in it says which thread it is" };
            Some(Err(NoThread { reason: reason.into(), line: None, temporary: false }))
        }
        _ => None,
    };
    Ok(CheckedFile { thread, outcome, report })
}

/// What an earlier parse said.
fn extraction(fold: Fold, state: &[u8], thread: &str, bytes_read: u64) -> Extraction {
    let base = fold.identity.and_then(|identity| identity.base_thread);
    Extraction {
        thread: thread.into(),
        state: state.into(),
        bad_lines: fold.bad_lines,
        bad_count: fold.bad_count,
        unread: fold.unread,
        continues: base.as_deref() == Some(thread),
        bytes_read,
    }
}

fn base<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Option<HistoryBase>> {
    let met = in_head(rollouts, path, |line| match record::read(line.bytes) {
        Ok(Record { body: Body::Meta(_), .. }) => Some(base_of(line.bytes)),
        _ => None,
    })?;
    Ok(met.flatten())
}

/// The line at a place, if it still is no record.
fn flaw_at<R: Rollouts>(rollouts: &R, path: &str, number: u64, offset: u64) -> FileResult<Option<DamagedLine>> {
    let mut reader = rollouts.open(path, offset)?;
    let mut lines = Lines::new(number, offset);
    let (mut found, mut over) = (None, false);
    while !over {
        let chunk = reader.read(64 << 10)?;
        let mut each = |line: Line<'_>| {
            if !core::mem::replace(&mut over, true) {
                found = record::read(line.bytes).err().map(|fault| damaged_line(&line, fault));
            }
        };
        lines.push(chunk.as_bytes(), &mut each);
        if chunk.is_empty() {
            lines.finish(&mut each);
            break;
        }
    }
    Ok(found)
}

/// Looks at the last line of a plain file; how many bytes that took.
fn tail<R: Rollouts>(rollouts: &R, file: &FileFacts, report: &mut FileReport) -> FileResult<u64> {
    let mut step = TAIL.0;
    loop {
        let from = file.size.saturating_sub(step);
        let bytes = read_up_to(&mut rollouts.open(&file.path, from)?, step)?;
        let Some(last) = bytes.last() else { return Ok(0) };
        report.no_final_newline = *last != b'\n';
        let inside = &bytes[..bytes.len() - usize::from(!report.no_final_newline)];
        let begin = memchr::memrchr(b'\n', inside).map(|at| at + 1).or((from == 0).then_some(0));
        if let Some(begin) = begin {
            let (bytes, offset) = (&inside[begin..], from + begin as u64);
            let length = bytes.len() as u64;
            let line = Line {
                bytes,
                marked: false,
                number: 0,
                offset,
                length,
                condensed: false,
                ended: !report.no_final_newline,
            };
            let known = report.damaged_lines.iter().any(|damaged_line| damaged_line.offset == offset);
            if let (false, false, Err(fault)) = (known, line.is_blank(), record::read(bytes)) {
                report.damaged_line_count += 1;
                report.damaged_lines.truncate(KEPT - 1);
                report.damaged_lines.push(damaged_line(&line, fault));
            }
            return Ok(bytes.len() as u64);
        }
        // A line of such a length is looked at by those who read every line.
        if step >= TAIL.1 {
            return Ok(step);
        }
        step *= 16;
    }
}
