//! Tells what was said and done in a thread: turns and their items, out of the rollouts alone, in the shape that
//! Codex's app-server answers with (`Turn` and `ThreadItem` of its protocol).
//!
//! ```text
//! thread → chain                       which files hold its history, and which part of each
//! lines → event → builder → turns      first pass: every turn's place; second pass: the wanted turns' items
//!                    ↑
//!            items · legacy · tools    records into items as JSON
//! pass · copied                        the records of a chain, in order; which of them a fork copied
//! transcript                           which turns are wanted, and where the next page begins
//! since                                which turns are others than those that somebody knows
//! tail                                 the last turns of a long history, without the rest of it
//! follow                               what happened in a rollout since the last look
//! texts                                what of it is text that people search
//! text_places                          the same of a whole history, with the place of each
//! context                              what a model was told that no turn shows
//! asked                                what calls of tools ask for: commands, patches
//! touches                              which files were changed in it
//! written                              which lines of files its patches wrote
//! prompt                               what a model is given to go on
//! ```
//!
//! Records do not always stand where they belong: a turn may be rolled back much later, and an item may be finished
//! after the next turn has begun. So there are two kinds of passes. The first goes over everything once and keeps, of
//! each turn, its id and where its first and last record stand; then, for each page, another one reads only from the
//! first wanted record to the last one, and makes items of the wanted turns alone. Memory grows with the turns of a
//! page, and by a few words for every other turn, never with the file.
//!
//! A turn that never ended reads as interrupted: whether a process is still at work on it, no file tells.

mod asked;
mod builder;
mod context;
mod copied;
mod event;
mod items;
mod legacy;
mod moderation;
mod pass;
mod patch;
mod records;
mod since;
mod tail;
mod tools;
mod touches;
mod turn;

pub mod chain;
pub mod follow;
pub mod prompt;
pub mod text_places;
pub mod texts;
pub mod transcript;
pub mod written;

pub(crate) use records::record_ordinal;
pub(crate) use since::Since;
