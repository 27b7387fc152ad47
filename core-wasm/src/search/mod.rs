//! Finds threads by what was said and done in them.
//!
//! ```text
//! query ── words ─→ terms ── text index ─→ sources of each term ─┐
//! rows of a list, in its order ──────────────────────────────────┴─→ candidates ── rollouts ─→ matches with hits
//!                                                                       page          thread
//! rollout ── history::texts ─→ texts ── index ─→ parts with tokens, for a host that keeps an index
//!                                    └─ terms  ─→ which terms stand in it, for a host that has none
//!                                         └─ prefilter: which rollouts and records need not be read for that
//! ```
//!
//! A thread **matches** where the query holds of the terms that stand in its texts, its own and its names. A term stands in a
//! text where its tokens follow each other there: the same tokens that an index is made of (`words`). So an index, whose
//! tokens stand for parts of texts, gives candidates, and each thread that is shown was read.
//!
//! A **pattern**, a text as it stands or a regular expression, is a term that no index knows: the host goes through the rollouts,
//! with or without one, and each text is looked through (`words::pattern`).
//!
//! The own texts of a thread are those in its files, of turns that stand: not what a fork goes on from, nor what it copied, as
//! long as the thread that said it is there. **Context**, what went to or came from the model and no turn shows, is of no turn: it
//! counts wherever it stands in those files, and only where it is asked for.

pub mod index;
pub mod page;
mod prefilter;
mod snippet;
pub mod terms;
pub mod thread;
pub mod touched;
mod word_filter;
pub mod written;
