//! What repairs there were, and how far each came: a directory each in `<state dir>/repairs/`, called by its number and
//! time.
//!
//! ```text
//! plan.json      what is to be done, written before anything is
//! applied.json   it was: which entries, and which not
//! undo.json      what takes it back, written before anything is taken back
//! undone.json    it was taken back
//! ```
//!
//! Each is written beside its place, synced, and renamed. One that is begun and not completed was left by a killed process.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::RepairError;
use super::plan::Plan;
use crate::platform::own_files::{is_plain_name, read_own_file};

const PLACE: &str = "repairs";
/// No plan is longer, bytes.
const LONGEST: u64 = 1 << 30;

/// Holds what is to be done, and what was saved before.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    /// The backup that was made before, by its name.
    pub(super) backup: Option<String>,
    /// Exactly what is to be done.
    pub(super) plan: Plan,
}

/// Holds what was done.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    /// When: RFC 3339, UTC.
    pub(super) at: String,
    /// Places of the plan's entries that are done.
    pub(super) done: Vec<usize>,
    /// And of those that are not, with what was in the way.
    pub(super) refused: Vec<(usize, String)>,
}

/// Says which way a repair goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is made.
    Apply,
    /// It is taken back.
    Undo,
}

impl Way {
    fn begun(self) -> &'static str {
        match self {
            Way::Apply => "plan.json",
            Way::Undo => "undo.json",
        }
    }

    fn completed(self) -> &'static str {
        match self {
            Way::Apply => "applied.json",
            Way::Undo => "undone.json",
        }
    }
}

/// Names one repair of the journal.
pub(super) struct Record {
    /// Number and time.
    pub(super) name: String,
    dir: PathBuf,
}

/// Lists all repairs that were begun, oldest first; nothing is created.
pub(super) fn records(state_dir: &Path) -> Result<Vec<Record>, RepairError> {
    let place = state_dir.join(PLACE);
    let entries = match fs::read_dir(&place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| RepairError::Journal(place.clone(), error))?,
    };
    let mut records = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| RepairError::Journal(place.clone(), error))?;
        // What a link leads to is not this program's journal.
        if let Ok(name) = entry.file_name().into_string()
            && number(&name).is_some()
            && is_plain_name(&name)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
        {
            records.push(Record { name, dir: entry.path() });
        }
    }
    records.retain(|record| record.has(Way::Apply.begun()));
    records.sort_by_key(|record| number(&record.name));
    Ok(records)
}

fn number(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

impl Record {
    /// Appends what is about to be done; it is on disk when this returns.
    pub(super) fn append(state_dir: &Path, begun: &Begun) -> Result<Record, RepairError> {
        let place = state_dir.join(PLACE);
        let failed = |error| RepairError::Journal(place.clone(), error);
        make_dir(&place).map_err(failed)?;
        let taken = fs::read_dir(&place).map_err(failed)?.flatten();
        let last = taken.filter_map(|entry| number(entry.file_name().to_str()?)).max().unwrap_or(0);
        let next =
            last.checked_add(1).ok_or_else(|| failed(std::io::Error::other("its last number is the last one")))?;
        let name = format!("{next:06}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let dir = place.join(&name);
        make_dir(&dir).map_err(failed)?;
        let record = Record { name, dir };
        record.write(Way::Apply.begun(), begun)?;
        sync(&place).and_then(|()| sync(state_dir)).map_err(failed)?;
        Ok(record)
    }

    /// Appends how it is about to be taken back.
    pub(super) fn append_undo(&self, begun: &Begun) -> Result<(), RepairError> {
        self.write(Way::Undo.begun(), begun)
    }

    /// Completes it with what was done.
    pub(super) fn complete(&self, way: Way, done: &Done) -> Result<(), RepairError> {
        self.write(way.completed(), done)
    }

    /// Clears what was appended: nothing of it was done, nor will it be.
    pub(super) fn clear(&self, way: Way) -> Result<(), RepairError> {
        let failed = |error| RepairError::Journal(self.dir.clone(), error);
        fs::remove_file(self.dir.join(way.begun())).and_then(|()| sync(&self.dir)).map_err(failed)?;
        if way == Way::Apply {
            let _ = fs::remove_dir(&self.dir);
        }
        Ok(())
    }

    /// Returns the way it was begun to go and is not known to have come to its end.
    pub(super) fn unfinished(&self) -> Option<Way> {
        [Way::Apply, Way::Undo].into_iter().find(|way| self.has(way.begun()) && !self.has(way.completed()))
    }

    /// Says whether it was taken back, or that was begun.
    pub(super) fn is_undone(&self) -> bool {
        self.has(Way::Undo.begun())
    }

    /// Reads what was to be done.
    pub(super) fn begun(&self, way: Way) -> Result<Begun, RepairError> {
        self.read(way.begun())
    }

    /// Reads what was done.
    pub(super) fn done(&self, way: Way) -> Result<Done, RepairError> {
        self.read(way.completed())
    }

    fn has(&self, file: &str) -> bool {
        self.dir.join(file).symlink_metadata().is_ok()
    }

    fn read<T: DeserializeOwned>(&self, file: &str) -> Result<T, RepairError> {
        let path = self.dir.join(file);
        let failed = |error| RepairError::Journal(path.clone(), error);
        let text = read_own_file(&path, LONGEST).map_err(failed)?;
        serde_json::from_slice(&text).map_err(|error| RepairError::Journal(path, error.into()))
    }

    fn write(&self, file: &str, what: &impl Serialize) -> Result<(), RepairError> {
        let path = self.dir.join(file);
        let written = serde_json::to_vec(what).map_err(std::io::Error::from).and_then(|text| {
            let beside = self.dir.join(format!("{file}.new"));
            // A killed process may have left one; nothing is written to where a link leads.
            if let Err(error) = fs::remove_file(&beside)
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error);
            }
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut out = options.open(&beside)?;
            out.write_all(&text)?;
            out.sync_all()?;
            fs::rename(&beside, &path)?;
            sync(&self.dir)
        });
        written.map_err(|error| RepairError::Journal(path, error))
    }
}

/// Makes a directory that others cannot look into.
fn make_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Brings what was made, renamed or removed in a directory to disk.
fn sync(dir: &Path) -> std::io::Result<()> {
    fs::File::open(dir)?.sync_all()
}
