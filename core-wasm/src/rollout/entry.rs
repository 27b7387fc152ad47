//! Says of a directory entry, by what it is, why it cannot be a rollout.

use alloc::format;
use alloc::string::String;

use contract::{EntryKind, FileFacts};

/// Says why an entry that claims to be a rollout by its name cannot hold a thread; none for a regular file.
pub fn why_no_rollout(file: &FileFacts) -> Option<String> {
    match file.kind {
        EntryKind::File => None,
        EntryKind::Directory => Some("a directory, not a file".into()),
        EntryKind::Link => Some("a symbolic link, which is not followed".into()),
        EntryKind::Closed => Some("a directory that cannot be looked into: rollouts in it are not seen".into()),
        EntryKind::Other => Some(format!("neither a file nor a directory, {} bytes", file.size)),
    }
}
