//! Reads rollouts: one file into facts, into a copy that can be read, or into one that can be shown.
//!
//! ```text
//! bytes → lines → record → fold → parse      pieces of text into facts
//!               skim                         lines without facts, by their beginnings
//!                                 extract    a file into facts: which parts of it are read
//!         head, base, copied                 whose a file is, where its history begins, and where its own part does
//!         reread                             whether reading may go on where it stopped
//! damaged text → salvage                     what can be read of it, as a new rollout
//! text → redact                              what people wrote, made unreadable
//! ```

pub mod base;
pub mod copied;
pub mod entry;
pub mod extract;
pub mod fold;
pub mod head;
pub mod ids;
pub mod parse;
pub mod record;
pub mod redact;
pub mod reread;
pub mod salvage;
pub mod session_meta;
pub mod skim;
pub mod spoken;
