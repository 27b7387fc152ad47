//! How much of a rollout is read, and where from.
//!
//! * A file of up to [`Limits::whole`] bytes, and any compressed one, is read from beginning to end.
//! * A larger plain one is read from its beginning until every first-of-its-kind fact is known, then from its end, in
//!   growing steps backwards, until every last-of-its-kind fact is. What lies between is recorded as unread. The answer
//!   is the one that the whole would give, but for lines that are counted there.
//! * A file that grew since an earlier parse is read from where that one stopped, once the bytes before that place have
//!   proved to be the same.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::fold::{Fold, KEPT_BAD_LINES};
use crate::json::Step;
use crate::lines::{Line, Lines};
use crate::paths::{canonical_id, is_compressed};
use crate::ports::{FileResult, Reader, Rollouts};
use crate::record::{self, Record};
use crate::types::{BadLine, EntryKind, Extraction, FileError, FileFacts, NoThread};

/// How much is read at a time, and of what at all.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Larger plain files are read from both ends.
    pub whole: u64,
    /// Bytes asked for at a time.
    pub chunk: u32,
    /// First step backwards from the end of a large file; each further step is four times as long.
    pub tail: u64,
}

impl Limits {
    /// What the program uses.
    pub const USUAL: Limits = Limits { whole: 8 << 20, chunk: 512 << 10, tail: 1 << 20 };
}

/// A head this long has been read before anything else of a file is known.
const HEAD: u32 = 64 << 10;

/// Reads a rollout. `earlier` is the state that an earlier parse of the same path left.
pub fn extract<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    earlier: Option<&[u8]>,
    limits: Limits,
) -> Result<Extraction, NoThread> {
    if file.kind != EntryKind::File {
        return Err(unreadable(FileError::NotAFile));
    }
    let mut pass = Pass::new(limits);
    let result = read(rollouts, file, earlier, &mut pass);
    result.map_err(unreadable)?;
    pass.into_extraction()
}

/// Reads every line of a rollout, of whatever size, and shows each to `watch` as it was read.
pub fn read_through<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    watch: &mut Watch<'_>,
) -> Result<Extraction, NoThread> {
    if file.kind != EntryKind::File {
        return Err(unreadable(FileError::NotAFile));
    }
    let mut pass = Pass { watch: Some(watch), ..Pass::new(Limits::USUAL) };
    let read = rollouts.open(&file.path, 0).and_then(|reader| pass.read_on(reader, 1, true));
    read.map_err(unreadable)?;
    pass.into_extraction()
}

/// Sees each line, and what it was read as.
pub type Watch<'a> = dyn FnMut(&Line<'_>, &Step<Record<'_>>) + 'a;

fn unreadable(error: FileError) -> NoThread {
    let passing = matches!(error, FileError::Denied | FileError::Io(_) | FileError::NotFound);
    NoThread { reason: format!("it cannot be read: {error}"), line: None, passing }
}

/// The thread that the very beginning of a file names, if it is a rollout as Codex writes them. Says nothing of whether
/// the line it stands in is whole: good for passing over other threads' files quickly, no more.
pub fn glance(head: &[u8]) -> Option<String> {
    record::early_id(head).and_then(|id| canonical_id(&id))
}

/// The thread that a file's head names; none if no record in its first lines does.
pub fn identify<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Option<String>> {
    let mut fold = Fold::default();
    in_head(rollouts, path, |line| {
        fold.line(line, true);
        fold.identity.take().map(|identity| identity.id)
    })
}

/// The first answer that a line of a file's head gives; none if no line of its first megabytes does.
pub fn in_head<R: Rollouts, T>(
    rollouts: &R,
    path: &str,
    mut answer: impl FnMut(&Line<'_>) -> Option<T>,
) -> FileResult<Option<T>> {
    let mut reader = rollouts.open(path, 0)?;
    let mut lines = Lines::new(1, 0);
    let mut found = None;
    let mut seen = 0u64;
    loop {
        let chunk = reader.next(HEAD)?;
        seen += chunk.len() as u64;
        let at_end = chunk.len() < HEAD as usize;
        let mut each = |line: Line<'_>| {
            if found.is_none() {
                found = answer(&line);
            }
        };
        lines.push(&chunk, &mut each);
        if at_end {
            lines.finish(&mut each);
        }
        if found.is_some() || at_end || seen > Limits::USUAL.whole {
            return Ok(found);
        }
    }
}

fn read<R: Rollouts>(rollouts: &R, file: &FileFacts, earlier: Option<&[u8]>, pass: &mut Pass<'_>) -> FileResult<()> {
    let plain = !is_compressed(&file.path);
    let known = earlier.filter(|_| plain).and_then(Fold::decode);
    if let Some(known) = known.filter(|known| known.identity.is_some())
        && let Some(reader) = continues(rollouts, file, &known, pass)?
    {
        pass.fold = known;
        // A record that no newline ended is still the line that goes on here.
        let next = pass.fold.lines + u64::from(!pass.fold.unended);
        return pass.read_on(reader, next, pass.fold.unread.is_none());
    }
    let mut reader = rollouts.open(&file.path, 0)?;
    if !plain || file.size <= pass.limits.whole {
        return pass.read_on(reader, 1, true);
    }
    let mut lines = Lines::new(1, 0);
    while !pass.fold.head_is_settled() {
        if !pass.chunk(&mut reader, &mut lines, true)? {
            pass.end(&mut lines, true);
            return Ok(());
        }
    }
    let head_end = lines.offset();
    let mut step = pass.limits.tail;
    loop {
        let from = file.size.saturating_sub(step);
        if from <= head_end {
            // The tail has met the head: nothing is left unread.
            drop(reader);
            pass.fold.offset = head_end;
            let reader = rollouts.open(&file.path, head_end)?;
            return pass.read_on(reader, lines.number(), true);
        }
        let mut tail = Pass::new(pass.limits);
        tail.tail(rollouts, file, from)?;
        pass.bytes_read += tail.bytes_read;
        if tail.fold.tail_is_settled() {
            pass.fold.offset = head_end;
            pass.fold.join(tail.fold);
            pass.cut_off = tail.cut_off;
            return Ok(());
        }
        step = step.saturating_mul(4);
    }
}

