//! A browser of threads in the terminal.
//!
//! ```text
//! terminal ── keys, mouse, size ──┐                        ┌──→ view ──→ terminal
//! signals ────────────────────────┼─→ event ─→ model ──────┤
//! library ── rows, hits, turns ───┘   (what it comes to)   └──→ requests ──→ library ──→ the facade, or a server
//! ```
//!
//! The model is plain data: an event changes it, and what has to be asked for comes out as requests. It reaches no file and no
//! clock, so that a test can play any run. The view draws the model and decides nothing. The library is the only part that speaks
//! with the facade, or with a server in its place; it does so in threads of its own, and what has become old on the way is thrown away. Nothing is done between
//! events: a browser that nobody touches takes no processor time.
//!
//! The browser starts no program and asks nothing behind its own screen: it ends with an [`Outcome`], and whoever called it goes on
//! from there, on a terminal that is as it was.

mod command;
mod incoming;
pub mod keys;
mod library;
mod model;
pub mod preview;
mod run;
mod server;
mod terminal;
pub mod theme;
mod times;
mod view;

pub use model::Outcome;
pub use model::scope::Scope;
pub use run::{Browser, BrowserError, Remembered, browse};
pub use server::{Browsed, BrowsedServer, ServerPage, ServerSearch, ThreadServer};
