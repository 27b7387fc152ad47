//! May an edit be carried out, and what takes it back.

use alloc::vec::Vec;

use super::{Edit, Fitness, Trial};

/// May it be carried out?
pub fn fit(_trial: &Trial) -> Fitness {
    Fitness::Fits
}

/// What takes edits back.
pub fn inverse(edits: Vec<Edit>) -> Vec<Edit> {
    edits
}
