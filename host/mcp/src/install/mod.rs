//! Tells clients of this server: one table or member in their own configuration, every other byte of which stays.
//!
//! ```text
//! text of the file ──→ with_server ──→ the text with one insertion ──→ without_server ──→ the first text, byte for byte
//! ```
//!
//! What cannot be parsed is left alone.

mod client;
mod entry;
mod file;
mod json;
mod toml;

pub use client::Client;
pub use entry::{Entry, InstallError};
pub use file::{Change, install, uninstall};
