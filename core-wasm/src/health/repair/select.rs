//! Selects of all edits those that a plan is made of.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use contract::{Edit, EditTarget};

/// Returns the edits of these targets, and of those that are only made when asked for, the ones of these codes. What
/// two of them change alike is one.
pub fn select_edits(edits: Vec<Edit>, targets: &[EditTarget], codes: &[String]) -> Vec<Edit> {
    let mut chosen: Vec<Edit> = Vec::new();
    let mut of_thread: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for edit in edits {
        if !targets.contains(&edit.target) || (edit.opt_in && !codes.contains(&edit.code)) {
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
    for need in edit.preconditions {
        if !into.preconditions.contains(&need) {
            into.preconditions.push(need);
        }
    }
    if into.reason != edit.reason {
        into.reason.push_str("; ");
        into.reason.push_str(&edit.reason);
    }
    into.opt_in &= edit.opt_in;
    into.safe_while_open &= edit.safe_while_open;
}
