//! The plain facts of `wit/core.wit`, as the core's own types: the contract documents each field.

use alloc::string::String;
use alloc::vec::Vec;

/// `types.collection`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Collection {
    Active,
    Archived,
}

/// `types.entry-kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum EntryKind {
    File,
    Directory,
    Link,
    Other,
    Closed,
}

/// `types.file-facts`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct FileFacts {
    pub path: String,
    pub kind: EntryKind,
    pub size: u64,
    pub modified_ns: i64,
    pub inode: u64,
}

/// `types.provenance`, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Provenance {
    SessionIndex,
    CodexDb,
    User,
}

/// `types.name-claim`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct NameClaim {
    pub thread: String,
    pub name: String,
    pub source: Provenance,
    pub given: Option<u64>,
}

/// `types.patch-field`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum PatchField {
    GitSha,
    GitBranch,
    GitOriginUrl,
    MemoryMode,
}

/// `types.patch`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Patch {
    pub field: PatchField,
    pub value: Option<String>,
}

/// `types.codex-facts`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct CodexFacts {
    pub name: Option<String>,
    pub title: Option<String>,
    pub first_user_message: Option<String>,
    pub memory_mode: Option<String>,
    pub preview: Option<String>,
    pub rollout_path: Option<String>,
    pub archived: bool,
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
    pub recency_at: Option<i64>,
    pub source: Option<String>,
    pub cwd: Option<String>,
    pub model_provider: Option<String>,
    pub model: Option<String>,
    pub cli_version: Option<String>,
    pub git_branch: Option<String>,
    pub git_sha: Option<String>,
    pub git_origin_url: Option<String>,
    pub tokens_used: Option<i64>,
    pub history_mode: Option<String>,
    pub parent_thread_id: Option<String>,
}

/// `types.thread-row`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct ThreadRow {
    pub id: String,
    pub path: String,
    pub archived: bool,
    pub name: Option<String>,
    pub name_source: Option<Provenance>,
    pub preview: String,
    pub title: String,
    pub first_user_message: Option<String>,
    pub cwd: Option<String>,
    pub last_cwd: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub recency_at: i64,
    pub source: String,
    pub source_kind: String,
    pub model_provider: Option<String>,
    pub model: Option<String>,
    pub cli_version: Option<String>,
    pub git_branch: Option<String>,
    pub git_sha: Option<String>,
    pub git_origin_url: Option<String>,
    pub tokens_used: Option<i64>,
    pub parent_thread_id: Option<String>,
    pub forked_from_id: Option<String>,
    pub base_thread_id: Option<String>,
    pub history_mode: String,
    pub memory_mode: Option<String>,
    pub missing: bool,
}

/// `types.discrepancy`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Discrepancy {
    StalePath(String),
    MismatchedPath(String, String),
    MissingRow(String),
    MissingFile(String),
    WrongArchived(String),
    WrongMetadata(String),
    Unreadable(String, String),
}

/// `types.bad-line`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct BadLine {
    pub line: u64,
    pub offset: u64,
    pub reason: String,
}

/// `state.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum StateError {
    Unavailable,
    Busy,
    Corrupt(String),
    Io(String),
}

/// `rollouts.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum FileError {
    NotFound,
    Denied,
    NotAFile,
    BrokenCompression(String),
    Io(String),
}

impl core::fmt::Display for StateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            StateError::Unavailable => f.write_str("no state DB in this process"),
            StateError::Busy => f.write_str("another process keeps the state DB locked"),
            StateError::Corrupt(why) => write!(f, "the state DB is damaged: {why}"),
            StateError::Io(why) => f.write_str(why),
        }
    }
}

impl core::fmt::Display for FileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            FileError::NotFound => f.write_str("it is not there"),
            FileError::Denied => f.write_str("permission denied"),
            FileError::NotAFile => f.write_str("not a regular file"),
            FileError::BrokenCompression(why) => write!(f, "its compression is broken: {why}"),
            FileError::Io(why) => f.write_str(why),
        }
    }
}

/// `state.sort-key`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum SortKey {
    Created,
    #[default]
    Updated,
    Recency,
}

/// `state.row-query`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct RowQuery {
    pub within: Option<Collection>,
    pub source_kinds: Option<Vec<String>>,
    pub fold_children: bool,
    pub missing: bool,
    pub provider: Option<String>,
    pub cwd: Option<String>,
    pub under: Option<String>,
    pub also_cwd: Vec<String>,
    pub also_under: Vec<String>,
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub title: Option<String>,
    pub name: Option<String>,
    pub branch: Option<String>,
    pub repo: Option<String>,
    pub sort: SortKey,
    pub ascending: bool,
}

/// `state.row-key`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct RowKey {
    pub time: i64,
    pub id: String,
}

/// `backfill.phase`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Phase {
    Pending,
    Running { owner: String, gone: bool },
    Complete,
}

/// `backfill.job`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Job {
    pub file: FileFacts,
    pub grown: bool,
}

/// `backfill.refusal`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Refusal {
    pub file: FileFacts,
    pub reason: String,
}

/// `backfill.tally`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Tally {
    pub stored: u64,
    pub failed: u64,
}

/// `parsing.extraction`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Extraction {
    pub thread: String,
    pub state: Vec<u8>,
    pub bad_lines: Vec<BadLine>,
    pub bad_count: u64,
    pub unread: Option<(u64, u64)>,
    pub continues: bool,
    pub bytes_read: u64,
}

/// `parsing.no-thread`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct NoThread {
    pub reason: String,
    pub line: Option<BadLine>,
    pub passing: bool,
}

/// `repair.dossier`; `files` pairs each file with its parse state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Dossier {
    pub id: String,
    pub files: Vec<(FileFacts, Vec<u8>)>,
    pub names: Vec<NameClaim>,
    pub codex: Option<CodexFacts>,
    pub patches: Vec<Patch>,
    pub row: Option<ThreadRow>,
    pub base_preview: Option<String>,
}
