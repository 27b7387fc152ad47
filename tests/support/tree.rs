//! Everything about a directory tree that a program could change.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
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

/// Every entry below a directory and the directory itself, by relative path.
pub fn listing(root: &Path) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    visit(root, root, &mut |path, relative| {
        let facts = fs::symlink_metadata(path).unwrap();
        let mut hasher = DefaultHasher::new();
        if facts.is_file() {
            fs::read(path).unwrap().hash(&mut hasher);
        } else if facts.is_symlink() {
            fs::read_link(path).unwrap().hash(&mut hasher);
        }
        let modified_ns = facts.mtime() * 1_000_000_000 + facts.mtime_nsec();
        // A directory's own size is the file system's affair.
        let size = if facts.is_dir() { 0 } else { facts.len() };
        entries.insert(relative, Entry { mode: facts.mode(), size, modified_ns, content: hasher.finish() });
    });
    entries
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
    if fs::symlink_metadata(path).unwrap().is_dir() {
        let mut children: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        for child in children {
            visit(root, &child, each);
        }
    }
}
