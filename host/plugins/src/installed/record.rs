//! What is noted of an installed plugin, in a file beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use threadkeep::platform::own_files::read_own_file;

use crate::error::PluginError;
use crate::grants::Grants;
use crate::manifest::Manifest;
use crate::offers::Offers;

/// The form of the file; a program that knows an older one alone refuses it.
const FORMAT: u32 = 1;
/// No such file has more bytes.
const LONGEST: u64 = 1 << 20;

/// The names of the files of a plugin.
pub(super) const COMPONENT: &str = "plugin.wasm";
pub(super) const IMAGE: &str = "image.cwasm";
const RECORD: &str = "record.json";

/// Is all that is known of an installed plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub(super) format: u32,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it offers by name.
    pub offers: Offers,
    /// What it was granted.
    pub granted: Grants,
    /// The file that it came from.
    pub source: PathBuf,
    /// When it was installed, in milliseconds since 1970.
    pub installed_at: i64,
    /// The SHA-256 of its component, in hexadecimal digits.
    pub sha256: String,
    /// The bytes of its component.
    pub size: u64,
    /// For which state DBs an importer is asked at every start, and what it reads.
    #[serde(default)]
    pub imports: Vec<RegisteredImport>,
    /// The image that it was compiled into.
    pub(super) image: ImageFacts,
}

/// Says that an importer is asked whenever a state DB is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredImport {
    /// The directory of the state DB.
    pub state_dir: PathBuf,
    /// The directories that are read; the usual ones where none is named.
    pub directories: Vec<PathBuf>,
    /// Threads stay whose own files are gone.
    pub keeps_gone: bool,
}

/// What is known of an image, by which it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFacts {
    pub(super) sha256: String,
    pub(super) size: u64,
    /// Number, size and times of the file: while they are the same, nobody wrote to it.
    pub(super) stamp: String,
}

impl Record {
    pub(super) fn new(
        (manifest, offers): (Manifest, Offers),
        granted: Grants,
        (source, installed_at): (PathBuf, i64),
        (sha256, size): (String, u64),
        image: ImageFacts,
    ) -> Record {
        Record {
            format: FORMAT,
            manifest,
            offers,
            granted,
            source,
            installed_at,
            sha256,
            size,
            imports: Vec::new(),
            image,
        }
    }

    /// Gives the bytes of the image.
    pub fn image_size(&self) -> u64 {
        self.image.size
    }

    /// Reads what is noted of the plugin in a directory.
    pub(super) fn read(directory: &Path, name: &str) -> Result<Record, PluginError> {
        let unreadable = |why: String| PluginError::Record { name: name.into(), why };
        let bytes = read_own_file(&directory.join(RECORD), LONGEST).map_err(|error| unreadable(error.to_string()))?;
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if record.format != FORMAT {
            return Err(unreadable("it was written by a newer threadkeep".into()));
        }
        if record.manifest.name != name {
            return Err(unreadable(format!("it is of the plugin {}", record.manifest.name)));
        }
        Ok(record)
    }

    /// Writes it, in the place of the one before.
    pub(super) fn write(&self, directory: &Path) -> Result<(), PluginError> {
        let path = directory.join(RECORD);
        let failed = |error: std::io::Error| PluginError::File { path: path.clone(), error };
        let mut file = tempfile::Builder::new().prefix(".record-").tempfile_in(directory).map_err(failed)?;
        serde_json::to_writer_pretty(&mut file, self).map_err(|error| failed(error.into()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
