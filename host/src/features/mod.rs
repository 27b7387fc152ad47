//! What is kept beside threads, a file a feature: its table, its rows in and out, and the questions that it asks the core's rules.

pub mod device_keys;
pub mod goals;
pub mod memories;
pub mod moved_directories;
pub mod personality;
pub mod shell_snapshots;
pub mod spawn_edges;
