//! A text falls into the same lines however it is cut into pieces.

use threadkeep_core::text::lines::Lines;

use super::Input;

/// Number, offset, length, whether a newline ended it, and the bytes of each line.
type Seen = Vec<(u64, u64, u64, bool, Vec<u8>)>;

fn seen<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let mut seen = Seen::new();
    let mut lines = Lines::new(1, 0);
    let mut each = |line: threadkeep_core::text::lines::Line<'_>| {
        seen.push((line.number, line.offset, line.length, line.ended, line.bytes.to_vec()));
    };
    for piece in pieces {
        lines.push(piece, &mut each);
    }
    lines.finish(&mut each);
    seen
}

pub(crate) fn check(input: &[u8]) {
    let whole = seen([input]);
    assert_eq!(seen(Input(input).pieces()), whole);
    assert_eq!(seen(input.chunks(1)), whole);
    let mut offset = 0;
    for (number, (line, length)) in whole.iter().zip(input.split(|byte| *byte == b'\n')).enumerate() {
        assert_eq!((line.0, line.1, line.2), (number as u64 + 1, offset, length.len() as u64));
        assert_eq!(line.4, length);
        offset += length.len() as u64 + 1;
    }
}
