//! Why a lookup has no answer, told to people.

use threadkeep_engine::contract::{FileError, LookupError as CoreLookupError, ThreadRow};
use threadkeep_engine::{Core, CoreError};

use crate::db::StateError;
use crate::index::startup::StartupError;
use crate::platform::error_kind::{Classified, ErrorKind};
use crate::platform::foreign_place::ForeignPlace;
use crate::rollouts;

/// Says why a lookup has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// No thread answers to this.
    #[error("no thread '{0}': neither an id, nor at least eight characters of one, nor a name; {hint}", hint = SHOWN_BY_LIST)]
    NotFound(String),
    /// The thread is known, and it has no rollout any more; this is its row.
    #[error("no rollout of the thread {} is there any more; it was {}", .0.id, .0.path)]
    Gone(Box<ThreadRow>),
    /// The ids of several threads begin with what was asked for.
    #[error("several threads answer to '{wanted}'; give more of the id:{}", id_and_title_lines(.candidates))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The rows of those threads.
        candidates: Vec<ThreadRow>,
    },
    /// Several threads bear the name that was asked for.
    #[error("several threads bear the name '{wanted}'; give the id of the one that is meant:{}", bearer_lines(.candidates))]
    SameName {
        /// The name.
        wanted: String,
        /// The rows of those threads, the one that was named last first, as far as that is known.
        candidates: Vec<ThreadRow>,
    },
    /// No thread has this id or name, and names, titles or beginnings contain it.
    #[error("no thread has the id or the name '{wanted}'; {} {} it in name, title or beginning: give the id of the one that is meant:{}{}",
        .candidates.len() as u64 + .more, if .candidates.len() as u64 + .more == 1 { "has" } else { "have" },
        named_lines(.candidates), more_line(*.more))]
    Contained {
        /// What was asked for.
        wanted: String,
        /// The rows of those threads, the newest first; at most ten.
        candidates: Vec<ThreadRow>,
        /// How many there are besides.
        more: u64,
    },
    /// The thread is another program's, of which nothing is changed here; this is its row.
    #[error("the thread {} is one of {}, which Threadkeep shows and never changes; {hint}", .0.id, program_of(.0), hint = CHANGE_IT_THERE)]
    Foreign(Box<ThreadRow>),
    /// The cursor is not one of this list; why.
    #[error("bad cursor: {0}; {hint}", hint = PAGE_BEFORE)]
    BadCursor(String),
    /// There is nothing in a query that could be searched for, or too much; why.
    #[error("that cannot be searched for: {why}; {hint}", hint = .of.form())]
    BadQuery {
        /// Why, as the end of a sentence.
        why: String,
        /// What holds it.
        of: QueryArgument,
    },
    /// The state DB failed.
    #[error(transparent)]
    State(StateError),
    /// The home's rollouts cannot be read.
    #[error("the home's rollouts cannot be read: {message}")]
    Files {
        /// What failed, as a sentence.
        message: String,
        /// The kind of that failure.
        kind: ErrorKind,
    },
    /// A call into the core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The files could not be read for an answer without a handle.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

const SHOWN_BY_LIST: &str = "`threadkeep list` shows them, and `threadkeep search` finds what was said in them";
const CHANGE_IT_THERE: &str = "change it in that program";
const PAGE_BEFORE: &str = "take nextCursor of the page before, in the same order";

/// Gives the program whose thread it is.
fn program_of(row: &ThreadRow) -> &str {
    ForeignPlace::of(&row.path).map_or("another program", |place| place.program)
}

/// Says what a query is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryArgument {
    /// Words.
    Words,
    /// A text as it stands.
    Literal,
    /// A regular expression.
    Regex,
    /// A file or a directory.
    Touched,
    /// A patch.
    Commit,
}

impl QueryArgument {
    fn name(self) -> &'static str {
        match self {
            QueryArgument::Words => "words",
            QueryArgument::Literal => "literal",
            QueryArgument::Regex => "regex",
            QueryArgument::Touched => "touched",
            QueryArgument::Commit => "commit",
        }
    }

    /// How it is to be written.
    fn form(self) -> &'static str {
        match self {
            QueryArgument::Words => "write words that must all be there, \"a phrase\", a beginning*, or -without",
            QueryArgument::Literal => "write the text as it stands in the thread",
            QueryArgument::Regex => {
                "write an expression as the Rust crate regex reads it, or search for the text with --literal"
            }
            QueryArgument::Touched => "write a path, or whole names that stand in one, as src/main.rs",
            QueryArgument::Commit => "pass on what git show or git diff prints",
        }
    }
}

