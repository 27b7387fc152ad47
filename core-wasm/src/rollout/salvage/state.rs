//! Keeps what the second way through a text is told by the first.

use alloc::string::String;
use alloc::vec::Vec;

use super::sort::Start;
use crate::text::codec::{Reader, Writer};

/// Version of the form in which it is kept.
const VERSION: u8 = 1;

/// Writes it.
pub(super) fn encode(head: &[u8], id: Option<&str>, start: Start, giants: &[u64]) -> Vec<u8> {
    let mut writer = Writer::new(VERSION);
    writer.bytes(head);
    writer.text(id);
    writer.unsigned(start.number);
    writer.unsigned(u64::from(start.bare));
    writer.unsigned(giants.len() as u64);
    giants.iter().for_each(|&giant| writer.unsigned(giant));
    writer.into_bytes()
}

/// What the second way is told.
pub(super) struct Told {
    /// Bytes before the first record.
    pub(super) head: Vec<u8>,
    /// The id that the first record gets.
    pub(super) id: Option<String>,
    /// Where the numbers begin.
    pub(super) start: Start,
    /// Offsets of giants that are not kept.
    pub(super) giants: Vec<u64>,
}

/// Takes it back; none if the bytes are no state of this version.
pub(super) fn decode(state: &[u8]) -> Option<Told> {
    let mut reader = Reader::new(state, VERSION)?;
    let head = reader.bytes()?.to_vec();
    let id = reader.text()?;
    let start = Start { number: reader.unsigned()?, bare: reader.unsigned()? == 1 };
    let count = reader.unsigned()?;
    let giants = (0..count).map(|_| reader.unsigned()).collect::<Option<Vec<u64>>>()?;
    reader.is_done().then_some(Told { head, id, start, giants })
}
