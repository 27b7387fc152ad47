//! Every JSON document that a command prints with `--json`, as a type that serialises to it and has a JSON Schema.
//!
//! A document is plain data in the words of users: owned texts, absolute paths, times in RFC 3339. It is made from what the
//! other layers answer, by `new` or `From`, and knows nothing of terminals. [`schemas()`] names the document of each command.
//!
//! Most documents have their keys in alphabetical order, a [`Thread`] has the important ones first. The order is part of what
//! the program prints, so it stays: a field is declared where it is printed, and what holds a thread in alphabetical order
//! says so with `key_order`.
//!
//! Lists and turns may be long. [`ListWriter`], [`TurnsWriter`] and [`PromptInputWriter`] write the same bytes as the whole
//! document, piece by piece.

mod backup;
mod change;
mod compress;
mod config;
mod device_key;
mod doctor;
mod error;
mod exec;
mod explanation;
mod export;
mod find;
mod finding_codes;
mod goal;
mod import;
mod init;
mod key_order;
mod lake;
mod list;
mod marks;
mod memory;
mod personality;
mod plugin;
mod prompt_input;
mod prune;
mod push;
mod relocate;
mod remote;
mod repair;
mod replay;
mod resume;
mod salvage;
mod schemas;
mod search;
mod snapshots;
mod statistics;
mod status;
mod storage;
mod thread;
mod time;
mod touched;
mod turns;
mod watch;
mod why;
mod written;

pub use backup::{
    Backup, BackupFile, BackupPlace, Backups, Fault, RestoredBackup, RestoredFile, VerifiedBackup, VerifiedBackups,
};
pub use change::{DeletedThreads, MovedFile, MovedThreads};
pub use compress::{CompressedFile, Compression, SkippedFile};
pub use config::{Setting, SettingOrigin, Settings, SettingsPath};
pub use device_key::{DeletedDeviceKey, DeviceKey, DeviceKeys};
pub use doctor::{Checked, Checkup, Counts, Depth, Evidence, Finding, Mendable, PluginFinding, Severity, left_to_mend};
pub use error::{Candidate, Error, ErrorKind};
pub use exec::Execution;
pub use explanation::{Explanation, HeadAnswer, NameOrigin, RowAnswer, Rule, Step, Unasked, Unchanged};
pub use export::{
    ExportOutcome, ExportReport, ExportState, ExportedThread, ExportedThreadEnd, ExportedThreadWriter, ExportedThreads,
    GoneThread, Redaction, records_end, records_header,
};
pub use find::{Discrepancy, ExplainedThread, FoundThread, FoundThreads, Via};
pub use finding_codes::{FindingCode, FindingCodes};
pub use goal::{ClearedGoal, Goal, GoalSource, GoalStatus, ThreadGoal};
pub use import::{
    Bundle, BundleDirectory, Import, ImportDirectory, ImportResult, ImportedThread, PassedOverFile, UndoneImport,
    UndoneResult, UndoneThread,
};
pub use init::Init;
pub use lake::{LakeAnswer, LakeBegin, LakeDone, LakeFailure, LakeMessage, LakeOpened, LakeRecord, LakeText};
pub use list::{AwayHome, List, ListWriter, ListedThread};
pub use marks::{MarkedThreads, Note, ThreadNotes, turn_id};
pub use memory::{
    FailedClaim, FinishedClaim, MemoryCandidate, MemoryCandidates, MemoryClaim, MemoryClaims, MemoryMode, RenewedClaim,
};
pub use personality::{PersonalityMigration, UnchangedPersonality};
pub use plugin::{
    BuiltPlugin, DamagedPlugin, ImportedSessions, InspectedPlugin, NewPlugin, Plugin, PluginCell, PluginDescription,
    PluginOffer, PluginRow, PluginRun, Plugins, RemovedPlugin,
};
pub use prompt_input::{PromptInput, PromptInputWriter};
pub use prune::{FailedUndo, Prune, PruneResult, PrunedThread, UndonePrune};
pub use push::{Push, PushTimer, TimerState, UnpushedThread};
pub use relocate::{DirectoryMove, DirectoryMoves, RecordedOrigin, RelocatedDirectory};
pub use remote::{RemoteMatch, RemoteMatches};
pub use repair::{LoggedRepair, RefusedEntry, RepairLog, RepairOutcome, RepairTarget};
pub use replay::Replay;
pub use resume::{Resumption, ResumptionSetting};
pub use salvage::{LeftOutPart, NothingToSalvage, Salvage, SalvagedCopy};
pub use schemas::schemas;
pub use search::{FoundText, FoundTextKind, Hits, LeftOutThreads, Match, Matches, Term};
pub use snapshots::{ShellSnapshot, ShellSnapshots, SnapshotFate};
pub use statistics::{
    RateLimit, RateLimitWindow, RateLimits, Statistics, Subtraction, SubtractionReason, UnpricedTokens, UsageRow,
    UsageSums,
};
pub use status::{Pending, Problem, StateDbStatus, Status};
pub use storage::{Storage, StorageAge, StorageThread, StorageType};
pub use thread::{NameSource, SpawnEdge, SpawnEdges, SpawnStatus, State, Thread};
pub use time::Time;
pub use touched::{ChangedFile, ChangingCommand, FileChangeKind, TouchedThread, TouchedThreads};
pub use turns::{Gap, Transcript, Turns, TurnsEnd, TurnsWriter};
pub use watch::{Event, EventKind, Outcome};
pub use why::{View, Why};
pub use written::{FileWriters, WriterOfLines, WrittenLines, unknown_lines};
