//! Copies what can be read of a damaged rollout, as a new one that is valid.
//!
//! ```text
//! text → Surveyor → what is wrong, and the plan of the copy      nothing is written where nothing is wrong
//! text → Copier   → the copy, piece by piece
//! ```
//!
//! Two files of one thread that have gone different ways, as a program that synchronizes files leaves them, become one text
//! first, by the parts that a `Merger` says:
//!
//! ```text
//! both texts → Merger → which parts of each, in which order
//! ```
//!
//! A good line is copied byte for byte. A bad one is searched for whole records: a killed writer leaves half a line and
//! the next record directly behind it. What is no record is left out and listed. Where no `session_meta` says who the
//! thread is, one is made of what is known. Numbers of a paginated rollout that repeat, regress or skip are put right,
//! by their digits alone; a record that stands there twice, with its number, is taken once.
//!
//! Which id the copy has: that of the thread where the original does not say it any more, so that the copy takes its
//! place; else a new one, unless the same one is asked for: two files of one id would be two views of one thread. What
//! Codex 0.169 knows of a thread leads it to the original first, though that has no head: a new id can be asked for,
//! too.

mod copy;
mod giant;
mod losses;
mod merge;
mod order;
mod patches;
mod sort;
mod state;
mod survey;

pub use copy::Copier;
pub use merge::Merger;
pub use survey::Surveyor;
