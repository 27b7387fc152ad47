//! The decisions of Threadkeep: what a rollout's lines mean, where a thread is, whether a row and a file belong
//! together, what the startup gate does next.
//!
//! Everything here is pure: `no_std` with `alloc`, so the compiler itself proves that no file, clock, thread or
//! environment is reached. What the world knows comes in through the traits of [`ports`], which the component fills with
//! the imports of `wit/core.wit` and a native test with plain data.
//!
//! The way of the data:
//!
//! ```text
//! bytes → lines → json → record → fold → extract      one rollout into facts
//!                                   ↓
//!                 names + old row → assemble → row     all files of a thread into one row
//! walk + known files → diff → startup                  what has to be parsed, and when the state DB is complete
//! row + files → find, page                             where a thread is
//! files of a thread → turns                            what was said and done in it, and what a model is given of it
//! row + files → change                                 what it takes to move, name or delete one
//! items → write                                        what is said and done, as lines of a rollout
//! walk → cold                                          which rollouts are to be compressed
//! damaged text → salvage                               what can be read of it, as a new rollout
//! what is kept beside threads → keeping               goals, memories, snapshots: what should stand
//! ```
#![no_std]
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]

extern crate alloc;

pub mod assemble;
pub mod change;
pub mod checkup;
pub mod codec;
pub mod cold;
pub mod diff;
pub mod extract;
pub mod find;
pub mod fold;
pub mod json;
pub mod keeping;
pub mod lines;
pub mod names;
pub mod packed;
pub mod page;
pub mod paths;
pub mod ports;
pub mod record;
pub mod redact;
pub mod salvage;
pub mod settled;
pub mod startup;
pub mod time;
pub mod turns;
pub mod types;
pub mod write;

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "what wit-bindgen generates for imports and exports")]
mod component;
