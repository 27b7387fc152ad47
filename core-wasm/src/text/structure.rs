//! Checks that a text is an object of JSON, without reading it: 64 bytes at a time, by the places of its quotes, brackets,
//! commas and colons.
//!
//! ```text
//! {"a":"say \"x\"","b":[1,2]}
//! quotes      1 1         1 1 1         those that no backslash takes away
//! strings     ==          =============  between an opening quote and its closing one
//! ```
//!
//! What may stand where it stands is mostly told by the byte before it. Whether a comma stands between fields or between elements
//! is told by what follows: a string before a colon, or not; and that is compared with the bracket that is open there. Numbers
//! with more than digits, words and rare escapes are read one by one.
//!
//! How a block of bytes becomes bit masks is told by Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019).

use wide::u8x16;

/// Bytes looked at together: one for each bit of a mask.
const BLOCK: usize = 64;
/// No bracket is open.
const NONE_OPEN: u64 = 1;

/// Returns the length of the object that a text begins with, if that is one of JSON, written without white space, in UTF-8; none
/// says nothing about the text.
pub fn plain_object(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let mut scan = Scan::of(text);
    let mut last = [b' '; BLOCK];
    loop {
        let rest = text.get(scan.at..)?;
        let (block, places) = match rest.first_chunk::<BLOCK>() {
            Some(block) => (block, u64::MAX),
            None => {
                last[..rest.len()].copy_from_slice(rest);
                (&last, (1 << rest.len()) - 1)
            }
        };
        if let Some(end) = scan.take(block, places)? {
            return scan.is_text(end).then_some(end);
        }
    }
}

/// How things stand behind the blocks so far. What concerns the next byte is the lowest bit of a mask.
struct Scan<'a> {
    text: &'a [u8],
    /// Bytes before the block.
    at: usize,
    /// All bits are set inside a string.
    in_string: u64,
    /// The next byte is escaped.
    escaped: u64,
    /// The next byte may begin a value or a key.
    may_begin: u64,
    /// The byte before opened a bracket.
    behind_open: u64,
    /// The byte before belongs to a number or a word.
    behind_scalar: u64,
    /// The byte before is a comma, or opened an object.
    behind_separator: u64,
    /// The string that goes on stands behind such a byte.
    separated: bool,
    /// Where the last number or word began.
    scalar: usize,
    /// A bit for each open bracket, the innermost one lowest: set for an object's. Before them stands [`NONE_OPEN`].
    open: u64,
    high: u8x16,
}

impl<'a> Scan<'a> {
    fn of(text: &'a [u8]) -> Self {
        Scan {
            text,
            at: 0,
            in_string: 0,
            escaped: 0,
            may_begin: 1,
            behind_open: 0,
            behind_scalar: 0,
            behind_separator: 0,
            separated: false,
            scalar: 0,
            open: NONE_OPEN,
            high: u8x16::default(),
        }
    }

    fn is_text(&self, end: usize) -> bool {
        self.high.to_bitmask() == 0 || simdutf8::basic::from_utf8(&self.text[..end]).is_ok()
    }

    /// Takes a block in, of which these places count, and says where the object ends, if it does; none where something is wrong
    /// with it, or may be.
    #[inline]
    fn take(&mut self, bytes: &[u8; BLOCK], places: u64) -> Option<Option<usize>> {
        let block = Block::of(bytes);
        self.high |= block.0[0] | block.0[1] | block.0[2] | block.0[3];
        if block.has_control() {
            return None;
        }
        let slashes = block.equal(b'\\');
        let mut quotes = block.equal(b'"');
        if slashes | self.escaped != 0 {
            let escaped = self.escaped(slashes);
            let rare = escaped & !(slashes | quotes | block.equal(b'n'));
            if rare != 0 && !self.are_escapes(rare) {
                return None;
            }
            quotes &= !escaped;
        }
        let end = if self.in_string != 0 && quotes == 0 { None } else { self.outside(bytes, &block, quotes, places)? };
        self.at += BLOCK;
        Some(end)
    }

    /// Takes in what stands outside of strings.
    #[inline]
    fn outside(&mut self, bytes: &[u8; BLOCK], block: &Block, quotes: u64, places: u64) -> Option<Option<usize>> {
        // From each opening quote to before the closing one.
        let strings = prefix_xor(quotes) ^ self.in_string;
        self.in_string = ((strings as i64) >> 63) as u64;
        let opening = quotes & strings;
        let strings = strings | quotes;
        let outside = !strings & places;
        let (comma, colon) = (block.equal(b',') & outside, block.equal(b':') & outside);
        let object = block.equal(b'{') & outside;
        let open = object | block.equal(b'[') & outside;
        // `]` and `}` differ by one bit.
        let close = block.with_bit(0x20).equal(b'}') & outside;
        let scalar = outside & !(open | close | comma | colon);

        let may_begin = behind(open | comma | colon, &mut self.may_begin);
        let behind_open = behind(open, &mut self.behind_open);
        let behind_scalar = behind(scalar, &mut self.behind_scalar);
        let behind_separator = behind(comma | object, &mut self.behind_separator);
        // Adding to a string where it begins carries to behind its end.
        let (sum, over) = strings.overflowing_add(opening & behind_separator);
        let (sum, over_again) = sum.overflowing_add(u64::from(self.separated));
        self.separated = over | over_again;
        let ends = sum & !strings;
        let bad = (opening | open) & !may_begin
            | scalar & !(may_begin | behind_scalar)
            | comma & may_begin
            | close & may_begin & !behind_open
            | colon & !ends;
        if bad & places != 0 || scalar != 0 && !self.are_scalars(block, scalar, behind_scalar) {
            return None;
        }
        let fields = ends & colon;
        let elements = (ends & !colon | behind_separator & (scalar | open)) & places;

        let mut brackets = open | close;
        let mut rest = u64::MAX;
        while brackets != 0 {
            let place = brackets.trailing_zeros();
            let upto = rest & (u64::MAX >> (63 - place));
            if self.is_misplaced(fields & upto, elements & upto) {
                return None;
            }
            let is_object = u64::from(bytes[place as usize] & 0x20 != 0);
            if open >> place & 1 != 0 {
                if self.open >> 63 != 0 {
                    return None;
                }
                self.open = self.open << 1 | is_object;
            } else {
                if self.open & 1 != is_object {
                    return None;
                }
                self.open >>= 1;
                if self.open == NONE_OPEN {
                    return Some(Some(self.at + place as usize + 1));
                }
            }
            rest &= !upto;
            brackets &= brackets - 1;
        }
        (!self.is_misplaced(fields & rest, elements & rest)).then_some(None)
    }

