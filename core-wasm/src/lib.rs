//! Decides for Threadkeep: what a rollout's lines mean, where a thread is, whether a row and a file belong together,
//! what the startup gate does next.
//!
//! Everything here is pure: `no_std` with `alloc`, so the compiler itself proves that no file, clock, thread or
//! environment is reached. What the world knows comes in through the traits of [`ports`], which a component fills with
//! the imports of the contract and a native test with plain data. The types are the contract's everywhere, and nothing
//! is converted between one and the other.
//!
//! The way of the data:
//!
//! ```text
//! text → secrets                                       what must not leave a home with it
//! bytes → text → rollout                               one rollout into facts
//!           └──→ words                                 what is searched for, and where it stands in a text
//!                   ↓
//!         names, sources, old row → rows               all files of a thread into one row; what a list means
//! walk + indexed files → startup                       what has to be parsed, and when the state DB is complete
//! rows + files → lookup                                where a thread is, and which a list has
//! files of a thread → history                          what was said and done in it, and what a model is given of it
//! words + history + rows → search                     which threads have it, and where
//! rows + files → change                                what it takes to move, name or delete one
//! files of a thread → export                            documents for people and for programs
//! items → write                                        what is said and done, as lines of a rollout
//! texts from elsewhere → transfer                      which threads they hold, where those go, what collides
//! rollouts → usage                                     what was used: tokens, turns, time, cost
//! rows + files of a thread → tables                    rows for engines that ask questions of many threads
//! everything → health                                  what is wrong, and what would mend it
//! walk → compress                                      which rollouts are to be compressed
//! what is kept beside threads → features               goals, tags, notes, memories, snapshots: what should stand
//! ```
//!
//! Arrows between modules only lead down this list: `features`, `tables`, `export`, `compress`, `startup`, `change`, `transfer`, `write`,
//! `health`, `search`, `usage`, `history`, `lookup`, `rows`, `rollout`, `ports`, `words`, `secrets`, `text`.
#![no_std]
#![forbid(unsafe_code)]
#![expect(clippy::result_large_err, reason = "an error may hold a row, and has no box in the contract")]

extern crate alloc;
#[cfg(test)]
extern crate std;
extern crate threadkeep_contract as contract;

pub mod change;
pub mod compress;
pub mod export;
pub mod features;
pub mod health;
pub mod history;
pub mod lookup;
pub mod ports;
pub mod rollout;
pub mod rows;
pub mod search;
pub mod secrets;
pub mod startup;
pub mod tables;
pub mod text;
pub mod transfer;
pub mod usage;
pub mod words;
pub mod write;
