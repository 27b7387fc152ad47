//! The clients whose configuration is known.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::entry::{Entry, InstallError};
use super::{json, toml};

/// A program that begins servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Codex: `config.toml` in its home.
    Codex,
    /// Claude Code: `.claude.json` in the user's home directory.
    Claude,
    /// Cursor: `.cursor/mcp.json`.
    Cursor,
    /// Gemini CLI: `.gemini/settings.json`.
    Gemini,
    /// Visual Studio Code: `mcp.json` of the user's profile.
    Vscode,
}

impl Client {
    /// Gives the file of its configuration. `codex_home` is Codex's home, `variable` reads the environment.
    pub fn file(self, codex_home: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || set("HOME");
        Some(match self {
            Client::Codex => codex_home.join("config.toml"),
            Client::Claude => set("CLAUDE_CONFIG_DIR").or_else(home)?.join(".claude.json"),
            Client::Cursor => home()?.join(".cursor/mcp.json"),
            Client::Gemini => home()?.join(".gemini/settings.json"),
            Client::Vscode => {
                let config = set("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")))?;
                config.join("Code/User/mcp.json")
            }
        })
    }

    /// Gives the text of its configuration with the server's entry; the same text where it has that already.
    pub(super) fn with_server(self, text: &str, entry: &Entry) -> Result<String, InstallError> {
        match self {
            Client::Codex => toml::with_server(text, entry),
            _ => json::with_server(text, self.servers(), entry),
        }
    }

    /// Gives the text without the server's entry; none where nothing is left of a file that was made for the entry.
    pub(super) fn without_server(self, text: &str) -> Result<Option<String>, InstallError> {
        match self {
            Client::Codex => toml::without_server(text),
            _ => json::without_server(text, self.servers()),
        }
    }

    /// Gives the text of a file that has the entry alone.
    pub(super) fn new_file(self, entry: &Entry) -> String {
        match self {
            Client::Codex => toml::new_file(entry),
            _ => json::new_file(self.servers(), entry),
        }
    }

    /// Names the member that holds the servers.
    fn servers(self) -> &'static str {
        match self {
            Client::Vscode => "servers",
            _ => "mcpServers",
        }
    }
}
