//! Holds a turn while it is put together.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

/// The place of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub segment: usize,
    pub line: u64,
    pub offset: u64,
}

/// How a turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Completed,
    Interrupted,
    Failed,
    InProgress,
}

/// One turn.
pub(super) struct TurnState {
    /// Its id.
    pub id: String,
    /// The last record that belongs to it.
    pub touched: Mark,
    /// Bytes of its records.
    pub bytes: u64,
    /// Where it begins, and how things stood there.
    pub(super) begin: Beginning,
    /// A record opened it; otherwise what was said did.
    pub(super) explicit: bool,
    /// The context was summed up in it.
    pub(super) compacted: bool,
    /// Items that Codex shows of it.
    pub(super) shown: u64,
    /// The last of them is a thought, which the next one joins.
    pub(super) thinking: bool,
    pub(super) body: Option<Box<Body>>,
}

#[derive(Clone, Default)]
pub(super) struct Beginning {
    pub(super) mark: Mark,
    pub(super) records: u64,
    pub(super) next_item: u64,
    pub(super) cwd: Option<Rc<str>>,
    /// The turn that took in what came, by its number.
    pub(super) open: Option<usize>,
}

/// What only a wanted turn has.
pub(super) struct Body {
    pub(super) root: Value,
    pub(super) status: Status,
    pub(super) error: Value,
    pub(super) started: Value,
    pub(super) completed: Value,
    pub(super) duration: Value,
    pub(super) items: Vec<Item>,
}

/// An item, and whether Codex shows it too. Codex leaves the tools of a legacy history out.
pub(super) struct Item {
    /// As it is shown.
    pub value: Value,
    /// Codex shows it.
    pub shown: bool,
    /// The file of the history, and the line there, that say it.
    pub line: (usize, u64),
    /// The same of each of its thoughts, where they stand in lines of their own.
    pub thoughts: Vec<(usize, u64)>,
    /// The same of what a tool answered, where that stands in a line of its own.
    pub answer: Option<(usize, u64)>,
}

impl Item {
    /// Makes an item that one line says.
    pub(super) fn new(value: Value, shown: bool, line: (usize, u64)) -> Item {
        Item { value, shown, line, thoughts: Vec::new(), answer: None }
    }
}

impl TurnState {
    /// Makes a `Turn`; null of a turn outside the window.
    pub(super) fn into_value(self) -> Value {
        let Some(body) = self.body else { return Value::Null };
        let status = match body.status {
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Interrupted | Status::InProgress => "interrupted",
        };
        let items: Vec<Value> = body.items.into_iter().map(|item| item.value).collect();
        json!({
            "id": self.id, "rootTurnId": body.root, "items": items, "itemsView": "full", "status": status,
            "error": body.error, "startedAt": body.started, "completedAt": body.completed, "durationMs": body.duration,
        })
    }
}
