//! Takes in threads from elsewhere: what a text holds, where its rollouts go, what collides.
//!
//! ```text
//! text → SourceReader → threads, and where the records of each stand      a rollout, an export, a bundle
//! head → destination                                                      where a rollout goes
//! what is here → decide                                                   place, flatten, leave
//! parts of a history → Flattener → one rollout                            that needs no other file
//! ```
//!
//! A history that goes on from files that are not here cannot be read from its own file alone. Of those that an export has
//! whole, one file is made: who the thread is stands first, without a base; then come the records in their order, numbered
//! anew where they are numbered. So the turns stay what they were.

mod bundle;
mod decide;
mod destination;
mod flatten;
mod mark;
mod source;

pub use bundle::{bundle_file_line, bundle_manifest};
pub use decide::decide;
pub use destination::destination;
pub use flatten::Flattener;
pub use mark::{is_marked_redacted, redaction_mark};
pub use source::SourceReader;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests;
