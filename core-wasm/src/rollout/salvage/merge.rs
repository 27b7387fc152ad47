//! Makes one text of two that hold one thread and have gone different ways: which parts of each stand in it, in which order.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use contract::{LeftOut, MergePart, MergePlan, MergeResult};

use super::losses::Losses;
use super::order::{Kept, Sort, Taken, in_order};
use super::patches::{Patch, base_ordinal, meta_of};
use super::sort::{Place, Sink, Sorter};
use super::survey::Name;
use crate::rollout::record::{self, Body};
use crate::text::json::Cursor;

/// Both texts, as they go through.
pub struct Merger {
    names: [String; 2],
    texts: [Text; 2],
}

#[derive(Default)]
struct Text {
    sorter: Sorter,
    seen: Seen,
}

/// What was seen of one of them.
#[derive(Default)]
struct Seen {
    records: Vec<Kept>,
    losses: Losses,
    head: Option<Head>,
    turns: Turns,
}

/// What a first record says of the thread.
struct Head {
    id: String,
    /// Where its history begins, if that is in another file.
    base: Option<u64>,
    place: Place,
}

/// Where turns begin: where a record says so, and else, as in rollouts that have no such records, where the user speaks.
#[derive(Default)]
struct Turns {
    /// A turn that a record began has not ended.
    open: bool,
    /// The records before belong to what the user says.
    speaking: bool,
}

impl Merger {
    /// Begins with the names of two files, the thread's own first.
    pub fn new(names: (String, String)) -> Merger {
        Merger { names: [names.0, names.1], texts: Default::default() }
    }

    /// Takes the next chunk of one of the texts.
    pub fn feed(&mut self, second: bool, chunk: &[u8]) {
        let text = &mut self.texts[usize::from(second)];
        text.sorter.push(chunk, &mut text.seen);
    }

    /// Ends both texts, and says what becomes of them.
    pub fn finish(self) -> MergeResult {
        let seen = self.texts.map(|mut text| {
            text.sorter.finish(&mut text.seen);
            text.seen
        });
        for (name, seen) in self.names.iter().zip(&seen) {
            if seen.records.is_empty() {
                return MergeResult::Refused(format!("there is no record in {name}"));
            }
        }
        let [first, second] = &seen;
        if let (Some(one), Some(other)) = (&first.head, &second.head) {
            if one.id != other.id {
                return MergeResult::Refused(format!("they are two threads, {} and {}", one.id, other.id));
            }
            if one.base != other.base {
                return MergeResult::Refused("their histories begin in different files".into());
            }
        }
        let heads = [&first.head, &second.head].map(Option::is_some);
        let order = in_order([&first.records, &second.records], heads);
        if order.common == 0 && heads != [true, true] {
            return MergeResult::Refused("nothing in them says that they are one thread".into());
        }
        let [one, other] = [&first.losses, &second.losses].map(|losses| losses.count == 0);
        let [named, other_named] = [0, 1].map(|at| Name::of(&self.names[at]).is_some());
        match order.only {
            [_, 0] if one => return MergeResult::NothingNew(false),
            // What the thread's own file lacks is to be merged into a thread, though no record of it is alone.
            [0, _] if other && other_named && !named => return MergeResult::NothingNew(true),
            _ => {}
        }
        let parts = parts([&first.records, &second.records], &order.taken);
        let other_head = second.head.as_ref().map(|head| head.place);
        let own_head = first.head.as_ref().map(|head| head.place.hash);
        let [one, mut other] = seen.map(|seen| seen.losses);
        if let (Some(own), Some(Place { line, offset, length, hash })) = (own_head, other_head)
            && own != hash
        {
            other.add(LeftOut { line, offset, length, reason: "the thread has another session_meta".into() }, false);
        }
        MergeResult::Plan(MergePlan {
            parts,
            common: order.common,
            only_first: order.only[0],
            only_second: order.only[1],
            left_out: (one.listed, other.listed),
            left_out_count: (one.count, other.count),
            left_out_bytes: (one.bytes, other.bytes),
        })
    }
}

/// Gives neighbours of one text as one part.
fn parts(records: [&[Kept]; 2], taken: &[Taken]) -> Vec<MergePart> {
    let mut parts: Vec<MergePart> = Vec::new();
    for &Taken { second, at } in taken {
        let Range { start, end } = records[usize::from(second)][at].bytes;
        match parts.last_mut() {
            // Nothing but a newline stands between them.
            Some(last) if last.second == second && last.offset + last.length + 1 == start => {
                last.length = end - last.offset;
            }
            _ => parts.push(MergePart { second, offset: start, length: end - start }),
        }
    }
    parts
}

impl Sink for Seen {
    fn record(&mut self, bytes: &[u8], place: Place, _: &[Patch], _: bool) {
        if self.records.is_empty() {
            self.head = meta_of(bytes).map(|meta| Head { id: meta.id, base: base_ordinal(bytes), place });
        }
        let read = record::read(bytes).ok();
        let (time, ordinal) = read.as_ref().map_or((None, None), |record| (record.at, record.ordinal));
        let sort = self.turns.sort(bytes, read.map(|record| record.body));
        let Place { offset, length, hash, .. } = place;
        self.records.push(Kept { hash, bytes: offset..offset + length, time, ordinal, sort });
    }

    fn giant(&mut self, _: &[u8], _: &[Patch]) {}

    fn goes_on(&mut self, _: &[u8]) {}

    fn left_out(&mut self, left_out: LeftOut, duplicate: bool) {
        self.losses.add(left_out, duplicate);
    }
}

impl Turns {
    /// Says what the next record is to the course of turns.
    fn sort(&mut self, bytes: &[u8], body: Option<Body<'_>>) -> Sort {
        let speaks = match body {
            Some(Body::TurnStarted) => {
                self.open = true;
                return Sort::Begins;
            }
            Some(Body::TurnContext { .. } | Body::UserMessage { .. } | Body::UserItem { .. }) => true,
            _ => false,
        };
        let before = core::mem::replace(&mut self.speaking, speaks);
        if speaks {
            return if self.open || before { Sort::GoesOn } else { Sort::Begins };
        }
        match happening(bytes) {
            Some(b"task_complete" | b"turn_complete" | b"turn_aborted") => {
                self.open = false;
                Sort::Ends
            }
            Some(b"thread_rolled_back") => Sort::TakesBack,
            _ => Sort::GoesOn,
        }
    }
}

/// Returns what kind of event a record is.
fn happening(record: &[u8]) -> Option<&[u8]> {
    let (mut event, mut kind) = (false, None);
    let read = Cursor::new(record).object(|c, key| match key.raw() {
        b"type" => c.text().map(|text| event = text.is_some_and(|text| text.is("event_msg"))),
        b"payload" => {
            kind = c.peek_field("type")?.map(|text| text.raw());
            c.skip()
        }
        _ => c.skip(),
    });
    read.ok()?;
    kind.filter(|_| event)
}
