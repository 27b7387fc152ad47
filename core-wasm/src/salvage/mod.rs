//! What can be read of a damaged rollout, as a new one that is valid.
//!
//! ```text
//! text → Survey  → what is wrong, and the plan of the copy      nothing is written where nothing is wrong
//! text → Copying → the copy, piece by piece
//! ```
//!
//! A good line is copied byte for byte. A bad one is searched for whole records: a killed writer leaves half a line and the
//! next record directly behind it. What is no record is left out and listed. Where no `session_meta` says who the thread is,
//! one is made of what is known. Numbers of a paginated rollout that repeat, regress or skip are put right, by their digits
//! alone; a record that stands there twice, with its number, is taken once.
//!
//! Which id the copy has: that of the thread where the original does not say it any more, so that the copy takes its place;
//! else a new one, unless the same one is asked for: two files of one id would be two views of one thread. What Codex 0.169
//! knows of a thread leads it to the original first, though that has no head: a new id can be asked for, too.

mod judge;
mod plan;
mod split;

use alloc::string::String;
use alloc::vec::Vec;

pub use plan::Survey;

use judge::{Patch, Sorter, patched};

/// As many parts that are left out are listed one by one.
const LISTED: usize = 1_000;

/// `salvaging.circumstances`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Circumstances {
    pub name: String,
    pub modified: i64,
    pub now: i64,
    pub offset: i32,
    pub chance: u64,
    pub same_id: bool,
    pub new_id: bool,
    pub originator: String,
    pub version: String,
}

/// `salvaging.left-out`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct LeftOut {
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    pub reason: String,
}

/// `salvaging.plan`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Plan {
    pub thread: String,
    pub original: Option<String>,
    pub file_name: String,
    pub records: u64,
    pub salvaged: u64,
    pub duplicates: u64,
    pub renumbered: u64,
    pub made_head: bool,
    pub left_out: Vec<LeftOut>,
    pub left_out_count: u64,
    pub left_out_bytes: u64,
    pub faults: Vec<String>,
    pub state: Vec<u8>,
}

/// The second way through the text: what the copy holds.
pub struct Copying {
    sorter: Sorter,
    out: Output,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    /// The id that the first record gets.
    id: Option<String>,
    begun: bool,
}

impl Copying {
    /// By the state of a [`Plan`]; none if the bytes are no such state.
    pub fn new(state: &[u8]) -> Option<Copying> {
        let plan::Told { head, id, start, giants } = plan::decode(state)?;
        let out = Output { bytes: head, id, begun: false };
        Some(Copying { sorter: Sorter::knowing(start, giants), out })
    }

    /// Takes the next chunk of the text; what follows of the copy.
    pub fn take(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.sorter.push(chunk, &mut self.out);
        core::mem::take(&mut self.out.bytes)
    }

    /// The end of the text; the rest of the copy.
    pub fn end(&mut self) -> Vec<u8> {
        self.sorter.finish(&mut self.out);
        core::mem::take(&mut self.out.bytes)
    }
}

impl Output {
    /// The first record says who the thread is; where it gets another id, its patches are one more.
    fn begin(&mut self, bytes: &[u8], patches: &[Patch]) -> Vec<Patch> {
        let id = if core::mem::replace(&mut self.begun, true) { None } else { self.id.take() };
        let mut all: Vec<Patch> = id.map(|id| judge::other_id(bytes, &id)).unwrap_or_default();
        all.extend_from_slice(patches);
        all.sort_by_key(|patch| patch.at.start);
        all
    }
}

impl judge::Sink for Output {
    fn record(&mut self, bytes: &[u8], patches: &[Patch], _: bool) {
        let patches = self.begin(bytes, patches);
        patched(bytes, &patches, &mut self.bytes);
        self.bytes.push(b'\n');
    }

    fn giant(&mut self, head: &[u8], patches: &[Patch]) {
        let patches = self.begin(head, patches);
        patched(head, &patches, &mut self.bytes);
    }

    fn goes_on(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
    }

    fn left_out(&mut self, _: LeftOut, _: bool) {}
}
