//! Reads sessions of opencode: trees of JSON files before 1.2, afterwards a SQLite database. Both hold the same objects.

use threadkeep_plugin::importer::{Entry, Importer, Session};
use threadkeep_plugin::{About, Error, Result};

mod stores;
mod telling;

use stores::Store;

/// The plugin.
pub struct OpenCode;

impl Importer for OpenCode {
    const ABOUT: About = About {
        name: "opencode",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Reads sessions of opencode.",
        wants: &[],
    };

    fn places() -> Vec<String> {
        vec![".local/share/opencode".to_owned()]
    }

    /// The database is one unit. Of the trees a session is one, with its messages; their parts stand below names that do not tell
    /// the session, but whenever one changes its message does, too.
    fn unit_of(file: &str) -> Option<String> {
        if let Some(database) = file.strip_suffix("-wal").or(Some(file)).filter(|file| file.ends_with("opencode.db")) {
            return Some(database.to_owned());
        }
        let (root, path) = file.rsplit_once("storage/")?;
        let session = match path.split('/').collect::<Vec<_>>()[..] {
            ["session", _, session] => session.strip_suffix(".json")?,
            ["message", session, _] => session,
            _ => return None,
        };
        Some(format!("{root}storage/{session}"))
    }

    fn sessions(files: &[String]) -> Result<Vec<Session>> {
        Store::of(files).ok_or_else(Error::not_found)?.sessions()
    }

    fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
        let store = Store::of(files).ok_or_else(Error::not_found)?;
        let (head, messages) = store.messages(session)?;
        Ok(Box::new(telling::entries(&head, messages, &store).map(Ok)))
    }
}

threadkeep_plugin::importer!(OpenCode);
