//! Runs components of others: what they are compiled in, what they are given, what they may cost.
//!
//! ```text
//! file ─→ screening ─→ compile (a process of its own) ─→ image ─→ Plugin ── a store a call ─→ answer
//!          (counts)      (limits, deadline)                        └ RunState: imports, each counted by the Meter
//! ```
//!
//! Time counts from the beginning of a call to its end, whatever the plugin and the host spend it on: a clock ends what runs in the
//! plugin, and every import looks at the time before it answers.

mod call;
mod compile;
mod engine;
mod meter;
mod screening;
mod state;

pub(crate) use call::OpenEntries;
pub use call::Plugin;
pub use compile::{Compiler, compile_here};
pub(crate) use engine::plugin_engine;
pub(crate) use screening::{LARGEST, screen};
pub use state::{Given, LogLevel, LogSink, ProgressSink};
