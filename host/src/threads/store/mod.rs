//! The thread store: everything that can be done with threads, wherever they are kept.
//!
//! ```text
//! create, resume ──→ append ──→ flush ──→ shutdown        one writer a thread, named by the thread's id
//!                      │          │
//!                      └ buffered └ durable; then the rows are brought up to date
//! read, list, search, turns, items, load_history           whoever writes
//! name, patch, archive, unarchive, delete                  while nobody else writes
//! ```
//!
//! [`LocalThreadStore`] keeps threads as rollouts in a Codex home, with rows in the state DB where there is a handle;
//! [`MemoryThreadStore`] keeps them in memory, for tests of those who embed this library. Both pass the same tests.
//!
//! There are two ways to append. [`ThreadStore::append`] brings the thread's metadata up to date too: title, times, tokens.
//! [`ThreadStore::append_raw`] writes to the rollout alone; the metadata follow with the next other append, or the next start.

mod branching;
mod local;
mod memory;
mod read;
mod recorder;
mod writers;

use std::ops::ControlFlow;
use std::path::PathBuf;

use threadkeep_engine::CoreError;
use threadkeep_engine::contract::WriteError;

pub use crate::threads::change::MetadataPatch;
pub use local::LocalThreadStore;
pub use memory::MemoryThreadStore;
pub(crate) use recorder::{WriterPlace, torn_tail};
pub use threadkeep_engine::contract::{
    ChangeKind, Collection, Command, FileChange, FileChanges, Found, Item, ItemStatus, NewThread, PageOfRows,
    PageOfTurns, RawRecord, RowQuery, SortKey, ThreadRow, Tokens, ToolCall, TurnEnd, TurnStart, UserMessage,
};

use crate::db::StateError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::writer_lock::WriterLockError;
use crate::rollouts::kind_of_failure;
use crate::threads::change::ChangeError;
use crate::threads::compress::CompressError;
use crate::threads::lookup::LookupError;

/// Says why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The thread could not be found or read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The thread has another writer.
    #[error(transparent)]
    Writer(#[from] WriterLockError),
    /// The thread of this id is not open for writing here.
    #[error("thread {0} is not open for writing; {hint}", hint = OPEN_IT)]
    NotOpen(String),
    /// There is a thread of this id already.
    #[error("thread {0} is there already; {hint}", hint = RESUME_IT)]
    Exists(String),
    /// The description of a new thread is not valid; why.
    #[error("the thread cannot begin: {0}")]
    BadThread(String),
    /// The thread's rollout cannot be read: why, and what kind of failure that is.
    #[error("its rollout cannot be read: {0}")]
    Unreadable(String, ErrorKind),
    /// An item is not valid; no item of the batch was appended.
    #[error("item {at} cannot be written: {why}; nothing of the batch was taken in")]
    BadItem {
        /// The position of the item in the batch, from 0.
        at: u32,
        /// What is wrong with the item.
        why: String,
    },
    /// The rollout cannot be written. What was appended is kept for the next flush.
    #[error(
        "{path} cannot be written: {cause}; what was appended is kept in memory and tried again with the next flush"
    )]
    Write {
        /// The absolute path of the rollout.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The thread of this id is open for writing outside of the home, at this path, so the home's cannot be changed.
    #[error("thread {0} is open for writing outside of the home, at {1}; {hint}", hint = SHUT_IT_DOWN)]
    OutsideHome(String, PathBuf),
    /// The rollout cannot be resumed.
    #[error("{path} cannot be gone on with: {why}")]
    Resume {
        /// The absolute path of the rollout.
        path: PathBuf,
        /// Why not.
        why: String,
        /// What kind of failure that is.
        kind: ErrorKind,
    },
    /// A change was not made.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A compressed rollout could not be restored.
    #[error(transparent)]
    Restore(#[from] CompressError),
    /// The state DB failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
}

const OPEN_IT: &str = "create or resume it first";
const RESUME_IT: &str = "resume it, or leave the id to be chosen";
const SHUT_IT_DOWN: &str = "shut it down first";

impl Classified for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Lookup(error) => error.kind(),
            StoreError::Writer(error) => error.kind(),
            StoreError::NotOpen(_) | StoreError::Exists(_) | StoreError::OutsideHome(..) => ErrorKind::Conflict,
            StoreError::BadThread(_) | StoreError::BadItem { .. } => ErrorKind::InvalidInput,
            StoreError::Unreadable(_, kind) => *kind,
            StoreError::Write { cause, .. } => ErrorKind::of_io(cause),
            StoreError::Resume { kind, .. } => *kind,
            StoreError::Change(error) => error.kind(),
            StoreError::Restore(error) => error.kind(),
            StoreError::State(error) => error.kind(),
            StoreError::Core(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            StoreError::Lookup(error) => error.hint(),
            StoreError::Writer(error) => error.hint(),
            StoreError::NotOpen(_) => Some(OPEN_IT),
            StoreError::Exists(_) => Some(RESUME_IT),
            StoreError::OutsideHome(..) => Some(SHUT_IT_DOWN),
            StoreError::Change(error) => error.hint(),
            StoreError::Restore(error) => error.hint(),
            StoreError::State(error) => error.hint(),
            StoreError::Core(error) => error.hint(),
            _ => None,
        }
    }

    fn argument(&self) -> Option<&'static str> {
        match self {
            StoreError::Lookup(error) => error.argument(),
            StoreError::Change(error) => error.argument(),
            _ => None,
        }
    }
}

