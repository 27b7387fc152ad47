//! What reads the files of another program, as the library sees it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use threadkeep_engine::contract::{ForeignEntry, ForeignSession};

/// How many directories may lie inside each other; deeper ones are left out.
const DEEPEST: usize = 32;

/// Says why files of another program were not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ForeignError {
    /// Why, as the end of a sentence.
    pub why: String,
    /// Whether it may be otherwise the next time though no file changes: it is tried again then.
    pub is_temporary: bool,
}

impl ForeignError {
    /// Says that the files are such that they cannot be read.
    pub fn of_files(why: impl Into<String>) -> ForeignError {
        ForeignError { why: why.into(), is_temporary: false }
    }

    /// Says that something else was in the way.
    pub fn temporary(why: impl Into<String>) -> ForeignError {
        ForeignError { why: why.into(), is_temporary: true }
    }
}

/// A file of another program, as the file system describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since the epoch.
    pub modified_ns: i64,
}

/// Files that are read together, and anew when one of them changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignUnit {
    /// What they have in common, by the source's own choice.
    pub name: String,
    /// The files; their order does not matter.
    pub files: Vec<ForeignFile>,
}

/// All files of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignUnits {
    /// The files, by what is read together.
    pub units: Vec<ForeignUnit>,
    /// What could not be looked at, each a sentence. While there is anything of the kind, no thread is gone.
    pub unknown: Vec<String>,
}

/// Lists all regular files below some directories, by their absolute paths, with sentences for what cannot be looked at: a source makes
/// its units of them. No link is followed. That a directory is not there is no wonder where `is_optional` says so of it; else
/// it may be away with its disk.
pub fn files_below(directories: &[PathBuf], is_optional: impl Fn(&Path) -> bool) -> (Vec<ForeignFile>, Vec<String>) {
    let (mut files, mut unknown) = (Vec::new(), Vec::new());
    for directory in directories {
        match list_below(directory, 0, &mut files) {
            Ok(()) => {}
            Err((path, error)) if error.kind() == ErrorKind::NotFound && path == *directory && is_optional(&path) => {}
            Err((path, error)) => unknown.push(format!("{} cannot be looked at: {error}", path.display())),
        }
    }
    files.sort();
    (files, unknown)
}

fn list_below(directory: &Path, depth: usize, files: &mut Vec<ForeignFile>) -> Result<(), (PathBuf, std::io::Error)> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| (path, error)
    };
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let entry = entry.map_err(at(directory))?;
        let path = entry.path();
        // One that is gone since it was listed is not there.
        let about = match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            about => about.map_err(at(&path))?,
        };
        if about.is_dir() && depth < DEEPEST {
            list_below(&path, depth + 1, files)?;
        } else if about.is_file() {
            let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let modified_ns = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
            files.push(ForeignFile { path, size: about.len(), modified_ns });
        }
    }
    Ok(())
}

/// A session that files tell.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldSession {
    /// The session; its `program` is the source's name, whatever it says.
    pub session: ForeignSession,
    /// Whatever changes when the session does: it is read anew only then.
    pub stamp: String,
    /// Titles that its file tells of other sessions: of those that hold the entry with this key.
    pub titles: Vec<(String, String)>,
}

/// Gives the entries of one session, in their order.
pub trait ForeignEntries {
    /// Gives the next ones; none at the end.
    ///
    /// # Errors
    ///
    /// Fails where the files say what no session can.
    fn next(&mut self) -> Result<Vec<ForeignEntry>, ForeignError>;
}

/// Reads the sessions of another program. An importer that is a plugin is one, and so are plain data.
pub trait ForeignSource: Send + Sync {
    /// Names the program: lower-case letters, digits and hyphens. Threads are known by it for good.
    fn name(&self) -> &str;
    /// Lists all files that have to do with sessions.
    ///
    /// # Errors
    ///
    /// Fails where nothing at all can be listed.
    fn units(&self) -> Result<ForeignUnits, ForeignError>;
    /// Gives the sessions in the files of one unit.
    ///
    /// # Errors
    ///
    /// Fails where the files cannot be read.
    fn sessions(&self, unit: &ForeignUnit) -> Result<Vec<ToldSession>, ForeignError>;
    /// Opens a session of a unit, by the program's own id.
    ///
    /// # Errors
    ///
    /// Fails where the files cannot be read.
    fn entries<'a>(
        &'a self,
        unit: &'a ForeignUnit,
        session: &str,
    ) -> Result<Box<dyn ForeignEntries + 'a>, ForeignError>;
}

/// A source whose threads are kept here.
#[derive(Clone)]
pub struct ForeignImport {
    /// What reads the program's files.
    pub source: Arc<dyn ForeignSource>,
    /// Whether threads stay, marked, whose own files are gone.
    pub keeps_gone: bool,
}
