//! Cuts texts into words, reads what people search for, and finds the one in the other.

pub mod cutter;
pub mod matching;
pub mod pattern;
pub mod query;
