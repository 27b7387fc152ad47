//! Records what a call of the core asked of the host and what it was answered, and plays that again.
//!
//! A recording is a text of JSON lines, in the order of events:
//!
//! ```text
//! {"recording":2,"contract":"threadkeep:core@0.5.0","program":"0.1.0"}
//! {"instance":0,"call":"lookup.find","with":{"wanted":"…","within":null}}
//! {"instance":0,"import":"rows.row","with":["…"],"answer":{"Ok":[]}}
//! {"instance":0,"answer":{"Ok":{…}}}            or {"instance":0,"trap":"…"}
//! ```
//!
//! An instance's calls follow each other, so that state which it keeps from one to the next is there again; lines of several
//! instances, which work in threads of their own, may stand between each other. Text that is handed over in pieces stands as
//! text, and only what is no UTF-8 as numbers. State that only the core understands stands as `{"bytes":[…]}`, a list of texts
//! with what is no UTF-8 between them as lists of numbers.

mod pieces;
mod player;
mod recorder;

pub(crate) use pieces::{as_text, bytes, chunk, optional_bytes};
pub(crate) use player::{Answer, Diverged, Player, Recording};
pub use recorder::Recorder;

/// The version of the form of recordings.
pub(crate) const FORM: u64 = 2;
