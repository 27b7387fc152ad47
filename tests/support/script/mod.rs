//! A world that is plain data: rollouts, rows, names, the course of a backfill, and a clock that only waiting moves. It
//! implements the core's ports, for the native core and, through `ported`, for the component, and writes down what it
//! was asked.

mod ports;
mod setting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use serde_json::{Value, json};
use threadkeep_contract::{
    ClaimResult, CodexFacts, Counts, EntryKind, FileError, FileFacts, NameClaim, Patch, Phase, StateError, ThreadRow,
};
use threadkeep_core::rollout::head::identify;

use crate::{Memory, VectorRows, same};

use setting::Trouble;
pub use setting::{Claim, File, KnownFile, Setting, blank_row};

/// Everything that the contract lets the core ask.
pub(crate) const IMPORTS: &[&str] = &[
    "rows.row",
    "rows.page",
    "rows.children",
    "rows.forks-of",
    "rows.ids-starting-with",
    "rows.files-of",
    "rows.derived-row",
    "rows.indexed-files",
    "rows.unparsed-files",
    "rows.data-version",
    "rows.cache-put",
    "rows.cache-get",
    "rows.put",
    "rows.remove-file",
    "sources.names",
    "sources.codex",
    "sources.patches",
    "sources.threads-named",
    "sources.default-provider",
    "rollouts.stat",
    "rollouts.files-named",
    "rollouts.reader.open",
    "rollouts.reader.read",
    "rollouts.walker.open",
    "rollouts.walker.next",
    "rollouts.heads.open",
    "rollouts.heads.next",
    "backfill.current",
    "backfill.claim",
    "backfill.enqueue",
    "backfill.skip-files",
    "backfill.remove-files",
    "backfill.flush",
    "backfill.import-sources",
    "backfill.add-total",
    "backfill.finish",
    "clock.now",
    "clock.wall",
    "clock.wait",
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
struct Stage {
    handle: bool,
    provider: String,
    overtaken: bool,
    restless: bool,
    failing: BTreeSet<String>,
    watermark: Option<String>,
    trouble: Vec<Trouble>,
    files: BTreeMap<String, File>,
    rows: VectorRows,
    names: Vec<NameClaim>,
    codex: BTreeMap<String, CodexFacts>,
    patches: BTreeMap<String, Vec<Patch>>,
    phases: VecDeque<Phase>,
    claims: VecDeque<ClaimResult>,
    counts: Counts,
    walks: u64,
    now: i64,
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
        let codex = setting.codex.into_iter().map(|(id, some)| Ok((id, overlaid(CodexFacts::default(), some)?)));
        for trouble in &setting.trouble {
            if !IMPORTS.contains(&trouble.import.as_str()) {
                return Err(format!("there is no import {}", trouble.import));
            }
        }
        let thread_rows = |rows: Vec<serde_json::Map<String, Value>>| -> Result<Vec<ThreadRow>, String> {
            rows.into_iter().map(|some| overlaid(blank_row(), some)).collect()
        };
        let rows = VectorRows::new(thread_rows(setting.row)?, thread_rows(setting.derived)?);
        for (thread, paths) in &setting.recorded {
            paths.iter().for_each(|path| rows.assign(path, thread));
        }
        for known in setting.backfill.known {
            let now = files.get(&known.path).map_or_else(|| File::of(&known.path, ""), Clone::clone).facts();
            rows.index(FileFacts {
                size: known.size.unwrap_or(now.size),
                modified_ns: known.modified_ns.unwrap_or(now.modified_ns),
                inode: known.inode.unwrap_or(now.inode),
                ..now
            });
        }
        let names = setting.name.into_iter().map(same).collect();
        let mut phases = VecDeque::from(setting.backfill.phases);
        if phases.is_empty() {
            phases.push_back(Phase::Complete);
        }
        Ok(Script(Arc::new(Mutex::new(Stage {
            handle: setting.handle,
            provider: setting.provider,
            overtaken: setting.overtaken,
            restless: setting.backfill.restless,
            failing: setting.backfill.failing,
            watermark: setting.backfill.watermark,
            trouble: setting.trouble,
            files,
            rows,
            names,
            codex: codex.collect::<Result<_, String>>()?,
            patches: setting.patches,
            phases,
            claims: setting.backfill.claims.into(),
            counts: Counts::default(),
            walks: 0,
            now: 0,
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
        self.stage().rows.all()
    }

    /// Writes a row from outside, as another process may.
    pub fn set_row(&self, row: ThreadRow) {
        self.stage().rows.set(row);
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
        self.trouble(import, count).and_then(|trouble| trouble.state.clone()).map_or(Ok(()), Err)
    }

    fn file_trouble(&self, import: &str, count: usize) -> Result<(), FileError> {
        self.trouble(import, count).and_then(|trouble| trouble.files.clone()).map_or(Ok(()), Err)
    }

    /// What stands at a place.
    fn entry(&self, at: &str) -> Result<&File, FileError> {
        let closed = |file: &File| file.is == EntryKind::Closed && at.starts_with(&format!("{}/", file.path));
        match self.files.get(at) {
            Some(file) => Ok(file),
            None if self.files.values().any(closed) => Err(FileError::Denied),
            None => Err(FileError::NotFound),
        }
    }

    /// A file is parsed and stored: its thread is known from now on, or that there is none in it.
    fn store(&mut self, file: &FileFacts) {
        self.rows.index(file.clone());
        let path = &file.path;
        let readable = self.files.get(path).filter(|file| file.error.is_none() && !self.failing.contains(path));
        let text = readable.map(|file| file.text.clone());
        match text.and_then(|text| identify(&Memory::of(path, text), path).ok().flatten()) {
            Some(thread) => {
                self.rows.assign(path, &thread);
                self.counts.stored += 1;
            }
            None => {
                self.rows.set_unparsed(path);
                self.counts.failed += 1;
            }
        }
    }
}

/// Some fields of a record over a whole one; a field that the record does not have is an error.
pub(crate) fn overlaid<T: Serialize + serde::de::DeserializeOwned>(
    whole: T,
    some: serde_json::Map<String, Value>,
) -> Result<T, String> {
    let mut whole = serde_json::to_value(whole).map_err(|error| error.to_string())?;
    lay_over(&mut whole, Value::Object(some))?;
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
fn changes(row: &ThreadRow, expected: Option<&ThreadRow>) -> Value {
    let (Value::Object(row), Value::Object(old)) = (json!(row), json!(expected)) else {
        return Value::Null;
    };
    let mut changed: Vec<&String> =
        row.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, _)| key).collect();
    changed.sort();
    json!(changed)
}
