//! Threadkeep keeps every thread of a Codex home findable, readable and repairable.
//!
//! The decisions are made in a WebAssembly component (`core-wasm/`, behind the contract of `wit/`); this library is the
//! native half: it owns the one SQLite handle, the files, the backfill and the clock, and hands them to the component as
//! imports.
//!
//! ```no_run
//! use std::sync::Arc;
//! use threadkeep::{component::Runtime, index::startup, platform::home::Home, threads::lookup::Lookup};
//!
//! # fn main() -> anyhow::Result<()> {
//! let runtime = Runtime::load()?;
//! let home = Arc::new(Home::open("/home/me/.codex".as_ref(), |name| std::env::var_os(name))?);
//! let config = startup::Config::of(home.root().join("threadkeep"));
//! let (state, _report) = startup::init(&runtime, &home, &config)?;
//! let mut lookup = Lookup::to_find(&runtime, &home, Some(&state))?;
//! let found = lookup.find("01a20206-0750-7cf0-a6b5-586db3307aaa", None)?;
//! println!("{}", home.absolute(&found.row.path).display());
//! # Ok(())
//! # }
//! ```
//!
//! A main decides once how the handle lives and passes it on: every consumer takes `Option<&StateDb>` or `&StateDb`.

pub mod component;
pub mod db;
pub mod features;
pub mod health;
pub mod index;
pub mod platform;
pub mod rollouts;
pub mod threads;
