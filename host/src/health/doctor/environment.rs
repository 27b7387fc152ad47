//! What is around a home's threads: who holds locks, who may read, which file system it is on. Nothing is opened to be locked,
//! and nothing is made.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{major, minor};

use crate::platform::database_holders::writers;
use crate::platform::home::Home;
use crate::platform::writer_lock;

/// File systems that are reached over a network, by the kernel's names.
const NETWORK: [&str; 17] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.ceph",
    "fuse.davfs",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
];

/// Lists the files of a directory that somebody holds a lock of, and the process.
pub(super) fn held(dir: &Path) -> Vec<(String, u32)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let held = writer_lock::flock_holders();
    if held.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(String, u32)> = entries
        .flatten()
        .filter_map(|entry| {
            let pid = holder(&entry.path(), &held)?;
            Some((entry.file_name().to_str()?.to_string(), pid))
        })
        .collect();
    found.sort();
    found
}

/// Gives the process that holds a lock of a file.
fn holder(path: &Path, held: &HashMap<String, u32>) -> Option<u32> {
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let device = metadata.dev();
    held.get(&writer_lock::lock_key(major(device), minor(device), metadata.ino())).copied()
}

/// Lists every lock of the home, of its state directory and of these databases that somebody holds: file, process.
pub(super) fn locks(home: &Home, state_dir: Option<&Path>, databases: &[PathBuf]) -> Vec<(String, u32)> {
    let within = |dir: &str| {
        let held = held(&home.root().join(dir)).into_iter();
        held.map(|(name, pid)| (format!("{dir}/{name}"), pid)).collect::<Vec<_>>()
    };
    let mut locks = within(writer_lock::LOCK_DIRECTORY);
    locks.extend(within(".tmp"));
    let index = "session_index.jsonl.lock";
    locks.extend(holder(&home.root().join(index), &writer_lock::flock_holders()).map(|pid| (index.to_string(), pid)));
    if let Some(dir) = state_dir {
        let shown = |name: String| dir.join(name).to_string_lossy().into_owned();
        locks.extend(held(dir).into_iter().map(|(name, pid)| (shown(name), pid)));
    }
    for database in databases {
        let shown = database.strip_prefix(home.root()).unwrap_or(database).to_string_lossy().into_owned();
        locks.extend(writers(database).into_iter().map(|pid| (shown.clone(), pid)));
    }
    locks
}

/// Gives the nine lowest bits of the modes of what should be its owner's alone: path relative to the home, absolute for what is
/// elsewhere.
pub(super) fn modes(home: &Home, databases: &[PathBuf], state_dir: Option<&Path>) -> Vec<(String, u32)> {
    let named = ["", "sessions", "archived_sessions", "session_index.jsonl", "history.jsonl", "auth.json"];
    let inside = named.iter().map(|name| home.root().join(name));
    let mut modes: Vec<(String, u32)> = inside
        .chain(databases.iter().cloned())
        .chain(state_dir.map(Path::to_path_buf))
        .filter_map(|path| {
            let mode = fs::symlink_metadata(&path).ok().filter(|metadata| !metadata.is_symlink())?.mode() & 0o777;
            let path = path.strip_prefix(home.root()).unwrap_or(&path);
            Some((path.to_str()?.to_string(), mode))
        })
        .collect();
    modes.sort();
    modes.dedup();
    modes
}

/// Names the kind of file system that one of these places is on, where it is reached over a network.
pub(super) fn network(places: &[&Path]) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind_of = |device: u64| {
        let wanted = format!("{}:{}", major(device), minor(device));
        // `36 35 98:0 /root /mount/point options - type source options`
        mounts.lines().rev().find_map(|line| {
            let (mount, kind) = line.split_once(" - ")?;
            (mount.split(' ').nth(2)? == wanted).then(|| kind.split(' ').next())?
        })
    };
    places.iter().find_map(|place| {
        let kind = kind_of(fs::metadata(place).ok()?.dev())?;
        NETWORK.contains(&kind).then(|| kind.to_string())
    })
}

/// Links below the collections, and those that the collections themselves are: home path, where to.
pub(super) fn links(home: &Home) -> Vec<(String, String)> {
    let collections = ["sessions", "archived_sessions"].map(String::from);
    let below = crate::rollouts::links(home).unwrap_or_default();
    let links = collections.into_iter().chain(below).filter_map(|path| {
        let to = fs::read_link(home.root().join(&path)).ok()?.to_string_lossy().into_owned();
        Some((path, to))
    });
    links.collect()
}
