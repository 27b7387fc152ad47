//! What an exported directory was made of: its manifest, and the journal of an export that is under way.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::ExportError;
use super::private_file::{self, Existing};
use crate::platform::file_lock::FlockGuard;
use crate::platform::hex::hex;
use crate::platform::own_files::read_own_file;

/// The manifest's name.
const MANIFEST: &str = ".threadkeep-export.json";
/// The journal's name: a line for each file that is about to be written, and one for each that was.
const JOURNAL: &str = ".threadkeep-export.jsonl";
/// A manifest has at most so many bytes.
const LONGEST: u64 = 1 << 30;
const VERSION: u32 = 1;

/// A file that a document was made of, as it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// Its home path.
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
}

/// A file of the directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// Its name.
    pub(super) file: String,
    /// The id of its thread.
    pub(super) thread: String,
    /// The digest of how it was asked for; empty while it is not whole.
    pub(super) request: String,
    /// The digest of what was known of the thread.
    pub(super) facts: String,
    pub(super) sources: Vec<Source>,
    /// Pictures beside it, by their names in its directory of pictures.
    pub(super) images: Vec<String>,
    /// For the index; redacted.
    pub(super) title: String,
    pub(super) cwd: Option<String>,
    pub(super) updated_at: i64,
    /// The thread is in the home no more.
    pub(super) gone: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    version: u32,
    /// The index pages that were written.
    indexes: Vec<String>,
    entries: Vec<Entry>,
}

/// The manifest of a directory that this process alone writes into.
pub(super) struct Manifest {
    directory: PathBuf,
    /// By names of files.
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) indexes: Vec<String>,
    /// Locked as long as the directory is written into.
    journal: FlockGuard,
    /// Something changed since it was read.
    is_changed: bool,
}

impl Manifest {
    /// Reads the manifest of a directory, which is made where there is none, and what a broken off export noted.
    pub(super) fn open(directory: &Path) -> Result<Manifest, ExportError> {
        private_file::make_directory(directory)?;
        let path = directory.join(JOURNAL);
        let journal = FlockGuard(open_journal(&path).map_err(|error| ExportError::File(path.clone(), error))?);
        match journal.0.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(ExportError::Busy(directory.into())),
            Err(std::fs::TryLockError::Error(error)) => return Err(ExportError::File(path, error)),
        }
        let document = read(&directory.join(MANIFEST))?;
        let entries = document.entries.into_iter().map(|entry| (entry.file.clone(), entry)).collect();
        let indexes = document.indexes;
        let mut manifest = Manifest { directory: directory.into(), entries, indexes, journal, is_changed: false };
        let noted = read_own_file(&path, LONGEST).map_err(|error| ExportError::File(path, error))?;
        for line in noted.split(|byte| *byte == b'\n') {
            // The last line may be cut off.
            if let Ok(entry) = serde_json::from_slice::<Entry>(line) {
                manifest.entries.insert(entry.file.clone(), entry);
                manifest.is_changed = true;
            }
        }
        manifest.check()?;
        Ok(manifest)
    }

    /// A manifest that somebody else wrote leads nowhere else.
    fn check(&self) -> Result<(), ExportError> {
        let is_name = |name: &str| crate::platform::own_files::is_plain_name(name);
        let images = self.entries.values().flat_map(|entry| &entry.images).flat_map(|image| image.split('/'));
        let mut names =
            self.entries.keys().map(String::as_str).chain(self.indexes.iter().map(String::as_str)).chain(images);
        match names.find(|name| !is_name(name)) {
            Some(name) => {
                Err(ExportError::Manifest(self.directory.join(MANIFEST), format!("'{name}' is no name of a file")))
            }
            None => Ok(()),
        }
    }

    /// Notes that a file is about to be written, or was: what is noted is this program's, whatever becomes of the process.
    pub(super) fn note(&mut self, entry: Entry) -> Result<(), ExportError> {
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        let noted = self.journal.0.write_all(&line);
        noted.map_err(|error| ExportError::File(self.directory.join(JOURNAL), error))?;
        self.entries.insert(entry.file.clone(), entry);
        self.is_changed = true;
        Ok(())
    }

    /// Says that something changed that is not noted.
    pub(super) fn touch(&mut self) {
        self.is_changed = true;
    }

    /// Writes the manifest down, where something changed, and removes the journal.
    pub(super) fn save(self) -> Result<(), ExportError> {
        let journal = self.directory.join(JOURNAL);
        if self.is_changed {
            let document =
                Document { version: VERSION, indexes: self.indexes, entries: self.entries.into_values().collect() };
            private_file::write(&self.directory.join(MANIFEST), &serde_json::to_vec(&document)?, Existing::Replaced)?;
        }
        std::fs::remove_file(&journal).map_err(|error| ExportError::File(journal, error))
    }
}

/// Says whether a file's name ends with an extension.
pub(super) fn has_extension(file: &str, extension: &str) -> bool {
    file.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.'))
}

fn open_journal(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(path)
}

fn read(path: &Path) -> Result<Document, ExportError> {
    let bytes = match read_own_file(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
        Err(error) => return Err(ExportError::File(path.into(), error)),
    };
    let document: Document =
        serde_json::from_slice(&bytes).map_err(|error| ExportError::Manifest(path.into(), error.to_string()))?;
    match document.version <= VERSION {
        true => Ok(document),
        false => Err(ExportError::Manifest(path.into(), "a newer program wrote it".into())),
    }
}

/// Gives a digest of a value, as a text.
pub(super) fn digest(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let sum = Sha256::digest(serde_json::to_vec(value)?);
    Ok(hex(&sum[..16]))
}
