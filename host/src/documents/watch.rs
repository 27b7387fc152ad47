//! What happens in threads, a document for each event.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::{ThreadState, TurnOutcome};

use super::{State, Time};
use crate::watch::{Happening, ThreadEvent, WatchEvent};

/// Something that happened in a thread, or became of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Event {
    /// When it was told.
    pub at: Time,
    /// What happened.
    pub event: EventKind,
    /// The id of the item, of one that is done; null where that is not known without reading a long rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<Option<String>>,
    /// What the item is, as the `type` of Codex's `ThreadItem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_type: Option<String>,
    /// The name of the thread; null where nobody gave it one. It is absent where the thread's row is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<String>>,
    /// How the turn ended, of one that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How the thread stands now, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The id of the thread. It is absent where more happened than could be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The title of the thread. It is absent where the thread's row is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The id of the turn, where something happened in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventKind {
    /// The thread is new.
    New,
    /// A turn began.
    TurnStarted,
    /// A turn ended.
    TurnEnded,
    /// An item of a turn is done.
    ItemFinished,
    /// Turns that were there are others now, or taken back: all of the thread's are to be looked at again.
    TurnsChanged,
    /// It has another name now, or none.
    Named,
    /// It was put into the archive.
    Archived,
    /// It was taken out of the archive.
    Unarchived,
    /// Its rollouts are gone.
    Deleted,
    /// It stands otherwise now.
    State,
    /// More happened than could be told: everything is to be looked at again.
    Lagged,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It came to its end.
    Completed,
    /// Somebody stopped it, or nobody ended it and the next one began.
    Interrupted,
    /// It failed.
    Failed,
}

impl Event {
    /// Makes the document of what was told at this time, in milliseconds since the epoch.
    pub fn new(event: &WatchEvent, at: i64) -> Event {
        let mut document = Event {
            at: Time::from_millis(at),
            event: EventKind::Lagged,
            item: None,
            item_type: None,
            name: None,
            outcome: None,
            state: None,
            thread: None,
            title: None,
            turn: None,
        };
        let WatchEvent::Thread(ThreadEvent { thread, row, happening }) = event else { return document };
        document.thread = Some(thread.clone());
        document.name = row.as_ref().map(|row| row.name.clone());
        document.title = row.as_ref().map(|row| row.title.clone());
        document.event = match happening {
            Happening::New => EventKind::New,
            Happening::Archived => EventKind::Archived,
            Happening::Unarchived => EventKind::Unarchived,
            Happening::Deleted => EventKind::Deleted,
            Happening::Named(name) => {
                document.name = Some(name.clone());
                EventKind::Named
            }
            Happening::State(state) => {
                document.state = Some((*state).into());
                EventKind::State
            }
            Happening::TurnStarted { turn } => {
                document.turn = Some(turn.clone());
                EventKind::TurnStarted
            }
            Happening::TurnEnded { turn, outcome } => {
                (document.turn, document.outcome) = (Some(turn.clone()), Some((*outcome).into()));
                EventKind::TurnEnded
            }
            Happening::ItemFinished { turn, item, kind } => {
                (document.turn, document.item) = (Some(turn.clone()), Some(item.clone()));
                document.item_type = Some(kind.clone());
                EventKind::ItemFinished
            }
            Happening::TurnsChanged => EventKind::TurnsChanged,
        };
        document
    }
}

impl From<TurnOutcome> for Outcome {
    fn from(outcome: TurnOutcome) -> Outcome {
        match outcome {
            TurnOutcome::Completed => Outcome::Completed,
            TurnOutcome::Interrupted => Outcome::Interrupted,
            TurnOutcome::Failed => Outcome::Failed,
        }
    }
}

impl From<ThreadState> for State {
    fn from(state: ThreadState) -> State {
        match state {
            ThreadState::Running => State::Running,
            ThreadState::Waiting => State::Waiting,
            ThreadState::Interrupted => State::Interrupted,
            ThreadState::Done => State::Done,
        }
    }
}
