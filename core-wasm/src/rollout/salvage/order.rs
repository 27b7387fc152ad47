//! Puts the records of two texts of one thread into one order.
//!
//! What both have stands once, and holds the two together. Between two such places, and after the last, come first the
//! records that go on with the turn before, then the turns of both by their times; none is put into another one, and the
//! order of neither text is broken.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

/// A record, as far as its place goes.
pub(super) struct Kept {
    /// Of its bytes.
    pub(super) hash: u64,
    /// Where it stands in its text.
    pub(super) bytes: Range<u64>,
    pub(super) time: Option<i64>,
    pub(super) ordinal: Option<u64>,
    pub(super) sort: Sort,
}

/// What a record is to the course of turns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A turn begins with it.
    Begins,
    /// It belongs to the turn before it.
    GoesOn,
    /// That ends with it.
    Ends,
    /// Turns before it count no more.
    TakesBack,
}

/// A record that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) second: bool,
    pub(super) at: usize,
}

/// The order.
pub(super) struct Order {
    pub(super) taken: Vec<Taken>,
    /// Records that both have.
    pub(super) common: u64,
    /// Records that only one has.
    pub(super) only: [u64; 2],
}

/// Orders them; `heads` says whose first record is a head. One head comes first, and no other one is taken.
pub(super) fn in_order(records: [&[Kept]; 2], heads: [bool; 2]) -> Order {
    let mut merge = Merge { records, taken: Vec::new(), moved: Vec::new() };
    if heads != [false, false] {
        merge.taken.push(Taken { second: !heads[0], at: 0 });
    }
    let [mut first, mut second] = heads.map(usize::from);
    let held = merge.both_have(first, second);
    let common = (held.len() + merge.moved.len() + usize::from(heads == [true, true])) as u64;
    for (one, other) in held {
        merge.between(first..one, second..other, true);
        merge.taken.push(Taken { second: false, at: one });
        (first, second) = (one + 1, other + 1);
    }
    merge.between(first..records[0].len(), second..records[1].len(), false);
    let only = records.map(|records| records.len() as u64 - common);
    Order { taken: merge.taken, common, only }
}

struct Merge<'a> {
    records: [&'a [Kept]; 2],
    taken: Vec<Taken>,
    /// Records of the second that the first has in another order, which is the one that counts; sorted.
    moved: Vec<usize>,
}

impl Merge<'_> {
    /// Returns the places, from these on, of what both have in the same order: the longest such row.
    fn both_have(&mut self, first: usize, second: usize) -> Vec<(usize, usize)> {
        let [one, other] = self.records;
        let alike = one[first..].iter().zip(&other[second..]).take_while(|(one, other)| one.hash == other.hash).count();
        let mut held: Vec<(usize, usize)> = (0..alike).map(|at| (first + at, second + at)).collect();
        let mut known: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for at in (second + alike..other.len()).rev() {
            known.entry(other[at].hash).or_default().push(at);
        }
        let mut count: BTreeMap<u64, usize> = BTreeMap::new();
        one[first + alike..].iter().for_each(|kept| *count.entry(kept.hash).or_default() += 1);
        let mut pairs = Vec::new();
        for (at, Kept { hash, time, .. }) in one.iter().enumerate().skip(first + alike) {
            let Some(places) = known.get_mut(hash) else { continue };
            // The same words without a time may have been said twice.
            if time.is_none() && (places.len(), count.get(hash)) != (1, Some(&1)) {
                continue;
            }
            pairs.extend(places.pop().map(|place| (at, place)));
        }
        let rising = longest_rising(&pairs);
        let mut kept = rising.iter().copied().peekable();
        for (at, pair) in pairs.iter().enumerate() {
            match kept.next_if_eq(&at) {
                Some(_) => held.push(*pair),
                None => self.moved.push(pair.1),
            }
        }
        self.moved.sort_unstable();
        held
    }

    /// Takes what stands in each before the next record that both have, or, at the end, behind the last one.
    fn between(&mut self, first: Range<usize>, second: Range<usize>, held: bool) {
        let [one, other] = self.records;
        let rest = [rest(one, first.clone()), rest(other, second.clone())];
        if held {
            // Both tell of one turn, of which each lost something.
            self.interleave(singly(&rest[0]), singly(&rest[1]));
        } else {
            let ends = |of: usize| self.records[of][rest[of].clone()].iter().any(|kept| kept.sort == Sort::Ends);
            let begun = |of: usize| self.records[of][rest[of].clone()].iter().find_map(|kept| kept.time);
            // What ends the turn comes behind what does not.
            let second_first = !rest[1].is_empty() && (ends(1), begun(1)) < (ends(0), begun(0));
            let order = if second_first { [1, 0] } else { [0, 1] };
            order.into_iter().for_each(|of| self.take(of, rest[of].clone()));
        }
        let turns = [turns(one, rest[0].end..first.end), turns(other, rest[1].end..second.end)];
        let [first, second] = turns;
        self.interleave(first, second);
    }

    /// Takes groups of both by their times, the first's where they are the same.
    fn interleave(&mut self, first: Vec<Range<usize>>, second: Vec<Range<usize>>) {
        let [one, other] = self.records;
        let [first, second] = [timed(one, first), timed(other, second)];
        let mut second = second.into_iter().peekable();
        for (key, group) in first {
            while let Some((_, group)) = second.next_if(|(other, _)| *other < key) {
                self.take(1, group);
            }
            self.take(0, group);
        }
        second.for_each(|(_, group)| self.take(1, group));
    }

    fn take(&mut self, of: usize, group: Range<usize>) {
        for at in group {
            if of == 0 || self.moved.binary_search(&at).is_err() {
                self.taken.push(Taken { second: of == 1, at });
            }
        }
    }
}

/// The beginning of a part that belongs to what stands before it, turns that are taken back included.
fn rest(records: &[Kept], part: Range<usize>) -> Range<usize> {
    let of = &records[part.clone()];
    let back = of.iter().rposition(|kept| kept.sort == Sort::TakesBack).map_or(0, |at| at + 1);
    let end = of[back..].iter().position(|kept| kept.sort == Sort::Begins);
    part.start..end.map_or(part.end, |end| part.start + back + end)
}

fn singly(part: &Range<usize>) -> Vec<Range<usize>> {
    part.clone().map(|at| at..at + 1).collect()
}

/// The turns of a part, which begins with one.
fn turns(records: &[Kept], part: Range<usize>) -> Vec<Range<usize>> {
    let mut turns: Vec<Range<usize>> = Vec::new();
    for at in part {
        match turns.last_mut() {
            Some(last) if records[at].sort != Sort::Begins => last.end = at + 1,
            _ => turns.push(at..at + 1),
        }
    }
    turns
}

type Timed = ((Option<i64>, Option<u64>), Range<usize>);

/// The groups with their times and numbers; one without a time has that of the one before.
fn timed(records: &[Kept], groups: Vec<Range<usize>>) -> Vec<Timed> {
    let mut time = None;
    let with = |group: Range<usize>| {
        time = records[group.clone()].iter().find_map(|kept| kept.time).or(time);
        ((time, records[group.start].ordinal), group)
    };
    groups.into_iter().map(with).collect()
}

/// Returns which of these pairs have rising second places: as many as can be.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<usize> {
    // Of every length so far the row that ends lowest; of every pair the one before it in its row.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    for (at, &(_, place)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end: &usize| pairs[end].1 < place);
        before.push(length.checked_sub(1).map(|length| ends[length]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut row: Vec<usize> = core::iter::successors(ends.last().copied(), |&at| before[at]).collect();
    row.reverse();
    row
}
