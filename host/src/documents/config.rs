//! A person's own settings.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::platform::path_text;

/// Every setting that there is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Settings {
    /// The settings, by their names.
    pub items: Vec<Setting>,
    /// The absolute path of the file, be it there or not; null where nobody's home is known.
    #[serde(serialize_with = "path_text::option::serialize")]
    pub path: Option<PathBuf>,
}

/// A setting, and what it says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Setting {
    /// The flag that goes before it; null where there is none.
    pub flag: Option<String>,
    /// Its name, with its table before a dot.
    pub name: String,
    /// Who says so; null where nobody does.
    pub origin: Option<SettingOrigin>,
    /// What it says, as it would be given on a command line; null where nobody says anything.
    pub value: Option<String>,
    /// What it may say; empty where that is not one of few words.
    pub values: Vec<String>,
    /// The variable of the environment that goes before the file.
    pub variable: String,
}

/// Who says what a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SettingOrigin {
    /// The environment.
    Variable,
    /// The file.
    File,
}

/// Where the settings are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SettingsPath {
    /// The absolute path of the file, be it there or not.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
}
