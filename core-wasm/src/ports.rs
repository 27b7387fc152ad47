//! What the core needs of the world: the imports of `wit/core.wit` as traits, documented there.

use alloc::string::String;
use alloc::vec::Vec;

use crate::types::{
    CodexFacts, Discrepancy, FileError, FileFacts, Job, NameClaim, Patch, Phase, Refusal, RowKey, RowQuery, StateError,
    Tally, ThreadRow,
};

/// Answer of the state DB.
pub type StateResult<T> = Result<T, StateError>;
/// Answer of the file system.
pub type FileResult<T> = Result<T, FileError>;

/// The rows of the one handle.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait State {
    fn row(&self, id: &str) -> StateResult<Option<ThreadRow>>;
    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>>;
    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>>;
    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>>;
    fn starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>>;
    fn files_of(&self, id: &str) -> StateResult<Vec<String>>;
    fn assembled(&self, id: &str) -> StateResult<Option<ThreadRow>>;
    fn known(&self, after: Option<&str>, limit: u32) -> StateResult<Vec<u8>>;
    fn without_thread(&self) -> StateResult<Vec<String>>;
    fn version(&self) -> StateResult<u64>;
    fn remember(&self, note: Vec<u8>) -> StateResult<()>;
    fn recall(&self) -> StateResult<Vec<u8>>;
    fn put(&self, row: ThreadRow, instead_of: Option<&ThreadRow>) -> StateResult<bool>;
    fn forget(&self, path: &str) -> StateResult<()>;
}

/// What the home knows of threads beside their rollouts.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Lore {
    fn names(&self, id: &str) -> StateResult<Vec<NameClaim>>;
    fn codex(&self, id: &str) -> StateResult<Option<CodexFacts>>;
    fn patches(&self, id: &str) -> StateResult<Vec<Patch>>;
    fn bearing(&self, name: &str) -> StateResult<Vec<String>>;
    fn default_provider(&self) -> String;
}

/// Plain text of one rollout, in order.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Reader {
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>>;
}

/// The home's rollouts.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Rollouts {
    type Reader: Reader;
    type Walker: Walker;
    type Heads: Walker;
    fn facts(&self, at: &str) -> FileResult<FileFacts>;
    fn open(&self, at: &str, offset: u64) -> FileResult<Self::Reader>;
    fn walk(&self) -> FileResult<Self::Walker>;
    fn heads(&self) -> FileResult<Self::Heads>;
    fn named(&self, part: &str) -> FileResult<Vec<String>>;
}

/// What both collections hold in byte order of the path, packed.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Walker {
    fn next(&mut self, limit: u32) -> FileResult<Vec<u8>>;
}

/// Who may fill the state DB, and the filling.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Backfill {
    fn current(&self) -> StateResult<Phase>;
    fn claim(&self) -> StateResult<bool>;
    fn watermark(&self) -> StateResult<Option<String>>;
    fn offer(&self, jobs: Vec<Job>) -> StateResult<()>;
    fn refuse(&self, files: Vec<Refusal>) -> StateResult<()>;
    fn forget(&self, paths: Vec<String>) -> StateResult<()>;
    fn settle(&self) -> StateResult<Tally>;
    fn import_lore(&self) -> StateResult<()>;
    fn expect(&self, files: u64);
    fn finish(&self) -> StateResult<()>;
}

/// Time, handed in.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Clock {
    fn now(&self) -> i64;
    fn wall(&self) -> i64;
    fn wait(&self, millis: i64);
}

/// What a person should learn.
#[expect(missing_docs, reason = "the contract describes them")]
pub trait Diagnostics {
    fn note(&self, id: &str, what: &Discrepancy);
}
