//! Shows that lines do not depend on how their text is cut into chunks, and what becomes of long ones.

use alloc::string::String;
use std::format;
use std::vec::Vec;

use super::{Line, Lines, WHOLE_LINE};

type Seen = (Vec<u8>, u64, u64, u64, bool);

fn cut(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut each = |line: Line<'_>| seen.push((line.bytes.to_vec(), line.number, line.offset, line.length, line.ended));
    let mut lines = Lines::new(1, 0);
    for chunk in chunks {
        lines.push(&chunk, &mut each);
    }
    lines.finish(&mut each);
    seen
}

#[test]
fn lines_are_the_same_however_a_text_is_cut() {
    let text = b"one\n\ntwo \xC3\xA9\nthree without an end";
    let whole = cut([text.to_vec()]);
    let expected: Vec<(&[u8], u64)> =
        [(&b"one"[..], 1), (b"", 2), (b"two \xC3\xA9", 3), (b"three without an end", 4)].into();
    assert_eq!(whole.iter().map(|line| (&line.0[..], line.1)).collect::<Vec<_>>(), expected);
    assert_eq!(whole.iter().map(|line| line.4).collect::<Vec<_>>(), [true, true, true, false]);
    for size in 1..text.len() {
        assert_eq!(cut(text.chunks(size).map(<[u8]>::to_vec)), whole, "chunks of {size}");
    }
}

#[test]
fn a_long_line_is_condensed_to_the_same_json_however_it_is_cut() {
    let long = "x".repeat(WHOLE_LINE);
    let line = format!("{{\"first\":1,\"text\":\"{long}\",\"last\":[true]}}\nshort\n");
    let whole = cut([line.clone().into_bytes()]);
    assert_eq!(whole.len(), 2);
    assert!(whole[0].0.len() < WHOLE_LINE && whole[0].3 > WHOLE_LINE as u64);
    let value: serde_json::Value = serde_json::from_slice(&whole[0].0).unwrap_or_default();
    assert_eq!((&value["first"], &value["last"][0]), (&1.into(), &true.into()));
    assert!(value["text"].as_str().is_some_and(|text| long.starts_with(text) && text.len() >= 32 << 10));
    for size in [1_000, 65_537, WHOLE_LINE] {
        assert_eq!(cut(line.as_bytes().chunks(size).map(<[u8]>::to_vec)), whole, "chunks of {size}");
    }
}

#[test]
fn nothing_gives_no_line() {
    assert_eq!(cut([Vec::new()]), []);
    assert_eq!(String::from_utf8_lossy(&cut([b"\n".to_vec()])[0].0), "");
}
