//! Installed plugins as a program uses them: found by what they offer, loaded within limits, given threads.
//!
//! ```text
//! UsablePlugins ── offering, offered ─→ names
//!       └─ load, columns, exporter ─→ LoadedPlugin ── given ─→ Given ─→ Plugin
//! ```
//!
//! The command line and the servers go this way alike. Each call looks at what is installed then, so that a server sees plugins that
//! were installed, updated or removed while it runs. What a plugin says while it runs the program may hear, by adding to what is given.

mod columns;
mod exporting;
mod offering;
mod parts;

use threadkeep::contract::ThreadRow;
use threadkeep::{Cancellation, Threadkeep};

use crate::error::PluginError;
use crate::installed::{PluginDirectory, Record};
use crate::limits::Limits;
use crate::sandbox::{Given, Plugin};
use crate::seed::seed_of;
use crate::threads::HandedThreads;

pub use columns::{Columns, PluginColumn};
pub use exporting::{Exported, ExportedFile, Exporter};
pub use offering::{Offered, offering};
pub use parts::{ExportPlace, ExportedPart, parts_from};

/// How many threads a plugin is asked about at a time.
pub const PAGE: usize = 1_000;

/// Says where plugins are installed, and what a call of one may cost.
#[derive(Clone, Debug)]
pub struct UsablePlugins {
    /// Where they are.
    pub directory: PluginDirectory,
    /// What a call may cost.
    pub limits: Limits,
}

impl UsablePlugins {
    /// Loads an installed plugin; its calls end when the switch is told.
    ///
    /// # Errors
    ///
    /// There is none of this name, or its files are not those that were installed.
    pub fn load(&self, name: &str, cancellation: &Cancellation) -> Result<LoadedPlugin, PluginError> {
        LoadedPlugin::load(&self.directory, name, self.limits.clone(), cancellation)
    }
}

/// A plugin that is about to run.
#[derive(Clone)]
pub struct LoadedPlugin {
    /// What is known of it.
    pub record: Record,
    /// The plugin.
    pub plugin: Plugin,
}

impl LoadedPlugin {
    /// Loads an installed plugin.
    ///
    /// # Errors
    ///
    /// As [`UsablePlugins::load`].
    pub fn load(
        directory: &PluginDirectory,
        name: &str,
        limits: Limits,
        cancellation: &Cancellation,
    ) -> Result<LoadedPlugin, PluginError> {
        let (record, plugin) = directory.load(name, limits, cancellation)?;
        Ok(LoadedPlugin { record, plugin })
    }

    /// Gives what it is given over these threads: as much of them as was granted, and time and random numbers that are the same in
    /// every run over them in which it is told the same.
    pub fn given(&self, threadkeep: &Threadkeep, rows: Vec<ThreadRow>, told: &[&str]) -> Given {
        let threads = HandedThreads::new(threadkeep.clone(), rows, self.record.granted.clone());
        let parts = [&*self.record.sha256].into_iter().chain(told.iter().copied());
        Given { now: threads.last_change(), seed: seed_of(parts), threads: Some(threads), ..Given::default() }
    }
}
