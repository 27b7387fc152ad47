//! Plugins: what they are, what they may see, and what they gave.

use schemars::JsonSchema;
use serde::Serialize;

use super::{PluginFinding, Time};

/// What a plugin is, and what it asks for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PluginDescription {
    /// What it does: `exporter`, `importer`, `column`, `check`, `report` or `redactor`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it offers by name: formats, columns, reports, codes of findings.
    pub offers: Vec<PluginOffer>,
    /// The SHA-256 of its component, in hexadecimal digits.
    pub sha256: String,
    /// Bytes of its component.
    pub size: u64,
    /// The file that it is from.
    pub source: String,
    /// What it is good for, in a sentence.
    pub summary: String,
    /// Its version.
    pub version: String,
    /// What it wants to see of threads.
    pub wants: Vec<String>,
}

/// Something that a plugin offers by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PluginOffer {
    /// Its name.
    pub name: String,
    /// What it is called for people; empty for a code.
    pub title: String,
}

/// A plugin that is installed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Plugin {
    /// What it is.
    #[serde(flatten)]
    pub description: PluginDescription,
    /// What it may see of threads.
    pub granted: Vec<String>,
    /// Bytes of what it was compiled into.
    pub image_size: u64,
    /// When it was installed.
    pub installed_at: Time,
}

/// A plugin that was looked at, and is not installed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct InspectedPlugin {
    /// What it is.
    #[serde(flatten)]
    pub description: PluginDescription,
    /// Milliseconds that it took to compile.
    pub compile_millis: u64,
    /// How many functions it has.
    pub functions: u64,
    /// Bytes of what it was compiled into.
    pub image_size: u64,
}

/// Plugins that are installed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Plugins {
    /// Those whose records cannot be read.
    pub damaged: Vec<DamagedPlugin>,
    /// The plugins, in the order of their names.
    pub items: Vec<Plugin>,
}

/// A plugin whose record cannot be read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DamagedPlugin {
    /// Why.
    pub error: String,
    /// Its name.
    pub name: String,
}

/// A plugin that was taken away.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RemovedPlugin {
    /// Its name.
    pub name: String,
    /// Whether it was removed: always true, since one that is not there is an error.
    pub removed: bool,
}

/// What a run of a plugin gave.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct PluginRun {
    /// The columns, for a plugin of columns.
    pub columns: Vec<PluginOffer>,
    /// Absolute paths of the files that were written.
    pub files: Vec<String>,
    /// What a check found.
    pub findings: Vec<PluginFinding>,
    /// The plugin.
    pub plugin: String,
    /// Threads with a cell for each column.
    pub rows: Vec<PluginRow>,
    /// How many threads were handed over.
    pub threads: u64,
}

/// A thread and what a plugin says of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PluginRow {
    /// Its cells, in the order of the columns.
    pub cells: Vec<PluginCell>,
    /// The thread.
    pub thread: String,
}

/// What a plugin says of a thread.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PluginCell {
    /// A number to sort by; null where there is none.
    pub score: Option<f64>,
    /// The text.
    pub text: String,
}

/// A project for a new plugin.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NewPlugin {
    /// Absolute paths of the files that were written.
    pub files: Vec<String>,
}

/// A plugin that was built.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct BuiltPlugin {
    /// What it was built with, in words.
    pub built_with: String,
    /// Where the component is.
    pub path: String,
    /// Its bytes.
    pub size: u64,
}

/// What became of the sessions of another program.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImportedSessions {
    /// How many units of files could not be read; the doctor tells why.
    pub failed: u64,
    /// How many threads stay, whose own files are gone.
    pub kept: u64,
    /// The plugin that read them.
    pub plugin: String,
    /// How many sessions were read.
    pub read: u64,
    /// How many threads went, whose own files are gone.
    pub removed: u64,
    /// How many sessions are what they were.
    pub unchanged: u64,
}
