//! Decides how much of a rollout is read, and where from.
//!
//! * A file of up to [`Limits::whole`] bytes, and any compressed one, is read from beginning to end.
//! * A larger plain one is read from its beginning until every first-of-its-kind fact is known, then from its end, in
//!   growing steps backwards, until every last-of-its-kind fact is. What lies between is recorded as unread. The answer
//!   is the one that the whole would give, but for lines that are counted there.
//! * A file that grew since an earlier parse is read from where that one stopped, once the bytes before that place have
//!   proved to be the same.

use contract::{EntryKind, Extraction, FileError, FileFacts, NoThread};

use crate::ports::{FileResult, PlainText, Reader, Rollouts};
use crate::rollout::fold::Fold;
use crate::rollout::head::read_up_to;
use crate::rollout::parse::{Pass, Watch, unreadable};
use crate::text::lines::Lines;
use crate::text::paths::is_compressed;

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
    let mut pass = Pass::new();
    read(rollouts, file, earlier, limits, &mut pass).map_err(unreadable)?;
    if pass.is_missing_facts {
        pass = Pass::in_order();
        read(rollouts, file, earlier, limits, &mut pass).map_err(unreadable)?;
    }
    pass.into_extraction()
}

/// Reads every line of a rollout, of whatever size, and shows each to `watch` as it was read.
pub fn read_through<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    watch: &mut dyn Watch,
) -> Result<Extraction, NoThread> {
    if file.kind != EntryKind::File {
        return Err(unreadable(FileError::NotAFile));
    }
    let read = |pass: &mut Pass<'_>| {
        let reader = rollouts.open(&file.path, 0);
        reader.and_then(|reader| read_on(pass, reader, Limits::USUAL, 1, true)).map_err(unreadable)
    };
    let mut pass = Pass::watched(watch);
    read(&mut pass)?;
    if pass.is_missing_facts {
        pass = Pass::in_order();
        read(&mut pass)?;
    }
    pass.into_extraction()
}

fn read<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    earlier: Option<&[u8]>,
    limits: Limits,
    pass: &mut Pass<'_>,
) -> FileResult<()> {
    let plain = !is_compressed(&file.path);
    let known = earlier.filter(|_| plain).and_then(Fold::decode);
    if let Some(known) = known.filter(|known| known.identity.is_some())
        && let Some(reader) = continues(rollouts, file, &known, pass)?
    {
        pass.fold = known;
        // A record that no newline ended is still the line that goes on here.
        let next = pass.fold.lines + u64::from(!pass.fold.no_final_newline);
        let numbered = pass.fold.unread.is_none();
        return read_on(pass, reader, limits, next, numbered);
    }
    let mut reader = rollouts.open(&file.path, 0)?;
    if !plain || file.size <= limits.whole || reader.is_translated()? {
        return read_on(pass, reader, limits, 1, true);
    }
    let mut lines = Lines::new(1, 0);
    // Looked at after whole chunks, so that the answer does not depend on how much a reader likes to give.
    let mut next_look = 0;
    while pass.bytes_read < next_look || !pass.fold.head_is_settled() {
        if pass.bytes_read >= next_look {
            next_look = pass.bytes_read + u64::from(limits.chunk);
        }
        let room = (next_look - pass.bytes_read) as u32;
        if !read_chunk(pass, &mut reader, room, &mut lines, true)? {
            pass.end(&mut lines, true);
            return Ok(());
        }
    }
    let head_end = lines.offset();
    let mut step = limits.tail;
    loop {
        let from = file.size.saturating_sub(step);
        if from <= head_end {
            // The tail has met the head: nothing is left unread.
            drop(reader);
            pass.fold.offset = head_end;
            let reader = rollouts.open(&file.path, head_end)?;
            return read_on(pass, reader, limits, lines.number(), true);
        }
        let mut tail = pass.again();
        read_tail(&mut tail, rollouts, file, limits, from)?;
        pass.bytes_read += tail.bytes_read;
        pass.is_missing_facts |= tail.is_missing_facts;
        if tail.fold.tail_is_settled() {
            pass.fold.offset = head_end;
            pass.fold.join(tail.fold);
            pass.cut_off = tail.cut_off;
            return Ok(());
        }
        step = step.saturating_mul(4);
    }
}

/// Opens a reader at the place where an earlier parse stopped, if the bytes before it are still the same.
fn continues<R: Rollouts>(
    rollouts: &R,
    file: &FileFacts,
    known: &Fold,
    pass: &mut Pass<'_>,
) -> FileResult<Option<PlainText<R::Reader>>> {
    if known.anchor.is_empty() || file.size < known.offset {
        return Ok(None);
    }
    let mut reader = rollouts.open(&file.path, known.offset - known.anchor.len() as u64)?;
    let before = read_up_to(&mut reader, known.anchor.len() as u64)?;
    pass.bytes_read += before.len() as u64;
    Ok((before == known.anchor).then_some(reader))
}

/// Takes in what follows, up to the end.
fn read_on<R: Reader>(
    pass: &mut Pass<'_>,
    mut reader: R,
    limits: Limits,
    number: u64,
    numbered: bool,
) -> FileResult<()> {
    let mut lines = Lines::new(number, pass.fold.offset);
    while read_chunk(pass, &mut reader, limits.chunk, &mut lines, numbered)? {}
    pass.end(&mut lines, numbered);
    Ok(())
}

/// Takes a chunk in; false where the text has come to its end.
fn read_chunk<R: Reader>(
    pass: &mut Pass<'_>,
    reader: &mut R,
    limit: u32,
    lines: &mut Lines,
    numbered: bool,
) -> FileResult<bool> {
    let chunk = reader.read(limit)?;
    pass.push(lines, chunk.as_bytes(), numbered);
    Ok(!chunk.is_empty())
}

/// Takes in a file from the first line on that begins after a place.
fn read_tail<R: Rollouts>(
    pass: &mut Pass<'_>,
    rollouts: &R,
    file: &FileFacts,
    limits: Limits,
    from: u64,
) -> FileResult<()> {
    let mut reader = rollouts.open(&file.path, from)?;
    // The line that `from` falls into belongs to what is not looked at.
    let mut skipped = from;
    loop {
        let chunk = reader.read(limits.chunk)?;
        let bytes = chunk.as_bytes();
        let newline = memchr::memchr(b'\n', bytes);
        let begin = newline.map_or(bytes.len(), |at| at + 1);
        pass.bytes_read += begin as u64;
        skipped += begin as u64;
        pass.fold.offset = skipped;
        if chunk.is_empty() {
            return Ok(());
        }
        if newline.is_some() {
            pass.fold.unread = Some((0, skipped));
            let mut lines = Lines::new(1, skipped);
            pass.push(&mut lines, &bytes[begin..], false);
            while read_chunk(pass, &mut reader, limits.chunk, &mut lines, false)? {}
            pass.end(&mut lines, false);
            return Ok(());
        }
    }
}
