//! The threads in which a file was changed.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::{PageOfTouched, TouchKind, TouchedFile};

use super::{LeftOutThreads, Thread};
use crate::platform::home::Home;

/// The threads in which a file was changed, a page of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct TouchedThreads {
    /// The threads, newest first.
    pub items: Vec<TouchedThread>,
    /// Threads that were left out for their source kind alone.
    pub left_out: Vec<LeftOutThreads>,
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// How many threads there are besides in which no patch changed it, but shell commands may have; they come last.
    pub may_have_changed: u64,
    /// How many threads there are in which it was changed.
    pub total: u64,
    /// Threads whose changes are not known yet, so that they may be missing.
    pub uncovered: u64,
}

/// A thread in which a file was changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct TouchedThread {
    /// How many changes there are in it.
    pub change_count: u64,
    /// The last of them, at most 50, in the order of the history.
    pub changes: Vec<ChangedFile>,
    /// How many shell commands may have changed files: their text names them, and what came of them is not known.
    pub command_count: u64,
    /// The last of them, at most 50, in the order of the history.
    pub commands: Vec<ChangingCommand>,
    /// The thread.
    pub thread: Thread,
}

/// A change of a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ChangedFile {
    /// The cursor of `turns` behind which its turn comes next; null where it is the first one, or is not shown.
    pub cursor: Option<String>,
    /// What was done to the file.
    pub kind: FileChangeKind,
    /// The line of the rollout that tells it.
    pub line: u64,
    /// Where the file was before; only where it was moved here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// Where the file is now; only where it was moved away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// The file; an absolute path where the rollout tells enough.
    pub path: String,
    /// The absolute path of the rollout that tells it.
    pub rollout: String,
    /// The turn that it belongs to; null where it belongs to none.
    pub turn_id: Option<String>,
    /// Whether `turns` shows the turn: one that was taken back it does not show, but the file was changed.
    pub turn_is_shown: bool,
}

/// A shell command that may have changed a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ChangingCommand {
    /// What of the command may have changed it: `>`, `rm`, `sed -i`.
    pub command: String,
    /// The cursor of `turns` behind which its turn comes next; null where it is the first one, or is not shown.
    pub cursor: Option<String>,
    /// The line of the rollout that tells it.
    pub line: u64,
    /// The file; an absolute path where the rollout tells enough.
    pub path: String,
    /// The absolute path of the rollout that tells it.
    pub rollout: String,
    /// The turn that it belongs to; null where it belongs to none.
    pub turn_id: Option<String>,
    /// Whether `turns` shows the turn: one that was taken back it does not show.
    pub turn_is_shown: bool,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileChangeKind {
    /// It was made.
    Add,
    /// Its content was changed.
    Update,
    /// It was removed.
    Delete,
    /// It was moved, be its content changed or not.
    Move,
}

impl TouchedThreads {
    /// Makes the document of a page, whose threads have these documents, in their order.
    pub fn new(page: &PageOfTouched, threads: Vec<Thread>, home: &Home) -> TouchedThreads {
        let items = page.threads.iter().zip(threads).map(|(found, thread)| TouchedThread {
            change_count: found.file_count,
            changes: found.files.iter().map(|file| ChangedFile::new(file, home)).collect(),
            command_count: found.maybe_count,
            commands: found.maybe.iter().map(|file| ChangingCommand::new(file, home)).collect(),
            thread,
        });
        let left_out = page
            .left_out
            .iter()
            .map(|(source_kind, threads)| LeftOutThreads { source_kind: source_kind.clone(), threads: *threads });
        TouchedThreads {
            items: items.collect(),
            left_out: left_out.collect(),
            next_cursor: page.next.clone(),
            may_have_changed: page.maybe_total,
            total: page.total,
            uncovered: page.uncovered,
        }
    }
}

impl ChangingCommand {
    fn new(TouchedFile { touch, rollout, is_shown }: &TouchedFile, home: &Home) -> ChangingCommand {
        ChangingCommand {
            command: touch.other.clone().unwrap_or_default(),
            cursor: touch.cursor.clone(),
            line: touch.line,
            path: touch.path.clone(),
            rollout: home.absolute(rollout).to_string_lossy().into_owned(),
            turn_id: touch.turn.clone(),
            turn_is_shown: *is_shown,
        }
    }
}

impl ChangedFile {
    pub(super) fn new(TouchedFile { touch, rollout, is_shown }: &TouchedFile, home: &Home) -> ChangedFile {
        let other_of = |kind: TouchKind| touch.other.clone().filter(|_| touch.kind == kind);
        ChangedFile {
            cursor: touch.cursor.clone(),
            kind: match touch.kind {
                TouchKind::Add => FileChangeKind::Add,
                TouchKind::Update | TouchKind::Maybe => FileChangeKind::Update,
                TouchKind::Delete => FileChangeKind::Delete,
                TouchKind::MoveAway | TouchKind::MoveHere => FileChangeKind::Move,
            },
            line: touch.line,
            moved_from: other_of(TouchKind::MoveHere),
            moved_to: other_of(TouchKind::MoveAway),
            path: touch.path.clone(),
            rollout: home.absolute(rollout).to_string_lossy().into_owned(),
            turn_id: touch.turn.clone(),
            turn_is_shown: *is_shown,
        }
    }
}
