//! Files that appear whole or not at all, and that nobody but their owner can read.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::ExportError;

/// Bytes that are written at a time.
const BUFFER: usize = 256 << 10;

/// Says what may stand where a file is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// Nothing.
    Refused,
    /// A file, which the new one replaces.
    Replaced,
}

/// A file that is being written under another name beside its place.
pub(super) struct PrivateFile {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl PrivateFile {
    /// Begins a file.
    pub(super) fn create(path: &Path) -> Result<PrivateFile, ExportError> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new().prefix(".threadkeep-").suffix(".tmp").tempfile_in(parent);
        let file = file.map_err(|error| ExportError::File(path.into(), error))?;
        Ok(PrivateFile { path: path.into(), out: BufWriter::with_capacity(BUFFER, file) })
    }

    /// Puts the file where it belongs.
    pub(super) fn finish(self, existing: Existing) -> Result<(), ExportError> {
        let failed = |error: io::Error| ExportError::of_file(&self.path, error);
        let file = self.out.into_inner().map_err(|error| failed(error.into_error()))?;
        let kept = match existing {
            Existing::Refused => file.persist_noclobber(&self.path),
            Existing::Replaced => file.persist(&self.path),
        };
        kept.map(drop).map_err(|error| failed(error.error))
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a whole file.
pub(super) fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), ExportError> {
    let mut file = PrivateFile::create(path)?;
    file.write_all(bytes).map_err(|error| ExportError::of_file(path, error))?;
    file.finish(existing)
}

/// Makes a directory for private files, if it is not there.
pub(super) fn make_directory(path: &Path) -> Result<(), ExportError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| ExportError::File(path.into(), error))
}
