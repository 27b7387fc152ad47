//! Writes rollouts of every released form. What a form is made of was read off real homes; every word in it is made up.
//!
//! A rollout is told as a conversation, and rendered as the chosen release would have recorded it:
//! `Rollout::paginated(&id).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("…").agent("…").tokens(123)`.

mod beside;
mod identity;
mod scribe;
mod shapes;
mod telling;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

pub use beside::{CodexDb, config, name_thread};
pub(crate) use identity::Chance;
pub use identity::{uuid4, uuid7};

use crate::time::{day_directory, file_stamp, millis};
use scribe::Record;

/// How a release lays its records out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Bare lines, no envelope: 0.2x and 0.3x.
    Bare,
    /// `{timestamp,type,payload}` with messages as events of their own.
    Legacy,
    /// The same with `ordinal`, and every item completed in one event.
    Paginated,
}

/// Which directory of a home a rollout stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// `sessions/YYYY/MM/DD/`
    Active,
    /// `archived_sessions/`
    Archived,
}

/// What happens in a thread.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    User { text: String, image: bool },
    Agent(String),
    Reasoning(String),
    Command { command: String, output: String, exit: i32 },
    Patch { file: String, content: String },
    Tokens(u64),
    Compacted(String),
    Interrupted,
    Cwd(String),
    Pause(i64),
    Item(String),
    Verbatim(Vec<u8>),
}

/// Where a thread's history begins.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Fresh,
    /// The parent's records stand copied in the file.
    Copied(Box<Rollout>),
    /// The parent's file is pointed at: its first records, so many bytes of it.
    Based {
        thread: String,
        ordinal: u64,
        offset: u64,
        revert: bool,
    },
    /// A sub-agent: the parent's beginning copied, its own history later.
    Spawned {
        parent: Box<Rollout>,
        task: String,
        nickname: String,
        start: u64,
    },
}

/// One rollout file, as a conversation.
#[derive(Clone, Debug)]
pub struct Rollout {
    pub(crate) id: String,
    pub(crate) form: Form,
    /// The middle number of the release: 50 is 0.50.0.
    pub(crate) release: u32,
    pub(crate) at: i64,
    pub(crate) cwd: String,
    pub(crate) source: String,
    pub(crate) git: Option<(String, String, String)>,
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) instructions: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) origin: Origin,
    context_only: bool,
    suffix: Option<String>,
    stamp: Option<String>,
    ends_open: bool,
    sorted_keys: bool,
    compressed: bool,
}

impl Rollout {
    fn new(id: &str, form: Form, release: u32) -> Self {
        Rollout {
            id: id.to_owned(),
            form,
            release,
            at: millis("2026-03-01T10:00:00.000Z"),
            cwd: "/src/app".to_owned(),
            source: "\"cli\"".to_owned(),
            git: None,
            provider: "harbour".to_owned(),
            model: "gpt-5-codex".to_owned(),
            instructions: "You are a careful colleague. Read before you write, and say what you did.".to_owned(),
            steps: Vec::new(),
            origin: Origin::Fresh,
            context_only: false,
            suffix: None,
            stamp: None,
            ends_open: false,
            sorted_keys: false,
            compressed: false,
        }
    }

    /// 0.29: bare lines.
    pub fn bare(id: &str) -> Self {
        Self::new(id, Form::Bare, 29)
    }

    /// 0.50: the first enveloped lines.
    pub fn early(id: &str) -> Self {
        Self::new(id, Form::Legacy, 50)
    }

    /// 0.142, or what `release` says from 100 on.
    pub fn legacy(id: &str) -> Self {
        Self::new(id, Form::Legacy, 142)
    }

    /// 0.169, or what `release` says from 160 on.
    pub fn paginated(id: &str) -> Self {
        Self::new(id, Form::Paginated, 169)
    }

    /// The middle number of another release of the same form.
    pub fn release(mut self, release: u32) -> Self {
        self.release = release;
        self
    }

    /// When the thread begins.
    pub fn at(mut self, time: &str) -> Self {
        self.at = millis(time);
        self
    }

    /// When the thread begins, in milliseconds since 1970.
    pub fn at_millis(mut self, at: i64) -> Self {
        self.at = at;
        self
    }

    /// A plain source: `cli`, `vscode`, `exec`, `mcp`.
    pub fn source(self, source: &str) -> Self {
        self.source_json(&format!("\"{source}\""))
    }

    /// A source in Codex's own JSON.
    pub fn source_json(mut self, source: &str) -> Self {
        self.source = source.to_owned();
        self
    }

    /// The checkout: branch, commit, URL.
    pub fn git(mut self, branch: &str, sha: &str, url: &str) -> Self {
        self.git = Some((branch.to_owned(), sha.to_owned(), url.to_owned()));
        self
    }

    /// The model provider, for releases that record one.
    pub fn provider(mut self, provider: &str) -> Self {
        self.provider = provider.to_owned();
        self
    }

    /// The model of the turns.
    pub fn model(mut self, model: &str) -> Self {
        self.model = model.to_owned();
        self
    }

    /// The base instructions in `session_meta`: most of a real rollout's first 40 KB.
    pub fn instructions(mut self, text: &str) -> Self {
        self.instructions = text.to_owned();
        self
    }

    /// Nobody asked anything: the file holds what Codex itself puts in front of a conversation.
    pub fn context_only(mut self) -> Self {
        self.context_only = true;
        self
    }

    /// A legacy fork: the parent's `session_meta` second, then its records, all stamped with the fork's time.
    pub fn copy_of(mut self, parent: &Rollout) -> Self {
        self.origin = Origin::Copied(Box::new(parent.clone()));
        self
    }

