//! Says what is wrong with a home, and what would mend it.
//!
//! ```text
//! a file        → check            how it is: lines, ordinals, where its history begins
//! two files     → base             does a fork go on where its base ends
//! a thread      → diagnose         files and sources against the row here and against Codex's own
//! the home      → home             databases, locks, modes
//!               → text_index       the index of what was said
//! a thread      → visibility       where it is shown, and why not
//! findings      → edits            a finding carries what would mend it
//! edits         → select           a plan: those that were asked for, each once
//! an edit       → preconditions    may it still be made
//!               → invert           what takes it back
//! ```
//!
//! Nothing here is looked up but files: whoever asks has gathered it, and the same facts give the same findings and the
//! same plan.

mod findings;
mod text_index;

pub mod base;
pub mod check;
pub mod codex_fields;
pub mod diagnose;
pub mod home;
pub mod repair;
pub mod visibility;
