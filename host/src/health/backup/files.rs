//! The files that are backed up, and copies of files that are on disk when they are said to be.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::manifest::{Belongs, INDEXES, SavedFile, kind};
use crate::db::{ExternalDb, FILE_NAME, StateDb};
use crate::platform::hex::hex;
use crate::platform::home::Home;
use crate::platform::own_files::open_own_file;
use crate::platform::regular_file;

/// The one kind of Codex's databases that is backed up only when asked for.
const LOGS: &str = "logs";
/// Bytes copied at a time.
const CHUNK: usize = 128 << 10;

/// Names a file to be saved.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) belongs: Belongs,
    pub(super) path: PathBuf,
}

/// Lists what there is to be saved, by name.
pub(super) fn sources(home: &Home, state_dir: &Path, logs: bool) -> Result<Vec<Source>, BackupError> {
    let databases = home.sqlite_home();
    let entries = match fs::read_dir(databases) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        entries => Some(entries.map_err(BackupError::io(databases, "read"))?),
    };
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten() {
        let name = entry.map_err(BackupError::io(databases, "read"))?.file_name();
        let Some(name) = name.to_str().filter(|name| kind(name).is_some_and(|kind| logs || kind != LOGS)) else {
            continue;
        };
        found.push(Source { name: name.into(), belongs: Belongs::SqliteHome, path: databases.join(name) });
    }
    found.push(Source { name: FILE_NAME.into(), belongs: Belongs::StateDir, path: state_dir.join(FILE_NAME) });
    let index = |name: &str| Source { name: name.into(), belongs: Belongs::Home, path: home.root().join(name) };
    found.extend(INDEXES.map(index));
    found.retain(|source| source.path.is_file());
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Gives the path where a file of a backup belongs now.
pub(super) fn place(home: &Home, state_dir: &Path, name: &str, belongs: Belongs) -> PathBuf {
    let dir = match belongs {
        Belongs::SqliteHome => home.sqlite_home(),
        Belongs::StateDir => state_dir,
        Belongs::Home => home.root(),
    };
    dir.join(name)
}

/// Saves one: a database as SQLite reads it, or, where it cannot, the bytes of it and of its WAL.
pub(super) fn save(source: &Source, into: &Path, state: Option<&StateDb>) -> Result<Vec<SavedFile>, BackupError> {
    let to = into.join(&source.name);
    if source.belongs == Belongs::Home {
        return Ok(vec![copied(source, &source.name, &source.path, &to, None)?]);
    }
    let damaged = match (state, ExternalDb::at(&source.path)) {
        (Some(state), _) if source.belongs == Belongs::StateDir => state.copy_to(&to).map(|()| None)?,
        (_, Some(database)) => database.copy_to(&to)?,
        // Gone since it was listed.
        (_, None) => return Ok(Vec::new()),
    };
    if damaged.is_none() {
        let (bytes, sha256) = sum(&to).map_err(BackupError::io(&to, "read"))?;
        File::open(&to).and_then(|file| file.sync_all()).map_err(BackupError::io(&to, "written"))?;
        let (name, place) = (source.name.clone(), source.path.clone());
        return Ok(vec![SavedFile { name, belongs: source.belongs, place, bytes, sha256, damaged }]);
    }
    let _ = fs::remove_file(&to);
    let mut saved = vec![copied(source, &source.name, &source.path, &to, damaged.clone())?];
    let [wal, wal_to] = [&source.path, &to].map(|path| beside(path, "-wal"));
    if wal.is_file() {
        saved.push(copied(source, &format!("{}-wal", source.name), &wal, &wal_to, damaged)?);
    }
    Ok(saved)
}

fn copied(
    source: &Source,
    name: &str,
    from: &Path,
    to: &Path,
    damaged: Option<String>,
) -> Result<SavedFile, BackupError> {
    let file = regular_file::open(from).map_err(BackupError::io(from, "read"))?;
    let (bytes, sha256) = copy(file, to)?;
    Ok(SavedFile { name: name.into(), belongs: source.belongs, place: from.to_path_buf(), bytes, sha256, damaged })
}

/// Gives the path of what SQLite keeps beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    name.into()
}

/// Copies an open file into a new one for its owner alone, which is on disk when this returns; its length and sum.
pub(super) fn copy(source: File, to: &Path) -> Result<(u64, String), BackupError> {
    let mut target = new(to).map_err(BackupError::io(to, "written"))?;
    let mut source = Summing { file: source, sum: Sha256::new(), bytes: 0 };
    let copied = std::io::copy(&mut source, &mut target).and_then(|_| target.sync_all());
    copied.map_err(BackupError::io(to, "written"))?;
    Ok((source.bytes, hex(source.sum.finalize())))
}

/// Gives the length of a file of a backup in bytes, and its SHA-256.
pub(super) fn sum(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = Summing { file: open_own_file(path)?, sum: Sha256::new(), bytes: 0 };
    let mut chunk = vec![0; CHUNK];
    while file.read(&mut chunk)? > 0 {}
    Ok((file.bytes, hex(file.sum.finalize())))
}

/// Reads a file and sums up what is read.
struct Summing {
    file: File,
    sum: Sha256,
    bytes: u64,
}

impl Read for Summing {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.sum.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

fn new(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a new file for its owner alone; on disk when this returns.
pub(super) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what happened to the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), BackupError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(BackupError::io(dir, "synced"))
}

/// Makes a directory that keeps others out.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), BackupError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(BackupError::io(dir, "made"))
}
