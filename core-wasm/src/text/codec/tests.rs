//! Shows that what is written reads as itself, and that other bytes read as nothing.

use super::{Reader, Writer};
use std::vec::Vec;

fn written() -> Vec<u8> {
    let mut writer = Writer::new(7);
    [0, 1, 127, 128, u64::MAX].into_iter().for_each(|value| writer.unsigned(value));
    [0, -1, 1, i64::MIN, i64::MAX].into_iter().for_each(|value| writer.signed(value));
    writer.bytes(b"\x00\xFF");
    writer.text(None);
    writer.text(Some("é"));
    writer.number(None);
    writer.number(Some(-5));
    writer.into_bytes()
}

fn read(bytes: &[u8]) -> Option<bool> {
    let mut reader = Reader::new(bytes, 7)?;
    let unsigned: Vec<u64> = (0..5).map(|_| reader.unsigned()).collect::<Option<_>>()?;
    let signed: Vec<i64> = (0..5).map(|_| reader.signed()).collect::<Option<_>>()?;
    let bytes = reader.bytes()?.to_vec();
    let texts = (reader.text()?, reader.text()?);
    let numbers = (reader.number()?, reader.number()?);
    let same = unsigned == [0, 1, 127, 128, u64::MAX]
        && signed == [0, -1, 1, i64::MIN, i64::MAX]
        && bytes == b"\x00\xFF"
        && texts == (None, Some("é".into()))
        && numbers == (None, Some(-5));
    Some(same && reader.is_done())
}

#[test]
fn what_is_written_reads_as_itself() {
    assert_eq!(read(&written()), Some(true));
}

#[test]
fn a_cut_or_another_version_reads_as_nothing() {
    let bytes = written();
    for end in 0..bytes.len() {
        assert_ne!(read(&bytes[..end]), Some(true), "cut after {end}");
    }
    assert!(Reader::new(&bytes, 8).is_none());
}
