//! Goes through a text for the second time: its copy, piece by piece.

use alloc::string::String;
use alloc::vec::Vec;

use contract::LeftOut;

use super::patches::{Patch, other_id, patched};
use super::sort::{Place, Sink, Sorter};
use super::state::{self, Told};

/// The second way through the text: what the copy holds.
pub struct Copier {
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

impl Copier {
    /// Begins by the state of a plan; none if the bytes are no such state.
    pub fn new(state: &[u8]) -> Option<Copier> {
        let Told { head, id, start, giants } = state::decode(state)?;
        let out = Output { bytes: head, id, begun: false };
        Some(Copier { sorter: Sorter::knowing(start, giants), out })
    }

    /// Takes the next piece of the text; what follows of the copy.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.sorter.push(chunk, &mut self.out);
        core::mem::take(&mut self.out.bytes)
    }

    /// Ends the text, and gives the rest of the copy.
    pub fn finish(mut self) -> Vec<u8> {
        self.sorter.finish(&mut self.out);
        core::mem::take(&mut self.out.bytes)
    }
}

impl Output {
    /// The first record says who the thread is; where it gets another id, its patches are one more.
    fn begin(&mut self, bytes: &[u8], patches: &[Patch]) -> Vec<Patch> {
        let id = if core::mem::replace(&mut self.begun, true) { None } else { self.id.take() };
        let mut all: Vec<Patch> = id.map(|id| other_id(bytes, &id)).unwrap_or_default();
        all.extend_from_slice(patches);
        all.sort_by_key(|patch| patch.at.start);
        all
    }
}

impl Sink for Output {
    fn record(&mut self, bytes: &[u8], _: Place, patches: &[Patch], _: bool) {
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