/// A reader at the place where an earlier parse stopped, if the bytes before it are still the same.
fn continues<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    known: &Fold,
    pass: &mut Pass<'_>,
) -> FileResult<Option<R::Reader>> {
    if known.anchor.is_empty() || file.size < known.offset {
        return Ok(None);
    }
    let mut reader = rollouts.open(&file.path, known.offset - known.anchor.len() as u64)?;
    let before = reader.next(known.anchor.len() as u32)?;
    pass.bytes_read += before.len() as u64;
    Ok((before == known.anchor).then_some(reader))
}

/// One pass over a file, or over its tail.
struct Pass<'w> {
    limits: Limits,
    fold: Fold,
    /// What stands after the last newline and is no record (yet).
    cut_off: Option<BadLine>,
    bytes_read: u64,
    watch: Option<&'w mut Watch<'w>>,
}

impl Pass<'_> {
    fn new(limits: Limits) -> Self {
        Pass { limits, fold: Fold::default(), cut_off: None, bytes_read: 0, watch: None }
    }

    fn read_on<R: Reader>(&mut self, mut reader: R, number: u64, numbered: bool) -> FileResult<()> {
        let mut lines = Lines::new(number, self.fold.offset);
        while self.chunk(&mut reader, &mut lines, numbered)? {}
        self.end(&mut lines, numbered);
        Ok(())
    }

    /// Takes a chunk in; false when it was the last one.
    fn chunk<R: Reader>(&mut self, reader: &mut R, lines: &mut Lines, numbered: bool) -> FileResult<bool> {
        let chunk = reader.next(self.limits.chunk)?;
        self.bytes_read += chunk.len() as u64;
        lines.push(&chunk, |line| {
            self.line(&line, numbered);
        });
        Ok(chunk.len() == self.limits.chunk as usize)
    }

    fn line(&mut self, line: &Line<'_>, numbered: bool) -> Option<BadLine> {
        let read = record::read(line.bytes);
        if let Some(watch) = &mut self.watch {
            watch(line, &read);
        }
        self.fold.take(line, read, numbered)
    }

    fn end(&mut self, lines: &mut Lines, numbered: bool) {
        lines.finish(|line| self.cut_off = self.line(&line, numbered));
        // A record without a newline is taken in, and so are its bytes; anything else is read again next time.
        let taken = if self.cut_off.is_none() { lines.pending() } else { 0 };
        self.fold.offset = lines.offset() + taken;
    }

    fn tail<R: Rollouts>(&mut self, rollouts: &R, file: &FileFacts, from: u64) -> FileResult<()> {
        let mut reader = rollouts.open(&file.path, from)?;
        // The line that `from` falls into belongs to what is not looked at.
        let mut skipped = from;
        let first = loop {
            let chunk = reader.next(self.limits.chunk)?;
            self.bytes_read += chunk.len() as u64;
            match memchr::memchr(b'\n', &chunk) {
                Some(end) => {
                    skipped += end as u64 + 1;
                    break chunk[end + 1..].to_vec();
                }
                None if chunk.len() < self.limits.chunk as usize => {
                    self.fold.offset = skipped + chunk.len() as u64;
                    return Ok(());
                }
                None => skipped += chunk.len() as u64,
            }
        };
        self.fold.offset = skipped;
        self.fold.unread = Some((0, skipped));
        self.read_on(Chained { first: Some(first), reader }, 1, false)
    }

    fn into_extraction(self) -> Result<Extraction, NoThread> {
        let mut bad_lines = self.fold.bad_lines.clone();
        bad_lines.extend(self.cut_off.clone());
        bad_lines.truncate(KEPT_BAD_LINES);
        let Some(identity) = &self.fold.identity else {
            let line = bad_lines.into_iter().next();
            let empty = line.is_none() && self.fold.lines == 0;
            let reason = if empty { "it is empty" } else { "no session_meta in it says which thread it is" };
            return Err(NoThread { reason: reason.into(), line, passing: false });
        };
        Ok(Extraction {
            thread: identity.id.clone(),
            state: self.fold.encode(),
            bad_lines,
            bad_count: self.fold.bad_count + u64::from(self.cut_off.is_some()),
            unread: self.fold.unread,
            continues: identity.base_thread.as_deref() == Some(identity.id.as_str()),
            bytes_read: self.bytes_read,
        })
    }
}

/// What is left of a chunk, then the rest of the stream; every answer is full until the end.
struct Chained<R> {
    first: Option<Vec<u8>>,
    reader: R,
}

impl<R: Reader> Reader for Chained<R> {
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>> {
        let mut chunk = self.first.take().unwrap_or_default();
        let room = limit - (chunk.len() as u32).min(limit);
        if room > 0 {
            let more = self.reader.next(room)?;
            if chunk.is_empty() {
                chunk = more;
            } else {
                chunk.extend_from_slice(&more);
            }
        }
        Ok(chunk)
    }
}
