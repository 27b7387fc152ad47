//! What is known of a home's files and threads: what is compared with what is there now.

use std::collections::HashMap;

use threadkeep_engine::contract::{Entries, EntryKind, FileFacts, LastTurn, SeenThread, ThreadState};

/// What is known of a file that claims to be a rollout.
#[derive(Clone, Debug)]
pub(super) struct KnownFile {
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
    /// Its size is not that of its text.
    pub(super) is_compressed: bool,
    /// The thread in it, if there is one.
    pub(super) thread: Option<String>,
    /// Where the core goes on reading what happened; none where nothing was read so far.
    pub(super) state: Option<Vec<u8>>,
}

impl KnownFile {
    /// Notes a file as it is now.
    pub(super) fn new(
        facts: &FileFacts,
        is_compressed: bool,
        thread: Option<String>,
        state: Option<Vec<u8>>,
    ) -> KnownFile {
        let (size, modified_ns, inode) = (facts.size, facts.modified_ns, facts.inode);
        KnownFile { size, modified_ns, inode, is_compressed, thread, state }
    }

    /// Says whether a file still is as it was.
    pub(super) fn is_as_before(&self, now: &FileFacts) -> bool {
        (self.size, self.modified_ns, self.inode) == (now.size, now.modified_ns, now.inode)
    }
}

/// What is known of a thread.
#[derive(Clone, Debug)]
pub(super) struct KnownThread {
    pub(super) seen: SeenThread,
    /// How its last turn stands; none while that was not looked at.
    pub(super) last: Option<LastTurn>,
}

impl KnownThread {
    /// Gives one of which nothing is known but the row. That it is at work would be known by its lock.
    pub(super) fn of_row(archived: bool, name: Option<String>) -> KnownThread {
        KnownThread { seen: SeenThread { archived, name, state: ThreadState::Done }, last: None }
    }
}

/// What is known of a home.
#[derive(Default)]
pub(super) struct Known {
    pub(super) files: HashMap<String, KnownFile>,
    pub(super) threads: HashMap<String, KnownThread>,
}

/// What a walk found.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) files: Vec<FileFacts>,
    pub(super) directories: Vec<String>,
    /// Directories that cannot be looked into, or links in their place, with a slash at the end: what lies below is unknown.
    pub(super) closed: Vec<String>,
}

impl Walked {
    /// Takes in what a walk gives at a time.
    pub(super) fn take(&mut self, entries: &Entries) {
        let paths = entries.paths.split_terminator('\0');
        for (at, path) in paths.enumerate() {
            let (kind, size) = (entries.kinds[at], entries.sizes[at]);
            let (modified_ns, inode) = (entries.modified_ns[at], entries.inodes[at]);
            match kind {
                EntryKind::Directory => self.directories.push(path.into()),
                EntryKind::Closed | EntryKind::Link => self.closed.push(format!("{path}/")),
                EntryKind::File => self.files.push(FileFacts { path: path.into(), kind, size, modified_ns, inode }),
                EntryKind::Other => {}
            }
        }
    }

    /// Says whether what lies at a place cannot be known.
    pub(super) fn hides(&self, path: &str) -> bool {
        self.closed.iter().any(|closed| path.starts_with(closed.as_str()))
    }
}

impl Known {
    /// Gives the files of a thread that are known, but for one.
    pub(super) fn other_files_of(&self, thread: &str, path: &str) -> Vec<String> {
        let is_meant =
            |(other, file): &(&String, &KnownFile)| file.thread.as_deref() == Some(thread) && other.as_str() != path;
        self.files.iter().filter(is_meant).map(|(path, _)| path.clone()).collect()
    }

    /// Gives the files below a directory.
    pub(super) fn files_below(&self, directory: &str) -> Vec<String> {
        let below = format!("{directory}/");
        self.files.keys().filter(|path| path.starts_with(&below)).cloned().collect()
    }
}
