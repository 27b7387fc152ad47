//! Reads sessions of Claude Code, 1.0 to 2.1: a JSON Lines file for each session, records that hang on each other by `parentUuid`.

use threadkeep_plugin::importer::{Entry, Importer, Session};
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{About, Result};

mod chains;
mod reading;
mod records;
mod tools;

use chains::{Chain, File};

/// The plugin.
pub struct ClaudeCode;

impl Importer for ClaudeCode {
    const ABOUT: About = About {
        name: "claude-code",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Reads sessions of Claude Code.",
        wants: &[],
    };

    fn places() -> Vec<String> {
        vec![".claude/projects".to_owned(), ".config/claude/projects".to_owned()]
    }

    /// A session with what stands in the directory of its name: its sub-agents and long outputs.
    fn unit_of(file: &str) -> Option<String> {
        for directory in ["/subagents/", "/tool-results/"] {
            if let Some((unit, _)) = file.split_once(directory) {
                return Some(unit.to_owned());
            }
        }
        let unit = file.strip_suffix(".jsonl")?;
        let is_uuid = |name: &str| name.len() == 36 && name.matches('-').count() == 4;
        (is_uuid(stem(file)) || stem(file).starts_with("agent-")).then(|| unit.to_owned())
    }

    fn sessions(files: &[String]) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        for name in files.iter().filter(|name| name.ends_with(".jsonl")) {
            let file = File::read(name)?;
            let stamp = format!("{} {}", file.lines, file.bytes);
            for chain in file.chains.into_iter().filter(Chain::is_session) {
                let mut session = chain.session;
                session.stamp = format!("{stamp} {}", session.updated_at);
                if session.title.is_none() && files.len() > 1 {
                    session.title = described(name, files)?;
                }
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
        reading::entries(session, files)
    }
}

threadkeep_plugin::importer!(ClaudeCode);

/// What a sub-agent was started for, as the file beside its session tells.
fn described(name: &str, files: &[String]) -> Result<Option<String>> {
    let beside = name.replace(".jsonl", ".meta.json");
    if !files.contains(&beside) {
        return Ok(None);
    }
    let text = source::text(&beside, 1 << 20)?;
    let meta = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
    Ok(meta["description"].as_str().map(str::to_owned))
}
