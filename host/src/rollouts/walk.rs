//! Lists every entry of both collections by its name, in byte order of the path. Links are not followed, and ignore files
//! have no say.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::vec::IntoIter;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

use threadkeep_engine::contract::{EntryKind, FileError};

use super::file_error;
use crate::platform::home::Home;

/// How many directories may lie inside each other; deeper ones are left out.
const MAX_DEPTH: usize = 32;

/// Walks over the entries of a home's collections.
pub(super) struct Entries {
    levels: Vec<Level>,
    collections: IntoIter<(String, OwnedFd)>,
    /// The directory that was opened last and is not entered yet.
    child: Option<Level>,
}

/// Holds a directory open.
pub(super) struct Location {
    pub(super) dir: OwnedFd,
    /// Its home path, with a slash at its end.
    pub(super) path: String,
}

/// Holds what the file system says of an entry: its size in bytes, and its modification time in nanoseconds since the
/// epoch.
#[derive(Clone, Copy)]
pub(super) struct Stat {
    pub(super) kind: EntryKind,
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
}

impl Stat {
    #[allow(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Stat {
        Stat {
            kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
            size: stat.st_size as u64,
            modified_ns: stat.st_mtime as i64 * 1_000_000_000 + stat.st_mtime_nsec as i64,
            inode: stat.st_ino as u64,
        }
    }
}

struct Level {
    location: Arc<Location>,
    /// The directory's own facts before it was listed: one that changes meanwhile has another time afterwards.
    before: Option<Stat>,
    entries: Listing,
}

/// Holds what is left of a directory's list, in byte order: the names in one text, since a directory may have a million.
struct Listing {
    names: String,
    entries: IntoIter<Listed>,
}

/// Says where the name of an entry stands in the list.
struct Listed {
    start: usize,
    length: u32,
    kind: EntryKind,
    not_utf8: bool,
}

impl Listing {
    fn next(&mut self) -> Option<Entry> {
        let Listed { start, length, kind, not_utf8 } = self.entries.next()?;
        Some(Entry { name: self.names[start..start + length as usize].into(), kind, not_utf8, stat: None })
    }
}

/// Names an entry as its directory lists it. A directory stands in its parent's list twice: by its name, as an entry, and by
/// its name with a slash, where its own entries belong. That is what puts whole paths into byte order.
pub(super) struct Entry {
    pub(super) name: String,
    /// The kind; `Closed` for a directory that cannot be opened.
    pub(super) kind: EntryKind,
    /// Whether the name is not UTF-8, so that no path can name the entry.
    pub(super) not_utf8: bool,
    /// For an open directory, its facts before it was listed.
    pub(super) stat: Option<Stat>,
}

impl Entries {
    /// Begins a walk over a home's collections.
    pub(super) fn of(home: &Home) -> Result<Entries, FileError> {
        let mut collections = Vec::new();
        for (name, dir) in home.collections() {
            // A `Dir` may be open for its path only; reading entries wants a descriptor of its own.
            let dir = open_dir(dir, ".").map_err(file_error)?;
            collections.push((format!("{name}/"), dir));
        }
        Ok(Entries { levels: Vec::new(), collections: collections.into_iter(), child: None })
    }

