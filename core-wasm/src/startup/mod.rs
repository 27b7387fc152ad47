//! Brings the state DB to completion before anything relies on it.

pub mod compare;
pub mod gate;
