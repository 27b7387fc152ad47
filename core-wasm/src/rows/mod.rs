//! Derives, compares and selects rows: what the state DB holds of a thread, and which rows a list has.
//!
//! ```text
//! files, names, row → derive → row           the row that should stand
//! row, row          → diff   → discrepancies what is wrong with the one that stands
//! threads, threads  → changes → what became of them between two looks
//! rows, query       → query  → rows          what a list means
//! directories       → freshness              do the rows still know every file
//! ```

pub mod changes;
pub mod derive;
pub mod diff;
pub mod freshness;
pub mod names;
pub mod patch;
pub mod query;
pub mod several_homes;
pub mod source;
