//! Runs Threadkeep's core: the compiled component, an instance for each caller, its limits, typed calls of every export, and
//! recordings of what was asked and answered.
//!
//! ```text
//! Runtime            the compiled component, loaded once a process
//!   └ Core           one caller's instance; `Core::call(&calls::Find { … })`
//!       └ Imports    what answers the instance: a trait a capability, implemented where the capability is
//! ```
//!
//! This crate alone knows wasmtime. It knows no database and no home: what the core asks for is handed in as [`imports`].
//!
//! A call into the core is bounded. Its memory has a limit, and a ticker ends it when the guest has run for its budget without
//! asking the host for anything; an import re-arms the budget when it returns, so that waiting and reading do not count. A call
//! that traps costs itself: the instance is thrown away and the next call gets a fresh one.

mod bindings;
pub mod calls;
mod cancellation;
pub mod contract;
mod core;
mod defaults;
mod engine_config;
mod error;
mod guard;
mod host_state;
mod image;
pub mod imports;
mod instance;
mod messages;
mod open;
pub mod recording;
pub mod replay;
mod runtime;

pub use self::core::Core;
pub use calls::Call;
pub use cancellation::Cancellation;
pub use error::CoreError;
pub use imports::Imports;
pub use runtime::{Runtime, imported_interfaces};

/// The version of the contract, as the package's name says it.
pub const CONTRACT: &str = "threadkeep:core@0.5.0";

/// The whole core as a component: the world `core`. It is there once: of a constant every crate that uses it has a copy.
pub static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.component.wasm"));

/// The answer of a call; the outer error is a trap.
pub(crate) type Trapped<T> = wasmtime::Result<T>;
