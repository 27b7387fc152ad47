//! Numbers that look random, and are the same in every run.

use sha2::{Digest as _, Sha256};

/// Makes the beginning of a run's random numbers of what the run is: the plugin's hash, and what it was told.
pub fn seed_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
