//! The library with its handle, as an embedder has it.

use std::path::Path;
use std::sync::Arc;

use threadkeep::db::StateDb;
use threadkeep::platform::home::Home;
use threadkeep::startup::{Config, init};
use threadkeep_engine::Runtime;

/// A home, opened, and its handle.
pub struct Handle {
    /// The core.
    pub runtime: Runtime,
    /// The home.
    pub home: Arc<Home>,
    /// The handle.
    pub state: StateDb,
}

/// Starts on a home with a state directory.
pub fn handle(home: &Path, state: &Path) -> Handle {
    let runtime = Runtime::load().unwrap();
    let home = Arc::new(Home::open(home, |_| None).unwrap());
    let (state, _) = init(&runtime, &home, &Config::of(state.to_path_buf())).unwrap();
    Handle { runtime, home, state }
}
