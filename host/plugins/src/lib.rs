//! Runs other people's components over Threadkeep's threads: what they may see is granted, what they may cost is limited.
//!
//! ```text
//! main ── PluginDirectory (installed/) ─→ Record: what it is, offers, was granted
//!   │            └─ load ─→ Plugin (sandbox/) ── export, report, cells, examine, redact ─→ answer
//!   ├── UsablePlugins (running/): the way from a column's or a format's name to cells and texts, for every main
//!   └── Given: HandedThreads (threads), Output (output), Source (source), log, progress, time
//! ```
//!
//! A plugin is a component for one world of the contract `wit/plugin/`, which is versioned apart from the core's and has no WASI. It is
//! given the threads that the user named, of each what was granted ([`grants`]), and nothing else of this machine. What it makes is
//! text, bytes, cells and findings; what becomes of them is decided here and by the main.
//!
//! Beside `host/engine` this crate alone knows wasmtime. It stands on the facade, as every server does.

mod contract;
mod error;
pub mod grants;
pub mod importing;
pub mod installed;
mod items;
pub mod limits;
pub mod manifest;
pub mod offers;
mod open;
pub mod output;
pub mod running;
pub mod sandbox;
mod seed;
pub mod source;
pub mod threads;

pub use contract::exports::threadkeep::plugin::check::{Finding, Proposal, Severity};
pub use error::PluginError;
pub use seed::seed_of;
