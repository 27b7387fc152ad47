//! The journal of imports: a file each in `<state dir>/imports/`, called by its number and time, to which lines are appended.
//!
//! ```text
//! {"begun":"2026-11-29T16:00:00Z"}
//! {"file":{"thread":…,"path":…,"size":…,"sha256":…}}     it is about to get its name
//! {"moved":{"from":…,"to":…}}                            a directory was said to have moved
//! {"finished":"2026-11-29T16:01:00Z"}                    all of it was done, names and all
//! {"undone":"2026-11-29T17:00:00Z"}                      it was taken back
//! ```
//!
//! A file is noted before it gets its name: what is noted and not there was never there, or is gone.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ImportError;
use crate::platform::own_files::{is_plain_name, read_own_file};

const PLACE: &str = "imports";
/// No journal is longer, bytes.
const LONGEST: u64 = 1 << 30;

/// A file that came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JournaledFile {
    /// Its thread.
    pub(crate) thread: String,
    /// Its home path.
    pub(crate) path: String,
    /// Bytes of its plain text.
    pub(crate) size: u64,
    /// Their SHA-256.
    pub(crate) sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Begun(String),
    File(JournaledFile),
    Moved { from: String, to: String },
    Finished(String),
    Undone(String),
}

/// Holds the journal of one import.
pub(crate) struct Journal {
    /// Number and time.
    pub(crate) name: String,
    path: PathBuf,
    file: File,
}

/// Says what an import did, as its journal tells.
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) at: String,
    pub(super) files: Vec<JournaledFile>,
    pub(super) moves: Vec<(String, String)>,
    pub(super) is_finished: bool,
    pub(super) is_undone: bool,
}

impl Journal {
    /// Begins the journal of an import; it is on disk when this returns.
    pub(crate) fn begin(state_dir: &Path) -> Result<Journal, ImportError> {
        let place = state_dir.join(PLACE);
        let failed = |error| ImportError::Journal(place.clone(), error);
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&place) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let last = names(&place).map_err(failed)?.pop().and_then(|name| number(&name)).unwrap_or(0);
        let next =
            last.checked_add(1).ok_or_else(|| failed(std::io::Error::other("its last number is the last one")))?;
        let now = jiff::Timestamp::now();
        let name = format!("{next:06}-{}", now.strftime("%Y%m%dT%H%M%SZ"));
        let path = place.join(format!("{name}.jsonl"));
        let mut options = fs::OpenOptions::new();
        options.append(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        let mut journal = Journal { name, path, file };
        journal.write(&Line::Begun(now.to_string()))?;
        let sync = |dir: &Path| File::open(dir)?.sync_all();
        sync(&place).and_then(|()| sync(state_dir)).map_err(failed)?;
        Ok(journal)
    }

    /// Opens the journal of an earlier import, to append to it.
    pub(super) fn reopen(recorded: &Recorded) -> Result<Journal, ImportError> {
        let mut options = fs::OpenOptions::new();
        options.append(true);
        let opened = crate::platform::regular_file::open_with(&recorded.path, &mut options);
        let file = opened.map_err(|error| ImportError::Journal(recorded.path.clone(), error))?;
        let mut journal = Journal { name: recorded.name.clone(), path: recorded.path.clone(), file };
        // What a killed process left half a line of must not take the next one in.
        let ended = journal.file.write_all(b"\n");
        ended.map_err(|error| ImportError::Journal(recorded.path.clone(), error))?;
        Ok(journal)
    }

    /// Opens the journal of this name.
    pub(crate) fn named(state_dir: &Path, name: &str) -> Result<Option<Journal>, ImportError> {
        let recorded = all(state_dir)?.into_iter().find(|recorded| recorded.name == name);
        recorded.map(|recorded| Journal::reopen(&recorded)).transpose()
    }

    /// Opens the journals of imports that were broken off, each with the threads that came.
    pub(crate) fn unfinished(state_dir: &Path) -> Result<Vec<(Journal, BTreeSet<String>)>, ImportError> {
        let left = all(state_dir)?.into_iter().filter(|recorded| !recorded.is_finished && !recorded.is_undone);
        let threads = |recorded: &Recorded| recorded.files.iter().map(|file| file.thread.clone()).collect();
        left.map(|recorded| Ok((Journal::reopen(&recorded)?, threads(&recorded)))).collect()
    }

    /// Notes a file that is about to get its name.
    pub(super) fn append(&mut self, file: &JournaledFile) -> Result<(), ImportError> {
        self.write(&Line::File(file.clone()))
    }

    /// Notes that a directory was said to have moved.
    pub(crate) fn append_move(&mut self, from: &str, to: &str) -> Result<(), ImportError> {
        self.write(&Line::Moved { from: from.into(), to: to.into() })
    }

    /// Notes that all of the import was done.
    pub(crate) fn finish(&mut self) -> Result<(), ImportError> {
        self.write(&Line::Finished(jiff::Timestamp::now().to_string()))
    }

    /// Notes that the import was taken back.
    pub(super) fn complete_undo(&mut self) -> Result<(), ImportError> {
        self.write(&Line::Undone(jiff::Timestamp::now().to_string()))
    }

    fn write(&mut self, line: &Line) -> Result<(), ImportError> {
        let text = serde_json::to_string(line).map_err(std::io::Error::from);
        let written = text.and_then(|text| self.file.write_all(format!("{text}\n").as_bytes()));
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|error| ImportError::Journal(self.path.clone(), error))
    }
}

/// Lists the names in the directory of journals, in the order of their numbers.
fn names(place: &Path) -> std::io::Result<Vec<String>> {
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let entries = entries.collect::<std::io::Result<Vec<_>>>()?;
    let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| is_plain_name(name) && name.ends_with(".jsonl") && number(name).is_some()).collect();
    names.sort_by_key(|name| number(name));
    Ok(names)
}

fn number(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

/// Reads the journals of all imports, oldest first; nothing is created. What a killed process left half a line of is no line.
pub(super) fn all(state_dir: &Path) -> Result<Vec<Recorded>, ImportError> {
    let place = state_dir.join(PLACE);
    let names = names(&place).map_err(|error| ImportError::Journal(place.clone(), error))?;
    let read = |name: String| {
        let path = place.join(&name);
        let text = read_own_file(&path, LONGEST).map_err(|error| ImportError::Journal(path.clone(), error))?;
        let name = name.trim_end_matches(".jsonl").to_owned();
        let (at, files, moves) = (String::new(), Vec::new(), Vec::new());
        let mut recorded = Recorded { name, path, at, files, moves, is_finished: false, is_undone: false };
        for line in text.split(|&byte| byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Line::Begun(at)) => recorded.at = at,
                Ok(Line::File(file)) => recorded.files.push(file),
                Ok(Line::Moved { from, to }) => recorded.moves.push((from, to)),
                Ok(Line::Finished(_)) => recorded.is_finished = true,
                Ok(Line::Undone(_)) => recorded.is_undone = true,
                Err(_) => {}
            }
        }
        Ok(recorded)
    };
    names.into_iter().map(read).collect()
}
