//! Which files hold a thread's history, and which part of each.
//!
//! A fork copies nothing: its file goes on where the parent's history ends for it, and says where that is. A revert does
//! the same with the thread's own older file. So a history is a chain of files, each read up to the place where the next
//! one goes on; what a file of the chain should hold and does not is a gap, and everything else is shown.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Gap;
use crate::checkup::HistoryBase;
use crate::extract::in_head;
use crate::find::evidence::Trail;
use crate::find::{LookupError, World, files_of, if_available};
use crate::json::{Cursor, Step};
use crate::paths::{canonical_id, twin};
use crate::ports::{FileResult, Reader, Rollouts};

/// More forks of forks than this are not followed.
const LONGEST: usize = 1_000;
/// Bytes looked at where a base should end.
const HEAD: u32 = 64 << 10;

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The file.
    pub path: String,
    /// The thread it belongs to.
    pub thread: String,
    /// Records of lower ordinals belong to somebody else: a sub-agent's file begins with its parent's.
    pub from: u64,
    /// Records from this ordinal on belong to another history.
    pub until: Option<u64>,
}

/// A thread's history, oldest file first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The files.
    pub segments: Vec<Segment>,
    /// What is not there.
    pub gaps: Vec<Gap>,
    /// The newest file's form: items are records of their own.
    pub paginated: bool,
}

/// What a file's first `session_meta` says of its history.
#[derive(Default)]
struct Head {
    thread: String,
    timestamp: String,
    paginated: bool,
    base: Option<HistoryBase>,
    /// A side thread: it goes on from its parent's history, and shows nothing of it.
    attached: bool,
    starts_at: u64,
}

impl Chain {
    /// The history that one file alone holds, whatever it goes on from.
    pub fn alone<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Chain> {
        let head = head(rollouts, path)?;
        let segment = Segment { path: path.into(), thread: head.thread, from: head.starts_at, until: None };
        Ok(Chain { segments: alloc::vec![segment], gaps: Vec::new(), paginated: head.paginated })
    }

    /// The history whose newest file is this one, as it is shown.
    pub fn of<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, false)
    }

    /// The same as a model is given it: a sub-agent and a side thread go on from what they are not shown with.
    pub fn given<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, true)
    }

    fn back_from<W: World>(world: &W, path: &str, given: bool) -> Result<Chain, LookupError> {
        let mut chain = Chain::default();
        let mut path = path.to_string();
        let mut until: Option<u64> = None;
        while chain.segments.len() < LONGEST {
            let head = head(world, &path)?;
            if chain.segments.is_empty() {
                chain.paginated = head.paginated;
            }
            let from = if given { 0 } else { head.starts_at };
            chain.segments.push(Segment { path, thread: head.thread, from, until });
            let Some(base) = head.base.filter(|_| given || !head.attached) else { break };
            until = Some(until.map_or(base.ordinal, |until| until.min(base.ordinal)));
            match base_file(world, &base, &chain.segments)? {
                Some(file) => path = file,
                None => {
                    let reason = "no rollout of it is there".into();
                    chain.gaps.push(Gap { thread: base.thread, before: base.ordinal, reason });
                    break;
                }
            }
        }
        chain.segments.reverse();
        Ok(chain)
    }

    /// Notes that a file ends before the place where the next one goes on.
    pub(super) fn ended_early(&mut self, segment: usize, next_ordinal: u64) {
        let Segment { path, thread, until, .. } = &self.segments[segment];
        if let Some(until) = until.filter(|&until| next_ordinal < until) {
            let reason = format!("{path} ends before ordinal {next_ordinal}");
            self.gaps.push(Gap { thread: thread.clone(), before: until, reason });
        }
    }
}

/// The file that holds the history up to a place, of all that carry the thread's id and are not in the chain yet.
fn base_file<W: World>(world: &W, base: &HistoryBase, chain: &[Segment]) -> Result<Option<String>, LookupError> {
    let answer = if_available(world.row(&base.thread))?;
    let handle = answer.is_some();
    let files = files_of(world, &base.thread, answer.flatten().as_ref(), handle, &mut Trail::default())?;
    let fresh = |path: &str| !chain.iter().any(|known| known.path == path || known.path == twin(path));
    let mut files: Vec<(String, String)> = files
        .into_iter()
        .filter(|file| fresh(&file.path))
        .map(|file| (head(world, &file.path).map(|head| head.timestamp).unwrap_or_default(), file.path))
        .collect();
    // Newest first; of two forms of one file, the plain one.
    files.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
    let exact = files.iter().position(|(_, path)| ends_there(world, path, base));
    Ok(files.into_iter().nth(exact.unwrap_or(0)).map(|(_, path)| path))
}

