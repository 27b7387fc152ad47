//! Every entry of both collections in byte order of the path, without following links and without regard to ignore
//! files.

use std::vec::IntoIter;

use cap_fs_ext::DirExt as _;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, statat};

use super::file_error;
use crate::component::imports::rollouts::Error;
use crate::component::types::{EntryKind, FileFacts};
use crate::home::Home;

/// At most this many entries are handed out at a time.
const MOST: u32 = 16_384;
/// Version of the packed form, see `core-wasm/src/packed.rs`.
const PACKED: u8 = 1;
/// Directories inside each other; deeper ones are left out.
const DEEPEST: usize = 32;

/// A walk under way: the directories from the collection down to where it is.
pub struct Walk {
    open: Vec<Level>,
    waiting: IntoIter<(String, Dir)>,
    /// The directory that was looked at last and not gone down into yet, by its path.
    below: Option<Level>,
}

struct Level {
    dir: Dir,
    /// Path of the directory with a slash at its end.
    path: String,
    entries: IntoIter<Entry>,
}

/// A directory stands in its parent's list twice: by its name, as an entry, and by its name with a slash, as what holds
/// further entries. That is what puts whole paths into byte order.
struct Entry {
    name: String,
    kind: EntryKind,
    /// The name is not UTF-8, so that no path can say where the entry is.
    nameless: bool,
}

impl Entry {
    fn leads_down(&self) -> bool {
        self.name.ends_with('/')
    }
}

impl Walk {
    /// Of a home, from the beginning.
    pub fn of(home: &Home) -> Walk {
        let collections: Vec<(String, Dir)> =
            home.collections().filter_map(|(name, dir)| Some((format!("{name}/"), dir.try_clone().ok()?))).collect();
        Walk { open: Vec::new(), waiting: collections.into_iter(), below: None }
    }

    /// The next entries in the packed form of `core-wasm/src/packed.rs`; empty at the end.
    pub fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        let mut packed = Vec::new();
        for _ in 0..limit.clamp(1, MOST) {
            match self.next()? {
                Some(facts) => pack(&mut packed, &facts),
                None => break,
            }
        }
        Ok(packed)
    }

    /// The next entry, looked at.
    #[allow(clippy::unnecessary_cast)] // The fields of `stat` have other types on other systems.
    fn next(&mut self) -> Result<Option<FileFacts>, Error> {
        while let Some(entry) = self.step()? {
            if entry.leads_down() {
                self.enter(&entry.name)?;
                continue;
            }
            let Some(level) = self.open.last() else { break };
            let path = format!("{}{}", level.path, entry.name);
            if entry.nameless {
                // What a directory of such a name holds is not seen either.
                let directory = entry.kind == EntryKind::Directory;
                let kind = if directory { EntryKind::Closed } else { EntryKind::Other };
                return Ok(Some(FileFacts { path, kind, size: 0, modified_ns: 0, inode: 0 }));
            }
            // An entry that is gone by now was not there.
            let Ok(stat) = statat(&level.dir, &*entry.name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let kind = kind_of(FileType::from_raw_mode(stat.st_mode));
            if kind == EntryKind::Directory {
                self.below = self.level_below(&format!("{}/", entry.name))?;
            }
            let closed = kind == EntryKind::Directory && self.below.is_none();
            return Ok(Some(FileFacts {
                path,
                kind: if closed { EntryKind::Closed } else { kind },
                size: stat.st_size as u64,
                modified_ns: stat.st_mtime as i64 * 1_000_000_000 + stat.st_mtime_nsec as i64,
                inode: stat.st_ino as u64,
            }));
        }
        Ok(None)
    }

    /// The next entry, by its name alone.
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
                        self.open.push(Level { dir, path, entries });
                    }
                    None => return Ok(None),
                },
            }
        }
    }

    /// Goes down into a directory, if it can be opened.
    fn enter(&mut self, name: &str) -> Result<(), Error> {
        let path = self.open.last().map(|level| format!("{}{name}", level.path));
        let looked_at = self.below.take().filter(|below| Some(&below.path) == path.as_ref());
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
        let opened = level.dir.open_dir_nofollow(name.trim_end_matches('/')).map_err(file_error);
        let listed = opened.and_then(|dir| {
            let entries = list(&dir)?;
            Ok(Level { dir, path: format!("{}{name}", level.path), entries })
        });
        match listed {
            Ok(level) => Ok(Some(level)),
            Err(Error::Denied | Error::NotFound | Error::NotAFile) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The entries of a directory, sorted.
fn list(dir: &Dir) -> Result<IntoIter<Entry>, Error> {
    let mut entries = Vec::new();
    // A `Dir` may be open for its path only; reading entries wants a descriptor of its own.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = rustix::fs::openat(dir, ".", flags, Mode::empty()).and_then(rustix::fs::Dir::new);
    for entry in readable.map_err(|error| file_error(error.into()))? {
        let entry = entry.map_err(|error| file_error(error.into()))?;
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
            entries.push(Entry { name: format!("{name}/"), kind, nameless });
        }
        entries.push(Entry { name, kind, nameless });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries.into_iter())
}

/// A name as text. Bytes that are not UTF-8 are spelled out, so that no two names look alike.
fn spelled(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

/// Appends an entry in the form of `core-wasm/src/packed.rs`.
pub(crate) fn pack(packed: &mut Vec<u8>, facts: &FileFacts) {
    if packed.is_empty() {
        packed.push(PACKED);
    }
    packed.push(kind_code(facts.kind));
    packed.extend_from_slice(&facts.size.to_le_bytes());
    packed.extend_from_slice(&facts.modified_ns.to_le_bytes());
    packed.extend_from_slice(&facts.inode.to_le_bytes());
    let path = &facts.path.as_bytes()[..facts.path.len().min(u16::MAX.into())];
    packed.extend_from_slice(&(path.len() as u16).to_le_bytes());
    packed.extend_from_slice(path);
}

/// The number that stands for a kind, in packed lists and in the state DB.
pub(crate) fn kind_code(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File => 0,
        EntryKind::Directory => 1,
        EntryKind::Link => 2,
        EntryKind::Other => 3,
        EntryKind::Closed => 4,
    }
}

/// The kind that a number stands for.
pub(crate) fn kind_from(code: u8) -> EntryKind {
    match code {
        0 => EntryKind::File,
        1 => EntryKind::Directory,
        2 => EntryKind::Link,
        4 => EntryKind::Closed,
        _ => EntryKind::Other,
    }
}

/// Files of both collections whose name contains `part`, in path order.
pub fn named(home: &Home, part: &str) -> Result<Vec<String>, Error> {
    let mut walk = Walk::of(home);
    let mut paths = Vec::new();
    while let Some(entry) = walk.step()? {
        if entry.leads_down() {
            walk.enter(&entry.name)?;
        } else if entry.kind != EntryKind::Directory
            && entry.name.contains(part)
            && let Some(level) = walk.open.last()
        {
            paths.push(format!("{}{}", level.path, entry.name));
        }
    }
    Ok(paths)
}