/// The answer of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Names what to resume.
#[derive(Clone, Debug)]
pub enum Resume {
    /// A thread, by whatever [`crate::threads::lookup::Lookup::find`] takes.
    Thread(String),
    /// A rollout, by its path, in the home or elsewhere; it stays where it is.
    Rollout(PathBuf),
}

/// Names a thread in which a text was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The row of the thread.
    pub row: ThreadRow,
    /// The first turn in which the text occurs, as JSON: Codex's `Turn`.
    pub turn: String,
}

/// Gives a page of the threads in which a text was found.
#[derive(Clone, Debug)]
pub struct PageOfHits {
    /// The threads, in the order of the query.
    pub hits: Vec<Hit>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Gives an item, and names its turn.
#[derive(Clone, Debug)]
pub struct TurnItem {
    /// The id of the turn.
    pub turn: String,
    /// The item, as JSON: Codex's `ThreadItem`.
    pub item: String,
}

/// Gives a page of a thread's items. Pages end where turns do.
#[derive(Clone, Debug)]
pub struct PageOfItems {
    /// The items.
    pub items: Vec<TurnItem>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Does everything that can be done with threads. A thread has one writer at a time, who is named by the thread's id, which
/// [`ThreadStore::create`] and [`ThreadStore::resume`] give. Where `thread` is asked for to write, it is that id.
pub trait ThreadStore: Send + Sync {
    /// Creates a thread, opens it for writing, and gives its id. Nothing is on disk yet.
    fn create(&self, new: NewThread) -> StoreResult<String>;
    /// Opens an existing thread for writing, and gives its id.
    fn resume(&self, what: &Resume) -> StoreResult<String>;
    /// Appends items, all or, where one is not valid, none. They are on disk after the next [`ThreadStore::flush`], and the
    /// thread's metadata follow them.
    fn append(&self, thread: &str, items: &[Item]) -> StoreResult<()>;
    /// Appends items likewise, without the thread's metadata following them.
    fn append_raw(&self, thread: &str, items: &[Item]) -> StoreResult<()>;
    /// Writes what was appended, so that it survives a loss of power. What the disk refuses is kept for the next flush.
    fn flush(&self, thread: &str) -> StoreResult<()>;
    /// Flushes likewise, and creates the rollout although nothing was appended yet.
    fn persist(&self, thread: &str) -> StoreResult<()>;
    /// Flushes, and closes the thread for writing. A new thread to which nothing was appended leaves no trace.
    fn shutdown(&self, thread: &str) -> StoreResult<()>;
    /// Closes the thread for writing, and drops what was not flushed. What could not be written before is told of by a warning,
    /// and a line of it that was begun is cut off again.
    fn discard(&self, thread: &str) -> StoreResult<()>;
    /// Gives the path where the rollout of a thread that is open for writing is, or will be.
    fn path(&self, thread: &str) -> StoreResult<PathBuf>;

    /// Gives every record of a thread's history to `each`, as JSON and in order, those of forked and reverted parts included,
    /// until that breaks. Long texts of a record of more than 1 MiB are cut.
    fn load_history(&self, thread: &str, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> StoreResult<()>;
    /// Finds a thread as [`crate::threads::lookup::Lookup::find`] does, and gives what is known of it.
    fn read(&self, wanted: &str, within: Option<Collection>) -> StoreResult<Found>;
    /// Gives a page of threads, `limit` long, or all for 0.
    fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfRows>;
    /// Gives a page of the threads of a list in which `text` occurs, whatever the case of letters: at most `limit`, where 0
    /// counts as 1.
    fn search(&self, text: &str, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfHits>;
    /// Gives a page of at most `limit` of a thread's turns, or of as many as fit for 0.
    fn turns(&self, thread: &str, cursor: Option<&str>, limit: u32, newest_first: bool) -> StoreResult<PageOfTurns>;
    /// Gives the items of a page of a thread's turns.
    fn items(&self, thread: &str, cursor: Option<&str>, turns: u32, newest_first: bool) -> StoreResult<PageOfItems> {
        Ok(read::items(self.turns(thread, cursor, turns, newest_first)?))
    }

    /// Gives a thread a name, or takes it away, and gives the row as it is then.
    fn name(&self, thread: &str, name: Option<&str>) -> StoreResult<ThreadRow>;
    /// Sets and clears fields of a thread's metadata, and gives the row as it is then.
    fn patch(&self, thread: &str, patch: &MetadataPatch) -> StoreResult<ThreadRow>;
    /// Moves a thread into the archive, with the sub-agents that it spawned, and gives their rows as they are then. One that is
    /// open for writing here stays so.
    fn archive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>>;
    /// Moves a thread and its sub-agents back out of the archive, and gives their rows as they are then.
    fn unarchive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>>;
    /// Deletes a thread for good, with its sub-agents, and with `with_forks` with the forks that depend on it; without, such
    /// forks are an error. Gives the rows of the deleted threads.
    fn delete(&self, thread: &str, with_forks: bool) -> StoreResult<Vec<ThreadRow>>;

    /// Takes the warnings since the last call, each a sentence for a person; what they tell of has lost nothing.
    fn take_warnings(&self) -> Vec<String>;
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::BadThread(why) => StoreError::BadThread(why),
            WriteError::BadItem((at, why)) => StoreError::BadItem { at, why },
            WriteError::BadState => StoreError::BadThread("its writer's state is damaged".into()),
            WriteError::Compressed => StoreError::BadThread("its rollout is compressed".into()),
            WriteError::NoThread(why) => StoreError::BadThread(why),
            WriteError::File(error) => StoreError::Unreadable(error.message(), kind_of_failure(&error)),
        }
    }
}
