//! Writing: what was said and done, as records in the form of the thread's own file.
//!
//! ```text
//! new thread → begin ──→ pen, path, first line
//! rollout    → resume ─→ pen                      where the ordinals go on, whether the tail is cut off
//! pen, items → write ──→ pen, whole lines
//! ```
//!
//! A [`Pen`] is all that a writer knows between two batches. It is plain data that the host keeps and hands back, so a
//! call that fails costs nothing: the batch is written again with the pen as it was. Time and chance are handed in: the
//! same pen and the same items give the same bytes.
//!
//! New threads have the current released form: every record numbered, items as records of their own. An older thread goes
//! on in its own form, because a reader decides by the file's head how to understand it. In both, what a model is to see
//! again when the thread is resumed stands beside what a person sees: a command, for instance, as the call and its output,
//! and as the item.
//!
//! An item that comes while no turn is open opens one.

mod batch;
pub mod events;
pub mod ids;
mod legacy;
mod out;
mod paginated;
mod pen;
mod resume;

use alloc::string::String;
use alloc::vec::Vec;

pub(crate) use out::quoted;
pub(crate) use pen::session_meta;
pub use pen::{Begun, Form, Pen, begin, write};
pub use resume::resume;

/// `writing.new-thread`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct NewThread {
    pub id: Option<String>,
    pub cwd: String,
    pub source: String,
    pub originator: String,
    pub version: String,
    pub model_provider: Option<String>,
    pub instructions: Option<String>,
    pub git_sha: Option<String>,
    pub git_branch: Option<String>,
    pub git_origin_url: Option<String>,
    pub parent_thread_id: Option<String>,
}

/// `writing.moment`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Moment {
    pub now: i64,
    pub offset: i32,
    pub chance: u64,
}

/// `writing.item`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Item {
    TurnStarted(TurnStart),
    UserMessage(UserMessage),
    AgentMessage(String),
    Reasoning(String),
    Command(Command),
    FileChanges(FileChanges),
    ToolCall(ToolCall),
    WebSearch(String),
    Plan(String),
    Tokens(Tokens),
    Error(String),
    TurnEnded(TurnEnd),
    Record(Raw),
}

/// `writing.turn-start`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct TurnStart {
    pub cwd: Option<String>,
    pub model: Option<String>,
}

/// `writing.user-message`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct UserMessage {
    pub text: String,
    pub images: Vec<String>,
}

/// `writing.outcome`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum Outcome {
    Completed,
    Failed,
    Declined,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Declined => "declined",
        }
    }
}

/// `writing.command`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Command {
    pub argv: Vec<String>,
    pub cwd: Option<String>,
    pub output: String,
    pub exit_code: Option<i32>,
    pub duration: i64,
    pub outcome: Outcome,
}

/// `writing.change-kind`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum ChangeKind {
    Add(Option<String>),
    Delete(Option<String>),
    Update(Option<String>),
}

/// `writing.file-change`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct FileChange {
    pub path: String,
    pub kind: ChangeKind,
    pub moved_to: Option<String>,
}

/// `writing.file-changes`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct FileChanges {
    pub changes: Vec<FileChange>,
    pub outcome: Outcome,
}

/// `writing.tool-call`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct ToolCall {
    pub server: String,
    pub tool: String,
    pub arguments: String,
    pub answer: Option<String>,
    pub error: Option<String>,
    pub duration: Option<i64>,
}

/// `writing.tokens`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Tokens {
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
    pub reasoning_output: u64,
}

impl Tokens {
    pub(super) fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    pub(super) fn plus(&self, more: &Tokens) -> Tokens {
        Tokens {
            input: self.input.saturating_add(more.input),
            cached_input: self.cached_input.saturating_add(more.cached_input),
            output: self.output.saturating_add(more.output),
            reasoning_output: self.reasoning_output.saturating_add(more.reasoning_output),
        }
    }
}

/// `writing.turn-end`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum TurnEnd {
    Completed,
    Interrupted,
    Failed(String),
}

/// `writing.raw-record`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub struct Raw {
    pub kind: String,
    pub payload: String,
}

/// `writing.error`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes them")]
pub enum WriteError {
    BadThread(String),
    BadItem(u32, String),
    BadPen,
    Compressed,
    NoThread(String),
    Files(crate::types::FileError),
}

impl From<crate::types::FileError> for WriteError {
    fn from(error: crate::types::FileError) -> Self {
        WriteError::Files(error)
    }
}
