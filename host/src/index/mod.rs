//! The index of a home, which is its state DB filled from the rollouts: how it is filled, how a process comes by the handle, how
//! far it is.

pub(crate) mod backfill;
pub mod progress;
pub mod startup;
pub mod status;
