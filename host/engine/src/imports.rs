//! What the core needs of the world, each capability as a trait of its own with plain data in and out. Whoever has a capability
//! implements its trait beside it; an [`Imports`] puts them together for one instance of the core.

use std::sync::Arc;

use crate::contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, FileError, FileFacts, Heads, IndexTerm, Job,
    NameClaim, Patch, PathPattern, Phase, RowKey, RowQuery, SearchedThreads, SkippedFile, SourceTouches, StateError,
    TermSources, TextKind, ThreadRow, TouchedSources,
};

/// The answer of the state DB.
pub type StateResult<T> = Result<T, StateError>;
/// The answer of the file system.
pub type FileResult<T> = Result<T, FileError>;

/// Is implemented by what holds the rows of threads: the interface `rows`, which describes each function. As they stand here
/// they answer as a process without a handle does.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(unused_variables, reason = "the answers of one that has no rows need none")]
pub trait Rows: Send {
    fn row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }
    fn page(&mut self, query: RowQuery, after: Option<RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }
    fn children(
        &mut self,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }
    fn forks_of(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }
    fn ids_starting_with(&mut self, prefix: String, limit: u32) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }
    fn files_of(&mut self, id: String) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }
    fn derived_row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }
    fn indexed_files(&mut self, after: Option<String>, limit: u32) -> StateResult<Entries> {
        Err(StateError::Unavailable)
    }
    fn unparsed_files(&mut self) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }
    fn data_version(&mut self) -> StateResult<u64> {
        Err(StateError::Unavailable)
    }
    fn cache_put(&mut self, snapshot: DirectorySnapshot) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
    fn cache_get(&mut self) -> StateResult<DirectorySnapshot> {
        Err(StateError::Unavailable)
    }
    fn put(&mut self, row: ThreadRow, expected: Option<ThreadRow>) -> StateResult<bool> {
        Err(StateError::Unavailable)
    }
    fn remove_file(&mut self, path: String) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
}

/// Is implemented by what knows of threads beside their rollouts: the interface `sources`. As they stand here the functions
/// answer as a process that has no sources does.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(unused_variables, reason = "the answers of one that has no sources need none")]
pub trait Sources: Send {
    fn names(&mut self, id: String) -> StateResult<Vec<NameClaim>> {
        Err(StateError::Unavailable)
    }
    fn codex(&mut self, id: String) -> StateResult<Vec<CodexFacts>> {
        Err(StateError::Unavailable)
    }
    fn patches(&mut self, id: String) -> StateResult<Vec<Patch>> {
        Err(StateError::Unavailable)
    }
    fn threads_named(&mut self, name: String) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }
    fn default_provider(&mut self) -> String {
        String::new()
    }
}

/// Is implemented by what reads rollouts: the interface `rollouts`.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Rollouts: Send + Sync {
    fn stat(&self, at: &str) -> FileResult<FileFacts>;
    fn open(&self, at: &str, offset: u64) -> FileResult<Box<dyn Reader>>;
    fn walk(&self) -> FileResult<Box<dyn Walker>>;
    fn heads(&self) -> FileResult<Box<dyn HeadsWalker>>;
    fn files_named(&self, part: &str) -> FileResult<Vec<String>>;
}

/// Is implemented by what reads the plain text of one rollout, in order: the resource `rollouts.reader`.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Reader: Send {
    fn read(&mut self, limit: u32) -> FileResult<Chunk>;
}

/// Is implemented by what walks over the entries of both collections: the resource `rollouts.walker`.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Walker: Send {
    fn next(&mut self, limit: u32) -> FileResult<Entries>;
}

/// Is implemented by what walks over the heads of rollouts: the resource `rollouts.heads`.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait HeadsWalker: Send {
    fn next(&mut self, limit: u32) -> FileResult<Heads>;
}

/// Is implemented by what fills the state DB: the interface `backfill`. As they stand here the functions answer as a process
/// that does not fill does.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(unused_variables, reason = "the answers of one that fills nothing need none")]
pub trait Backfill: Send {
    fn current(&mut self) -> StateResult<Phase> {
        Err(StateError::Unavailable)
    }
    fn claim(&mut self) -> StateResult<ClaimResult> {
        Err(StateError::Unavailable)
    }
    fn enqueue(&mut self, jobs: Vec<Job>) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
    fn skip_files(&mut self, files: Vec<SkippedFile>) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
    fn remove_files(&mut self, paths: Vec<String>) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
    fn flush(&mut self) -> StateResult<Counts> {
        Err(StateError::Unavailable)
    }
    fn import_sources(&mut self) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
    fn add_total(&mut self, files: u64) {}
    fn finish(&mut self) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
}

