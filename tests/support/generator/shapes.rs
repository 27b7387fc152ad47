//! The shapes of records: every kind as a release writes it, in the order of its keys, with places for what differs.

use std::collections::HashMap;
use std::ops::Range;

/// The kinds of record that one release writes.
pub(super) struct Shapes {
    text: &'static str,
    records: HashMap<&'static str, Vec<Piece>>,
}

enum Piece {
    Literal(Range<usize>),
    Slot(&'static str),
}

/// What stands in the places: JSON text, escaped already.
#[derive(Default)]
pub(super) struct Slots(HashMap<&'static str, String>);

impl Slots {
    pub(super) fn set(&mut self, slot: &'static str, value: impl Into<String>) {
        self.0.insert(slot, value.into());
    }

    pub(super) fn get(&self, slot: &str) -> &str {
        self.0.get(slot).unwrap_or_else(|| panic!("nothing stands in {slot}"))
    }

    /// Empties a place, to be filled with many small pieces.
    pub(super) fn fresh(&mut self, slot: &'static str) -> &mut String {
        let text = self.0.entry(slot).or_default();
        text.clear();
        text
    }
}

impl Shapes {
    /// The shapes of the release whose middle number this is.
    pub(super) fn of(release: u32) -> Shapes {
        let text = match release {
            50 => include_str!("forms/050.jsonl"),
            100 => include_str!("forms/100.jsonl"),
            142 => include_str!("forms/142.jsonl"),
            160 => include_str!("forms/160.jsonl"),
            // 0.171 writes what 0.169 writes, and one key more.
            169 | 171 => include_str!("forms/169.jsonl"),
            other => panic!("no shapes of 0.{other}"),
        };
        let mut records = HashMap::new();
        for line in text.lines() {
            let (name, shape) = line.split_once(' ').unwrap();
            records.insert(name, pieces(text, shape));
        }
        Shapes { text, records }
    }

    /// Appends one record, its newline included. A place `fresh` gets an identifier of its own each time.
    pub(super) fn write(&self, record: &str, slots: &Slots, mut fresh: impl FnMut() -> String, out: &mut Vec<u8>) {
        let pieces = self.records.get(record).unwrap_or_else(|| panic!("this release writes no {record}"));
        for piece in pieces {
            match piece {
                Piece::Literal(range) => out.extend_from_slice(&self.text.as_bytes()[range.clone()]),
                Piece::Slot("fresh") => out.extend_from_slice(fresh().as_bytes()),
                Piece::Slot(slot) => out.extend_from_slice(slots.get(slot).as_bytes()),
            }
        }
        out.push(b'\n');
    }
}

/// Cuts a shape at its `%slots%`; nothing else in a shape has a percent sign.
fn pieces(text: &'static str, shape: &'static str) -> Vec<Piece> {
    let start = shape.as_ptr() as usize - text.as_ptr() as usize;
    let (mut at, mut pieces) = (start, Vec::new());
    for (number, part) in shape.split('%').enumerate() {
        pieces.push(if number.is_multiple_of(2) { Piece::Literal(at..at + part.len()) } else { Piece::Slot(part) });
        at += part.len() + 1;
    }
    pieces
}
