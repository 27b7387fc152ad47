//! Writes the packed forms that `core-wasm/src/packed.rs` describes and reads. Numbers are little-endian.

use crate::component::types::{EntryKind, FileFacts};

/// The version of the packed forms, which is the first byte of a list.
pub(crate) const VERSION: u8 = 1;

/// Appends an entry to a packed list, with the version before the first one.
pub(crate) fn pack(packed: &mut Vec<u8>, facts: &FileFacts) {
    if packed.is_empty() {
        packed.push(VERSION);
    }
    pack_facts(packed, facts.kind, facts.size, facts.modified_ns, facts.inode, [&facts.path, ""]);
}

/// Appends an entry whose path comes in two parts; the version is there already.
pub(crate) fn pack_facts(
    packed: &mut Vec<u8>,
    kind: EntryKind,
    size: u64,
    modified_ns: i64,
    inode: u64,
    path: [&str; 2],
) {
    packed.push(kind_code(kind));
    packed.extend_from_slice(&size.to_le_bytes());
    packed.extend_from_slice(&modified_ns.to_le_bytes());
    packed.extend_from_slice(&inode.to_le_bytes());
    pack_path(packed, path);
}

/// Appends a file and the head of its text, which is none where it cannot be read; the version is there already.
pub(super) fn pack_head(packed: &mut Vec<u8>, dir: &str, name: &str, head: Option<&[u8]>) {
    pack_path(packed, [dir, name]);
    packed.push(u8::from(head.is_some()));
    let head = head.unwrap_or_default();
    packed.extend_from_slice(&(head.len() as u16).to_le_bytes());
    packed.extend_from_slice(head);
}

fn pack_path(packed: &mut Vec<u8>, [dir, name]: [&str; 2]) {
    // No system has longer paths; one that had would give a path that does not exist.
    let dir = &dir.as_bytes()[..dir.len().min(u16::MAX.into())];
    let name = &name.as_bytes()[..name.len().min(usize::from(u16::MAX) - dir.len())];
    packed.extend_from_slice(&((dir.len() + name.len()) as u16).to_le_bytes());
    packed.extend_from_slice(dir);
    packed.extend_from_slice(name);
}

/// Gives the number that stands for a kind, in packed lists and in the state DB.
pub(crate) fn kind_code(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File => 0,
        EntryKind::Directory => 1,
        EntryKind::Link => 2,
        EntryKind::Other => 3,
        EntryKind::Closed => 4,
    }
}

/// Gives the kind that a number stands for, [`EntryKind::Other`] for an unknown one.
pub(crate) fn kind_from(code: u8) -> EntryKind {
    match code {
        0 => EntryKind::File,
        1 => EntryKind::Directory,
        2 => EntryKind::Link,
        4 => EntryKind::Closed,
        _ => EntryKind::Other,
    }
}
