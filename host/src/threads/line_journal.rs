//! Journals of work that is done piece by piece and can be taken back: a file each in a directory of the state directory, called
//! by its number and time, to which lines of JSON are appended. A line is on disk before what it tells is done.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::platform::own_files::{is_plain_name, read_own_file};
use crate::platform::regular_file;

/// No journal is longer, bytes.
const LONGEST: u64 = 1 << 30;

/// Holds a journal open to append to it.
pub(crate) struct LineJournal {
    /// Number and time.
    pub(crate) name: String,
    path: PathBuf,
    file: File,
}

/// Holds what a journal tells.
pub(crate) struct RecordedLines<T> {
    /// Number and time.
    pub(crate) name: String,
    path: PathBuf,
    /// Its lines, oldest first.
    pub(crate) lines: Vec<T>,
}

/// What failed, and where.
pub(crate) type Failure = (PathBuf, Error);

impl LineJournal {
    /// Begins a journal in the directory `place` of the state directory; its name is on disk when this returns.
    pub(crate) fn begin(state_dir: &Path, place: &str) -> Result<LineJournal, Failure> {
        let place = state_dir.join(place);
        let failed = |error| (place.clone(), error);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&place) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let last = names(&place).map_err(failed)?.pop().and_then(|name| number(&name)).unwrap_or(0);
        let next = last.checked_add(1).ok_or_else(|| failed(Error::other("its last number is the last one")))?;
        let name = format!("{next:06}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let path = place.join(format!("{name}.jsonl"));
        let mut options = fs::OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        let sync = |dir: &Path| File::open(dir)?.sync_all();
        sync(&place).and_then(|()| sync(state_dir)).map_err(failed)?;
        Ok(LineJournal { name, path, file })
    }

    /// Opens a journal again, to append to it.
    pub(crate) fn reopen<T>(recorded: &RecordedLines<T>) -> Result<LineJournal, Failure> {
        let mut options = fs::OpenOptions::new();
        options.append(true);
        let opened = regular_file::open_with(&recorded.path, &mut options);
        // What a killed process left half a line of must not take the next one in.
        let ended = opened.and_then(|mut file| file.write_all(b"\n").map(|()| file));
        let file = ended.map_err(|error| (recorded.path.clone(), error))?;
        Ok(LineJournal { name: recorded.name.clone(), path: recorded.path.clone(), file })
    }

    /// Appends a line; it is on disk when this returns.
    pub(crate) fn append(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(line).map_err(Error::from);
        let written = text.and_then(|text| self.file.write_all(format!("{text}\n").as_bytes()));
        written.and_then(|()| self.file.sync_data()).map_err(|error| (self.path.clone(), error))
    }
}

/// Reads all journals of the directory `place`, oldest first; nothing is created. What a killed process left half a line of is no
/// line.
pub(crate) fn read_all<T: DeserializeOwned>(state_dir: &Path, place: &str) -> Result<Vec<RecordedLines<T>>, Failure> {
    let place = state_dir.join(place);
    let read = |name: String| {
        let path = place.join(&name);
        let text = read_own_file(&path, LONGEST).map_err(|error| (path.clone(), error))?;
        let lines = text.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        Ok(RecordedLines { name: name.trim_end_matches(".jsonl").to_owned(), path, lines })
    };
    names(&place).map_err(|error| (place.clone(), error))?.into_iter().map(read).collect()
}

/// Lists the names in a directory of journals, in the order of their numbers.
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