impl Classified for LookupError {
    fn kind(&self) -> ErrorKind {
        match self {
            LookupError::NotFound(_) | LookupError::Gone(_) => ErrorKind::NotFound,
            LookupError::Foreign(_) => ErrorKind::Conflict,
            LookupError::Ambiguous { .. } | LookupError::SameName { .. } | LookupError::Contained { .. } => {
                ErrorKind::Ambiguous
            }
            LookupError::BadCursor(_) | LookupError::BadQuery { .. } => ErrorKind::InvalidInput,
            LookupError::State(error) => error.kind(),
            LookupError::Files { kind, .. } => *kind,
            LookupError::Core(error) => error.kind(),
            LookupError::Startup(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            LookupError::NotFound(_) => Some(SHOWN_BY_LIST),
            LookupError::Foreign(_) => Some(CHANGE_IT_THERE),
            LookupError::BadCursor(_) => Some(PAGE_BEFORE),
            LookupError::BadQuery { of, .. } => Some(of.form()),
            LookupError::State(error) => error.hint(),
            LookupError::Core(error) => error.hint(),
            LookupError::Startup(error) => error.hint(),
            _ => None,
        }
    }

    fn argument(&self) -> Option<&'static str> {
        match self {
            LookupError::BadCursor(_) => Some("cursor"),
            LookupError::BadQuery { of, .. } => Some(of.name()),
            _ => None,
        }
    }
}

impl From<StateError> for LookupError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Core(error) => LookupError::Core(error),
            error => LookupError::State(error),
        }
    }
}

impl LookupError {
    /// Gives the error for one that an instance of the core answered with.
    pub(crate) fn of(core: &Core, error: CoreLookupError, wanted: &str) -> LookupError {
        match error {
            // What was cancelled in the middle of an import is told of as a failure of that.
            CoreLookupError::State(_) if core.is_cancelled() => CoreError::Cancelled.into(),
            error => LookupError::from_core(error, wanted),
        }
    }

    /// Gives the error for one of the core; `wanted` is what was asked for.
    pub(crate) fn from_core(error: CoreLookupError, wanted: &str) -> LookupError {
        match error {
            CoreLookupError::NotFound(wanted) => LookupError::NotFound(wanted),
            CoreLookupError::Gone(row) => LookupError::Gone(Box::new(row)),
            CoreLookupError::Foreign(row) => LookupError::Foreign(Box::new(row)),
            CoreLookupError::Ambiguous(candidates) => LookupError::Ambiguous { wanted: wanted.into(), candidates },
            CoreLookupError::SameName(candidates) => LookupError::SameName { wanted: wanted.into(), candidates },
            CoreLookupError::Unreadable((path, error)) => LookupError::Files {
                message: format!("{path} cannot be read, so nothing tells whose it is: {}", error.message()),
                kind: rollouts::kind_of_failure(&error),
            },
            CoreLookupError::BadCursor(why) => LookupError::BadCursor(why),
            CoreLookupError::State(error) => StateError::from(error).into(),
            CoreLookupError::Files(error) => rollouts_failed(error),
        }
    }
}

/// Says why a prompt was not given whole.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// It cannot be made.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The function that was given the items failed.
    #[error(transparent)]
    Output(#[from] std::io::Error),
}

/// Gives the error for rollouts that cannot be read.
pub(crate) fn rollouts_failed(error: FileError) -> LookupError {
    LookupError::Files { message: error.message(), kind: rollouts::kind_of_failure(&error) }
}

/// Gives the ids and titles of threads, each in an indented line after a newline; titles are cut to 80 characters.
pub(crate) fn id_and_title_lines(rows: &[ThreadRow]) -> String {
    rows.iter().map(|row| format!("\n  {}  {}", row.id, in_one_line(&row.title, 80))).collect()
}

/// Gives what tells threads of one name apart, each in an indented line after a newline: the id, the day of the last record,
/// the directory, and how the conversation begins.
fn bearer_lines(rows: &[ThreadRow]) -> String {
    let line = |row: &ThreadRow| {
        let day = day_of(row);
        let place = row.last_cwd.as_deref().or(row.cwd.as_deref()).unwrap_or("-");
        format!("\n  {}  {day}  {}  {}", row.id, in_one_line(place, 80), in_one_line(&row.preview, 40))
    };
    rows.iter().map(line).collect()
}

/// Gives what tells threads of different names apart, each in an indented line after a newline: the id, the day of the last
/// record, and the name or, without one, the title.
fn named_lines(rows: &[ThreadRow]) -> String {
    let line = |row: &ThreadRow| {
        let name = row.name.as_deref().unwrap_or(&row.title);
        format!("\n  {}  {}  {}", row.id, day_of(row), in_one_line(name, 80))
    };
    rows.iter().map(line).collect()
}

fn more_line(more: u64) -> String {
    if more == 0 { String::new() } else { format!("\n  and {more} more, which are older") }
}

fn day_of(row: &ThreadRow) -> impl std::fmt::Display {
    jiff::Timestamp::from_millisecond(row.updated_at).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// Gives a text with one space between words, cut to so many characters.
fn in_one_line(text: &str, most: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(most).collect()
}
