//! Identifiers that follow from what they are for, so that the same conversation is always the same bytes.

/// A UUID of version 7 for a time and a number.
pub fn uuid7(at: i64, number: u64) -> String {
    let mut chance = Chance::new(&format!("{at} {number}"));
    chance.uuid7(at)
}

/// A UUID of version 4 for a number, as 0.29 gave its threads.
pub fn uuid4(number: u64) -> String {
    let mut chance = Chance::new(&format!("four {number}"));
    let (high, low) = (chance.next(), chance.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// A stream of numbers that looks random and follows from its seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: &str) -> Self {
        // FNV-1a: short seeds that differ in one digit must end far apart.
        let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Chance(hash)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn uuid7(&mut self, at: i64) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            at >> 16,
            at & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// `call_` and the like: a prefix and 24 hexadecimal digits.
    pub(crate) fn tag(&mut self, prefix: &str) -> String {
        format!("{prefix}_{:016x}{:08x}", self.next(), self.next() >> 32)
    }
}
