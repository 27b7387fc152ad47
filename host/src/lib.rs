//! Threadkeep keeps every thread of a Codex home findable, readable and repairable.
//!
//! The decisions are made in a WebAssembly component (`core-wasm/`, behind the contract of `wit/`); this library is the
//! native half: it owns the one SQLite handle, the files, the backfill and the clock, and hands them to the component as
//! imports.
//!
//! ```no_run
//! use threadkeep::platform::home::Home;
//! use threadkeep::{Options, Threadkeep};
//!
//! # fn main() -> anyhow::Result<()> {
//! let home = Home::open("/home/me/.codex".as_ref(), |name| std::env::var_os(name))?;
//! let threadkeep = Threadkeep::open(Options::new(home))?;
//! let found = threadkeep.find("01a20206-0750-7cf0-a6b5-586db3307aaa", None)?;
//! println!("{}", threadkeep.home().absolute(&found.row.path).display());
//! # Ok(())
//! # }
//! ```
//!
//! A main decides once how the handle lives ([`StateAccess`]) and passes it on: every consumer takes `Option<&StateDb>` or
//! `&StateDb`. The layers, from the machine up, are [`platform`], [`rollouts`], [`db`], [`features`], [`index`],
//! [`threads`], [`watch`], [`health`], [`documents`] and [`export`]; uses run downward only. On top of them stands the facade,
//! [`Threadkeep`].

pub mod db;
pub mod documents;
pub mod export;
mod facade;
pub mod features;
pub mod health;
pub mod index;
pub mod platform;
pub mod push;
pub mod rollouts;
pub mod threads;
pub mod watch;

pub use facade::{
    AbsentDirectory, ClaimedThread, Error, Homes, MatchesOfHomes, MovedDirectory, NotedPlace, OfHome, Options,
    PageOfHomes, PruneRequest, RepairScope, Result, RunObserver, ServedHome, StateAccess, StatedPage, ThreadGoal,
    ThreadStamp, ThreadWriter, Threadkeep, UndoPreview, Verification, Versions, finding_code, redact, replay, startup,
    versions,
};
pub use features::text_index::IndexExclusions;
pub use platform::error_kind::ErrorKind;
pub use threadkeep_engine::recording::Recorder;
pub use threadkeep_engine::{Cancellation, contract};
pub use threads::foreign;
pub use threads::search::{SearchRequest, TouchedRequest, WrittenRequest};
pub use threads::statistics::{StatisticsGrouping, StatisticsRequest};
pub use threads::storage::StorageReport;
pub use watch::{Happening, ThreadEvent, Watch, WatchEvent, WatchOptions, WatchPace, WatchWaker};
