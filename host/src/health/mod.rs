//! The health of a home: what is wrong with it, what mends it, what is saved before, what can be read of a damaged rollout.

pub mod backup;
pub mod doctor;
pub mod repair;
pub mod salvage;
