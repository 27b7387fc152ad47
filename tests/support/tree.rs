//! Everything about a directory tree that a program could change.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Type and permissions.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Last modification, nanoseconds since 1970.
    pub modified_ns: i64,
    /// What a file holds, or where a link points, in short.
    pub content: u64,
}

/// Every entry below a directory and the directory itself, by relative path. What goes away while it is looked at, as a
/// program at work removes its temporary files, is not listed.
pub fn listing(root: &Path) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    visit(root, root, &mut |path, relative| {
        if let Some(entry) = there(Entry::of(path)) {
            entries.insert(relative, entry);
        }
    });
    entries
}

impl Entry {
    fn of(path: &Path) -> io::Result<Entry> {
        let facts = fs::symlink_metadata(path)?;
        let mut hasher = DefaultHasher::new();
        if facts.is_file() {
            fs::read(path)?.hash(&mut hasher);
        } else if facts.is_symlink() {
            fs::read_link(path)?.hash(&mut hasher);
        }
        let modified_ns = facts.mtime() * 1_000_000_000 + facts.mtime_nsec();
        // A directory's own size is the file system's affair.
        let size = if facts.is_dir() { 0 } else { facts.len() };
        Ok(Entry { mode: facts.mode(), size, modified_ns, content: hasher.finish() })
    }
}

/// What was looked at, if it was still there.
fn there<T>(looked_at: io::Result<T>) -> Option<T> {
    match looked_at {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        looked_at => Some(looked_at.unwrap()),
    }
}

/// Lets another user read a tree (and write in none of it).
pub fn open_to_everybody(root: &Path) {
    visit(root, root, &mut |path, _| {
        let facts = fs::symlink_metadata(path).unwrap();
        if !facts.is_symlink() {
            let mode = if facts.is_dir() { 0o755 } else { 0o644 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    });
}

fn visit(root: &Path, path: &Path, each: &mut dyn FnMut(&Path, String)) {
    each(path, path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
    if there(fs::symlink_metadata(path)).is_some_and(|facts| facts.is_dir()) {
        let Some(entries) = there(fs::read_dir(path)) else { return };
        let mut children: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        children.sort();
        for child in children {
            visit(root, &child, each);
        }
    }
}
