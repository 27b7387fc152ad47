//! What comes to the model, and what it asks for.

use std::ops::Range;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::text::Line;

use super::arrange::Archived;
use super::scope::Scope;
use super::thread::LoadedThread;
use super::thread_table::Place;
use super::typed::Typed;

/// Something happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Pasted(String),
    /// The mouse was clicked there.
    Clicked { column: u16, row: u16 },
    /// The wheel was turned there, down or up.
    Wheel { column: u16, row: u16, is_down: bool },
    /// The terminal has so many columns and rows now.
    Resized { columns: u16, rows: u16 },
    /// The library has something to say.
    Library(LibraryEvent),
}

/// What the library says.
#[derive(Debug)]
pub(crate) enum LibraryEvent {
    /// Threads are there, or stand otherwise than before.
    Threads(Vec<LoadedThread>),
    /// All threads are told from now on.
    AllThreadsBegin,
    /// All threads were told since then: others are gone.
    AllThreads,
    /// A thread is gone.
    Gone(String),
    /// These threads are pinned, and no others.
    Pinned(Vec<String>),
    /// Which scopes have which places.
    Scopes(Vec<(u32, [bool; 3])>),
    /// What a search came to.
    Found { generation: u64, found: Found },
    /// A search failed.
    SearchFailed { generation: u64, why: String },
    /// Turns of a thread.
    Turns { generation: u64, page: TurnsPage },
    /// The turns of a thread cannot be read.
    TurnsFailed { generation: u64, why: String },
    /// Prompts of a thread, from the first on; `is_all` with the last ones.
    Prompts { generation: u64, prompts: Vec<Prompt>, is_all: bool },
    /// What reading found for the titles of threads.
    Titles(Vec<FoundTitle>),
    /// The turns of a thread are others now.
    Changed(String),
    /// How far the state DB is filled; none where it is.
    Filling(Option<String>),
    /// Something that was asked for is done, or failed.
    Acted(Acted),
    /// Everything that was said can be searched now.
    Indexed,
    /// A sentence that a person should know.
    Warning(String),
    /// Nothing can be read, not even the files.
    Unreadable(String),
}

/// A page of threads that were found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The threads, the best first, each with its best hit.
    pub(crate) threads: Vec<(LoadedThread, Option<Hit>)>,
    /// How many there are, and whether there are exactly so many.
    pub(crate) total: u64,
    pub(crate) is_exact: bool,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    /// What a person should know of how the words were read.
    pub(crate) notes: Vec<String>,
    /// Threads that were left out for their source alone.
    pub(crate) by_source: u64,
    /// The scope in which they were found.
    pub(crate) scope: Scope,
    /// This is a further page.
    pub(crate) is_further: bool,
}

/// Where the words stand in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The turn, or nothing where the cursor alone says it; none of a name.
    pub(crate) turn: Option<String>,
    /// Where the turn is read from; none where it is the first.
    pub(crate) cursor: Option<String>,
    /// The text around the words, safe for a terminal.
    pub(crate) snippet: String,
}

/// A turn as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct ShownTurn {
    pub(crate) id: String,
    pub(crate) lines: Vec<Line<'static>>,
}

/// Where turns stand among those that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnsAt {
    /// They are all that is shown; what comes last is looked at.
    End,
    /// They are all that is shown; the first one is looked at.
    Begin,
    /// They come before.
    Before,
    /// They come behind.
    Behind,
    /// They take the place of those that are shown.
    Again,
}

/// A page of turns.
#[derive(Debug)]
pub(crate) struct TurnsPage {
    pub(crate) at: TurnsAt,
    pub(crate) turns: Vec<ShownTurn>,
    /// There are turns before these.
    pub(crate) has_before: bool,
    /// There are turns behind them.
    pub(crate) has_behind: bool,
    /// What stands above all turns: what is known of the thread.
    pub(crate) head: Vec<Line<'static>>,
}

/// A prompt of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) turn: String,
    pub(crate) number: u64,
    /// In seconds since the epoch.
    pub(crate) started_at: Option<i64>,
    /// Its first line, safe for a terminal.
    pub(crate) line: String,
}

/// What reading found for the title of a thread.
#[derive(Debug)]
pub(crate) struct FoundTitle {
    pub(crate) id: String,
    /// The first words that tell something; none where there are none.
    pub(crate) title: Option<String>,
    /// What the user said last.
    pub(crate) last: Option<String>,
}

/// Something that was asked for has come to its end.
#[derive(Debug)]
pub(crate) enum Acted {
    /// It is done: what to say.
    Done(String),
    /// It failed: why.
    Failed(String),
    /// What would be deleted.
    DeletionPlanned { id: String, lines: Vec<String> },
    /// What is known of a thread, and whether a repair would mend something.
    Explained { id: String, lines: Vec<String>, is_mendable: bool },
}

/// The model asks for something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// All threads, read again.
    Reload,
    /// Which scopes have these places.
    Scopes(Vec<(u32, Place)>),
    /// A search.
    Search(Search),
    /// Turns of a thread.
    Turns(WantedTurns),
    /// The prompts of a thread.
    Prompts { generation: u64, id: Arc<str> },
    /// Titles of threads whose first words tell nothing, and what was said last in threads whose titles are alike.
    Titles(Vec<Arc<str>>),
    /// Something is to be done.
    Act(Action),
    /// A text goes to the clipboard of the terminal.
    Copy(String),
    /// The screen is drawn from nothing.
    Redraw,
    /// The process stops until it is brought back.
    Suspend,
    /// A program has the terminal until it ends.
    Open { id: Arc<str>, with: Opener },
    /// The browser ends.
    End(super::Outcome),
}

/// With what a thread is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Pager,
    Editor,
}

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Search {
    pub(crate) generation: u64,
    pub(crate) typed: Typed,
    pub(crate) scope: Scope,
    pub(crate) archived: Archived,
    pub(crate) all_sources: bool,
    /// Where the page begins.
    pub(crate) cursor: Option<String>,
}

/// Turns that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WantedTurns {
    pub(crate) generation: u64,
    pub(crate) id: Arc<str>,
    pub(crate) from: TurnsFrom,
    /// How many columns their lines may have.
    pub(crate) columns: u16,
    /// Outputs of commands are shown whole.
    pub(crate) full_outputs: bool,
}

/// From where on turns are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TurnsFrom {
    /// The last ones.
    End,
    /// The turn behind this cursor, and those behind it.
    Cursor(Option<String>),
    /// This turn and those behind it.
    Turn(String),
    /// Those before this turn.
    Before(String),
    /// Those behind this turn.
    Behind(String),
    /// These, from the first to the last of them, again.
    Between(Range<String>),
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Name { id: String, name: Option<String> },
    Archive { ids: Vec<String> },
    Unarchive { ids: Vec<String> },
    Pin { ids: Vec<String>, pinned: bool },
    Tag { ids: Vec<String>, words: Vec<String> },
    Note { id: String, text: String },
    Export { ids: Vec<String>, path: String },
    PlanDeletion { id: String },
    Delete { id: String },
    Explain { id: String },
}
