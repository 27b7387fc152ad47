//! The home's rollouts as the core sees them: entries and plain text. What a name means, and what the bytes mean, the core
//! alone knows.
//!
//! `walk` lists the entries, `stat` looks at each of them, `prefetch` does both ahead of the one who asks, on several
//! threads, and `pack` writes what was found in the form in which the core takes it. `read` decompresses.

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

pub(crate) use dirs::{open_or_create_parent, open_parent, sync_dir};
pub(crate) use memory::MemoryRollouts;
pub(crate) use pack::{kind_code, kind_from, pack};
use prefetch::Prefetch;
pub use read::RolloutReader;
use stat::Wanted;
pub(crate) use walk::links;
pub use walk::named;

/// Reads rollouts by their home paths, from a home's directories or from memory. No link is followed.
pub trait Rollouts: Send + Sync {
    /// Gives what the file system says of the entry at a path.
    fn facts(&self, path: &str) -> Result<FileFacts, Error>;
    /// Gives the home paths of all files whose name contains `part`, in byte order.
    fn named(&self, part: &str) -> Result<Vec<String>, Error>;
    /// Opens the plain text of a rollout, from an offset in bytes of that text on.
    fn open(&self, path: &str, offset: u64) -> Result<RolloutReader, Error>;
    /// Begins a walk over every entry of both collections, in byte order of the path.
    fn walk(&self) -> Result<Walk, Error>;
    /// Begins a walk over the heads of all regular files of both collections, in byte order of the path: how the plain text of
    /// each begins.
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
        Ok(Walk(Pages::Prefetch(Prefetch::start(self, Wanted::Facts)?)))
    }

    fn heads(&self) -> Result<Heads, Error> {
        Ok(Heads(Pages::Prefetch(Prefetch::start(self, Wanted::Heads)?)))
    }
}

/// Gives packed lists, page by page.
enum Pages {
    Prefetch(Prefetch),
    Ready(std::vec::IntoIter<Vec<u8>>),
}

impl Pages {
    fn next(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        match self {
            Pages::Prefetch(prefetch) => prefetch.packed(limit),
            Pages::Ready(pages) => Ok(pages.next().unwrap_or_default()),
        }
    }
}

/// Walks over the entries of both collections; see [`Rollouts::walk`].
pub struct Walk(Pages);

impl Walk {
    /// Gives the next entries, at most `limit`, in the packed form of `core-wasm/src/packed.rs`; empty at the end.
    pub fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        self.0.next(limit)
    }
}

/// Walks over the heads of rollouts; see [`Rollouts::heads`].
pub struct Heads(Pages);

impl Heads {
    /// Gives the next heads, at most `limit`, in the packed form of `core-wasm/src/packed.rs`; empty at the end.
    pub fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        self.0.next(limit)
    }
}

/// Gives what the file system says of the entry at a home path; a link is not followed.
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
