//! Compares a row with the row that should stand, field by field.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use contract::{Discrepancy, ThreadRow};

use crate::rows::derive::fields;

/// Fields whose differences have a name of their own, and the id, which is the same.
const TOLD_OTHERWISE: [&str; 3] = ["id", "path", "archived"];

/// Gives the name of a field as JSON documents have it: `lastCwd` for `last_cwd`.
pub fn json_name(field: &str) -> String {
    let mut name = String::with_capacity(field.len());
    let mut words = field.split('_');
    name.push_str(words.next().unwrap_or_default());
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Says what is wrong with a row, given the row that should stand.
pub fn diff_rows(current: &ThreadRow, desired: &ThreadRow) -> Vec<Discrepancy> {
    let mut found = vec![];
    if current.path != desired.path {
        found.push(Discrepancy::StalePath(current.path.clone()));
    }
    if current.archived != desired.archived {
        found.push(Discrepancy::WrongArchived(desired.path.clone()));
    }
    for ((field, current), (_, desired)) in fields(current).into_iter().zip(fields(desired)) {
        if current != desired && !TOLD_OTHERWISE.contains(&field) {
            found.push(Discrepancy::WrongMetadata(json_name(field)));
        }
    }
    found
}