/// Is implemented by what knows which threads have which tokens: the interface `text-index`. As they stand here the functions
/// answer as a process that knows none does.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(unused_variables, reason = "the answers of one that knows nothing need none")]
pub trait TextIndex: Send {
    fn threads(&mut self, query: RowQuery, among: Vec<u32>) -> StateResult<SearchedThreads> {
        Err(StateError::Unavailable)
    }
    fn sources_of(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> StateResult<Vec<TermSources>> {
        Err(StateError::Unavailable)
    }
    fn touched(&mut self, pattern: PathPattern) -> StateResult<TouchedSources> {
        Err(StateError::Unavailable)
    }
    fn touches_of(&mut self, source: u32, pattern: PathPattern, maybe: bool, limit: u32) -> StateResult<SourceTouches> {
        Err(StateError::Unavailable)
    }
}

/// Is implemented by a clock: the interface `clock`.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Clock: Send {
    fn now(&mut self) -> i64;
    fn wall(&mut self) -> i64;
    fn wait(&mut self, millis: i64);
}

/// Has nothing of a capability: every question is answered by `unavailable`, and there are no files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Rows for Nothing {}
impl Sources for Nothing {}
impl Backfill for Nothing {}
impl TextIndex for Nothing {}

impl Rollouts for Nothing {
    fn stat(&self, _: &str) -> FileResult<FileFacts> {
        Err(FileError::NotFound)
    }

    fn open(&self, _: &str, _: u64) -> FileResult<Box<dyn Reader>> {
        Err(FileError::NotFound)
    }

    fn walk(&self) -> FileResult<Box<dyn Walker>> {
        Err(FileError::NotFound)
    }

    fn heads(&self) -> FileResult<Box<dyn HeadsWalker>> {
        Err(FileError::NotFound)
    }

    fn files_named(&self, _: &str) -> FileResult<Vec<String>> {
        Err(FileError::NotFound)
    }
}

/// Tells the time by the system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&mut self) -> i64 {
        use std::sync::LazyLock;
        use std::time::Instant;
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed().as_millis() as i64
    }

    fn wall(&mut self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_millis() as i64)
    }

    fn wait(&mut self, millis: i64) {
        // A guest cannot make the host sleep for long: the core asks again.
        std::thread::sleep(std::time::Duration::from_millis(millis.clamp(0, 1_000) as u64));
    }
}

/// Answers the imports of one instance of the core. What is not set answers as [`Nothing`] does.
pub struct Imports {
    pub(crate) rollouts: Arc<dyn Rollouts>,
    pub(crate) rows: Box<dyn Rows>,
    pub(crate) sources: Box<dyn Sources>,
    pub(crate) backfill: Box<dyn Backfill>,
    pub(crate) text_index: Box<dyn TextIndex>,
    pub(crate) clock: Box<dyn Clock>,
}

impl Default for Imports {
    fn default() -> Self {
        Imports {
            rollouts: Arc::new(Nothing),
            rows: Box::new(Nothing),
            sources: Box::new(Nothing),
            backfill: Box::new(Nothing),
            text_index: Box::new(Nothing),
            clock: Box::new(SystemClock),
        }
    }
}

impl Imports {
    /// Gives the imports with these files.
    pub fn with_rollouts(self, rollouts: Arc<dyn Rollouts>) -> Imports {
        Imports { rollouts, ..self }
    }

    /// Gives the imports with these rows.
    pub fn with_rows(self, rows: impl Rows + 'static) -> Imports {
        Imports { rows: Box::new(rows), ..self }
    }

    /// Gives the imports with these sources.
    pub fn with_sources(self, sources: impl Sources + 'static) -> Imports {
        Imports { sources: Box::new(sources), ..self }
    }

    /// Gives the imports with this backfill.
    pub fn with_backfill(self, backfill: impl Backfill + 'static) -> Imports {
        Imports { backfill: Box::new(backfill), ..self }
    }

    /// Gives the imports with this index of texts.
    pub fn with_text_index(self, text_index: impl TextIndex + 'static) -> Imports {
        Imports { text_index: Box::new(text_index), ..self }
    }

    /// Gives the imports with this clock.
    pub fn with_clock(self, clock: impl Clock + 'static) -> Imports {
        Imports { clock: Box::new(clock), ..self }
    }
}
