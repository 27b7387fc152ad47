//! The thread store: everything that can be done with threads, whatever they are kept in.
//!
//! ```text
//! create, resume ──→ append ──→ flush ──→ shutdown        one writer a thread, told by its id
//!                      │          │
//!                      └ buffered └ durable; then what was observed reaches the rows
//! read, list, search, turns, items, load_history           whoever writes
//! patch, archive, unarchive, delete                        while nobody writes
//! ```
//!
//! [`LocalThreadStore`] keeps threads as rollouts in a Codex home, with rows in the state DB where there is a handle;
//! [`MemoryThreadStore`] keeps them in memory, for tests of those who embed this library. Both pass the same tests.
//!
//! Appending is of two kinds. What is appended *observed* is also what the thread's metadata follow: title, times, tokens.
//! What is appended *raw* goes into the rollout alone, and is seen by the rows when somebody else makes them anew: the next
//! observed append, or the next start.

mod local;
mod memory;
mod read;
mod recorder;
mod writers;

use std::ops::ControlFlow;
use std::path::PathBuf;

pub use crate::component::exports::history::PageOfTurns;
pub use crate::component::exports::lookup::{Found, PageOfRows};
pub use crate::component::exports::writing::{
    ChangeKind, Command, FileChange, FileChanges, Item, NewThread, Outcome, RawRecord, Tokens, ToolCall, TurnEnd,
    TurnStart, UserMessage,
};
pub use crate::component::imports::state::{RowQuery, SortKey};
pub use crate::component::types::{Collection, ThreadRow};
pub use crate::threads::change::MetadataPatch;
pub use local::LocalThreadStore;
pub use memory::MemoryThreadStore;

