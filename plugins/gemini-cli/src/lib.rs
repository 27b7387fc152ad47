//! Reads sessions of Gemini CLI: one JSON document each before 0.30, afterwards a log of what was done to the list of messages.

use std::collections::BTreeMap;

use threadkeep_plugin::importer::{Entry, Importer, Session};
use threadkeep_plugin::source::{self, stem};
use threadkeep_plugin::{About, Error, Result, time};

mod replay;
mod telling;

use replay::Chat;

/// The plugin.
pub struct GeminiCli;

impl Importer for GeminiCli {
    const ABOUT: About = About {
        name: "gemini-cli",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Reads sessions of Gemini CLI.",
        wants: &[],
    };

    fn places() -> Vec<String> {
        vec![".gemini/tmp".to_owned()]
    }

    /// `chats/session-TIME-XXXXXXXX` and `chats/XXXXXXXX-…/AGENT`: the first eight characters of the id tell what belongs
    /// together. Resuming leaves a second file for the session.
    fn unit_of(file: &str) -> Option<String> {
        let (project, name) =
            file.rsplit_once("chats/").filter(|_| file.ends_with(".json") || file.ends_with(".jsonl"))?;
        let id = match name.split_once('/') {
            Some((session, _)) => session.get(..8)?,
            None => stem(name).strip_prefix("session-")?.rsplit('-').next()?,
        };
        Some(format!("{project}chats/{id}"))
    }

    fn sessions(files: &[String]) -> Result<Vec<Session>> {
        let chats = chats(files)?.into_values();
        Ok(chats.filter(Chat::is_session).map(|chat| session(chat, files)).collect())
    }

    fn entries(session: &str, files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
        let chat = chats(files)?.remove(session).ok_or_else(Error::not_found)?;
        Ok(Box::new(telling::entries(chat).map(Ok)))
    }
}

threadkeep_plugin::importer!(GeminiCli);

/// The chats in the files, by their ids. Several files may hold parts of one.
fn chats(files: &[String]) -> Result<BTreeMap<String, Chat>> {
    let mut chats = BTreeMap::<String, Chat>::new();
    for file in files {
        let parent = file.rsplit_once("chats/").and_then(|(_, name)| name.split_once('/')).map(|(parent, _)| parent);
        let read = Chat::read(file)?;
        let id = match (parent, &read.id) {
            // What a sub-agent's file tells is the session that began it.
            (Some(_), _) => stem(file).to_owned(),
            (None, Some(id)) => id.clone(),
            // A file that was deleted while its session ran is begun again without its first line.
            (None, None) => full_id(file, files).unwrap_or_else(|| stem(file).to_owned()),
        };
        let chat = chats.entry(id.clone()).or_default();
        chat.append(read);
        chat.id = Some(id);
        chat.parent = parent.map(str::to_owned);
    }
    Ok(chats)
}

/// The id of a session by the directory of its sub-agents.
fn full_id(file: &str, files: &[String]) -> Option<String> {
    let short = stem(file).rsplit('-').next()?;
    let directories = files.iter().filter_map(|file| Some(file.rsplit_once("chats/")?.1.split_once('/')?.0));
    directories.into_iter().find(|directory| directory.starts_with(short)).map(str::to_owned)
}

fn session(chat: Chat, files: &[String]) -> Session {
    let mut session = Session::new(chat.id.clone().unwrap_or_default());
    for at in [&chat.started, &chat.updated].into_iter().flatten() {
        session.seen_at(time::parse(at));
    }
    for message in &chat.messages {
        session.seen_at(message["timestamp"].as_str().and_then(time::parse));
        session.model = message["model"].as_str().map(str::to_owned).or(session.model.take());
    }
    let root =
        files.first().and_then(|file| file.rsplit_once("chats/")).map(|(project, _)| format!("{project}.project_root"));
    let root = root.and_then(|file| source::text(&file, 1 << 16).ok()).map(|root| root.trim().to_owned());
    session.cwd = root.or(chat.directory()).filter(|root| !root.is_empty());
    session.stamp = format!("{} {} {}", chat.bytes, chat.messages.len(), chat.updated.unwrap_or_default());
    session.title = chat.summary;
    session.parent = chat.parent;
    session.model_provider = Some("google".to_owned());
    session
}