    /// A paginated fork of the parent as it stands: nothing is copied.
    pub fn fork_of(mut self, parent: &Rollout) -> Self {
        let (ordinal, offset) = parent.end_after(usize::MAX);
        self.origin = Origin::Based { thread: parent.id.clone(), ordinal, offset, revert: false };
        self
    }

    /// A paginated fork of the parent's first turns.
    pub fn fork_after(mut self, parent: &Rollout, turns: usize) -> Self {
        let (ordinal, offset) = parent.end_after(turns);
        self.origin = Origin::Based { thread: parent.id.clone(), ordinal, offset, revert: false };
        self
    }

    /// The second file of a thread that was taken back to its first turns: same thread, base on itself.
    pub fn revert_of(first: &Rollout, turns: usize, new: &str) -> Self {
        let (ordinal, offset) = first.end_after(turns);
        let mut second = Rollout { steps: Vec::new(), suffix: Some(new.to_owned()), ..first.clone() };
        second.origin = Origin::Based { thread: first.id.clone(), ordinal, offset, revert: true };
        second
    }

    /// A sub-agent of a paginated parent: own `session_meta` first, then the parent's beginning.
    pub fn sub_agent(id: &str, parent: &Rollout, task: &str, nickname: &str) -> Self {
        let mut child = Rollout { id: id.to_owned(), steps: Vec::new(), ..parent.clone() };
        let spawn = obj! {
            "parent_thread_id": parent.id, "depth": 1, "agent_path": format!("/root/{task}"),
            "agent_nickname": nickname, "agent_role": None::<String>,
        };
        child.source = obj! { "subagent": obj! { "thread_spawn": spawn } }.0;
        let (task, nickname) = (task.to_owned(), nickname.to_owned());
        let start = scribe::inherited(&parent.records()) as u64 + 3;
        child.origin = Origin::Spawned { parent: Box::new(parent.clone()), task, nickname, start };
        child
    }

    /// The time in the file's name and its day directory, whatever the thread says.
    pub fn named_at(mut self, stamp: &str) -> Self {
        self.stamp = Some(stamp.to_owned());
        self
    }

    /// No newline at the end.
    pub fn open_end(mut self) -> Self {
        self.ends_open = true;
        self
    }

    /// Keys in alphabetical order, as a tool that rewrites JSON may leave them.
    pub fn sorted_keys(mut self) -> Self {
        self.sorted_keys = true;
        self
    }

    /// Stored as `.jsonl.zst`.
    pub fn compressed(mut self) -> Self {
        self.compressed = true;
        self
    }

    /// The thread.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its form.
    pub fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn is_context_only(&self) -> bool {
        self.context_only
    }

    fn records(&self) -> Vec<Record> {
        scribe::records(self)
    }

    /// The lines, without newlines.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.lines_of(&self.records())
    }

    fn lines_of(&self, records: &[Record]) -> Vec<Vec<u8>> {
        let first = self.first_ordinal();
        let line = |(at, record): (usize, &Record)| {
            let line = record.line((self.form == Form::Paginated).then_some(first + at as u64));
            if self.sorted_keys { sorted(line) } else { line }
        };
        records.iter().enumerate().map(line).collect()
    }

    /// The plain text.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_of(&self.records())
    }

    fn bytes_of(&self, records: &[Record]) -> Vec<u8> {
        let mut text = self.lines_of(records).join(&b'\n');
        if !self.ends_open {
            text.push(b'\n');
        }
        text
    }

    /// Where it belongs, relative to the home.
    pub fn place(&self, collection: Collection) -> String {
        let (stamp, day) = match &self.stamp {
            Some(stamp) => (stamp.clone(), stamp[..10].replace('-', "/")),
            None => (file_stamp(self.at), day_directory(self.at)),
        };
        let suffix = self.suffix.as_ref().map(|new| format!("_{new}")).unwrap_or_default();
        let name = format!("rollout-{stamp}-{}{suffix}.jsonl{}", self.id, if self.compressed { ".zst" } else { "" });
        match collection {
            Collection::Active => format!("sessions/{day}/{name}"),
            Collection::Archived => format!("archived_sessions/{name}"),
        }
    }

    /// Writes the file where it belongs, last modified when its last record was made.
    pub fn write(&self, home: &Path, collection: Collection) -> PathBuf {
        let path = home.join(self.place(collection));
        let records = self.records();
        let plain = self.bytes_of(&records);
        let bytes = if self.compressed { zstd::encode_all(plain.as_slice(), 3).unwrap() } else { plain };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        let modified = UNIX_EPOCH + Duration::from_millis(self.end_of(&records).try_into().unwrap());
        fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        path
    }

    /// When the last record was made, in milliseconds since 1970.
    pub fn last_at(&self) -> i64 {
        self.end_of(&self.records())
    }

    fn end_of(&self, records: &[Record]) -> i64 {
        records.last().map_or(self.at, |record| record.at)
    }

    fn first_ordinal(&self) -> u64 {
        match self.origin {
            Origin::Based { ordinal, .. } => ordinal,
            _ => 0,
        }
    }

    /// The ordinal and the byte at which the turn after so many turns begins, or the file ends.
    fn end_after(&self, turns: usize) -> (u64, u64) {
        let records = self.records();
        let starts = records.iter().enumerate().filter(|(_, record)| record.begins_turn);
        let end = starts.map(|(at, _)| at).nth(turns).unwrap_or(records.len());
        let bytes: usize = self.lines_of(&records)[..end].iter().map(|line| line.len() + 1).sum();
        (self.first_ordinal() + end as u64, bytes as u64)
    }
}

fn sorted(line: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(&line) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => line,
    }
}
