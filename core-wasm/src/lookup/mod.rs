//! Finds and lists threads: where one is, and which a list has.

pub mod files;
pub mod find;
pub mod list;
pub mod names;
pub mod trace;
pub mod world;
