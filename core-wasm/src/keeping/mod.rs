//! Rules of the small things that are kept beside threads. Each takes what stands and what is wanted, and answers what
//! should stand; the host stores it, in one transaction with reading what stood.

pub mod device;
pub mod directories;
pub mod edges;
pub mod goal;
pub mod memory;
pub mod personality;
pub mod snapshots;

use alloc::format;
use alloc::string::String;

/// `keeping.refusal`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Refusal {
    Nothing,
    Invalid(String),
    Transition(goal::Status, goal::Status),
    Claimed,
    Stale,
}

/// Text that somebody else made up: not empty, not longer than `longest` characters, nothing in it that moves a cursor.
fn sound(what: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    let fault = if text.trim().is_empty() {
        "must not be empty".into()
    } else if text.chars().count() > longest {
        format!("must be at most {longest} characters")
    } else if text.chars().any(char::is_control) {
        "must not hold control characters".into()
    } else {
        return Ok(());
    };
    Err(Refusal::Invalid(format!("{what} {fault}")))
}
