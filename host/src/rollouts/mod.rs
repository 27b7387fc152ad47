//! The home's rollouts as the core sees them: entries and plain text. What a name means, and what the bytes mean, the core
//! alone knows.
//!
//! `walk` lists the entries, `stat` looks at each of them, `prefetch` does both ahead of the one who asks, on several
//! threads, and `columns` puts what was found into the form in which the core takes it. `read` decompresses.

mod columns;
mod dirs;
pub(crate) mod inflate;
mod kept;
mod memory;
mod prefetch;
mod read;
mod stat;
mod walk;

use std::path::Path;
use std::sync::Arc;

use cap_fs_ext::{FollowSymlinks, MetadataExt as _, OpenOptionsFollowExt as _};
use cap_std::fs::{File, FileType, Metadata, OpenOptions};
use threadkeep_engine::Imports;
use threadkeep_engine::contract::{Entries, EntryKind, FileError, FileFacts, Heads};
use threadkeep_engine::imports::{HeadsWalker, Reader, Rollouts, Sources, Walker};

use crate::platform::error_kind::ErrorKind;
use crate::platform::home::Home;
use crate::platform::regular_file;

use columns::{EntryColumns, HeadColumns};
pub(crate) use columns::{no_entries, push_entry};
pub(crate) use dirs::{open_or_create_parent, open_parent, sync_dir};
pub(crate) use kept::{HomeWithTexts, KeptTexts};
pub(crate) use memory::MemoryRollouts;
use prefetch::Prefetch;
pub use read::RolloutReader;
use stat::Probed;
pub(crate) use walk::links;
pub use walk::named;

/// Gives the imports of a core that sees the files of a home and nothing else.
pub fn imports(home: &Arc<Home>) -> Imports {
    imports_over(home.clone(), home.default_provider())
}

/// Gives the imports of a core that sees these files. `default_provider` is the model provider of a rollout that names none.
pub(crate) fn imports_over(files: Arc<dyn Rollouts>, default_provider: &str) -> Imports {
    Imports::default().with_rollouts(files).with_sources(ProviderAlone(default_provider.into()))
}

/// Knows the home's model provider, and no names.
struct ProviderAlone(String);

impl Sources for ProviderAlone {
    fn default_provider(&mut self) -> String {
        self.0.clone()
    }
}

// Links are not followed.
impl Rollouts for Home {
    fn stat(&self, path: &str) -> Result<FileFacts, FileError> {
        facts(self, path)
    }

    fn files_named(&self, part: &str) -> Result<Vec<String>, FileError> {
        named(self, part)
    }

    fn open(&self, path: &str, offset: u64) -> Result<Box<dyn Reader>, FileError> {
        Ok(Box::new(RolloutReader::open(self, path, offset)?))
    }

    fn walk(&self) -> Result<Box<dyn Walker>, FileError> {
        Ok(Box::new(Pages::<EntryColumns>::Prefetch(Prefetch::start(self)?)))
    }

    fn heads(&self) -> Result<Box<dyn HeadsWalker>, FileError> {
        Ok(Box::new(Pages::<HeadColumns>::Prefetch(Prefetch::start(self)?)))
    }
}

/// Gives columns, page by page.
enum Pages<C> {
    Prefetch(Prefetch<C>),
    Ready(std::vec::IntoIter<C>),
}

impl<C: Probed> Pages<C> {
    fn page(&mut self, limit: u32) -> Result<C, FileError> {
        match self {
            Pages::Prefetch(prefetch) => prefetch.page(limit),
            Pages::Ready(pages) => Ok(pages.next().unwrap_or_default()),
        }
    }
}

impl Walker for Pages<EntryColumns> {
    fn next(&mut self, limit: u32) -> Result<Entries, FileError> {
        self.page(limit).map(Entries::from)
    }
}

impl HeadsWalker for Pages<HeadColumns> {
    fn next(&mut self, limit: u32) -> Result<Heads, FileError> {
        self.page(limit).map(Heads::from)
    }
}

/// Reads the plain text of a zstd file, within the budget of compressed files: one that holds far more than such files do ends with an
/// error.
pub fn decompressed(file: std::fs::File) -> std::io::Result<impl std::io::Read + Send> {
    inflate::Inflate::new(file)
}

/// Says whether a file is stored compressed, by its name.
pub(crate) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "zst")
}

/// Says whether a file of this name claims to be a rollout, as the core's walk takes it.
pub(crate) fn may_be_a_rollout(path: &str) -> bool {
    path.strip_suffix(".zst").unwrap_or(path).ends_with(".jsonl")
}

/// Gives the path of the same rollout in its other form, compressed or plain.
pub(crate) fn other_form(path: &str) -> String {
    path.strip_suffix(".zst").map_or_else(|| format!("{path}.zst"), String::from)
}

/// Gives the kind of a failure to read a rollout.
pub(crate) fn kind_of_failure(error: &FileError) -> ErrorKind {
    match error {
        FileError::Denied => ErrorKind::Denied,
        FileError::BrokenCompression(_) => ErrorKind::Corrupt,
        FileError::NotFound | FileError::NotAFile | FileError::Io(_) => ErrorKind::Io,
    }
}

/// Gives what the file system says of the entry at a home path; a link is not followed.
pub fn facts(home: &Home, path: &str) -> Result<FileFacts, FileError> {
    let (dir, rest) = home.resolve(path).ok_or(FileError::NotFound)?;
    let metadata = dir.symlink_metadata(rest).map_err(file_error)?;
    Ok(FileFacts {
        path: path.into(),
        kind: kind_of(metadata.file_type()),
        size: metadata.len(),
        modified_ns: modified_ns(&metadata),
        inode: metadata.ino(),
    })
}

fn kind_of(file_type: FileType) -> EntryKind {
    if file_type.is_file() {
        EntryKind::File
    } else if file_type.is_dir() {
        EntryKind::Directory
    } else if file_type.is_symlink() {
        EntryKind::Link
    } else {
        EntryKind::Other
    }
}

fn modified_ns(metadata: &Metadata) -> i64 {
    let modified = metadata.modified().map(|time| time.into_std());
    let since = modified.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as i64)
}

/// Opens a regular file for reading: no link is followed.
fn open_file(home: &Home, path: &str) -> Result<File, FileError> {
    let (dir, rest) = home.resolve(path).ok_or(FileError::NotFound)?;
    regular_file::open_in(dir, rest, OpenOptions::new().read(true).follow(FollowSymlinks::No)).map_err(file_error)
}

fn file_error(error: std::io::Error) -> FileError {
    use std::io::ErrorKind;
    let too_many_links = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::NotFound,
        ErrorKind::PermissionDenied => FileError::Denied,
        ErrorKind::IsADirectory => FileError::NotAFile,
        _ if too_many_links => FileError::NotAFile,
        _ => FileError::Io(error.to_string()),
    }
}
