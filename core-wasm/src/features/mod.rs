//! Decides for the small features that are kept beside threads: each takes what stands and what is wanted, and answers
//! what should stand. The host stores it, in one transaction with reading what stood.

mod bounded;

pub mod device_keys;
pub mod goals;
pub mod launching;
pub mod marks;
pub mod memories;
pub mod moved_directories;
pub mod personality;
pub mod shell_snapshots;
pub mod spawned_threads;
