//! The two places where sessions are kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use threadkeep_plugin::importer::Session;
use threadkeep_plugin::source::{self, Cell, CellExt, stem};
use threadkeep_plugin::{Error, Result, json};

/// A file of a tree is one object; none is larger.
const LARGEST_OBJECT: usize = 64 << 20;

/// Holds where one unit is.
pub(crate) enum Store {
    Database { file: String, root: String },
    Tree { session: String, messages: Vec<String>, root: String },
}

/// A message and its parts, in order.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) data: Value,
    pub(crate) parts: Vec<Value>,
}

impl Store {
    pub(crate) fn of(files: &[String]) -> Option<Self> {
        if let Some(file) = files.iter().find(|file| file.ends_with("opencode.db")) {
            return Some(Self::Database { file: file.clone(), root: file.strip_suffix("opencode.db")?.to_owned() });
        }
        let session = files.iter().find(|file| file.contains("storage/session/"))?.clone();
        let messages = files.iter().filter(|file| file.contains("storage/message/")).cloned().collect();
        let root = session.split_once("storage/session/")?.0.to_owned();
        Some(Self::Tree { session, messages, root })
    }

    pub(crate) fn sessions(&self) -> Result<Vec<Session>> {
        match self {
            Self::Database { file, .. } => {
                let mut changed = BTreeMap::<String, i64>::new();
                for row in source::rows(file, "message", &["session_id", "time_updated"], &[], &[])? {
                    if let [Cell::Text(session), Cell::Integer(at)] = &row?[..] {
                        let last = changed.entry(session.clone()).or_default();
                        *last = (*last).max(*at);
                    }
                }
                let mut sessions = Vec::new();
                for head in heads(file, &[])? {
                    let mut session = session(&head);
                    let changed = changed.get(&session.id).copied().unwrap_or_default();
                    session.stamp = format!("{} {changed}", session.updated_at);
                    sessions.push(session);
                }
                Ok(sessions)
            }
            Self::Tree { session: file, messages, root } => {
                // A newer version takes what is in the tree into its database, and leaves the tree.
                if !heads(&format!("{root}opencode.db"), &[("id", Cell::Text(stem(file).to_owned()))])
                    .unwrap_or_default()
                    .is_empty()
                {
                    return Ok(Vec::new());
                }
                let mut session = session(&json::read(file, LARGEST_OBJECT)?);
                let mut last = None;
                for message in messages {
                    let message = json::read(message, LARGEST_OBJECT)?;
                    last = message["time"]["completed"].as_i64().max(message["time"]["created"].as_i64()).max(last);
                    session.model = message["modelID"].as_str().map(str::to_owned).or(session.model.take());
                    session.model_provider =
                        message["providerID"].as_str().map(str::to_owned).or(session.model_provider.take());
                }
                session.stamp = format!("{} {} {}", session.updated_at, messages.len(), last.unwrap_or_default());
                Ok(vec![session])
            }
        }
    }

    /// A session and its messages.
    pub(crate) fn messages(&self, session: &str) -> Result<(Value, Vec<Message>)> {
        match self {
            Self::Database { file, .. } => {
                let is = |column| (column, Cell::Text(session.to_owned()));
                let head = heads(file, &[is("id")])?.pop().ok_or_else(Error::not_found)?;
                let mut parts = BTreeMap::<String, Vec<Value>>::new();
                for row in source::rows(file, "part", &["message_id", "data"], &[is("session_id")], &["id"])? {
                    if let [Cell::Text(message), Cell::Text(data)] = &row?[..] {
                        parts.entry(message.clone()).or_default().push(serde_json::from_str(data).unwrap_or_default());
                    }
                }
                let mut messages = Vec::new();
                for row in source::rows(file, "message", &["id", "data"], &[is("session_id")], &["id"])? {
                    if let [Cell::Text(id), Cell::Text(data)] = &row?[..] {
                        let (data, parts) =
                            (serde_json::from_str(data).unwrap_or_default(), parts.remove(id).unwrap_or_default());
                        messages.push(Message { id: id.clone(), data, parts });
                    }
                }
                Ok((head, messages))
            }
            Self::Tree { session: file, messages, root } if stem(file) == session => {
                let message = |file: &String| {
                    let id = stem(file).to_owned();
                    let parts = source::files_below(&format!("{root}storage/part/{id}/"));
                    let parts = parts.map(|part| json::read(&part?.name, LARGEST_OBJECT)).collect::<Result<_>>()?;
                    Ok(Message { id, data: json::read(file, LARGEST_OBJECT)?, parts })
                };
                let mut messages = messages.iter().map(message).collect::<Result<Vec<_>>>()?;
                messages.sort_by(|a, b| a.id.cmp(&b.id));
                Ok((json::read(file, LARGEST_OBJECT)?, messages))
            }
            Self::Tree { .. } => Err(Error::not_found()),
        }
    }

    /// An output that stands in a file of its own, as long as that is there.
    pub(crate) fn long_output(&self, path: &str) -> Option<String> {
        let (Self::Database { root, .. } | Self::Tree { root, .. }) = self;
        let name = path.rsplit('/').next()?;
        source::text(&format!("{root}tool-output/{name}"), LARGEST_OBJECT).ok()
    }
}

/// Rows of sessions, as the objects that they are in a tree.
fn heads(file: &str, conditions: &[(&str, Cell)]) -> Result<Vec<Value>> {
    const COLUMNS: [&str; 10] = [
        "id",
        "parent_id",
        "directory",
        "title",
        "version",
        "time_created",
        "time_updated",
        "time_archived",
        "revert",
        "model",
    ];
    let mut heads = Vec::new();
    for row in source::rows(file, "session", &COLUMNS, conditions, &["id"])? {
        let row = row?;
        let text = |column: usize| row.get(column).and_then(Cell::text);
        let number = |column: usize| row.get(column).and_then(Cell::integer);
        let object = |column: usize| text(column).and_then(|text| serde_json::from_str::<Value>(text).ok());
        heads.push(json!({
            "id": text(0), "parentID": text(1), "directory": text(2), "title": text(3), "version": text(4),
            "time": { "created": number(5), "updated": number(6), "archived": number(7) },
            "revert": object(8), "model": object(9),
        }));
    }
    Ok(heads)
}

fn session(head: &Value) -> Session {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut session = Session::new(head["id"].as_str().unwrap_or_default());
    session.seen_at(head["time"]["created"].as_i64());
    session.seen_at(head["time"]["updated"].as_i64());
    session.archived = head["time"]["archived"].is_i64();
    session.title = text(&head["title"]).filter(|title| !title.starts_with("New session - "));
    session.parent = text(&head["parentID"]);
    session.cwd = text(&head["directory"]);
    session.version = text(&head["version"]);
    session.model = text(&head["model"]["id"]);
    session.model_provider = text(&head["model"]["providerID"]);
    session
}