    /// Says whether fields stand between other brackets than those of an object, or elements between those of one.
    #[inline]
    fn is_misplaced(&self, fields: u64, elements: u64) -> bool {
        (if self.open & 1 == 0 { fields } else { elements }) != 0
    }

    /// Says whether all of these are numbers, `true`, `false` or `null`, as far as this block tells.
    #[inline]
    fn are_scalars(&mut self, block: &Block, scalar: u64, behind_scalar: u64) -> bool {
        let starts = scalar & !behind_scalar;
        let zeros = starts & block.equal(b'0') & (scalar >> 1 | 1 << 63);
        if scalar & !block.digits() | zeros != 0 {
            if scalar & behind_scalar & 1 != 0 && !is_scalar(&self.text[self.scalar..]) {
                return false;
            }
            let mut left = starts;
            while left != 0 {
                if !is_scalar(&self.text[self.at + left.trailing_zeros() as usize..]) {
                    return false;
                }
                left &= left - 1;
            }
        }
        if starts != 0 {
            self.scalar = self.at + 63 - starts.leading_zeros() as usize;
        }
        true
    }

    /// The bytes that a backslash escapes.
    #[inline]
    fn escaped(&mut self, slashes: u64) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let first = self.escaped;
        // A run of backslashes that begins at an even place escapes what follows where it ends at an odd one: the borrow
        // of the subtraction runs through it.
        let begin = slashes & !first;
        let codes = ((begin << 1 | ODD).wrapping_sub(begin)) ^ ODD;
        self.escaped = (codes & slashes) >> 63;
        codes ^ (slashes | first)
    }

    /// Says whether what stands there behind backslashes makes escapes with them.
    fn are_escapes(&self, mut places: u64) -> bool {
        while places != 0 {
            let rest = &self.text[(self.at + places.trailing_zeros() as usize).min(self.text.len())..];
            match rest {
                [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {}
                [b'u', rest @ ..] if rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).take(4).count() == 4 => {}
                _ => return false,
            }
            places &= places - 1;
        }
        true
    }
}

/// The places behind these ones, the first of which the block before tells; and what this one tells the next.
#[inline]
fn behind(places: u64, carried: &mut u64) -> u64 {
    places << 1 | core::mem::replace(carried, places >> 63)
}

/// Says whether a text begins with a number, `true`, `false` or `null`, behind which something ends or goes on.
#[inline]
fn is_scalar(text: &[u8]) -> bool {
    let length = match text {
        [b'n', b'u', b'l', b'l', ..] | [b't', b'r', b'u', b'e', ..] => 4,
        [b'f', b'a', b'l', b's', b'e', ..] => 5,
        _ => match number(text) {
            Some(length) => length,
            None => return false,
        },
    };
    matches!(text.get(length), Some(b',' | b'}' | b']'))
}

/// The length of the number that a text begins with.
#[inline]
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let length = text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0).then_some(from + length)
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at = digits(at + usize::from(matches!(text.get(at), Some(b'+' | b'-'))))?;
    }
    Some(at)
}

/// 64 bytes.
struct Block([u8x16; 4]);

impl Block {
    #[inline]
    fn of(bytes: &[u8; BLOCK]) -> Block {
        let (parts, _) = bytes.as_chunks::<16>();
        Block([parts[0].into(), parts[1].into(), parts[2].into(), parts[3].into()])
    }

    #[inline]
    fn with_bit(&self, bit: u8) -> Block {
        Block(self.0.map(|part| part | u8x16::splat(bit)))
    }

    /// The places of a byte.
    #[inline]
    fn equal(&self, byte: u8) -> u64 {
        let byte = u8x16::splat(byte);
        let bits = |at: usize| u64::from(self.0[at].simd_eq(byte).to_bitmask()) << (16 * at);
        bits(0) | bits(1) | bits(2) | bits(3)
    }

    #[inline]
    fn digits(&self) -> u64 {
        let (zero, nine) = (u8x16::splat(b'0'), u8x16::splat(9));
        let bits = |at: usize| {
            let digit = self.0[at] - zero;
            u64::from(digit.min(nine).simd_eq(digit).to_bitmask()) << (16 * at)
        };
        bits(0) | bits(1) | bits(2) | bits(3)
    }

    #[inline]
    fn has_control(&self) -> bool {
        let [a, b, c, d] = self.0;
        let least = a.min(b).min(c.min(d));
        least.min(u8x16::splat(0x1F)).simd_eq(least).to_bitmask() != 0
    }
}

/// Each bit is whether an odd number of bits is set up to it.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests;
