//! Decides what changes that users ask for come to, before anything is done.

pub mod naming;
pub mod plan;
pub mod prune;
