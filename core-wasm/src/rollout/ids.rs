//! Makes ids out of a moment and random bits that are handed in.

use alloc::string::String;

/// A source of bits that only its seed decides: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomBits(pub u64);

impl RandomBits {
    /// Returns the next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

/// Returns a UUID of version 7, RFC 9562 section 5.7: 48 bits of milliseconds, the rest random.
pub fn uuid(millis: i64, random_bits: &mut RandomBits) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let (first, second) = (random_bits.draw(), random_bits.draw());
    let high = (millis.max(0) as u64) << 16 | 0x7000 | first & 0x0FFF;
    let low = 0x8000_0000_0000_0000 | second >> 2;
    let mut id = String::with_capacity(36);
    for (at, nibble) in
        (0..16).map(|at| high >> (60 - 4 * at)).chain((0..16).map(|at| low >> (60 - 4 * at))).enumerate()
    {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(char::from(HEX[(nibble & 15) as usize]));
    }
    id
}
