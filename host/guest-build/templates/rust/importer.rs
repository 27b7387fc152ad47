//! Reads sessions of a program that keeps each as a text file: a line that begins with `> ` is the user's, any other the agent's.

use threadkeep_plugin::importer::{Entry, Happening, Importer, Outcome, Session, UserMessage};
use threadkeep_plugin::{About, Result, source};

pub struct Plugin;

impl Importer for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Reads chats that are kept as text files.",
        wants: &[],
    };

    fn places() -> Vec<String> {
        vec![".chats".to_owned()]
    }

    fn unit_of(file: &str) -> Option<String> {
        file.ends_with(".chat").then(|| file.to_owned())
    }

    fn sessions(files: &[String]) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        for file in source::files() {
            let file = file?;
            if files.contains(&file.name) {
                let mut session = Session::new(&file.name);
                session.created_at = file.modified_at;
                session.updated_at = file.modified_at;
                session.stamp = format!("{} {}", file.size, file.modified_at);
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn entries(session: &str, _files: &[String]) -> Result<Box<dyn Iterator<Item = Result<Entry>>>> {
        let entry = |what| Entry::new(None, None, what);
        let mut entries = Vec::new();
        for line in source::lines(session)? {
            let line = line?;
            match line.strip_prefix("> ") {
                Some(text) => {
                    if !entries.is_empty() {
                        entries.push(entry(Happening::TurnEnded(Outcome::Completed)));
                    }
                    entries.push(entry(Happening::TurnStarted));
                    let message = UserMessage { text: text.to_owned(), images: Vec::new() };
                    entries.push(entry(Happening::UserMessage(message)));
                }
                None => entries.push(entry(Happening::AgentMessage(line))),
            }
        }
        if !entries.is_empty() {
            entries.push(entry(Happening::TurnEnded(Outcome::Completed)));
        }
        Ok(Box::new(entries.into_iter().map(Ok)))
    }
}

threadkeep_plugin::importer!(Plugin);

#[cfg(test)]
mod tests {
    use threadkeep_plugin::testing::Home;

    use super::*;

    #[test]
    fn a_chat_is_a_session() {
        let home = Home::new().file("a.chat", "> Hello\nHello yourself\n").file("notes.txt", "");
        let (sessions, entries) = home.ask(|| {
            let sessions = Plugin::sessions(&["a.chat".to_owned()]).unwrap();
            (sessions, Plugin::entries("a.chat", &[]).unwrap().collect::<Result<Vec<_>>>().unwrap())
        });
        assert_eq!(sessions.len(), 1);
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[2].what, Happening::AgentMessage("Hello yourself".to_owned()));
        assert_eq!(Plugin::unit_of("notes.txt"), None);
    }
}
