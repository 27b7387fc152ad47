//! Does again what was done to a list of messages.

use std::collections::BTreeMap;

use serde_json::Value;
use threadkeep_plugin::json::text_of;
use threadkeep_plugin::{Result, source};

/// A session of one document is read as a whole; one with more bytes is none that was written by hand and machine.
const LARGEST_DOCUMENT: usize = 256 << 20;

/// Holds a chat as it stands after all that was done to it.
#[derive(Default)]
pub(crate) struct Chat {
    pub(crate) id: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) started: Option<String>,
    pub(crate) updated: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) messages: Vec<Value>,
    /// Messages that are in no list any more. What they used was used.
    pub(crate) dropped: Vec<Value>,
    pub(crate) bytes: usize,
    directories: Vec<String>,
}

impl Chat {
    pub(crate) fn read(file: &str) -> Result<Self> {
        let mut chat = Self::default();
        if file.ends_with(".json") {
            let text = source::text(file, LARGEST_DOCUMENT)?;
            chat.bytes = text.len();
            chat.set(&serde_json::from_str::<Value>(&text)?);
            return Ok(chat);
        }
        for line in source::lines(file)? {
            let line = line?;
            chat.bytes += line.len();
            // The last line may be torn.
            if let Ok(record) = serde_json::from_str::<Value>(&line) {
                chat.replay(record);
            }
        }
        Ok(chat)
    }

    /// Whether a person or a parent asked something in it.
    pub(crate) fn is_session(&self) -> bool {
        self.messages.iter().any(|message| message["type"] == "gemini" || is_prompt(message))
    }

    /// Another file of the same session continues it.
    pub(crate) fn append(&mut self, other: Self) {
        for message in other.messages {
            self.put(message);
        }
        self.dropped.extend(other.dropped);
        self.directories.extend(other.directories);
        self.bytes += other.bytes;
        self.started = self.started.take().or(other.started);
        self.updated = other.updated.max(self.updated.take());
        self.summary = other.summary.or(self.summary.take());
    }

    /// Where it was at work, as the first message tells the model.
    pub(crate) fn directory(&self) -> Option<String> {
        let context = self.messages.iter().map(|message| text_of(&message["content"]));
        let told = context.filter(|text| text.starts_with("<session_context>")).find_map(|text| {
            let (_, directories) = text.split_once("Workspace Directories:**\n")?;
            Some(directories.lines().next()?.trim().strip_prefix("- ")?.to_owned())
        });
        self.directories.first().cloned().or(told)
    }

    fn replay(&mut self, record: Value) {
        if let Some(id) = record["$rewindTo"].as_str() {
            if let Some(place) = self.messages.iter().position(|message| message["id"] == id) {
                self.dropped.extend(self.messages.drain(place..));
            }
        } else if record["$set"].is_object() {
            self.set(&record["$set"]);
        } else if record["id"].is_string() {
            self.put(record);
        } else {
            self.set(&record);
        }
    }

    /// Fields of the chat, all messages being one.
    fn set(&mut self, fields: &Value) {
        let text = |name: &str| fields[name].as_str().map(str::to_owned);
        self.id = text("sessionId").or(self.id.take());
        self.started = self.started.take().or(text("startTime"));
        self.updated = text("lastUpdated").max(self.updated.take());
        self.summary = text("summary").or(self.summary.take());
        let directories = fields["directories"].as_array().into_iter().flatten();
        self.directories.extend(directories.filter_map(|directory| directory.as_str().map(str::to_owned)));
        if let Some(messages) = fields["messages"].as_array() {
            let before: Vec<_> = self.dropped.drain(..).chain(self.messages.drain(..)).collect();
            let mut known = BTreeMap::new();
            for message in &before {
                let same = known.entry(identity(message)).or_insert(message);
                *same = if weight(message) >= weight(same) { message } else { same };
            }
            for message in messages {
                // The new list may hold less of a message than was told of it before.
                let known = known.remove(&identity(message)).filter(|known| weight(known) >= weight(message).max(1));
                self.put(known.unwrap_or(message).clone());
            }
            self.dropped.extend(known.into_values().cloned());
        }
    }

    /// A message is told again when more is known of it.
    fn put(&mut self, message: Value) {
        let same = self.messages.iter_mut().rev().find(|known| identity(known) == identity(&message));
        match same {
            Some(known) => *known = message,
            None => self.messages.push(message),
        }
    }
}

/// Answers of tools bear the id of the message that called them.
fn identity(message: &Value) -> (&str, bool) {
    (message["id"].as_str().unwrap_or_default(), message["type"] == "user")
}

fn weight(message: &Value) -> usize {
    message["toolCalls"].as_array().map_or(0, Vec::len) * 2 + usize::from(message["tokens"].is_object())
}

/// Whether it is what was typed, and neither context nor what tools answered.
pub(crate) fn is_prompt(message: &Value) -> bool {
    let text = text_of(&message["content"]);
    let image = message["content"].as_array().into_iter().flatten().any(|part| part["inlineData"].is_object());
    let said = !text.is_empty() && !text.starts_with("<session_context>") && !text.starts_with("[Function Response:");
    message["type"] == "user" && (said || (image && text.is_empty()))
}
