//! What a home says, read the plain way: every line of every file, by a general JSON parser, with no thought of speed.
//! It shares no code with the program, which must come to the same answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

/// Every thread of a home.
pub struct Reading {
    /// By id.
    pub threads: BTreeMap<String, ReadThread>,
    /// Rollouts that name no thread.
    pub without: Vec<String>,
}

/// One thread: its files by time, and what names it.
pub struct ReadThread {
    /// The thread.
    pub id: String,
    /// Oldest first.
    pub files: Vec<ReadFile>,
    /// What a user called it.
    pub name: Option<String>,
    /// Its first user message; for a fork its parent's.
    pub preview: String,
    /// The provider that the home's configuration names.
    provider: String,
}

/// One rollout.
pub struct ReadFile {
    /// Relative to the home.
    pub path: String,
    /// The payload of its first `session_meta`, or its first line when lines are bare.
    pub meta: Value,
    /// Lines are bare.
    pub bare: bool,
    /// The first thing that a person said.
    pub said: Option<String>,
    /// The directory of its last turn.
    pub last_cwd: Option<String>,
    /// The model of its last turn.
    pub model: Option<String>,
    /// Its last token count.
    pub tokens: Option<u64>,
    /// Time stamp of its last record.
    pub updated: String,
    /// Lines that are no JSON objects, counted from 1.
    pub bad_lines: Vec<usize>,
    /// What a compaction kept of what a person said first, where nothing of that comes before it.
    kept: Option<String>,
    /// A turn has begun.
    turned: bool,
}

/// Reads a home.
pub fn read_home(home: &Path) -> Reading {
    let mut files = BTreeMap::<String, Vec<ReadFile>>::new();
    let mut without = Vec::new();
    for path in rollouts(home) {
        match read_file(home, &path) {
            Some(file) => files.entry(text(&file.meta, "id").unwrap()).or_default().push(file),
            None => without.push(path),
        }
    }
    let names = names(home, &files);
    let provider = provider(home);
    for files in files.values_mut() {
        files.sort_by_key(|file| text(&file.meta, "timestamp"));
    }
    let previews: Vec<String> = files.keys().map(|id| preview(&files, id)).collect();
    let threads = files.into_iter().zip(previews).map(|((id, files), preview)| {
        let thread =
            ReadThread { name: names.get(&id).cloned(), id: id.clone(), files, preview, provider: provider.clone() };
        (id, thread)
    });
    Reading { threads: threads.collect(), without }
}

/// The rollouts of both collections; of a plain and a compressed one side by side, the plain one.
fn rollouts(home: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec!["sessions".to_owned(), "archived_sessions".to_owned()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(home.join(&directory)) else { continue };
        for entry in entries.flatten() {
            let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && path.contains("/rollout-") {
                found.push(path);
            }
        }
    }
    found.sort();
    let plain: Vec<String> = found.iter().filter(|path| path.ends_with(".jsonl")).cloned().collect();
    found.retain(|path| path.strip_suffix(".zst").is_none_or(|path| !plain.iter().any(|plain| plain == path)));
    found
}

fn read_file(home: &Path, path: &str) -> Option<ReadFile> {
    let bytes = fs::read(home.join(path)).unwrap();
    let bytes = if path.ends_with(".zst") { zstd::decode_all(bytes.as_slice()).ok()? } else { bytes };
    let mut file = ReadFile {
        path: path.to_owned(),
        meta: Value::Null,
        bare: false,
        said: None,
        last_cwd: None,
        model: None,
        tokens: None,
        updated: String::new(),
        bad_lines: Vec::new(),
        kept: None,
        turned: false,
    };
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice::<Map<String, Value>>(line) {
            Ok(record) => file.take(&Value::Object(record)),
            Err(_) if line.trim_ascii().is_empty() => {}
            // JSON knows no largest number; it is this reader's floats that do.
            Err(_) if is_object(line) => {}
            Err(_) => file.bad_lines.push(at + 1),
        }
    }
    (!file.meta.is_null()).then_some(file)
}

