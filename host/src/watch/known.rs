//! What is known of a home's files and threads: what is compared with what is there now.

use std::collections::HashMap;

use threadkeep_engine::contract::{Entries, EntryKind, FileFacts, LastTurn, SeenThread, ThreadState};

use super::ordered_texts::{FileList, OrderedTexts};
use super::stamp::Stamp;
use crate::db::ThreadThere;
use crate::rollouts::{is_compressed, may_be_a_rollout};

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

/// What is known of a home. What was learned of it at first stands close together, since it may be of a hundred thousand files and
/// threads, few of which ever change; what is others since then stands beside it.
#[derive(Default)]
pub(super) struct Known {
    learned: Learned,
    /// Files that are others than was learned; none of one that is gone.
    files: HashMap<String, Option<KnownFile>>,
    /// Threads likewise.
    threads: HashMap<String, Option<KnownThread>>,
}

/// What was there when the watching began.
#[derive(Default)]
struct Learned {
    files: FileList,
    /// Of each file the number of its thread, or [`NONE`].
    thread_of: Vec<u32>,
    /// The ids of the threads, in their order.
    ids: OrderedTexts,
    threads: Vec<LearnedThread>,
    /// The names of those that have one, in the order of the threads.
    names: OrderedTexts,
}

impl Learned {
    fn name(&self, thread: &LearnedThread) -> Option<&str> {
        (thread.name != NONE).then(|| self.names.get(thread.name as usize))
    }
}

/// What was learned of a thread: nobody was at work on it, and what stood in its rollout counts as told.
struct LearnedThread {
    /// The number of its rollout.
    file: u32,
    /// The number of its name, or [`NONE`].
    name: u32,
    archived: bool,
}

/// Is no number.
const NONE: u32 = u32::MAX;

impl Known {
    /// Knows what a walk found, and nothing else.
    pub(super) fn of(files: FileList) -> Known {
        let thread_of = vec![NONE; files.len()];
        Known { learned: Learned { files, thread_of, ..Learned::default() }, ..Known::default() }
    }

    /// Learns of a thread by its row; they come in the order of their ids, before anything else is learned.
    pub(super) fn learn_thread(&mut self, there: ThreadThere) {
        let ThreadThere { id, path, archived, name } = there;
        let Some(file) = self.learned.files.find(&path) else {
            // A file that came between the walk and the rows may go before it is looked at: then it is missed, too.
            if may_be_a_rollout(&path) {
                let unseen = KnownFile { stamp: Stamp::default(), thread: Some(id.clone()) };
                self.files.entry(path.clone()).or_insert(Some(unseen));
            }
            let told = Told { path, stamp: Stamp::default(), state: Vec::new() };
            return self.put_thread(&id, KnownThread::of_row(archived, name, told));
        };
        let name = name.map_or(NONE, |name| self.learned.names.push(&name));
        self.learned.ids.push(&id);
        self.learned.threads.push(LearnedThread { file: file as u32, name, archived });
    }

    /// Learns which thread a file has; says whether the file is known.
    pub(super) fn learn_file(&mut self, path: &str, thread: Option<String>) -> bool {
        let Some(file) = self.learned.files.find(path) else { return self.files.contains_key(path) };
        match thread {
            None => {}
            Some(thread) => match self.learned.ids.find(&thread) {
                Some(number) => self.learned.thread_of[file] = number as u32,
                None => {
                    let stamp = self.learned.files.stamp(file);
                    self.put_file(path, KnownFile { stamp, thread: Some(thread) });
                }
            },
        }
        true
    }

    pub(super) fn file(&self, path: &str) -> Option<KnownFile> {
        match self.files.get(path) {
            Some(changed) => changed.clone(),
            None => {
                let file = self.learned.files.find(path)?;
                let thread = Some(self.learned.thread_of[file]).filter(|number| *number != NONE);
                let thread = thread.map(|number| self.learned.ids.get(number as usize).to_string());
                Some(KnownFile { stamp: self.learned.files.stamp(file), thread })
            }
        }
    }

    /// Gives how a file was when it was looked at last.
    pub(super) fn stamp(&self, path: &str) -> Option<Stamp> {
        match self.files.get(path) {
            Some(changed) => changed.as_ref().map(|file| file.stamp),
            None => Some(self.learned.files.stamp(self.learned.files.find(path)?)),
        }
    }

