//! Names what the core needs of the world: the imports of the contract as traits, with the contract's types.
//!
//! The contract documents each function. [`imports`] has the ones that a component is given; natively there are other
//! implementers, a test's plain data among them.

pub mod imports;
#[cfg(test)]
pub(crate) mod one_file;
mod plain_text;

pub use plain_text::PlainText;

use alloc::string::String;
use alloc::vec::Vec;

use contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, FileError, FileFacts, Heads, IndexTerm, Job,
    NameClaim, Patch, PathPattern, Phase, RowKey, RowQuery, SearchedThreads, SkippedFile, SourceTouches, StateError,
    TermSources, TextKind, ThreadRow, TouchedSources,
};

/// Answer of the state DB.
pub type StateResult<T> = Result<T, StateError>;
/// Answer of the file system.
pub type FileResult<T> = Result<T, FileError>;

/// The rows of the one handle.
pub trait Rows {
    /// Returns the row of a thread; nothing if there is none.
    fn row(&self, id: &str) -> StateResult<Vec<ThreadRow>>;
    /// Returns at most `limit` rows after a place in the order, as [`crate::rows::query::page`] gives them.
    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>>;
    /// Returns at most `limit` rows of these parents after a place, as [`crate::rows::query::children`] gives them.
    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>>;
    /// Returns the rows of threads whose history begins in files of this one.
    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>>;
    /// Returns at most `limit` ids of rows that begin with `prefix`.
    fn ids_starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>>;
    /// Returns the files of the thread that an earlier parse recorded.
    fn files_of(&self, id: &str) -> StateResult<Vec<String>>;
    /// Returns the row that follows from all that is recorded of the thread; nothing where that one stands already.
    fn derived_row(&self, id: &str) -> StateResult<Vec<ThreadRow>>;
    /// Returns what the state DB knows of the files after a path, in byte order; nothing at the end.
    fn indexed_files(&self, after: Option<&str>, limit: u32) -> StateResult<Entries>;
    /// Returns the files that were recorded with a reason why there is no thread in them.
    fn unparsed_files(&self) -> StateResult<Vec<String>>;
    /// Returns a number that another process changes by writing the state DB.
    fn data_version(&self) -> StateResult<u64>;
    /// Keeps a snapshot with the handle, in place of the one that was kept.
    fn cache_put(&self, snapshot: &DirectorySnapshot) -> StateResult<()>;
    /// Returns the snapshot that was kept last; one without directories if none was.
    fn cache_get(&self) -> StateResult<DirectorySnapshot>;
    /// Writes a row whole, if the row that stands is still the expected one; else says false.
    fn put(&self, row: &ThreadRow, expected: Option<&ThreadRow>) -> StateResult<bool>;
    /// Takes back what is known of a file that is gone.
    fn remove_file(&self, path: &str) -> StateResult<()>;
}

/// What the home knows of threads beside their rollouts.
pub trait Sources {
    /// Returns every name that a source gives the thread, one a source.
    fn names(&self, id: &str) -> StateResult<Vec<NameClaim>>;
    /// Returns what Codex's own database says of the thread; nothing where it has no row of it.
    fn codex(&self, id: &str) -> StateResult<Vec<CodexFacts>>;
    /// Returns what users said of the thread, one a field.
    fn patches(&self, id: &str) -> StateResult<Vec<Patch>>;
    /// Returns the threads to which some source gives exactly this name, in the order of their ids.
    fn threads_named(&self, name: &str) -> StateResult<Vec<String>>;
    /// Returns the home's configured model provider.
    fn default_provider(&self) -> String;
}

/// The text of one rollout, in order and without compression: as much at a time as its owner likes to give, and nothing at the end alone.
pub trait Reader {
    /// Returns at most `limit` bytes.
    fn read(&mut self, limit: u32) -> FileResult<Chunk>;
}

/// The home's rollouts.
pub trait Rollouts {
    /// Gives the text of one rollout.
    type Reader: Reader;
    /// Goes through every entry.
    type Walker: Walker;
    /// Goes through the heads of all files.
    type HeadsWalker: HeadsWalker;
    /// Says what stands at a place.
    fn stat(&self, at: &str) -> FileResult<FileFacts>;
    /// Opens a rollout at an offset of its text, whatever that is written in.
    fn open_bytes(&self, at: &str, offset: u64) -> FileResult<Self::Reader>;
    /// Opens a rollout at an offset of its text in UTF-8.
    fn open(&self, at: &str, offset: u64) -> FileResult<PlainText<Self::Reader>>
    where
        Self: Sized,
    {
        PlainText::open(self, at, offset)
    }
    /// Starts a walk through every entry.
    fn walk(&self) -> FileResult<Self::Walker>;
    /// Starts a walk through the heads of all files.
    fn heads(&self) -> FileResult<Self::HeadsWalker>;
    /// Returns the files whose name contains a part, which is an id or the beginning of one, in path order.
    fn files_named(&self, part: &str) -> FileResult<Vec<String>>;
}

/// Every entry of both collections, in byte order of the path.
pub trait Walker {
    /// Returns the next ones, at most `limit`; nothing at the end.
    fn next(&mut self, limit: u32) -> FileResult<Entries>;
}

/// How every regular file of both collections begins, in byte order of the path.
pub trait HeadsWalker {
    /// Returns the next ones, at most `limit`; nothing at the end.
    fn next(&mut self, limit: u32) -> FileResult<Heads>;
}

/// Who may fill the state DB, and the filling.
pub trait Backfill {
    /// Says where the backfill stands.
    fn current(&self) -> StateResult<Phase>;
    /// Takes the claim, if nobody has it.
    fn claim(&self) -> StateResult<ClaimResult>;
    /// Hands files over to be parsed and stored, in path order; returns when there is room for more.
    fn enqueue(&self, jobs: &[Job]) -> StateResult<()>;
    /// Records why these files have no thread.
    fn skip_files(&self, files: &[SkippedFile]) -> StateResult<()>;
    /// Takes back what is known of files that are gone.
    fn remove_files(&self, paths: &[String]) -> StateResult<()>;
    /// Waits until everything enqueued is stored.
    fn flush(&self) -> StateResult<Counts>;
    /// Reads the sources again where they changed.
    fn import_sources(&self) -> StateResult<()>;
    /// Says how many files there are to do, for progress.
    fn add_total(&self, files: u64);
    /// Declares the backfill complete and gives the claim back.
    fn finish(&self) -> StateResult<()>;
}

/// Which threads have which tokens.
pub trait TextIndex {
    /// Returns the threads that a query lets pass, in its order, at least those with one of these sources.
    fn threads(&self, query: &RowQuery, among: &[u32]) -> StateResult<SearchedThreads>;
    /// Returns the sources of each term.
    fn sources_of(&self, terms: &[IndexTerm], kinds: &[TextKind]) -> StateResult<Vec<TermSources>>;
    /// Returns the sources that tell of a file that a pattern fits.
    fn touched(&self, pattern: &PathPattern) -> StateResult<TouchedSources>;
    /// Returns the last changes of such files that a source tells of, or what may have been some.
    fn touches_of(&self, source: u32, pattern: &PathPattern, maybe: bool, limit: u32) -> StateResult<SourceTouches>;
}

/// Time, handed in.
pub trait Clock {
    /// Returns milliseconds of a clock that never goes back.
    fn now(&self) -> i64;
    /// Returns the time of day.
    fn wall(&self) -> i64;
    /// Waits so many milliseconds.
    fn wait(&self, duration: i64);
}
