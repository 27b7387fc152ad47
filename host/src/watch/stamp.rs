//! How a file was: what tells whether it changed.

use threadkeep_engine::contract::FileFacts;

use crate::db::RecordedFile;

/// How a file was when it was looked at: what another time tells whether it changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
}

impl From<&FileFacts> for Stamp {
    fn from(facts: &FileFacts) -> Stamp {
        Stamp { size: facts.size, modified_ns: facts.modified_ns, inode: facts.inode }
    }
}

impl From<&RecordedFile> for Stamp {
    fn from(file: &RecordedFile) -> Stamp {
        Stamp { size: file.size, modified_ns: file.modified_ns, inode: file.inode }
    }
}
