//! A world that is plain data: rollouts, rows, names, the course of a backfill, and a clock that only waiting moves. It
//! answers the core natively (`native`) and as a component (`guest`) out of the same methods, and writes down what it
//! was asked.

mod guest;
mod native;
mod rows;
mod same;
mod setting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use serde_json::{Value, json};
use threadkeep::component::imports::backfill;
use threadkeep::component::types as wit;
use threadkeep_core::extract::identify;
use threadkeep_core::packed::{VERSION, append};
use threadkeep_core::types::{CodexFacts, FileError, FileFacts, NameClaim, Patch, StateError, Tally, ThreadRow};

use crate::Memory;

pub(crate) use guest::Guest;
pub use rows::whole_list;
pub(crate) use same::Same;
use setting::Trouble;
pub use setting::{Claim, File, KnownFile, Setting, blank_row};

/// Everything that the contract lets the core ask.
pub(crate) const IMPORTS: &[&str] = &[
    "state.row",
    "state.page",
    "state.children",
    "state.starting-with",
    "state.files-of",
    "state.assembled",
    "state.known",
    "state.without-thread",
    "state.forks-of",
    "state.version",
    "state.remember",
    "state.recall",
    "state.put",
    "state.forget",
    "lore.names",
    "lore.codex",
    "lore.patches",
    "lore.bearing",
    "lore.default-provider",
    "rollouts.facts",
    "rollouts.named",
    "rollouts.reader.open",
    "rollouts.reader.next",
    "rollouts.walker.open",
    "rollouts.walker.next",
    "rollouts.heads.open",
    "rollouts.heads.next",
    "backfill.current",
    "backfill.claim",
    "backfill.watermark",
    "backfill.offer",
    "backfill.refuse",
    "backfill.forget",
    "backfill.settle",
    "backfill.import-lore",
    "backfill.expect",
    "backfill.finish",
    "clock.now",
    "clock.wall",
    "clock.wait",
    "diagnostics.note",
];

/// One thing that the core asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Interface and function.
    pub import: &'static str,
    /// With what.
    pub with: Value,
}

/// The world under way.
pub(crate) struct Stage {
    handle: bool,
    provider: String,
    overtaken: bool,
    restless: bool,
    failing: BTreeSet<String>,
    without_thread: BTreeSet<String>,
    watermark: Option<String>,
    trouble: Vec<Trouble>,
    files: BTreeMap<String, File>,
    rows: BTreeMap<String, ThreadRow>,
    recorded: BTreeMap<String, Vec<String>>,
    names: Vec<NameClaim>,
    codex: BTreeMap<String, CodexFacts>,
    patches: BTreeMap<String, Vec<Patch>>,
    assembled: BTreeMap<String, ThreadRow>,
    known: BTreeMap<String, FileFacts>,
    phases: VecDeque<backfill::Phase>,
    claims: VecDeque<bool>,
    tally: Tally,
    walks: u64,
    now: i64,
    note: Vec<u8>,
    calls: BTreeMap<&'static str, usize>,
    log: Vec<Call>,
    writes: Vec<Value>,
}

/// The world: what stands in it changes as the core writes. Clones are the same world.
#[derive(Clone)]
pub struct Script(Arc<Mutex<Stage>>);

