//! Finds which files hold a thread's history, and which part of each.
//!
//! A fork copies nothing: its file goes on where the parent's history ends for it, and says where that is. A revert
//! does the same with the thread's own older file. So a history is a chain of files, each read up to the place where
//! the next one goes on; what a file of the chain should hold and does not is a gap, and everything else is shown.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Gap, HistoryBase, LookupError};

use crate::lookup::files::files_of;
use crate::lookup::trace::Trace;
use crate::lookup::world::{World, if_available};
use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::{early_ordinal, history_head};
use crate::rollout::head::read_up_to;
use crate::text::paths::twin;

/// More forks of forks than this are not followed.
const LONGEST: usize = 1_000;
/// Bytes looked at where a base should end.
const HEAD: u64 = 64 << 10;

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

impl Chain {
    /// Returns the history that one file alone holds, whatever it goes on from.
    pub fn alone<R: Rollouts>(rollouts: &R, path: &str) -> FileResult<Chain> {
        let head = history_head(rollouts, path)?;
        let segment = Segment { path: path.into(), thread: head.thread, from: head.starts_at, until: None };
        Ok(Chain { segments: alloc::vec![segment], gaps: Vec::new(), paginated: head.paginated })
    }

    /// Returns the history whose newest file is this one, as it is shown.
    pub fn of<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, false)
    }

    /// Returns the same as a model is given it: a sub-agent and a side thread go on from what they are not shown with.
    pub fn given<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, true)
    }

    fn back_from<W: World>(world: &W, path: &str, given: bool) -> Result<Chain, LookupError> {
        let mut chain = Chain::default();
        let mut path = path.to_string();
        let mut until: Option<u64> = None;
        while chain.segments.len() < LONGEST {
            let head = history_head(world, &path)?;
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
    let row = answer.unwrap_or_default().pop();
    let files = files_of(world, &base.thread, row.as_ref(), handle, &mut Trace::default())?;
    let fresh = |path: &str| !chain.iter().any(|known| known.path == path || known.path == twin(path));
    let mut files: Vec<(String, String)> = files
        .into_iter()
        .filter(|file| fresh(&file.path))
        .map(|file| (history_head(world, &file.path).map(|head| head.timestamp).unwrap_or_default(), file.path))
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
    let Ok(bytes) = read_up_to(&mut reader, HEAD) else { return false };
    let Some((b'\n', rest)) = bytes.split_first() else { return false };
    if rest.is_empty() {
        return true;
    }
    early_ordinal(rest) == Some(base.ordinal)
}
