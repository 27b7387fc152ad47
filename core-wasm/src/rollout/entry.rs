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
        // The host writes bytes of a name that no text can have as `\xNN`.
        EntryKind::Other if file.size == 0 && file.path.contains("\\x") => {
            Some("its name is not UTF-8: it is read once it has another one".into())
        }
        EntryKind::Other => Some(format!("neither a file nor a directory, {} bytes", file.size)),
    }
}