impl ReadFile {
    fn take(&mut self, record: &Value) {
        if let Some(time) = text(record, "timestamp") {
            self.updated = time;
        }
        let payload = &record["payload"];
        match record["type"].as_str() {
            Some("session_meta") if self.meta.is_null() && names_a_thread(payload) => self.meta = payload.clone(),
            Some("turn_context") => {
                self.last_cwd = text(payload, "cwd");
                self.model = text(payload, "model");
            }
            Some("event_msg") => self.event(record, payload),
            Some("compacted") if !self.turned && self.said.is_none() && self.kept.is_none() => {
                parts(&payload["replacement_history"]).iter().filter(|item| item["role"] == "user").for_each(|item| {
                    self.hear_bare(&item["content"]);
                });
                self.kept = self.said.take();
            }
            Some("message") if self.bare && record["role"] == "user" => self.hear_bare(&record["content"]),
            None if self.meta.is_null() && names_a_thread(record) && record["timestamp"].is_string() => {
                self.meta = record.clone();
                self.bare = true;
            }
            _ => {}
        }
    }

    fn event(&mut self, record: &Value, payload: &Value) {
        let inherited = match self.meta["subagent_history_start_ordinal"].as_u64() {
            Some(start) => record["ordinal"].as_u64().is_some_and(|ordinal| ordinal < start),
            None => false,
        };
        let begins = ["task_started", "turn_started", "user_message"].map(|kind| payload["type"] == kind);
        self.turned |= begins.contains(&true) || payload["item"]["type"] == "UserMessage";
        match payload["type"].as_str() {
            Some("token_count") => {
                if let Some(total) = payload["info"]["total_token_usage"]["total_tokens"].as_u64() {
                    self.tokens = Some(total);
                }
            }
            Some("user_message") if !inherited => {
                let pictures = ["images", "local_images"]
                    .iter()
                    .any(|key| payload[*key].as_array().is_some_and(|list| !list.is_empty()));
                self.hear(payload["message"].as_str().unwrap_or_default(), pictures);
            }
            Some("item_completed") if !inherited && payload["item"]["type"] == "UserMessage" => {
                let content = parts(&payload["item"]["content"]);
                let words: Vec<&str> = content.iter().filter_map(|part| part["text"].as_str()).collect();
                self.hear(&words.concat(), words.len() < content.len());
            }
            _ => {}
        }
    }

    fn hear_bare(&mut self, content: &Value) {
        let parts = parts(content);
        let words: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        let words = words.concat();
        if let Some(context) = words.strip_prefix("<environment_context>") {
            let cwd = context.split_once("<cwd>").and_then(|(_, rest)| rest.split_once("</cwd>"));
            self.last_cwd = cwd.map(|(cwd, _)| cwd.to_owned()).or(self.last_cwd.take());
        } else if !words.starts_with("<user_instructions>") {
            self.hear(&words, parts.iter().any(|part| part["type"] == "input_image"));
        }
    }

    fn hear(&mut self, words: &str, pictures: bool) {
        if self.said.is_none() {
            // An editor puts what it has open before the request.
            let words = words.split_once("## My request for Codex:").map_or(words, |(_, request)| request).trim();
            self.said = match words.is_empty() {
                false => Some(words.to_owned()),
                true => pictures.then(|| "[Image]".to_owned()),
            };
        }
    }
}

/// Says whether a line is a JSON object, whatever its numbers are.
fn is_object(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    line.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok()
}

fn parts(content: &Value) -> &[Value] {
    content.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Its `id` looks like a UUID.
fn names_a_thread(meta: &Value) -> bool {
    let id = meta["id"].as_str().unwrap_or_default();
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    id.len() == 36 && id.bytes().enumerate().all(fits)
}

/// A fork that copied nothing shows its parent's words, and its own where that one has none.
fn preview(files: &BTreeMap<String, Vec<ReadFile>>, id: &str) -> String {
    let Some(own) = files.get(id) else { return String::new() };
    let base = own[0].meta["history_base"]["thread_id"].as_str().filter(|base| *base != id);
    let inherited = base.map(|base| preview(files, base)).filter(|preview| !preview.is_empty());
    inherited.or(own.iter().find_map(|file| file.said.clone().or(file.kept.clone()))).unwrap_or_default()
}

/// Codex's own name, else the last one in the index, else the title of a legacy thread that is not its first message.
fn names(home: &Path, files: &BTreeMap<String, Vec<ReadFile>>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut give = |id: &str, name: Option<String>| {
        if let Some(name) = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) {
            names.insert(id.to_owned(), name);
        }
    };
    let rows = codex_rows(home);
    for (id, row) in &rows {
        if files.get(id).is_some_and(|files| files[0].mode() == "legacy") && row.title != row.first_user_message {
            give(id, row.title.clone());
        }
    }
    let index = fs::read_to_string(home.join("session_index.jsonl")).unwrap_or_default();
    for entry in index.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if let Some(id) = entry["id"].as_str() {
            give(id, text(&entry, "thread_name"));
        }
    }
    for (id, row) in rows {
        give(&id, row.name);
    }
    names
}

