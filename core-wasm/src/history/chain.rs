//! Finds which files hold a thread's history, and which part of each.
//!
//! A fork copies nothing: its file goes on where the parent's history ends for it, and says where that is. A revert
//! does the same with the thread's own older file. So a history is a chain of files, each read up to the place where
//! the next one goes on; what a file of the chain should hold and does not is a gap, and everything else is shown.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::{Gap, HistoryBase, LookupError};

use crate::lookup::files::{files_of_one, recorded_files_of};
use crate::lookup::names::FileNames;
use crate::lookup::trace::Trace;
use crate::lookup::world::{World, if_available};
use crate::ports::{FileResult, Rollouts};
use crate::rollout::base::{HistoryHead, early_ordinal, history_head};
use crate::rollout::head::read_up_to;
use crate::text::paths::id_millis;

/// More forks of forks than this are not followed: the rest is a gap.
const LONGEST: usize = 100_000;
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
    /// When the thread was forked off another one, whose history the file then begins with a copy of; none where it does not.
    pub forked_at: Option<i64>,
}

impl Segment {
    fn new(path: String, head: &HistoryHead, from: u64, until: Option<u64>) -> Segment {
        let copies = head.forked && !head.paginated && head.base.is_none();
        let forked_at = id_millis(&head.thread).filter(|_| copies);
        Segment { path, thread: head.thread.clone(), from, until, forked_at }
    }
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
        let segment = Segment::new(path.into(), &head, head.starts_at, None);
        Ok(Chain { segments: alloc::vec![segment], gaps: Vec::new(), paginated: head.paginated })
    }

    /// Returns the history whose newest file is this one, as it is shown.
    pub fn of<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::of_one(world, path, &mut FileNames::default())
    }

    /// Returns the same for one of several threads, of which `names` remembers what was asked.
    pub fn of_one<W: World>(world: &W, path: &str, names: &mut FileNames) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, false, names)
    }

    /// Returns the part of it that is in files of the thread itself: without what it goes on from of another one.
    pub fn own<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        let mut chain = Chain::of(world, path)?;
        if let Some(thread) = chain.segments.last().map(|newest| newest.thread.clone()) {
            chain.segments.retain(|segment| segment.thread == thread);
        }
        chain.gaps.clear();
        Ok(chain)
    }

    /// Returns the same as a model is given it: a sub-agent and a side thread go on from what they are not shown with.
    pub fn given<W: World>(world: &W, path: &str) -> Result<Chain, LookupError> {
        Chain::back_from(world, path, true, &mut FileNames::default())
    }

    fn back_from<W: World>(world: &W, path: &str, given: bool, names: &mut FileNames) -> Result<Chain, LookupError> {
        let mut chain = Chain::default();
        let mut path = path.to_string();
        let mut until: Option<u64> = None;
        let mut bases = Bases::default();
        loop {
            let head = history_head(world, &path)?;
            if chain.segments.is_empty() {
                chain.paginated = head.paginated;
            }
            let from = if given { 0 } else { head.starts_at };
            bases.taken.insert(plain(&path).into());
            chain.segments.push(Segment::new(path, &head, from, until));
            let Some(base) = head.base.filter(|_| given || !head.attached) else { break };
            until = Some(until.map_or(base.ordinal, |until| until.min(base.ordinal)));
            let is_longest = chain.segments.len() >= LONGEST;
            match if is_longest { None } else { bases.file(world, &base, names)? } {
                Some(file) => path = file,
                None => {
                    let reason = match is_longest {
                        true => format!("it is the {LONGEST}th fork of a fork"),
                        false => "no rollout of it is there".into(),
                    };
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

/// The files that a history may go on from: those of each thread are looked for once.
#[derive(Default)]
struct Bases {
    /// The plain names of the files that are in the chain.
    taken: BTreeSet<String>,
    /// The files of the thread that was asked for last that are not in the chain, newest first; of two forms of one file,
    /// the plain one first.
    thread: String,
    files: Vec<String>,
    /// They are all that there are, not those alone of which the rows tell.
    are_all: bool,
}

impl Bases {
    /// The file that holds the history up to a place, of all that carry the thread's id and are not in the chain yet.
    fn file<W: World>(
        &mut self,
        world: &W,
        base: &HistoryBase,
        names: &mut FileNames,
    ) -> Result<Option<String>, LookupError> {
        if self.thread != base.thread {
            self.look_for(world, &base.thread, None)?;
        }
        let mut exact = self.exact(world, base);
        // The rows mostly know the one that is meant, and then no directory is looked into.
        if exact.is_none() && !self.are_all {
            self.look_for(world, &base.thread, Some(names))?;
            exact = self.exact(world, base);
        }
        let exact = exact.unwrap_or(0);
        if exact >= self.files.len() {
            return Ok(None);
        }
        let file = self.files.remove(exact);
        // Its other form stands beside it.
        while self.files.get(exact).is_some_and(|other| plain(other) == plain(&file)) {
            self.files.remove(exact);
        }
        Ok(Some(file))
    }

    /// The place of the file that ends where the history goes on.
    fn exact<W: World>(&self, world: &W, base: &HistoryBase) -> Option<usize> {
        self.files.iter().position(|path| ends_there(world, path, base))
    }

    /// Looks for the files of a thread: with `names` for all, else for those of which the rows tell.
    fn look_for<W: World>(
        &mut self,
        world: &W,
        thread: &str,
        names: Option<&mut FileNames>,
    ) -> Result<(), LookupError> {
        let answer = if_available(world.row(thread))?;
        let handle = answer.is_some();
        let row = answer.unwrap_or_default().pop();
        self.are_all = names.is_some();
        let files = match names {
            Some(names) => files_of_one(world, thread, row.as_ref(), handle, &mut Trace::default(), names)?,
            None if handle => recorded_files_of(world, thread, row.as_ref())?,
            None => Vec::new(),
        };
        let begun = |path: &str| history_head(world, path).map(|head| head.timestamp).unwrap_or_default();
        let fresh = files.into_iter().filter(|file| !self.taken.contains(plain(&file.path)));
        let mut files: Vec<(String, String)> = fresh.map(|file| (begun(&file.path), file.path)).collect();
        files.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
        self.thread = thread.into();
        self.files = files.into_iter().map(|(_, path)| path).collect();
        Ok(())
    }
}

/// The name of a rollout's plain form.
pub(super) fn plain(path: &str) -> &str {
    path.strip_suffix(".zst").unwrap_or(path)
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
