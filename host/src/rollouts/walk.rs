//! Every entry of both collections by its name, in byte order of the path, without following links and without regard to
//! ignore files.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::vec::IntoIter;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

use super::file_error;
use crate::component::imports::rollouts::Error;
use crate::component::types::EntryKind;
use crate::platform::home::Home;

/// Directories inside each other; deeper ones are left out.
const DEEPEST: usize = 32;

/// A walk under way: the directories from the collection down to where it is.
pub(super) struct Names {
    open: Vec<Level>,
    waiting: IntoIter<(String, OwnedFd)>,
    /// The directory that was looked at last and not gone down into yet.
    below: Option<Level>,
}

/// An open directory.
pub(super) struct Location {
    pub(super) dir: OwnedFd,
    /// Its path with a slash at its end.
    pub(super) path: String,
}

/// What the file system says of an entry.
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
    place: Arc<Location>,
    /// The directory before it was listed: one that changes meanwhile has another time afterwards.
    before: Option<Stat>,
    entries: IntoIter<Entry>,
}

/// An entry as its directory lists it. A directory stands in its parent's list twice: by its name, as an entry, and by
/// its name with a slash, as what holds further entries. That is what puts whole paths into byte order.
pub(super) struct Entry {
    pub(super) name: String,
    /// `Closed` for a directory that cannot be opened.
    pub(super) kind: EntryKind,
    /// The name is not UTF-8, so that no path can say where the entry is.
    pub(super) nameless: bool,
    /// An open directory, before it was listed.
    pub(super) stat: Option<Stat>,
}

impl Names {
    /// Of a home, from the beginning.
    pub(super) fn of(home: &Home) -> Result<Names, Error> {
        let mut waiting = Vec::new();
        for (name, dir) in home.collections() {
            // A `Dir` may be open for its path only; reading entries wants a descriptor of its own.
            let dir = open_dir(dir, ".").map_err(file_error)?;
            waiting.push((format!("{name}/"), dir));
        }
        Ok(Names { open: Vec::new(), waiting: waiting.into_iter(), below: None })
    }

    /// The next entry and the directory that it stands in.
    pub(super) fn next(&mut self) -> Result<Option<(&Arc<Location>, Entry)>, Error> {
        while let Some(mut entry) = self.step()? {
            if entry.name.ends_with('/') {
                self.enter(&entry.name)?;
                continue;
            }
            if entry.kind == EntryKind::Directory {
                // What a directory of an unspeakable name holds is not seen either.
                self.below = if entry.nameless { None } else { self.level_below(&format!("{}/", entry.name))? };
                match &self.below {
                    Some(below) => entry.stat = below.before,
                    None => entry.kind = EntryKind::Closed,
                }
            }
            let Some(level) = self.open.last() else { break };
            return Ok(Some((&level.place, entry)));
        }
        Ok(None)
    }

    /// The next entry, also what only leads down.
    fn step(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            match self.open.last_mut() {
                Some(level) => match level.entries.next() {
                    Some(entry) => return Ok(Some(entry)),
                    None => {
                        self.open.pop();
                    }
                },
                None => match self.waiting.next() {
                    Some((path, dir)) => {
                        let entries = list(&dir)?;
                        self.open.push(Level { place: Arc::new(Location { dir, path }), before: None, entries });
                    }
                    None => return Ok(None),
                },
            }
        }
    }

    /// Goes down into a directory, if it can be opened.
    fn enter(&mut self, name: &str) -> Result<(), Error> {
        let path = self.open.last().map(|level| format!("{}{name}", level.place.path));
        let looked_at = self.below.take().filter(|below| Some(&below.place.path) == path.as_ref());
        let below = match looked_at {
            Some(below) => Some(below),
            None => self.level_below(name)?,
        };
        self.open.extend(below);
        Ok(())
    }

    /// The level of a directory of the last level; none when it may not be opened, is gone, or lies too deep. Any other
    /// failure, of a disk or for want of descriptors, is no answer about the home at all.
    fn level_below(&self, name: &str) -> Result<Option<Level>, Error> {
        let Some(level) = self.open.last().filter(|_| self.open.len() < DEEPEST) else { return Ok(None) };
        let opened = open_dir(&level.place.dir, name.trim_end_matches('/')).map_err(file_error);
        let listed = opened.and_then(|dir| {
            let before = rustix::fs::fstat(&dir).map_err(|error| file_error(error.into()))?;
            let entries = list(&dir)?;
            let place = Arc::new(Location { dir, path: format!("{}{name}", level.place.path) });
            Ok(Level { place, before: Some(Stat::of(&before)), entries })
        });
        match listed {
            Ok(level) => Ok(Some(level)),
            Err(Error::Denied | Error::NotFound | Error::NotAFile) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Opens a directory of an open one, by a name that is one part of a path; no link is followed.
fn open_dir(dir: &impl std::os::fd::AsFd, name: &str) -> std::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(dir, name, flags, Mode::empty())?)
}

/// The entries of a directory, sorted.
fn list(dir: &OwnedFd) -> Result<IntoIter<Entry>, Error> {
    let mut entries = Vec::new();
    let failed = |error: rustix::io::Errno| file_error(error.into());
    let own = dir.try_clone().map_err(file_error)?;
    for entry in rustix::fs::Dir::new(own).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = kind_of(match entry.file_type() {
            FileType::Unknown => statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
            known => known,
        });
        let nameless = name.to_str().is_err();
        let name = spelled(name.to_bytes());
        if kind == EntryKind::Directory && !nameless {
            entries.push(Entry { name: format!("{name}/"), kind, nameless, stat: None });
        }
        entries.push(Entry { name, kind, nameless, stat: None });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries.into_iter())
}

/// A name as text. Bytes that are not UTF-8 are spelled out, so that no two names look alike.
fn spelled(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len() + 1);
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// What the system says an entry is, links not followed.
fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

/// Files of both collections whose name contains `part`, in path order.
pub fn named(home: &Home, part: &str) -> Result<Vec<String>, Error> {
    let mut names = Names::of(home)?;
    let mut paths = Vec::new();
    while let Some((place, entry)) = names.next()? {
        if !matches!(entry.kind, EntryKind::Directory | EntryKind::Closed) && entry.name.contains(part) {
            paths.push(format!("{}{}", place.path, entry.name));
        }
    }
    Ok(paths)
}

/// Symbolic links below both collections, in path order; those of unspeakable names are left out.
pub(crate) fn links(home: &Home) -> Result<Vec<String>, Error> {
    let mut names = Names::of(home)?;
    let mut paths = Vec::new();
    while let Some((place, entry)) = names.next()? {
        if entry.kind == EntryKind::Link && !entry.nameless {
            paths.push(format!("{}{}", place.path, entry.name));
        }
    }
    Ok(paths)
}