    /// Gives the next entry and the directory that it lies in; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(&Arc<Location>, Entry)>, FileError> {
        while let Some(mut entry) = self.step()? {
            if entry.name.ends_with('/') {
                self.enter(&entry.name)?;
                continue;
            }
            if entry.kind == EntryKind::Directory {
                // What a directory holds whose name is not UTF-8 cannot be named either.
                self.child = if entry.not_utf8 { None } else { self.open_child(&format!("{}/", entry.name))? };
                match &self.child {
                    Some(child) => entry.stat = child.before,
                    None => entry.kind = EntryKind::Closed,
                }
            }
            let Some(level) = self.levels.last() else { break };
            return Ok(Some((&level.location, entry)));
        }
        Ok(None)
    }

    /// Gives the next entry of the lists, the names with a slash included.
    fn step(&mut self) -> Result<Option<Entry>, FileError> {
        loop {
            match self.levels.last_mut() {
                Some(level) => match level.entries.next() {
                    Some(entry) => return Ok(Some(entry)),
                    None => {
                        self.levels.pop();
                    }
                },
                None => match self.collections.next() {
                    Some((path, dir)) => {
                        let entries = list(&dir).map_err(file_error)?;
                        self.levels.push(Level { location: Arc::new(Location { dir, path }), before: None, entries });
                    }
                    None => return Ok(None),
                },
            }
        }
    }

    /// Enters a directory, if it can be opened.
    fn enter(&mut self, name: &str) -> Result<(), FileError> {
        let path = self.levels.last().map(|level| format!("{}{name}", level.location.path));
        let kept = self.child.take().filter(|child| Some(&child.location.path) == path.as_ref());
        let child = match kept {
            Some(child) => Some(child),
            None => self.open_child(name)?,
        };
        self.levels.extend(child);
        Ok(())
    }

    /// Opens and lists a directory of the last level; gives none when it cannot be looked into, is gone, or lies too deep. A want
    /// of descriptors or memory says nothing about the home and is an error.
    fn open_child(&self, name: &str) -> Result<Option<Level>, FileError> {
        let Some(level) = self.levels.last().filter(|_| self.levels.len() < MAX_DEPTH) else { return Ok(None) };
        let opened = open_dir(&level.location.dir, name.trim_end_matches('/')).map_err(Unlisted::from);
        let listed = opened.and_then(|dir| {
            let before = rustix::fs::fstat(&dir).map_err(std::io::Error::from)?;
            let entries = list(&dir)?;
            let location = Arc::new(Location { dir, path: format!("{}{name}", level.location.path) });
            Ok(Level { location, before: Some(Stat::of(&before)), entries })
        });
        match listed {
            Ok(level) => Ok(Some(level)),
            Err(Unlisted::Exhausted(error)) => Err(file_error(error)),
            Err(Unlisted::Closed) => Ok(None),
        }
    }
}

/// Says why a directory was not listed.
enum Unlisted {
    /// The process has no descriptors or no memory left.
    Exhausted(std::io::Error),
    /// It cannot be looked into.
    Closed,
}

impl From<std::io::Error> for Unlisted {
    fn from(error: std::io::Error) -> Unlisted {
        use rustix::io::Errno;
        match Errno::from_io_error(&error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Unlisted::Exhausted(error),
            _ => Unlisted::Closed,
        }
    }
}

/// Opens a directory of an open one, by a name that is one part of a path; no link is followed.
fn open_dir(dir: &impl std::os::fd::AsFd, name: &str) -> std::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(dir, name, flags, Mode::empty())?)
}

/// Lists the entries of a directory in byte order.
fn list(dir: &OwnedFd) -> std::io::Result<Listing> {
    let (mut names, mut entries) = (String::new(), Vec::new());
    for entry in rustix::fs::Dir::new(dir.try_clone()?)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = kind_of(match entry.file_type() {
            FileType::Unknown => statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
            known => known,
        });
        let not_utf8 = name.to_str().is_err();
        let start = names.len();
        push_escaped(&mut names, name.to_bytes());
        let length = (names.len() - start) as u32;
        entries.push(Listed { start, length, kind, not_utf8 });
        if kind == EntryKind::Directory && !not_utf8 {
            names.push('/');
            entries.push(Listed { start, length: length + 1, kind, not_utf8 });
        }
    }
    let name = |entry: &Listed| &names[entry.start..entry.start + entry.length as usize];
    entries.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    Ok(Listing { names, entries: entries.into_iter() })
}

/// Appends a name as text. Bytes that are not UTF-8 are written as `\xNN`, so that no two names look alike.
fn push_escaped(text: &mut String, name: &[u8]) {
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

/// Gives the kind of an entry by the system's file type; a link is not followed.
fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

/// Gives the home paths of all files of both collections whose name contains `part`, in byte order.
pub fn named(home: &Home, part: &str) -> Result<Vec<String>, FileError> {
    let mut names = Entries::of(home)?;
    let mut paths = Vec::new();
    while let Some((location, entry)) = names.next()? {
        if !matches!(entry.kind, EntryKind::Directory | EntryKind::Closed) && entry.name.contains(part) {
            paths.push(format!("{}{}", location.path, entry.name));
        }
    }
    Ok(paths)
}

/// Gives the home paths of all symbolic links in both collections, in byte order; one whose name is not UTF-8 is left out.
pub(crate) fn links(home: &Home) -> Result<Vec<String>, FileError> {
    let mut names = Entries::of(home)?;
    let mut paths = Vec::new();
    while let Some((location, entry)) = names.next()? {
        if entry.kind == EntryKind::Link && !entry.not_utf8 {
            paths.push(format!("{}{}", location.path, entry.name));
        }
    }
    Ok(paths)
}
