//! What is known of a home's files and threads: what is compared with what is there now.

use std::collections::HashMap;

use threadkeep_engine::contract::{Entries, EntryKind, FileFacts, LastTurn, SeenThread, ThreadState};

use crate::db::RecordedFile;
use crate::rollouts::is_compressed;

/// How a file was when it was looked at: what another time tells whether it changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified_ns: i64,
    inode: u64,
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

/// What is known of a file that claims to be a rollout.
#[derive(Clone, Debug)]
pub(super) struct KnownFile {
    pub(super) stamp: Stamp,
    /// The thread in it, if there is one.
    pub(super) thread: Option<String>,
}

/// What is known of a thread.
#[derive(Clone, Debug)]
pub(super) struct KnownThread {
    pub(super) seen: SeenThread,
    /// How its last turn stands; none while that was not looked at.
    pub(super) last: Option<LastTurn>,
    pub(super) told: Told,
}

impl KnownThread {
    /// Gives one of which nothing is known but the row. That it is at work would be known by its lock.
    pub(super) fn of_row(archived: bool, name: Option<String>, told: Told) -> KnownThread {
        KnownThread { seen: SeenThread { archived, name, state: ThreadState::Done }, last: None, told }
    }
}

/// How far the turns of a thread were told: up to the end of the rollout that was its current one then.
///
/// This is known of the thread and not of a file: a thread whose rollout is moved, stored in its other form, or replaced is the same
/// thread, and of what stands there now only that is news which was not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) path: String,
    pub(super) stamp: Stamp,
    /// Where the core goes on reading what happened. Empty where nothing was read so far: what stood in the rollout then is known.
    pub(super) state: Vec<u8>,
}

/// What of a rollout is news to somebody who was told so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing; what was told reaches to where it reached.
    Nothing(Told),
    /// What the core says that reads on from here.
    From(Vec<u8>),
    /// What stands behind so many plain bytes.
    Behind(u64),
    /// Nobody can tell: all turns are to be looked at again.
    Anything,
}

impl Told {
    /// Says what is news in the rollout that is the thread's current one now.
    pub(super) fn news(&self, now: &FileFacts) -> News {
        let (then, stamp) = (self.stamp, Stamp::from(now));
        match (is_compressed(self.path.as_ref()), is_compressed(now.path.as_ref())) {
            // It may stand elsewhere.
            _ if then == stamp => News::Nothing(Told { path: now.path.clone(), ..self.clone() }),
            _ if !self.state.is_empty() => News::From(self.state.clone()),
            // The same text in its other form.
            (false, true) => News::Behind(then.size),
            (false, false) if then.inode == stamp.inode && then.size <= stamp.size => News::Behind(then.size),
            _ => News::Anything,
        }
    }
}

/// What is known of a home.
#[derive(Default)]
pub(super) struct Known {
    pub(super) files: HashMap<String, KnownFile>,
    pub(super) threads: HashMap<String, KnownThread>,
}

impl Known {
    /// Gives the files below a directory.
    pub(super) fn files_below(&self, directory: &str) -> Vec<String> {
        let below = format!("{directory}/");
        self.files.keys().filter(|path| path.starts_with(&below)).cloned().collect()
    }
}

/// What a walk found.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) files: Vec<FileFacts>,
    pub(super) directories: Vec<String>,
    /// Directories that cannot be looked into, or links in their place, with a slash at the end: what lies below is unknown.
    closed: Vec<String>,
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
