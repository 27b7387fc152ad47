//! What is served, and to whom.

use std::path::PathBuf;

use threadkeep::Options;
use threadkeep::contract::ModelPrice;
use threadkeep_plugins::running::UsablePlugins;

use crate::guard::Scope;

/// Says what is served, and to whom.
#[derive(Clone)]
pub struct Config {
    /// How the home is opened. A home that is still being read is answered for from its files.
    pub options: Options,
    /// Which threads there are for the client.
    pub scope: Scope,
    /// The thread that asks, by its id: it and its sub-agents are left out where they are not asked for.
    pub own_thread: Option<String>,
    /// The directory in which the client asks.
    pub directory: PathBuf,
    /// The user's prices of models.
    pub prices: Vec<ModelPrice>,
    /// Whether threads may be changed: named, archived, taken out of the archive, repaired. Nothing is ever deleted.
    pub allows_writes: bool,
    /// The installed plugins, whose columns and formats clients may ask for; none where they have nothing of them.
    pub plugins: Option<UsablePlugins>,
    /// The zone in which days begin.
    pub zone: jiff::tz::TimeZone,
    /// Takes what a person should know of the home, each a sentence.
    pub warn: fn(&str),
}