    pub(super) fn put_file(&mut self, path: &str, file: KnownFile) {
        self.files.insert(path.into(), Some(file));
    }

    pub(super) fn forget_file(&mut self, path: &str) {
        match self.learned.files.find(path) {
            Some(_) => drop(self.files.insert(path.into(), None)),
            None => drop(self.files.remove(path)),
        }
    }

    pub(super) fn thread(&self, id: &str) -> Option<KnownThread> {
        match self.threads.get(id) {
            Some(changed) => changed.clone(),
            None => {
                let thread = &self.learned.threads[self.learned.ids.find(id)?];
                let (path, stamp) = self.learned.files.get(thread.file as usize);
                let told = Told { path: path.into(), stamp, state: Vec::new() };
                Some(KnownThread::of_row(thread.archived, self.learned.name(thread).map(String::from), told))
            }
        }
    }

    /// Gives the name of a thread, and whether it is in the archive.
    pub(super) fn name_and_archive(&self, id: &str) -> Option<(Option<&str>, bool)> {
        match self.threads.get(id) {
            Some(changed) => changed.as_ref().map(|known| (known.seen.name.as_deref(), known.seen.archived)),
            None => {
                let thread = &self.learned.threads[self.learned.ids.find(id)?];
                Some((self.learned.name(thread), thread.archived))
            }
        }
    }

    pub(super) fn put_thread(&mut self, id: &str, thread: KnownThread) {
        self.threads.insert(id.into(), Some(thread));
    }

    pub(super) fn forget_thread(&mut self, id: &str) {
        match self.learned.ids.find(id) {
            Some(_) => drop(self.threads.insert(id.into(), None)),
            None => drop(self.threads.remove(id)),
        }
    }

    /// Gives the threads that are running or waiting.
    pub(super) fn at_work(&self) -> Vec<String> {
        let is_at_work = |known: &KnownThread| matches!(known.seen.state, ThreadState::Running | ThreadState::Waiting);
        let threads = self.threads.iter().filter(|(_, known)| known.as_ref().is_some_and(is_at_work));
        threads.map(|(thread, _)| thread.clone()).collect()
    }

    /// Gives the paths of all files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let learned = (0..self.learned.files.len()).map(|file| self.learned.files.get(file).0);
        let changed = self.files.iter().filter(|(_, file)| file.is_some()).map(|(path, _)| path.as_str());
        learned.filter(|path| !self.files.contains_key(*path)).chain(changed)
    }

    /// Gives the files below a directory.
    pub(super) fn files_below(&self, directory: &str) -> Vec<String> {
        let below = format!("{directory}/");
        self.paths().filter(|path| path.starts_with(&below)).map(String::from).collect()
    }
}

/// What a walk found.
#[derive(Default)]
pub(super) struct Walked {
    /// What may be a rollout.
    pub(super) files: FileList,
    pub(super) directories: Vec<String>,
    /// Directories that cannot be looked into, or links in their place, with a slash at the end: what lies below is unknown.
    closed: Vec<String>,
    /// A directory was still new that was not watched when the walk began: what happened in it was not told.
    pub(super) is_behind: bool,
}

impl Walked {
    /// Takes in what a walk gives at a time.
    pub(super) fn take(&mut self, entries: &Entries) {
        let paths = entries.paths.split_terminator('\0');
        for (at, path) in paths.enumerate() {
            let (size, modified_ns, inode) = (entries.sizes[at], entries.modified_ns[at], entries.inodes[at]);
            match entries.kinds[at] {
                EntryKind::Directory => self.directories.push(path.into()),
                EntryKind::Closed | EntryKind::Link => self.closed.push(format!("{path}/")),
                EntryKind::File if may_be_a_rollout(path) => {
                    self.files.push(path, Stamp { size, modified_ns, inode });
                }
                EntryKind::File | EntryKind::Other => {}
            }
        }
    }

    /// Says whether what lies at a place cannot be known.
    pub(super) fn hides(&self, path: &str) -> bool {
        self.closed.iter().any(|closed| path.starts_with(closed.as_str()))
    }
}
