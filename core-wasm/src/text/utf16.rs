//! Translates UTF-16, in which editors and shells of Windows write files, to UTF-8.

use alloc::vec::Vec;

/// A text in UTF-16, piece by piece.
#[derive(Clone, Debug)]
pub struct Utf16 {
    big_endian: bool,
    /// The first byte of a unit that a piece's end cut in two.
    half: Option<u8>,
    /// The first unit of a surrogate pair.
    high: Option<u16>,
}

impl Utf16 {
    /// Begins a text by its first two bytes, which must be the byte order mark; none if it is not UTF-16.
    pub fn of(beginning: &[u8]) -> Option<Utf16> {
        let big_endian = match beginning.get(..2)? {
            [0xFE, 0xFF] => true,
            [0xFF, 0xFE] => false,
            _ => return None,
        };
        Some(Utf16 { big_endian, half: None, high: None })
    }

    /// Translates the next piece, the mark included. A lone half of a pair becomes U+FFFD.
    pub fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        if let (Some(half), Some((first, rest))) = (self.half, piece.split_first()) {
            self.half = None;
            self.unit([half, *first], out);
            piece = rest;
        }
        let (units, rest) = piece.as_chunks::<2>();
        units.iter().for_each(|unit| self.unit(*unit, out));
        self.half = rest.first().copied().or(self.half);
    }

    /// Ends the text: half a character at its end becomes U+FFFD.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.high.take().is_some() | self.half.take().is_some() {
            put(char::REPLACEMENT_CHARACTER, out);
        }
    }

    fn unit(&mut self, bytes: [u8; 2], out: &mut Vec<u8>) {
        let unit = if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
        let pair = self.high.take().into_iter().chain([unit]);
        match unit {
            0xD800..0xDC00 => {
                if pair.count() > 1 {
                    put(char::REPLACEMENT_CHARACTER, out);
                }
                self.high = Some(unit);
            }
            _ => {
                for read in char::decode_utf16(pair) {
                    put(read.unwrap_or(char::REPLACEMENT_CHARACTER), out);
                }
            }
        }
    }
}

fn put(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::Utf16;

    fn bytes(text: &str, big_endian: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn a_text_is_the_same_however_it_is_cut() {
        let text = "\u{feff}{\"a\":\"ä 漢 🪁\"}\n";
        for big_endian in [false, true] {
            let bytes = bytes(text, big_endian);
            for step in 1..=bytes.len() {
                let mut utf16 = Utf16::of(&bytes).expect("it has a mark");
                let mut out = Vec::new();
                bytes.chunks(step).for_each(|piece| utf16.push(piece, &mut out));
                utf16.finish(&mut out);
                assert_eq!(String::from_utf8_lossy(&out), text, "{step} bytes at a time");
            }
        }
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        let mut utf16 = Utf16::of(&[0xFF, 0xFE]).expect("it has a mark");
        let mut out = Vec::new();
        utf16.push(&[0x3D, 0xD8, 0x3D, 0xD8, 0x61, 0, 0x3D, 0xD8, 0x61], &mut out);
        utf16.finish(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), "\u{fffd}\u{fffd}a\u{fffd}");
    }

    #[test]
    fn other_texts_are_none() {
        for text in [&b""[..], b"\xFF", b"{\"", b"\xEF\xBB\xBF{"] {
            assert!(Utf16::of(text).is_none(), "{text:?}");
        }
    }
}