use crate::component::CoreError;
use crate::component::exports::writing::Error as WritingError;
use crate::db::StateError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::writer_lock::WriterLockError;
use crate::threads::change::ChangeError;
use crate::threads::compress::CompressError;
use crate::threads::lookup::LookupError;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be found, or not be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// Somebody else writes it.
    #[error(transparent)]
    Writer(#[from] WriterLockError),
    /// It is not open for writing here.
    #[error("thread {0} is not open for writing; {hint}", hint = OPEN_IT)]
    NotOpen(String),
    /// A thread of this id is there already.
    #[error("thread {0} is there already; {hint}", hint = RESUME_IT)]
    Exists(String),
    /// A new thread that makes no sense.
    #[error("the thread cannot begin: {0}")]
    BadThread(String),
    /// An item that makes no sense.
    #[error("item {at} cannot be written: {why}; nothing of the batch was taken in")]
    BadItem {
        /// Its place in the batch.
        at: u32,
        /// What is wrong with it.
        why: String,
    },
    /// The disk refuses.
    #[error("{path} cannot be written: {cause}; what was appended is kept and is written with the next flush")]
    Write {
        /// The rollout.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is written where it lies, and the home's threads are not its own.
    #[error("thread {0} is open for writing outside of the home, at {1}; {hint}", hint = SHUT_IT_DOWN)]
    Elsewhere(String, PathBuf),
    /// The rollout that is to be gone on with cannot be.
    #[error("{path} cannot be gone on with: {why}")]
    Resume {
        /// The rollout.
        path: PathBuf,
        /// Why.
        why: String,
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
    /// The core failed.
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
            StoreError::NotOpen(_) | StoreError::Exists(_) | StoreError::Elsewhere(..) => ErrorKind::Conflict,
            StoreError::BadThread(_) | StoreError::BadItem { .. } => ErrorKind::InvalidInput,
            StoreError::Write { cause, .. } => ErrorKind::of_io(cause),
            StoreError::Resume { .. } => ErrorKind::Io,
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
            StoreError::Elsewhere(..) => Some(SHUT_IT_DOWN),
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

/// Answer of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// What is to be gone on with.
#[derive(Clone, Debug)]
pub enum Resume {
    /// A thread, by what [`crate::threads::lookup::Lookup::find`] takes.
    Thread(String),
    /// A rollout, wherever it is; it stays there.
    Rollout(PathBuf),
}

/// A thread in which something was said.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The thread.
    pub row: ThreadRow,
    /// The first turn in which it was said or done, as JSON: Codex's `Turn`.
    pub turn: String,
}

/// A page of hits.
#[derive(Clone, Debug)]
pub struct PageOfHits {
    /// Threads in the order of the query.
    pub hits: Vec<Hit>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// An item and its turn.
#[derive(Clone, Debug)]
pub struct ItemOfTurn {
    /// The turn's id.
    pub turn: String,
    /// The item, as JSON: Codex's `ThreadItem`.
    pub item: String,
}

/// A page of a thread's items. Pages end where turns do.
#[derive(Clone, Debug)]
pub struct PageOfItems {
    /// The items.
    pub items: Vec<ItemOfTurn>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// Threads, and all that can be done with them. Writers of a thread are exclusive, and told by the thread's id, which
/// [`ThreadStore::create`] and [`ThreadStore::resume`] give.
pub trait ThreadStore: Send + Sync {
    /// Begins a thread, and is its writer from now on. Nothing is on disk yet.
    fn create(&self, new: NewThread) -> StoreResult<String>;
    /// Goes on with a thread, and is its writer from now on.
    fn resume(&self, what: &Resume) -> StoreResult<String>;
    /// Takes items in. They are on disk after the next [`ThreadStore::flush`], and the thread's metadata follow them.
    fn append(&self, thread: &str, items: &[Item]) -> StoreResult<()>;
    /// Takes items in that the thread's metadata do not follow.
    fn append_raw(&self, thread: &str, items: &[Item]) -> StoreResult<()>;
    /// Writes what was appended, so that it outlives a loss of power. What the disk refuses is kept for the next time.
    fn flush(&self, thread: &str) -> StoreResult<()>;
    /// The same, and the thread is there although nothing was said in it yet.
    fn persist(&self, thread: &str) -> StoreResult<()>;
    /// Flushes, and is the thread's writer no more. A thread in which nothing was said leaves no trace.
    fn shutdown(&self, thread: &str) -> StoreResult<()>;
    /// Is the thread's writer no more, and forgets what was not flushed.
    fn discard(&self, thread: &str) -> StoreResult<()>;
    /// Where the rollout of a thread is, or will be, that is open for writing.
    fn path(&self, thread: &str) -> StoreResult<PathBuf>;

    /// Shows every record of a thread's history, as JSON and in order, what was forked or reverted included, until `each`
    /// has seen enough. Long texts of a record of more than 1 MiB are cut.
    fn load_history(&self, thread: &str, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> StoreResult<()>;
    /// What is known of a thread.
    fn read(&self, wanted: &str, within: Option<Collection>) -> StoreResult<Found>;
    /// A page of threads, `limit` long, or all for 0.
    fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfRows>;
    /// Threads of a list in which `text` was said or done, whatever the case of letters. At most `limit` are answered, at
    /// least 1.
    fn search(&self, text: &str, query: &RowQuery, cursor: Option<&str>, limit: u32) -> StoreResult<PageOfHits>;
    /// A page of a thread's turns.
    fn turns(&self, thread: &str, cursor: Option<&str>, limit: u32, newest_first: bool) -> StoreResult<PageOfTurns>;
    /// The items of a page of a thread's turns.
    fn items(&self, thread: &str, cursor: Option<&str>, turns: u32, newest_first: bool) -> StoreResult<PageOfItems> {
        Ok(read::items(self.turns(thread, cursor, turns, newest_first)?))
    }

    /// Gives a thread a name, or takes it away. What could not be stored is an error, here and in [`ThreadStore::patch`].
    fn name(&self, thread: &str, name: Option<&str>) -> StoreResult<ThreadRow>;
    /// Sets and clears what a user may.
    fn patch(&self, thread: &str, patch: &MetadataPatch) -> StoreResult<ThreadRow>;
    /// Puts a thread into the archive, with the sub-agents that it spawned; their rows as they are then. One that is open
    /// for writing here stays so.
    fn archive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>>;
    /// Takes them out again.
    fn unarchive(&self, thread: &str) -> StoreResult<Vec<ThreadRow>>;
    /// Deletes a thread for good, with its sub-agents; refused while forks depend on it, unless they are to go too. The
    /// rows that are gone.
    fn delete(&self, thread: &str, with_forks: bool) -> StoreResult<Vec<ThreadRow>>;

    /// What went wrong and lost nothing, in words; each once.
    fn take_warnings(&self) -> Vec<String>;
}

impl Default for NewThread {
    /// Nothing but an id to be chosen: a working directory and a source have to be said.
    fn default() -> NewThread {
        NewThread {
            id: None,
            cwd: String::new(),
            source: String::new(),
            originator: "threadkeep".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            model_provider: None,
            instructions: None,
            git_sha: None,
            git_branch: None,
            git_origin_url: None,
            parent_thread_id: None,
        }
    }
}

impl Default for RowQuery {
    /// Every thread there is, the one that was updated last first; sub-agents are threads of their own.
    fn default() -> RowQuery {
        RowQuery {
            within: None,
            source_kinds: None,
            fold_children: false,
            missing: false,
            provider: None,
            cwd: None,
            under: None,
            also_cwd: Vec::new(),
            also_under: Vec::new(),
            since: None,
            until: None,
            title: None,
            name: None,
            branch: None,
            repo: None,
            sort: SortKey::Updated,
            ascending: false,
        }
    }
}

impl From<WritingError> for StoreError {
    fn from(error: WritingError) -> Self {
        match error {
            WritingError::BadThread(why) => StoreError::BadThread(why),
            WritingError::BadItem((at, why)) => StoreError::BadItem { at, why },
            WritingError::BadPen => StoreError::BadThread("its writer's state is damaged".into()),
            WritingError::Compressed => StoreError::BadThread("its rollout is compressed".into()),
            WritingError::NoThread(why) => StoreError::BadThread(why),
            WritingError::File(error) => StoreError::BadThread(format!("its rollout cannot be read: {error:?}")),
        }
    }
}
