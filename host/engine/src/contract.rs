//! The types of the contract, as wasmtime's bindings generate them; `wit/` describes each.

pub use crate::bindings::exports::threadkeep::core::{
    changing::{ChangeError, CollectionMove, FileMove, Removal},
    compression::{Candidate, Selection},
    derivation::{ThreadFile, ThreadInputs},
    exporting::{
        ExportDetail, ExportFile, ExportFormat, ExportImage, ExportOptions, ExportPiece, IndexEntry, Person,
        RedactionCount,
    },
    foreign_sessions::{
        ForeignCommand, ForeignEntry, ForeignEvent, ForeignFileChanges, ForeignOutcome, ForeignSession,
        ForeignSubAgent, ForeignTokens,
    },
    goals::{BudgetChange, Goal, GoalChange},
    history::{Gap, PageOfRecords, PageOfTurns, Subject},
    importing::{
        BasePlace, BundleFile, BundleThread, FileRelation, ImportDecision, IncomingThread, RolloutHead, SourceContent,
        SourcePart, SourceThread,
    },
    launching::{
        Configured, DirectoryQuestion, Launch, LaunchDirectory, LaunchFacts, LaunchSetting, Place, WantedDirectory,
    },
    marks::{AskedMarks, MarkFilter, MarkedThread},
    memories::{MemoryBounds, MemoryExtraction, MemoryExtractionStep, MemoryRow},
    moved_directories::MovedDirectory,
    personality::PersonalityStep,
    program_events::ProgramEvent,
    pruning::{PruneAction, PruneFacts, PruneScope},
    queries::{HomeEntry, HomePage, MergedEntry, MergedHomes},
    repair::{Proposal, ProposalVerdict, ProposedChange},
    resuming::{BranchRequest, Branched, Resumed},
    salvage::{LeftOut, MergePart, MergePlan, MergeResult, SalvageContext, SalvagePlan, SurveyResult},
    searching::SearchError,
    secrets::ClearedText,
    shell_snapshots::{RolloutAge, SnapshotVerdict},
    spawned_threads::{Edge, EdgeStatus, SpawnEdge},
    startup::{StartupError, StartupReport, SurveyReport},
    statistics::{
        LimitReading, LimitWindow, ModelPrice, UnpricedUsage, UsageCounts, UsageGrouping, UsageQuery, UsageReason,
        UsageRollouts, UsageRow, UsageStatistics, UsageSubtraction, UsageThreads, ZoneOffset,
    },
    storage_measuring::{RecordSpace, RolloutSpace},
    tables::{KnownRequests, KnownTurns, TableOptions, ThreadCounts, ThreadRequests, TurnLines},
    text_indexing::{IndexedText, Presence, RolloutTouches, TextPart, ThreadNames},
    watching::{
        EndedTurn, FinishedItem, FollowedTurns, LastTurn, OpenQuestion, SeenThread, ThreadChange, ThreadState,
        TurnEvent, TurnOutcome, WriterFacts,
    },
    writing::{Begun, NewThread, WriteContext, WriteError, Written},
};
pub use crate::bindings::threadkeep::core::{
    backfill::{ClaimResult, Counts, Job, Owner, Phase, SkippedFile},
    feature_types::{GoalStatus, Rejection, ThreadMarks, ThreadNote},
    health_types::{
        Applicability, BackfillFacts, Cell, Change, CheckContext, CheckInput, CheckedFile, CodexChange, CodexFields,
        CodexShape, Column, CurrentValue, DamagedLine, DatabaseFacts, DatabaseRole, Depth, Edit, EditTarget, Evidence,
        FileReport, Finding, ForeignFault, HistoryBase, HomeFacts, ModeChange, OrdinalError, OrdinalFault, PathTarget,
        Severity, StateChange, TextIndexFacts, ThreadFacts, ThreadFileFacts, Value, View, Viewer,
    },
    item_types::{
        ChangeKind, Command, FileChange, FileChanges, Item, ItemStatus, RawRecord, Tokens, ToolCall, TurnEnd,
        TurnStart, UserMessage,
    },
    lookup_types::{DecidedBy, Explanation, Found, HeadVerdict, Listed, LookupError, PageOfRows, RowSeen, Step, Via},
    parsing_types::{Extraction, HeadThread, NoThread},
    query_types::{RowKey, RowQuery, SortKey},
    rows::DirectorySnapshot,
    search_types::{
        AskedLine, AskedLines, FileTouch, Hit, IndexTerm, IndexToken, LineWriter, MatchOrder, PageOfHits,
        PageOfMatches, PageOfTouched, PathPattern, QueryMeaning, TermCount, TextKind, TextPattern, TextQuery,
        ThreadMatch, TouchKind, TouchedFile, TouchedThread, WrittenFile,
    },
    text_index::{SearchedThreads, SourceRole, SourceTouches, TermSources, TouchedSources},
    thread_types::{CodexFacts, Discrepancy, NameClaim, Patch, PatchField, Provenance, ThreadRow},
    types::{BadLine, Chunk, Collection, Entries, EntryKind, FileError, FileFacts, Heads, StateError},
};
