//! Checks that a line looks like one whole object of JSON, without reading it: 64 bytes at a time, by the places of its quotes,
//! brackets, commas and colons.
//!
//! ```text
//! {"a":"say \"x\"","b":[1,2]}
//! quotes      1 1         1 1 1         those that no backslash takes away
//! strings     ==          =============  between an opening quote and its closing one
//! ```
//!
//! A quote that opens a string stands behind `{`, `[`, `,` or `:`, one that closes it before `}`, `]`, `,` or `:`; brackets are
//! counted outside of strings, and the first one is closed by the last byte alone. That finds a line that was cut off, two that
//! were run together, and most bytes that were lost or put in. It does not find a number or a word that is none, a
//! bracket of the wrong kind, an escape that there is not, or a comma too many: whoever wants to know that reads the line.
//!
//! How a block of bytes becomes bit masks is told by Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019).

use wide::u8x16;

/// Bytes looked at together: one for each bit of a mask.
const BLOCK: usize = 64;

/// Says whether a line is one object with nothing around it, as far as its structure tells, written without white space or
/// control characters, and UTF-8. False says nothing about the line.
pub fn looks_whole(line: &[u8]) -> bool {
    if line.first() != Some(&b'{') || line.last() != Some(&b'}') {
        return false;
    }
    let mut scan = Scan::default();
    // The last byte, which closes the first bracket, is always among the rest.
    let (blocks, rest) = line[..line.len() - 1].as_chunks::<BLOCK>();
    for block in blocks {
        if !scan.take(block) || scan.is_over() {
            return false;
        }
    }
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = b'}';
    scan.take(&last) && scan.is_over() && (scan.ascii() || simdutf8::basic::from_utf8(line).is_ok())
}

/// How things stand behind the blocks so far. What concerns the next byte is the lowest bit of a mask.
#[derive(Default)]
struct Scan {
    /// All bits are set inside a string.
    in_string: u64,
    /// The next byte is escaped.
    escaped: u64,
    /// The next byte may open a string.
    opens: u64,
    /// The byte before closed a string.
    closed: u64,
    /// The byte before was a closing bracket.
    bracket: u64,
    /// Brackets that are open.
    depth: i64,
    high: u8x16,
}

impl Scan {
    fn is_over(&self) -> bool {
        self.depth <= 0 && self.in_string == 0
    }

    fn ascii(&self) -> bool {
        self.high.to_bitmask() == 0
    }

    /// Takes a block in; false where something is wrong with it, or may be.
    #[inline]
    fn take(&mut self, block: &[u8; BLOCK]) -> bool {
        let block = Block::of(block);
        self.high |= block.0[0] | block.0[1] | block.0[2] | block.0[3];
        if block.has_control() {
            return false;
        }
        let slashes = block.equal(b'\\');
        let escaped = self.escaped(slashes);
        let quotes = block.equal(b'"') & !escaped;
        if self.in_string != 0 && quotes == 0 {
            return true;
        }
        // From each opening quote to before the closing one.
        let strings = prefix_xor(quotes) ^ self.in_string;
        self.in_string = ((strings as i64) >> 63) as u64;
        let (opening, closing) = (quotes & strings, quotes & !strings);
        let outside = !(strings | closing);
        // `[` and `{` differ by one bit, and so do `]` and `}`.
        let folded = block.with_bit(0x20);
        let open = folded.equal(b'{') & outside;
        let close = folded.equal(b'}') & outside;
        let between = block.either(b',', b':') & outside;
        let may_open = (open | between) << 1 | self.opens;
        let was_closed = closing << 1 | self.closed;
        let was_bracket = close << 1 | self.bracket;
        self.opens = (open | between) >> 63;
        self.closed = closing >> 63;
        self.bracket = close >> 63;
        self.depth += i64::from(open.count_ones()) - i64::from(close.count_ones());
        (opening & !may_open) | (was_closed & !(close | between)) | (was_bracket & open) | (slashes & outside) == 0
    }

    /// The bytes that a backslash escapes.
    #[inline]
    fn escaped(&mut self, slashes: u64) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let first = self.escaped;
        if slashes == 0 {
            self.escaped = 0;
            return first;
        }
        // A run of backslashes that begins at an even place escapes what follows where it ends at an odd one: the borrow
        // of the subtraction runs through it.
        let begin = slashes & !first;
        let codes = ((begin << 1 | ODD).wrapping_sub(begin)) ^ ODD;
        self.escaped = (codes & slashes) >> 63;
        codes ^ (slashes | first)
    }
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
        self.places(|part| part.simd_eq(byte))
    }

    /// The places of two bytes.
    #[inline]
    fn either(&self, one: u8, other: u8) -> u64 {
        let (one, other) = (u8x16::splat(one), u8x16::splat(other));
        self.places(|part| part.simd_eq(one) | part.simd_eq(other))
    }

    #[inline]
    fn places(&self, are: impl Fn(u8x16) -> u8x16) -> u64 {
        let bits = |at: usize| u64::from(are(self.0[at]).to_bitmask()) << (16 * at);
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