impl Script {
    /// The world of a setting; a word about what in the setting makes no sense.
    pub fn of(setting: &Setting) -> Result<Script, String> {
        let setting = setting.clone();
        let files: BTreeMap<String, File> =
            setting.file.into_iter().map(|file| (file.path.clone(), file.padded())).collect();
        let rows = |rows: Vec<serde_json::Map<String, Value>>| -> Result<BTreeMap<String, ThreadRow>, String> {
            let row = |row| overlaid::<wit::ThreadRow>(serde_json::to_value(blank_row()), Value::Object(row));
            rows.into_iter().map(|some| row(some).map(|row| (row.id.clone(), row.same()))).collect()
        };
        let nothing: wit::CodexFacts = CodexFacts::default().same();
        let codex = setting.codex.into_iter().map(|(id, some)| {
            let facts: wit::CodexFacts = overlaid(serde_json::to_value(&nothing), Value::Object(some))?;
            Ok((id, facts.same()))
        });
        let known = setting.backfill.known.into_iter().map(|known| {
            let now = files.get(&known.path).map_or_else(|| File::of(&known.path, ""), Clone::clone).facts();
            let then = FileFacts {
                size: known.size.unwrap_or(now.size),
                modified_ns: known.modified_ns.unwrap_or(now.modified_ns),
                inode: known.inode.unwrap_or(now.inode),
                ..now
            };
            (known.path, then)
        });
        for trouble in &setting.trouble {
            if !IMPORTS.contains(&trouble.import.as_str()) {
                return Err(format!("there is no import {}", trouble.import));
            }
        }
        let names = setting.name.into_iter().map(|claim| NameClaim {
            thread: claim.thread,
            name: claim.name,
            source: claim.source.same(),
            given: claim.given,
        });
        let mut phases = VecDeque::from(setting.backfill.phases);
        if phases.is_empty() {
            phases.push_back(backfill::Phase::Complete);
        }
        Ok(Script(Arc::new(Mutex::new(Stage {
            handle: setting.handle,
            provider: setting.provider,
            overtaken: setting.overtaken,
            restless: setting.backfill.restless,
            failing: setting.backfill.failing,
            without_thread: BTreeSet::new(),
            watermark: setting.backfill.watermark,
            trouble: setting.trouble,
            rows: rows(setting.row)?,
            assembled: rows(setting.assembled)?,
            known: known.collect(),
            files,
            recorded: setting.recorded,
            names: names.collect(),
            codex: codex.collect::<Result<_, String>>()?,
            patches: setting.patches.into_iter().map(|(id, patches)| (id, patches.same())).collect(),
            phases,
            claims: setting.backfill.claims.into(),
            tally: Tally::default(),
            walks: 0,
            now: 0,
            note: Vec::new(),
            calls: BTreeMap::new(),
            log: Vec::new(),
            writes: Vec::new(),
        }))))
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What was asked since the last time, and what of it changed the world.
    pub fn take_log(&self) -> (Vec<Call>, Vec<Value>) {
        let mut stage = self.stage();
        (std::mem::take(&mut stage.log), std::mem::take(&mut stage.writes))
    }

    /// The rows, in the order of their ids.
    pub fn rows(&self) -> Vec<ThreadRow> {
        self.stage().rows.values().cloned().collect()
    }

    /// Writes a row from outside, as another process may.
    pub fn set_row(&self, row: ThreadRow) {
        self.stage().rows.insert(row.id.clone(), row);
    }
}

impl Stage {
    /// Notes a call; answers how often this import was called now.
    fn note(&mut self, import: &'static str, with: Value) -> usize {
        self.log.push(Call { import, with });
        let calls = self.calls.entry(import).or_default();
        *calls += 1;
        *calls
    }

    fn trouble(&self, import: &str, count: usize) -> Option<&Trouble> {
        self.trouble.iter().find(|trouble| trouble.import == import && trouble.call.is_none_or(|call| call == count))
    }

    fn state_trouble(&self, import: &str, count: usize) -> Result<(), StateError> {
        match self.trouble(import, count).and_then(|trouble| trouble.state.clone()) {
            Some(error) => Err(error.same()),
            None => Ok(()),
        }
    }

    fn file_trouble(&self, import: &str, count: usize) -> Result<(), FileError> {
        match self.trouble(import, count).and_then(|trouble| trouble.files.clone()) {
            Some(error) => Err(error.same()),
            None => Ok(()),
        }
    }

