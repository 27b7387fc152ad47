//! A world as data, before anybody asks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadkeep_contract::{
    ClaimResult, CodexFacts, EntryKind, FileError, FileFacts, Patch, Phase, Provenance, StateError, ThreadRow,
};
use threadkeep_core::rows::derive::from_codex_row;

/// A world, as it is before anybody asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setting {
    /// This process has the handle.
    pub handle: bool,
    /// The home's configured model provider.
    pub provider: String,
    /// What stands in the home.
    pub file: Vec<File>,
    /// Rows: some fields of `thread-row`, the others empty.
    pub row: Vec<serde_json::Map<String, Value>>,
    /// Files of threads that an earlier parse recorded.
    pub recorded: BTreeMap<String, Vec<String>>,
    /// Names.
    pub name: Vec<Claim>,
    /// What Codex's own database says, by thread: some fields of `codex-facts`.
    pub codex: BTreeMap<String, serde_json::Map<String, Value>>,
    /// What users said of threads.
    pub patches: BTreeMap<String, Vec<Patch>>,
    /// Rows that follow from what is recorded, where those are others than the rows that stand.
    pub derived: Vec<serde_json::Map<String, Value>>,
    /// Another process always writes a row first.
    pub overtaken: bool,
    /// Imports that fail.
    pub trouble: Vec<Trouble>,
    /// How far the state DB is.
    pub backfill: Filling,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            handle: true,
            provider: String::new(),
            file: Vec::new(),
            row: Vec::new(),
            recorded: BTreeMap::new(),
            name: Vec::new(),
            codex: BTreeMap::new(),
            patches: BTreeMap::new(),
            derived: Vec::new(),
            overtaken: false,
            trouble: Vec::new(),
            backfill: Filling::default(),
        }
    }
}

/// An entry of the home.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where.
    pub path: String,
    /// Its plain text.
    #[serde(default)]
    pub text: String,
    /// So many empty lines behind it: what is longer than a head is not read in one go.
    #[serde(default)]
    pub padding: usize,
    /// What it is.
    #[serde(default = "a_file")]
    pub is: EntryKind,
    /// Reading it ends in this.
    pub error: Option<FileError>,
    /// After so many bytes; opening it fails when there is none.
    pub after: Option<usize>,
    /// Nanoseconds since the epoch.
    #[serde(default)]
    pub modified_ns: i64,
    /// Identity.
    #[serde(default)]
    pub inode: u64,
}

fn a_file() -> EntryKind {
    EntryKind::File
}

impl File {
    /// A rollout.
    pub fn of(path: &str, text: impl Into<String>) -> File {
        let (path, text) = (path.into(), text.into());
        File { path, text, padding: 0, is: a_file(), error: None, after: None, modified_ns: 0, inode: 0 }
    }

    pub(crate) fn padded(mut self) -> File {
        self.text.extend(std::iter::repeat_n('\n', std::mem::take(&mut self.padding)));
        self
    }

    pub(super) fn facts(&self) -> FileFacts {
        FileFacts {
            path: self.path.clone(),
            kind: self.is,
            size: self.text.len() as u64,
            modified_ns: self.modified_ns,
            inode: self.inode,
        }
    }
}

/// `thread-types.name-claim`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Claim {
    pub thread: String,
    pub name: String,
    pub source: Provenance,
    pub given: Option<u64>,
}

/// An import that fails.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// Which.
    pub import: String,
    /// Only the so manieth call of it, counted from 1.
    pub call: Option<usize>,
    /// Where it is the state DB that fails.
    pub state: Option<StateError>,
    /// Where it is the file system.
    pub files: Option<FileError>,
}

/// How far the state DB is, and what becomes of attempts to fill it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filling {
    /// What `current` answers, one after the other; the last one stays. Complete when there is none.
    pub phases: Vec<Phase>,
    /// What `claim` answers, likewise; that it is taken when there is none.
    pub claims: Vec<ClaimResult>,
    /// Where an earlier backfill stopped.
    pub watermark: Option<String>,
    /// Files that the state DB knows, as they stand or as they were.
    pub known: Vec<KnownFile>,
    /// Files whose parsing gives no thread.
    pub failing: BTreeSet<String>,
    /// Every walk sees one file more than the one before.
    pub restless: bool,
}

/// What the state DB knows of a file; what is not given is as it is now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KnownFile {
    pub path: String,
    pub size: Option<u64>,
    pub modified_ns: Option<i64>,
    pub inode: Option<u64>,
}

/// A row that says nothing: what would stand of a thread of which nothing is known but that it was begun at a terminal.
pub fn blank_row() -> ThreadRow {
    let facts = CodexFacts {
        created_at: Some(0),
        source: Some("cli".into()),
        history_mode: Some("paginated".into()),
        ..CodexFacts::default()
    };
    let row = from_codex_row("", &facts, &[], "").unwrap();
    ThreadRow { path: String::new(), missing: false, ..row }
}
