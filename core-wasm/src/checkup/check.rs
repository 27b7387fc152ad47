//! How a file is.

use alloc::string::String;

use super::{Checked, Depth, Health, HistoryBase};
use crate::extract::{Limits, extract};
use crate::ports::Rollouts;
use crate::types::FileFacts;

/// Checks a file.
pub fn check<R: Rollouts>(rollouts: &R, file: &FileFacts, _depth: Depth, known: Option<&[u8]>) -> Checked {
    let outcome = extract(rollouts, file, known, Limits::USUAL);
    let thread = outcome.as_ref().ok().map(|extraction| extraction.thread.clone());
    Checked { thread, outcome: Some(outcome), health: Health::default() }
}

/// Why a history cannot go on from a base.
pub fn joint<R: Rollouts>(_rollouts: &R, _files: &[String], _base: &HistoryBase) -> Option<String> {
    None
}
