//! Writes what was said and done, as records in the form of the thread's own file.
//!
//! ```text
//! new thread   → begin ──→ state, path, first line
//! rollout      → resume ─→ state                    where the ordinals go on, whether the tail is cut off
//! rollout      → branch ─→ path, first line         a fork, or an earlier place of the thread itself
//! state, items → write ──→ state, whole lines
//! events       → program_events → items             what a program tells of its own run
//! session, its entries → foreign → whole lines      a session of another program
//! ```
//!
//! A state is all that a writer knows between two batches. It is plain data that the host keeps and hands back, so a
//! call that fails costs nothing: the batch is written again with the state as it was. Time and random bits are handed
//! in: the same state and the same items give the same bytes.
//!
//! New threads have the current released form: every record numbered, items as records of their own. An older thread
//! goes on in its own form, because a reader decides by the file's head how to understand it. In both, what a model is
//! to see again when the thread is resumed stands beside what a person sees: a command, for instance, as the call and
//! its output, and as the item.
//!
//! An item that comes while no turn is open opens one.

mod encoder;
mod legacy;
mod paginated;
mod parts;
mod state;

pub mod branch;
pub mod foreign;
pub mod program_events;
pub mod resume;
pub mod writer;
