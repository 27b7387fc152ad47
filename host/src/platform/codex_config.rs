//! What a home's `config.toml` says that matters here. A file that is not TOML says nothing, and a setting of a wrong type
//! counts as absent: reading threads must not depend on it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::platform::regular_file;

/// Holds settings of Codex's, each none where the file says nothing of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodexConfig {
    /// `sqlite_home`, as it is written.
    pub(crate) sqlite_home: Option<PathBuf>,
    /// `approval_policy`
    pub(crate) approval_policy: Option<String>,
    /// `sandbox_mode`
    pub(crate) sandbox_mode: Option<String>,
    /// `model`
    pub(crate) model: Option<String>,
    /// `model_provider`
    pub(crate) model_provider: Option<String>,
    /// The names of `model_providers`.
    pub(crate) providers: Vec<String>,
}

impl CodexConfig {
    /// Reads the file, which may be a link to wherever somebody keeps such files. What its `profile` says goes before the rest.
    pub(crate) fn read(path: &Path) -> CodexConfig {
        let text = regular_file::read_to_string(path).unwrap_or_default();
        let table: Table = text.parse().unwrap_or_default();
        let inner = |table: &Table, name: &str| table.get(name).and_then(Value::as_table).cloned();
        let profile = table.get("profile").and_then(Value::as_str);
        let profile = profile.and_then(|profile| inner(&inner(&table, "profiles")?, profile)).unwrap_or_default();
        let text =
            |name: &str| profile.get(name).or_else(|| table.get(name)).and_then(Value::as_str).map(str::to_string);
        CodexConfig {
            sqlite_home: table.get("sqlite_home").and_then(Value::as_str).map(PathBuf::from),
            approval_policy: text("approval_policy"),
            sandbox_mode: text("sandbox_mode"),
            model: text("model"),
            model_provider: text("model_provider"),
            providers: inner(&table, "model_providers")
                .map(|table| table.keys().cloned().collect())
                .unwrap_or_default(),
        }
    }
}
