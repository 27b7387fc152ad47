//! What is done with threads: finding, listing and reading them, writing and changing them, recording runs into them, and
//! compressing their rollouts.

pub(crate) mod candidates;
pub mod change;
pub mod compress;
pub(crate) mod cut_off_lines;
pub mod directories;
pub mod exec;
pub mod feature_inputs;
pub mod foreign;
pub mod import;
pub mod launch;
pub(crate) mod line_journal;
pub mod lookup;
pub mod moved_directories;
pub mod prune;
pub mod reader;
pub mod search;
pub(crate) mod start;
pub mod statistics;
pub mod storage;
pub mod store;
