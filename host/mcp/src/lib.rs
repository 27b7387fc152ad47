//! Answers agents that ask for threads by the Model Context Protocol.
//!
//! ```text
//! client ──→ server ──→ tools (a file each) ──→ guard ──→ Threadkeep, the library's facade
//!                          │                      └ scope, excluded directories, the thread that asks
//!                          └──→ answer: cleaned, without secrets, within its bound, with a cursor for the rest
//! ```
//!
//! What threads say stands in fields of data alone, with who said it and as what; never in descriptions, instructions or prompts.

mod answer;
mod config;
mod cursor;
mod entries;
mod failure;
mod guard;
pub mod install;
mod prompts;
mod resources;
mod schemas;
mod server;
mod stdio;
mod summary;
mod text;
mod times;
mod tools;

pub use config::Config;
pub use guard::Scope;
pub use stdio::{ServeError, serve_stdio};
