//! The home's rollouts as the core sees them: entries and plain text. What an entry's name means, and what its bytes
//! mean, is the core's business.

mod dirs;
mod memory;
mod pack;
mod prefetch;
mod read;
mod stat;
mod walk;

use cap_fs_ext::{FollowSymlinks, MetadataExt as _, OpenOptionsFollowExt as _};
use cap_std::fs::{File, FileType, Metadata, OpenOptions, OpenOptionsExt as _};

use crate::component::imports::rollouts::Error;
use crate::component::types::{EntryKind, FileFacts};
use crate::platform::home::Home;

pub(crate) use dirs::{made_parent, parent, synced};
pub(crate) use memory::MemoryRollouts;
pub(crate) use pack::{kind_code, kind_from, pack};
use prefetch::Prefetch;
pub use read::RolloutReader;
use stat::What;
pub(crate) use walk::links;
pub use walk::named;

/// Where rollouts are read: a home's directories, or memory.
pub trait Rollouts: Send + Sync {
    /// What stands at a path.
    fn facts(&self, path: &str) -> Result<FileFacts, Error>;
    /// Files of both collections whose name contains `part`, in path order.
    fn named(&self, part: &str) -> Result<Vec<String>, Error>;
    /// The plain text of one, from an offset on.
    fn open(&self, path: &str, offset: u64) -> Result<RolloutReader, Error>;
    /// Every entry of both collections in byte order of the path.
    fn walk(&self) -> Result<Walk, Error>;
    /// How the text of every regular file of both collections begins, in byte order of the path.
    fn heads(&self) -> Result<Heads, Error>;
}

impl Rollouts for Home {
    fn facts(&self, path: &str) -> Result<FileFacts, Error> {
        facts(self, path)
    }

    fn named(&self, part: &str) -> Result<Vec<String>, Error> {
        named(self, part)
    }

    fn open(&self, path: &str, offset: u64) -> Result<RolloutReader, Error> {
        RolloutReader::open(self, path, offset)
    }

    fn walk(&self) -> Result<Walk, Error> {
        Ok(Walk(Pages::Prefetch(Prefetch::of(self, What::Facts)?)))
    }

    fn heads(&self) -> Result<Heads, Error> {
        Ok(Heads(Pages::Prefetch(Prefetch::of(self, What::Heads)?)))
    }
}

/// Packed lists, page by page.
enum Pages {
    Prefetch(Prefetch),
    Ready(std::vec::IntoIter<Vec<u8>>),
}

impl Pages {
    fn next(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        match self {
            Pages::Prefetch(ahead) => ahead.packed(limit),
            Pages::Ready(pages) => Ok(pages.next().unwrap_or_default()),
        }
    }
}

/// A walk under way.
pub struct Walk(Pages);

impl Walk {
    /// The next entries in the packed form of `core-wasm/src/packed.rs`; empty at the end.
    pub fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        self.0.next(limit)
    }
}

/// A walk over heads under way.
pub struct Heads(Pages);

impl Heads {
    /// The next heads in the packed form of `core-wasm/src/packed.rs`; empty at the end.
    pub fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        self.0.next(limit)
    }
}

/// What stands at a home path.
pub fn facts(home: &Home, path: &str) -> Result<FileFacts, Error> {
    let (dir, rest) = home.resolve(path).ok_or(Error::NotFound)?;
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

/// Opens a file for reading: no link is followed, and a pipe is not waited for.
fn open_file(home: &Home, path: &str) -> Result<File, Error> {
    let (dir, rest) = home.resolve(path).ok_or(Error::NotFound)?;
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No);
    #[cfg(unix)]
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    dir.open_with(rest, &options).map_err(file_error)
}

fn file_error(error: std::io::Error) -> Error {
    use std::io::ErrorKind;
    let too_many_links = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::NotFound,
        ErrorKind::PermissionDenied => Error::Denied,
        ErrorKind::IsADirectory => Error::NotAFile,
        _ if too_many_links => Error::NotAFile,
        _ => Error::Io(error.to_string()),
    }
}