    /// What stands at a place.
    fn entry(&self, at: &str) -> Result<&File, FileError> {
        let closed = |file: &File| file.is == wit::EntryKind::Closed && at.starts_with(&format!("{}/", file.path));
        match self.files.get(at) {
            Some(file) => Ok(file),
            None if self.files.values().any(closed) => Err(FileError::Denied),
            None => Err(FileError::NotFound),
        }
    }

    /// A file is parsed and stored: its thread is known from now on, or that there is none in it.
    fn store(&mut self, file: FileFacts) {
        let path = file.path.clone();
        self.known.insert(path.clone(), file);
        self.recorded.values_mut().for_each(|files| files.retain(|file| *file != path));
        let readable = self.files.get(&path).filter(|file| file.error.is_none());
        let text = readable.map(|file| file.text.clone()).filter(|_| !self.failing.contains(&path));
        let thread = text.and_then(|text| identify(&Memory::of(&path, text), &path).ok().flatten());
        match thread {
            Some(thread) => {
                self.recorded.entry(thread).or_default().push(path);
                self.tally.stored += 1;
            }
            None => {
                self.without_thread.insert(path);
                self.tally.failed += 1;
            }
        }
    }

    /// A file is gone: its thread goes on with another recorded one, or is missing.
    fn forget(&mut self, path: &str) {
        self.known.remove(path);
        self.without_thread.remove(path);
        self.recorded.values_mut().for_each(|files| files.retain(|file| file != path));
        for row in self.rows.values_mut().filter(|row| row.path == path) {
            match self.recorded.get(&row.id).and_then(|files| files.last()) {
                Some(other) => {
                    row.path.clone_from(other);
                    row.archived = other.starts_with("archived_sessions/");
                }
                None => row.missing = true,
            }
        }
    }
}

/// Entries in the packed form.
fn packed<'a>(files: impl Iterator<Item = &'a FileFacts>) -> Vec<u8> {
    let mut packed = Vec::new();
    files.for_each(|file| append(&mut packed, file));
    packed
}

/// Heads in the packed form, which `core-wasm/src/packed.rs` describes.
fn packed_heads(files: &[File]) -> Vec<u8> {
    let mut packed = Vec::new();
    for file in files {
        if packed.is_empty() {
            packed.push(VERSION);
        }
        let head = match file.error {
            Some(_) => None,
            None => Some(&file.text.as_bytes()[..file.text.len().min(1_024)]),
        };
        packed.extend((file.path.len() as u16).to_le_bytes());
        packed.extend(file.path.as_bytes());
        packed.push(u8::from(head.is_some()));
        packed.extend((head.unwrap_or_default().len() as u16).to_le_bytes());
        packed.extend(head.unwrap_or_default());
    }
    packed
}

/// Some fields of a record over a whole one; a field that the record does not have is an error.
pub(crate) fn overlaid<T: serde::de::DeserializeOwned>(
    whole: serde_json::Result<Value>,
    some: Value,
) -> Result<T, String> {
    let mut whole = whole.map_err(|error| error.to_string())?;
    lay_over(&mut whole, some)?;
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

fn lay_over(whole: &mut Value, some: Value) -> Result<(), String> {
    match (whole, some) {
        (Value::Object(whole), Value::Object(some)) => {
            for (key, value) in some {
                let slot = whole.get_mut(&key).ok_or_else(|| format!("there is no field '{key}'"))?;
                lay_over(slot, value)?;
            }
        }
        (slot, value) => *slot = value,
    }
    Ok(())
}

/// What a `put` changes, by the names of the fields; null where there was no row.
fn changes(row: &ThreadRow, instead_of: Option<&ThreadRow>) -> Value {
    let json = |row: &ThreadRow| {
        let row: wit::ThreadRow = row.clone().same();
        serde_json::to_value(row).unwrap_or_default()
    };
    let (Value::Object(row), Some(Value::Object(old))) = (json(row), instead_of.map(json)) else {
        return Value::Null;
    };
    let mut changed: Vec<&String> =
        row.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, _)| key).collect();
    changed.sort();
    json!(changed)
}
