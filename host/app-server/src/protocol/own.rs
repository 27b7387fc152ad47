//! What this server has that Codex's has not: members and methods that bear its name, `threadkeep`, and show to nobody who does not
//! ask for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use threadkeep::documents::PluginCell;
use threadkeep_plugins::running::{ExportedPart, Offered};

/// What a list is asked for that Codex's has not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct OfList {
    /// Columns of plugins, by name.
    pub(crate) columns: Vec<String>,
}

/// What stands in a thread of such a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfListedThread {
    /// What plugins say of it, by the names of the columns.
    pub(crate) columns: BTreeMap<String, PluginCell>,
}

/// What plugins offer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginList {
    pub(crate) columns: Vec<OfferedName>,
    pub(crate) formats: Vec<OfferedName>,
}

/// Something that a plugin offers by name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferedName {
    name: String,
    title: String,
    plugin: String,
}

impl From<Offered> for OfferedName {
    fn from(offered: Offered) -> OfferedName {
        let Offered { name, title, plugin } = offered;
        OfferedName { name, title, plugin }
    }
}

/// What `threadkeep/thread/export` is given.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportParams {
    pub(crate) thread_id: String,
    pub(crate) format: String,
    /// Settings of the plugin.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) cursor: Option<String>,
}

/// What it answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportResponse {
    pub(crate) data: Vec<ExportedText>,
    pub(crate) next_cursor: Option<String>,
    /// How many secrets of each kind were taken out of what the plugin was given.
    pub(crate) redactions: BTreeMap<String, u64>,
}

/// A part of a file that a plugin wrote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportedText {
    name: String,
    /// How many characters of the file stand before it.
    from: usize,
    text: String,
}

impl From<ExportedPart> for ExportedText {
    fn from(part: ExportedPart) -> ExportedText {
        let ExportedPart { name, from, text } = part;
        ExportedText { name, from, text }
    }
}
