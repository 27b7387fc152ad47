//! Holds the types of the contract in `wit/`, generated once from its widest world, for the core and for the guest.
//!
//! Every record, variant and enum stands here under its own name, whichever interface it is of: the names are unique.
//! What is called stands in [`imports`] and [`exports`], a module an interface. The contract documents every field.
//!
//! An import that is called natively, and a handle that is made natively, abort the process: natively there are only
//! the types, and other implementers of the core's ports.
//!
//! What a type is given beside what is generated has to stand here too, because the types are this crate's: defaults,
//! and the words of those errors that a person reads. The generated `Display` of an error prints its `Debug` form and
//! is for nobody to read: use `message()`.
#![no_std]

extern crate alloc;

#[allow(unsafe_code, reason = "what wit-bindgen generates for imports and exports")]
#[allow(missing_docs, unused_qualifications, unreachable_pub, reason = "generated code; the contract documents it")]
#[allow(clippy::all, clippy::allow_attributes_without_reason, reason = "generated code")]
mod generated;

mod bytes;
mod columns;
mod defaults;
mod equality;
mod messages;

pub use generated::exports::threadkeep::core as exports;
pub use generated::threadkeep::core as imports;

pub use exports::changing::{ChangeError, CollectionMove, FileMove, Removal};
pub use exports::compression::{Candidate, Selection};
pub use exports::derivation::{ThreadFile, ThreadInputs};
pub use exports::exporting::{
    ExportDetail, ExportFile, ExportFormat, ExportImage, ExportOptions, ExportPiece, IndexEntry, Person, RedactionCount,
};
pub use exports::foreign_sessions::{
    ForeignCommand, ForeignEntry, ForeignEvent, ForeignFileChanges, ForeignOutcome, ForeignSession, ForeignSubAgent,
    ForeignTokens,
};
pub use exports::goals::{BudgetChange, Goal, GoalChange};
pub use exports::history::{Gap, PageOfRecords, PageOfTurns, Subject};
pub use exports::importing::{
    BasePlace, BundleFile, BundleThread, FileRelation, ImportDecision, IncomingThread, RolloutHead, SourceContent,
    SourcePart, SourceThread,
};
pub use exports::launching::{
    Configured, DirectoryQuestion, Launch, LaunchDirectory, LaunchFacts, LaunchSetting, Place, WantedDirectory,
};
pub use exports::marks::{AskedMarks, MarkFilter, MarkedThread};
pub use exports::memories::{MemoryBounds, MemoryExtraction, MemoryExtractionStep, MemoryRow};
pub use exports::moved_directories::MovedDirectory;
pub use exports::personality::PersonalityStep;
pub use exports::program_events::ProgramEvent;
pub use exports::pruning::{PruneAction, PruneFacts, PruneScope};
pub use exports::queries::{HomeEntry, HomePage, MergedEntry, MergedHomes};
pub use exports::repair::{Proposal, ProposalVerdict, ProposedChange};
pub use exports::resuming::{BranchRequest, Branched, Resumed};
pub use exports::salvage::{LeftOut, MergePart, MergePlan, MergeResult, SalvageContext, SalvagePlan, SurveyResult};
pub use exports::searching::SearchError;
pub use exports::secrets::ClearedText;
pub use exports::shell_snapshots::{RolloutAge, SnapshotVerdict};
pub use exports::spawned_threads::{Edge, EdgeStatus, SpawnEdge};
pub use exports::startup::{StartupError, StartupReport, SurveyReport};
pub use exports::statistics::{
    LimitReading, LimitWindow, ModelPrice, UnpricedUsage, UsageCounts, UsageGrouping, UsageQuery, UsageReason,
    UsageRollouts, UsageRow, UsageStatistics, UsageSubtraction, UsageThreads, ZoneOffset,
};
pub use exports::storage_measuring::{RecordSpace, RolloutSpace};
pub use exports::tables::{KnownRequests, KnownTurns, TableOptions, ThreadCounts, ThreadRequests, TurnLines};
pub use exports::text_indexing::{IndexedText, Presence, RolloutTouches, TextPart, ThreadNames};
pub use exports::watching::{
    EndedTurn, FinishedItem, FollowedTurns, LastTurn, OpenQuestion, SeenThread, ThreadChange, ThreadState, TurnEvent,
    TurnOutcome, WriterFacts,
};
pub use exports::writing::{Begun, NewThread, WriteContext, WriteError, Written};
pub use imports::backfill::{ClaimResult, Counts, Job, Owner, Phase, SkippedFile};
pub use imports::feature_types::{GoalStatus, Rejection, ThreadMarks, ThreadNote};
pub use imports::health_types::{
    Applicability, BackfillFacts, Cell, Change, CheckContext, CheckInput, CheckedFile, CodexChange, CodexFields,
    CodexShape, Column, CurrentValue, DamagedLine, DatabaseFacts, DatabaseRole, Depth, Edit, EditTarget, Evidence,
    FileReport, Finding, ForeignFault, HistoryBase, HomeFacts, ModeChange, OrdinalError, OrdinalFault, PathTarget,
    Severity, StateChange, TextIndexFacts, ThreadFacts, ThreadFileFacts, Value, View, Viewer,
};
pub use imports::item_types::{
    ChangeKind, Command, FileChange, FileChanges, Item, ItemStatus, RawRecord, Tokens, ToolCall, TurnEnd, TurnStart,
    UserMessage,
};
pub use imports::lookup_types::{
    DecidedBy, Explanation, Found, HeadVerdict, Listed, LookupError, PageOfRows, RowSeen, Step, Via,
};
pub use imports::parsing_types::{Extraction, HeadThread, NoThread};
pub use imports::query_types::{RowKey, RowQuery, SortKey};
pub use imports::rows::DirectorySnapshot;
pub use imports::search_types::{
    AskedLine, AskedLines, FileTouch, Hit, IndexTerm, IndexToken, LineWriter, MatchOrder, PageOfHits, PageOfMatches,
    PageOfTouched, PathPattern, QueryMeaning, TermCount, TextKind, TextPattern, TextQuery, ThreadMatch, TouchKind,
    TouchedFile, TouchedThread, WrittenFile,
};
pub use imports::text_index::{SearchedThreads, SourceRole, SourceTouches, TermSources, TouchedSources};
pub use imports::thread_types::{CodexFacts, Discrepancy, NameClaim, Patch, PatchField, Provenance, ThreadRow};
pub use imports::types::{BadLine, Chunk, Collection, Entries, EntryKind, FileError, FileFacts, Heads, StateError};
