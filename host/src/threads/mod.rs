//! What is done with threads: found, listed, read, written, recorded, changed, stored smaller.

pub mod change;
pub mod compress;
pub mod exec;
pub mod lookup;
pub mod store;
