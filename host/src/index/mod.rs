//! The index of a home, which is its state DB filled from the rollouts: filling it, the steps of a start, its status, and
//! progress as data.

pub(crate) mod backfill;
pub mod progress;
pub(crate) mod scanned_texts;
pub mod startup;
pub mod status;
pub(crate) mod texts;
pub(crate) mod usage;
pub(crate) mod workers;