/// At the byte where the base ends, the file goes on with the ordinal that the base does not include, or ends. After a
/// revert two files of a thread have records of the same ordinals; this tells which one is meant.
fn ends_there<R: Rollouts>(rollouts: &R, path: &str, base: &HistoryBase) -> bool {
    let Some(offset) = base.offset.filter(|&offset| offset > 0) else { return false };
    let Ok(mut reader) = rollouts.open(path, offset - 1) else { return false };
    let Ok(bytes) = reader.next(HEAD) else { return false };
    let Some((b'\n', rest)) = bytes.split_first() else { return false };
    if rest.is_empty() {
        return true;
    }
    early_ordinal(rest) == Some(base.ordinal)
}

/// The ordinal of the record that a text begins with, be it cut off.
pub(crate) fn early_ordinal(text: &[u8]) -> Option<u64> {
    let mut ordinal = None;
    // A line that is longer than what was read ends in a fault; the ordinal stands near its beginning.
    let _ = Cursor::new(text).object(|c, key| {
        if key.is("ordinal") { c.integer().map(|number| ordinal = ordinal.or(number)) } else { c.skip() }
    });
    ordinal.and_then(|ordinal| u64::try_from(ordinal).ok())
}

/// Where the history of a file begins, if this line of it, a `session_meta`, says that another one holds its beginning.
pub(crate) fn base_of(line: &[u8]) -> Option<HistoryBase> {
    meta(line).ok().flatten()?.base
}

fn head<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Head> {
    Ok(in_head(rollouts, path, |line| meta(line.bytes).ok().flatten())?.unwrap_or_default())
}

/// A line, if it is a `session_meta`.
fn meta(line: &[u8]) -> Step<Option<Head>> {
    let mut cursor = Cursor::new(line);
    let (mut kind, mut inner) = (None, None);
    cursor.object(|c, key| match key.raw() {
        b"type" => c.text().map(|text| kind = text),
        b"payload" => c.raw().map(|raw| inner = Some(raw)),
        _ => c.skip(),
    })?;
    cursor.finish()?;
    match inner.filter(|_| kind.is_some_and(|kind| kind.is("session_meta"))) {
        Some(inner) => payload(&mut Cursor::new(inner)).map(Some),
        None => Ok(None),
    }
}

fn payload(c: &mut Cursor<'_>) -> Step<Head> {
    let mut head = Head::default();
    let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    c.object(|c, key| {
        match key.raw() {
            b"id" => head.thread = c.text()?.and_then(|id| canonical_id(&id.decode())).unwrap_or_default(),
            b"timestamp" => head.timestamp = c.text()?.map(|text| text.decode().into_owned()).unwrap_or_default(),
            b"history_mode" => head.paginated = c.text()?.is_some_and(|mode| mode.is("paginated")),
            b"attached_thread" => head.attached = c.raw()? == b"true",
            b"subagent_history_start_ordinal" => head.starts_at = unsigned(c.integer()?).unwrap_or(0),
            b"history_base" if c.peek() == Some(b'{') => {
                let (mut thread, mut ordinal, mut offset) = (None, None, None);
                c.object(|c, key| match key.raw() {
                    b"thread_id" => c.text().map(|id| thread = id.and_then(|id| canonical_id(&id.decode()))),
                    b"end_ordinal_exclusive" => c.integer().map(|number| ordinal = unsigned(number)),
                    b"end_byte_offset" => c.integer().map(|number| offset = unsigned(number)),
                    _ => c.skip(),
                })?;
                head.base = thread.zip(ordinal).map(|(thread, ordinal)| HistoryBase { thread, ordinal, offset });
            }
            _ => c.skip()?,
        }
        Ok(())
    })?;
    Ok(head)
}
