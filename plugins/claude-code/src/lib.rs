//! Reads sessions of Claude Code, 1.0 to 2.1: a JSON Lines file for each session, records that hang on each other by `parentUuid`.

use threadkeep_plugin::importer::{Conversation, Entry, Importer, Session};
use threadkeep_plugin::source::stem;
use threadkeep_plugin::{About, Result, json};

mod files;
mod records;
mod telling;
mod tools;

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
        let within = ["/subagents/", "/tool-results/"].iter().find_map(|directory| file.split_once(directory));
        if let Some((unit, _)) = within {
            return Some(unit.to_owned());
        }
        let unit = file.strip_suffix(".jsonl")?;
        let is_uuid = |name: &str| name.len() == 36 && name.matches('-').count() == 4;
        (is_uuid(stem(file)) || stem(file).starts_with("agent-")).then(|| unit.to_owned())
    }

    fn sessions(files: &[String]) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        for name in files.iter().filter(|name| name.ends_with(".jsonl")) {
            for Conversation { mut session, .. } in files::read(name)?.0.stamped().filter(is_session) {
                // What a sub-agent was started for stands in a file beside its session.
                let beside = name.replace(".jsonl", ".meta.json");
                if session.title.is_none() && files.contains(&beside) {
                    let meta = json::read(&beside, 1 << 20).unwrap_or_default();
                    session.title = meta["description"].as_str().map(str::to_owned);
                }
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
        telling::entries(session, files)
    }
}

threadkeep_plugin::importer!(ClaudeCode);

/// Version 2.0 asks a sub-agent to warm up at each start; that is nobody's session.
fn is_session(told: &Conversation) -> bool {
    let warms_up = told.prompts == 1 && told.prompt.as_deref() == Some("Warmup") && told.session.parent.is_some();
    told.is_told() && !warms_up
}
