//! What is done with threads: started on, found, listed, read, written, recorded, changed, stored smaller.

pub mod change;
pub mod compress;
pub mod exec;
pub mod feature_inputs;
pub mod lookup;
pub mod moved_directories;
pub mod reader;
pub(crate) mod start;
pub mod store;
