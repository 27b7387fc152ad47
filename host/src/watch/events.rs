//! What a watcher tells, as plain data.

use std::sync::Arc;

use threadkeep_engine::contract::{
    EndedTurn, FinishedItem, ThreadChange, ThreadRow, ThreadState, TurnEvent, TurnOutcome,
};

/// Is told to whoever watches a home.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    /// Something happened in a thread, or became of it.
    Thread(ThreadEvent),
    /// More happened than one who did not ask in time could be kept for: everything is to be looked at again. What is told after
    /// this happened later.
    Lagged,
}

/// Says what happened in a thread, or what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadEvent {
    /// The id of the thread.
    pub thread: String,
    /// Its row as it stands now; none where that is gone too, as it is of a thread that was deleted here.
    pub row: Option<Arc<ThreadRow>>,
    /// What happened.
    pub happening: Happening,
}

/// Is what happens in threads.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The thread is new. Its name, its turns and how it stands are told behind this, but where it has no name, or is done.
    New,
    /// It was put into the archive.
    Archived,
    /// It was taken out of the archive.
    Unarchived,
    /// Its rollouts are gone.
    Deleted,
    /// It has this name now, or none.
    Named(Option<String>),
    /// It stands so now.
    State(ThreadState),
    /// A turn began.
    TurnStarted {
        /// The id of the turn.
        turn: String,
    },
    /// A turn ended.
    TurnEnded {
        /// The id of the turn.
        turn: String,
        /// How it ended.
        outcome: TurnOutcome,
    },
    /// An item of a turn is done.
    ItemFinished {
        /// The id of the turn.
        turn: String,
        /// The id of the item; none where that depends on parts of a long rollout that were not read.
        item: Option<String>,
        /// What it is: the `type` of a `ThreadItem` of Codex's protocol.
        kind: String,
    },
    /// Turns that were there are others now, or taken back: all of the thread's are to be looked at again.
    TurnsChanged,
}

impl From<TurnEvent> for Happening {
    fn from(event: TurnEvent) -> Happening {
        match event {
            TurnEvent::Started(turn) => Happening::TurnStarted { turn },
            TurnEvent::Ended(EndedTurn { turn, outcome }) => Happening::TurnEnded { turn, outcome },
            TurnEvent::Item(FinishedItem { turn, id, kind }) => Happening::ItemFinished { turn, item: id, kind },
            TurnEvent::Changed => Happening::TurnsChanged,
        }
    }
}

impl From<ThreadChange> for Happening {
    fn from(change: ThreadChange) -> Happening {
        match change {
            ThreadChange::Appeared => Happening::New,
            ThreadChange::Renamed(name) => Happening::Named(name),
            ThreadChange::Archived => Happening::Archived,
            ThreadChange::Unarchived => Happening::Unarchived,
            ThreadChange::State(state) => Happening::State(state),
            ThreadChange::Deleted => Happening::Deleted,
        }
    }
}
