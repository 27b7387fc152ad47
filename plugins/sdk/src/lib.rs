//! Helps to write plugins for Threadkeep in Rust.
//!
//! A plugin is a type that implements the trait of its kind, and one macro that exports it:
//!
//! ```
//! use threadkeep_plugin::exporter::{Exporter, Format};
//! use threadkeep_plugin::{About, Result, Settings, output, threads};
//!
//! struct Titles;
//!
//! impl Exporter for Titles {
//!     const ABOUT: About =
//!         About { name: "titles", version: "0.1.0", summary: "Writes the titles of threads.", wants: &["names"] };
//!
//!     fn formats() -> Vec<Format> {
//!         vec![Format::new("titles", "Titles, one a line", "txt", "text/plain")]
//!     }
//!
//!     fn export(_format: &str, _settings: &Settings) -> Result<()> {
//!         for names in threads::names() {
//!             output::text(&format!("{}\n", names?.title))?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! threadkeep_plugin::exporter!(Titles);
//! ```
//!
//! Every error goes up by `?` and reaches the user as the plugin's error. A panic is written to the log before it ends the run.
//!
//! On the machine where it is written a plugin runs as an ordinary program, without WebAssembly: see [`testing`].

#[allow(unsafe_code, reason = "what wit-bindgen generates for imports and exports")]
#[allow(missing_docs, unused_qualifications, unreachable_pub, reason = "generated code; the contract documents it")]
#[allow(clippy::all, reason = "generated code")]
#[doc(hidden)]
pub mod bindings;

mod about;
mod branches;
mod conversations;
mod error;
mod given;
mod host;
mod kinds;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod transcript;

#[cfg(feature = "json")]
pub mod json;
pub mod source;
pub mod text;
pub mod threads;
pub mod time;

pub use about::About;
pub use bindings::imports::threadkeep::plugin::types::{Millis, ThreadId};
pub use error::{Error, Result};
pub use given::{clock, log, output, progress, random};
#[doc(hidden)]
pub use kinds::describe;
pub use kinds::{check, column, exporter, importer, redactor, report};
pub use settings::Settings;
