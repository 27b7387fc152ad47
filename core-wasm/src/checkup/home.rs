//! What is wrong with the home apart from its threads.

use alloc::vec::Vec;

use super::{Finding, HomeFacts};

/// What is wrong with the home.
pub fn examine_home(_facts: &HomeFacts) -> Vec<Finding> {
    Vec::new()
}
