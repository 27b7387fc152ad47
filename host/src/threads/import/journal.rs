//! The journal of imports, in `<state dir>/imports/`:
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
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ImportError;
use crate::threads::line_journal::{Failure, LineJournal, RecordedLines, read_all};

const PLACE: &str = "imports";

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
pub(crate) struct Journal(LineJournal);

/// Says what an import did, as its journal tells.
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) at: String,
    pub(super) files: Vec<JournaledFile>,
    pub(super) moves: Vec<(String, String)>,
    pub(super) is_undone: bool,
    is_finished: bool,
}

fn failed((path, error): Failure) -> ImportError {
    ImportError::Journal(path, error)
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

impl Journal {
    /// Begins the journal of an import; it is on disk when this returns.
    pub(crate) fn begin(state_dir: &Path) -> Result<Journal, ImportError> {
        let mut journal = Journal(LineJournal::begin(state_dir, PLACE).map_err(failed)?);
        journal.write(&Line::Begun(now()))?;
        Ok(journal)
    }

    /// Opens the journal of this name.
    pub(crate) fn named(state_dir: &Path, name: &str) -> Result<Option<Journal>, ImportError> {
        let recorded = read(state_dir)?.into_iter().find(|recorded| recorded.name == name);
        recorded.map(|recorded| Journal::reopen(&recorded)).transpose()
    }

    /// Opens the journals of imports that were broken off, each with the threads that came.
    pub(crate) fn unfinished(state_dir: &Path) -> Result<Vec<(Journal, BTreeSet<String>)>, ImportError> {
        let mut unfinished = Vec::new();
        for lines in read(state_dir)? {
            let recorded = Recorded::of(&lines);
            if !recorded.is_finished && !recorded.is_undone {
                let threads = recorded.files.into_iter().map(|file| file.thread).collect();
                unfinished.push((Journal::reopen(&lines)?, threads));
            }
        }
        Ok(unfinished)
    }

    /// Gives its number and time.
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    fn reopen(lines: &RecordedLines<Line>) -> Result<Journal, ImportError> {
        LineJournal::reopen(lines).map(Journal).map_err(failed)
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
        self.write(&Line::Finished(now()))
    }

    /// Notes that the import was taken back.
    pub(super) fn complete_undo(&mut self) -> Result<(), ImportError> {
        self.write(&Line::Undone(now()))
    }

    fn write(&mut self, line: &Line) -> Result<(), ImportError> {
        self.0.append(line).map_err(failed)
    }
}

fn read(state_dir: &Path) -> Result<Vec<RecordedLines<Line>>, ImportError> {
    read_all(state_dir, PLACE).map_err(failed)
}

/// Gives what the journals of all imports tell, oldest first; nothing is created.
pub(super) fn all(state_dir: &Path) -> Result<Vec<Recorded>, ImportError> {
    Ok(read(state_dir)?.iter().map(Recorded::of).collect())
}

impl Recorded {
    fn of(lines: &RecordedLines<Line>) -> Recorded {
        let (at, files, moves) = (String::new(), Vec::new(), Vec::new());
        let mut recorded =
            Recorded { name: lines.name.clone(), at, files, moves, is_finished: false, is_undone: false };
        for line in &lines.lines {
            match line {
                Line::Begun(at) => recorded.at.clone_from(at),
                Line::File(file) => recorded.files.push(file.clone()),
                Line::Moved { from, to } => recorded.moves.push((from.clone(), to.clone())),
                Line::Finished(_) => recorded.is_finished = true,
                Line::Undone(_) => recorded.is_undone = true,
            }
        }
        recorded
    }
}