struct CodexRow {
    name: Option<String>,
    title: Option<String>,
    first_user_message: Option<String>,
}

fn codex_rows(home: &Path) -> BTreeMap<String, CodexRow> {
    let database = home.join("state_5.sqlite");
    if !database.exists() {
        return BTreeMap::new();
    }
    let address = format!("file:{}?immutable=1", database.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(address, flags).unwrap();
    let named = connection.prepare("SELECT name FROM threads").is_ok();
    let name = if named { "name" } else { "NULL" };
    let query = format!("SELECT id, {name}, title, first_user_message FROM threads");
    let mut query = connection.prepare(&query).unwrap();
    let rows = query.query_map([], |row| {
        Ok((row.get(0)?, CodexRow { name: row.get(1)?, title: row.get(2)?, first_user_message: row.get(3)? }))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn provider(home: &Path) -> String {
    let config = fs::read_to_string(home.join("config.toml")).unwrap_or_default();
    let line = config
        .lines()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| line.strip_prefix("model_provider = "));
    line.map_or("openai", |value| value.trim().trim_matches('"')).to_owned()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

impl ReadFile {
    /// `legacy` or `paginated`
    pub fn mode(&self) -> &str {
        self.meta["history_mode"].as_str().unwrap_or("legacy")
    }
}

impl ReadThread {
    fn first(&self) -> &ReadFile {
        &self.files[0]
    }

    /// The file whose view the thread is: its newest.
    pub fn newest(&self) -> &ReadFile {
        self.files.last().unwrap()
    }

    /// The directory of the last turn.
    pub fn last_cwd(&self) -> Option<&str> {
        self.files.iter().rev().find_map(|file| file.last_cwd.as_deref())
    }

    /// Codex's source, in its newest wording.
    pub fn source(&self) -> Option<Value> {
        let source = &self.first().meta["source"];
        match (source.as_str(), source.get("subagent")) {
            (Some("mcp"), _) => Some(json!("appServer")),
            (None, Some(kind)) => Some(json!({ "subAgent": kind })),
            _ => (!source.is_null()).then(|| source.clone()),
        }
    }

    /// The fields that lists show and files determine. A key that is left out here is not determined by them.
    pub fn facts(&self) -> BTreeMap<&'static str, Value> {
        let (first, newest) = (self.first(), self.newest());
        let meta = &first.meta;
        let given = |key: &str| meta.get(key).cloned().unwrap_or(Value::Null);
        // A clock that went back makes no thread younger than its end.
        let begun = text(meta, "timestamp").map(|begun| match newest.updated.is_empty() {
            true => begun,
            false => begun.min(newest.updated.clone()),
        });
        let cwd = if first.bare { json!(first.last_cwd) } else { given("cwd") };
        let mut facts = BTreeMap::from([
            ("id", json!(self.id)),
            ("preview", json!(self.preview)),
            ("name", json!(self.name)),
            ("cwd", cwd),
            ("createdAt", json!(begun)),
            ("tokensUsed", json!(newest.tokens)),
            ("archived", json!(newest.path.starts_with("archived_sessions/"))),
            ("forkedFromId", given("forked_from_id")),
            ("parentThreadId", given("parent_thread_id")),
            ("historyMode", json!(first.mode())),
            ("gitBranch", meta["git"]["branch"].clone()),
            ("gitSha", meta["git"]["commit_hash"].clone()),
            ("gitOriginUrl", meta["git"]["repository_url"].clone()),
            ("modelProvider", json!(text(meta, "model_provider").unwrap_or(self.provider.clone()))),
            ("path", json!(newest.path)),
        ]);
        if let Some(source) = self.source() {
            facts.insert("source", source);
        }
        // Bare lines have neither times nor turns.
        if !first.bare {
            facts.insert("updatedAt", json!(newest.updated));
        }
        if let Some(last) = self.last_cwd().filter(|_| !first.bare) {
            facts.insert("lastCwd", json!(last));
        }
        if let Some(model) = self.files.iter().rev().find_map(|file| file.model.as_ref()) {
            facts.insert("model", json!(model));
        }
        if let Some(version) = text(meta, "cli_version") {
            facts.insert("cliVersion", json!(version));
        }
        if let Some(name) = &self.name {
            facts.insert("title", json!(name));
        }
        facts
    }
}
