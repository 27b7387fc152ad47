//! The facts, findings and edits of the contract's `checkup`, as the core's own types: the contract documents each field.

use alloc::string::String;
use alloc::vec::Vec;

use crate::types::{Extraction, FileFacts, NameClaim, NoThread, ThreadRow};

/// `checkup.depth`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Depth {
    Whole,
    Ends,
}

/// `checkup.flaw`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Flaw {
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    pub reason: String,
    pub salvageable: Vec<(u64, u64)>,
}

/// `checkup.disorder`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Disorder {
    Repeats,
    Regresses,
    Skips,
}

/// `checkup.misorder`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Misorder {
    pub line: u64,
    pub offset: u64,
    pub kind: Disorder,
    pub expected: u64,
    pub found: u64,
}

/// `checkup.history-base`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct HistoryBase {
    pub thread: String,
    pub ordinal: u64,
    pub offset: Option<u64>,
}

/// `checkup.health`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Health {
    pub lines: u64,
    pub flaws: Vec<Flaw>,
    pub flaw_count: u64,
    pub misorders: Vec<Misorder>,
    pub misorder_count: u64,
    pub base: Option<HistoryBase>,
    pub unended: bool,
    pub spoken: bool,
}

/// `checkup.checked`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Checked {
    pub thread: Option<String>,
    pub outcome: Option<Result<Extraction, NoThread>>,
    pub health: Health,
}

/// `checkup.retold`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Retold {
    pub approval_mode: Option<String>,
    pub sandbox_policy: Option<String>,
    pub permission_profile: Option<String>,
    pub reasoning_effort: Option<String>,
    pub originator: Option<String>,
    pub thread_source: Option<String>,
    pub source: Option<String>,
    pub agent_nickname: Option<String>,
    pub agent_role: Option<String>,
    pub agent_path: Option<String>,
    pub attached: bool,
}

/// `checkup.value`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    Withheld(u64),
}

/// `checkup.cell`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Cell {
    pub column: String,
    pub value: Value,
}

/// `checkup.column`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Column {
    pub name: String,
    pub required: bool,
}

/// `checkup.codex-shape`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct CodexShape {
    pub threads: Vec<Column>,
    pub edges: Vec<Column>,
}

/// `checkup.leads`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Leads {
    Nowhere,
    Here((String, Option<String>)),
    Elsewhere(Option<String>),
}

/// `checkup.case-file`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct CaseFile {
    pub file: FileFacts,
    pub health: Option<Health>,
    pub reason: Option<String>,
}

/// `checkup.case`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Case {
    pub id: String,
    pub files: Vec<CaseFile>,
    pub should: Option<ThreadRow>,
    pub stands: Option<ThreadRow>,
    pub stands_leads: Leads,
    pub behind: bool,
    pub codex: Option<Vec<Value>>,
    pub leads: Leads,
    pub doubles: Vec<Vec<Value>>,
    pub edge: Option<Vec<Value>>,
    pub names: Vec<NameClaim>,
    pub retold: Option<Retold>,
    pub broken_base: Option<String>,
    pub parent_known: bool,
    pub written: bool,
    pub current_cwd: Option<String>,
}

/// `checkup.scene`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Scene {
    pub home: String,
    pub has_state: bool,
    pub codex: Option<CodexShape>,
    pub now: i64,
}

/// `checkup.severity`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// `checkup.evidence`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Evidence {
    pub what: String,
    pub found: Option<String>,
    pub expected: Option<String>,
}

/// `checkup.target`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Target {
    State,
    Codex,
}

/// `checkup.state-change`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct StateChange {
    pub before: Option<ThreadRow>,
    pub after: Option<ThreadRow>,
}

/// `checkup.codex-change`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct CodexChange {
    pub table: String,
    pub key: Vec<Cell>,
    pub before: Option<Vec<Cell>>,
    pub after: Option<Vec<Cell>>,
}

/// `checkup.mode-change`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct ModeChange {
    pub path: String,
    pub before: u32,
    pub after: u32,
}

/// `checkup.change`
#[derive(Clone, Debug, PartialEq)]
// A row stands in it whole, as it crosses the boundary.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(clippy::large_enum_variant, reason = "they are few, and their like in the contract has no boxes")]
pub enum Change {
    StateRow(StateChange),
    CodexRow(CodexChange),
    Mode(ModeChange),
    FillState((String, String)),
    SetAside((String, String)),
}

/// `checkup.edit`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Edit {
    pub code: String,
    pub thread: Option<String>,
    pub reason: String,
    pub target: Target,
    pub change: Change,
    pub needs: Vec<(String, String)>,
    pub asked: bool,
    pub safe: bool,
}

/// `checkup.finding`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Finding {
    pub code: String,
    pub severity: Severity,
    pub thread: Option<String>,
    pub path: Option<String>,
    pub line: Option<u64>,
    pub offset: Option<u64>,
    pub evidence: Vec<Evidence>,
    pub meaning: String,
    pub remedy: String,
    pub edits: Vec<Edit>,
}

/// `checkup.role`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Role {
    State,
    CodexState,
    CodexHistory,
    CodexOther,
}

/// `checkup.view`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct View {
    pub name: String,
    pub shown: bool,
    pub reasons: Vec<String>,
}

/// `checkup.looker`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Looker {
    pub provider: String,
    pub cwd: Option<String>,
    pub before: Option<u64>,
}

/// `checkup.database-facts`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct DatabaseFacts {
    pub path: String,
    pub role: Role,
    pub size: u64,
    pub wal: u64,
    pub free: u64,
    pub fault: Option<String>,
    pub version: Option<i64>,
    pub known: Option<i64>,
    pub misunderstood: Option<String>,
    pub holders: Option<Vec<u32>>,
}

/// `checkup.filling`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Filling {
    pub phase: String,
    pub owner: Option<String>,
    pub gone: Option<bool>,
    pub heard: Option<i64>,
    pub row: Vec<Cell>,
}

/// `checkup.home-facts`
#[derive(Clone, Debug, PartialEq, Default)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct HomeFacts {
    pub databases: Vec<DatabaseFacts>,
    pub own_filling: Option<Filling>,
    pub codex_filling: Option<Filling>,
    pub unprojected: (u64, u64),
    pub locks: Vec<(String, u32)>,
    pub modes: Vec<(String, u32)>,
    pub network: Option<String>,
    pub links: Vec<(String, String)>,
    pub unfinished: Option<String>,
    pub strangers: Vec<(String, u64)>,
    pub now: i64,
}

/// `checkup.standing`
#[derive(Clone, Debug, PartialEq)]
// A row stands in it whole, as it crosses the boundary.
#[expect(missing_docs, reason = "the contract describes them")]
#[expect(clippy::large_enum_variant, reason = "they are few, and their like in the contract has no boxes")]
pub enum Standing {
    StateRow(Option<ThreadRow>),
    CodexRow(Option<Vec<Cell>>),
    Mode(Option<u32>),
    Phase(String),
    Names((bool, bool)),
}

/// `checkup.trial`
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Trial {
    pub edit: Edit,
    pub standing: Standing,
    pub needs: Vec<Option<String>>,
    pub open: Option<u32>,
}

/// `checkup.fitness`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Fitness {
    Fits,
    Done,
    Refused(String),
}
