//! Counts what is left out of a copy.

use alloc::vec::Vec;

use contract::LeftOut;

/// As many parts that are left out are listed one by one.
const LISTED: usize = 1_000;

/// What is left out.
#[derive(Default)]
pub(super) struct Losses {
    /// The first parts of it.
    pub(super) listed: Vec<LeftOut>,
    /// All parts of it.
    pub(super) count: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Parts that are left out because they stand there twice.
    pub(super) duplicates: u64,
}

impl Losses {
    pub(super) fn add(&mut self, left_out: LeftOut, duplicate: bool) {
        self.count += 1;
        self.duplicates += u64::from(duplicate);
        self.bytes += left_out.length;
        if self.listed.len() < LISTED {
            self.listed.push(left_out);
        }
    }
}
