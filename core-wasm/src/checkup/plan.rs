//! What of all edits a plan is made of, and what their needs are looked up by.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Edit, Target};
use crate::extract::identify;
use crate::paths::twin;
use crate::ports::Rollouts;
use crate::types::FileError;

/// The edits of these targets, and of those that are only made when asked for, the ones of these codes. What two of them
/// change alike is one.
pub fn choose(edits: Vec<Edit>, targets: &[Target], codes: &[String]) -> Vec<Edit> {
    let mut chosen: Vec<Edit> = Vec::new();
    let mut of_thread: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for edit in edits {
        if !targets.contains(&edit.target) || (edit.asked && !codes.contains(&edit.code)) {
            continue;
        }
        let places = of_thread.entry(edit.thread.clone()).or_default();
        match places.iter().copied().find(|&at| chosen[at].change == edit.change) {
            None => {
                places.push(chosen.len());
                chosen.push(edit);
            }
            Some(at) => merge(&mut chosen[at], edit),
        }
    }
    chosen
}

/// One change for both reasons, under the conditions of both.
fn merge(into: &mut Edit, edit: Edit) {
    for need in edit.needs {
        if !into.needs.contains(&need) {
            into.needs.push(need);
        }
    }
    if into.reason != edit.reason {
        into.reason.push_str("; ");
        into.reason.push_str(&edit.reason);
    }
    into.asked &= edit.asked;
    into.safe &= edit.safe;
}

/// The thread that the head of a file names, be it compressed or restored meanwhile.
pub fn carried<R: Rollouts>(rollouts: &R, path: &str) -> Option<String> {
    match identify(rollouts, path) {
        Err(FileError::NotFound) => identify(rollouts, &twin(path)).ok().flatten(),
        carried => carried.ok().flatten(),
    }
}
