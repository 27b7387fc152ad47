//! Finding and listing: the core decides, with the handle or without it.

use std::sync::Arc;

use crate::component::exports::history::{Gap, PageOfRecords, PageOfTurns, Subject};
use crate::component::exports::lookup::{Error as CoreLookupError, Explanation, Found, PageOfRows};
use crate::component::imports::state::RowQuery;
use crate::component::types::{Collection, Discrepancy, ThreadRow};
use crate::component::{self as ask, Core, CoreError, Opened, OpenedPrompt, Runtime, World};
use crate::db::{Database, StateDb, StateError};
use crate::features::moved_directories::Relocations;
use crate::index::backfill::Progress;
use crate::index::startup::{self, Report, StartupError};
use crate::platform::home::Home;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Nobody answers to it.
    #[error(
        "no thread '{0}': neither an id, nor at least eight characters of one, nor a name; `threadkeep list` shows them"
    )]
    NotFound(String),
    /// Somebody remembers it, and it has no rollout.
    #[error("no rollout of the thread {} is there any more; it was {}", .0.id, .0.path)]
    Gone(Box<ThreadRow>),
    /// Several do.
    #[error("several threads answer to '{wanted}'; give more of the id:{}", named(.candidates))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The threads.
        candidates: Vec<ThreadRow>,
    },
    /// The cursor is not one of this list.
    #[error("bad cursor: {0}; take nextCursor of the page before, in the same order")]
    BadCursor(String),
    /// The state DB failed.
    #[error("{0}")]
    State(String),
    /// The files failed.
    #[error("the home's rollouts cannot be read: {0}")]
    Files(String),
    /// The core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// Without a handle: the files could not be gone through.
    #[error(transparent)]
    Startup(#[from] StartupError),
}

/// Finds, lists and reads, with the handle or without it.
pub struct Lookup {
    core: Core,
    warnings: Vec<String>,
    /// For lists by directory: what users told of directories that moved.
    relocations: Option<Relocations>,
}

fn unanswered(error: StateError) -> LookupError {
    LookupError::State(error.to_string())
}

impl Lookup {
    /// For finding and for reading turns. Without a handle the files are asked when it comes to it.
    pub fn to_find(runtime: &Runtime, home: &Arc<Home>, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let (lore, report) = match state {
            Some(state) => (state.database().clone(), Report::default()),
            None => startup::lore_alone(runtime, home)?,
        };
        let world = World::of(home).with_rows(state.map(|state| state.database().clone())).with_lore(Some(lore));
        let core = Core::new(runtime, world.recorded(runtime.recorder()));
        Ok(Lookup { core, warnings: report.warnings, relocations: None })
    }

    /// For what comes from the files alone: neither the state DB nor Codex's are looked at, and names are those of the session
    /// index.
    pub fn of_files(runtime: &Runtime, home: &Arc<Home>) -> Result<Lookup, LookupError> {
        let (lore, report) = startup::index_alone(runtime, home)?;
        let world = World::of(home).with_lore(Some(lore)).recorded(runtime.recorder());
        Ok(Lookup { core: Core::new(runtime, world), warnings: report.warnings, relocations: None })
    }

    /// For listing. Without a handle every rollout is read now, once for all pages.
    pub fn to_list(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<Lookup, LookupError> {
        let (database, report) = match state {
            Some(state) => (state.database().clone(), Report::default()),
            None => startup::from_files(runtime, home, progress)?,
        };
        let relocations = state.map(Relocations::of).transpose().map_err(unanswered)?;
        Ok(Lookup { warnings: report.warnings, relocations, ..Lookup::over(runtime, World::of(home), &database) })
    }

    /// Over any files, with rows and names of one database.
    pub(crate) fn over(runtime: &Runtime, files: World, database: &Database) -> Lookup {
        let world = files.with_rows(Some(database.clone())).with_lore(Some(database.clone()));
        let core = Core::new(runtime, world.recorded(runtime.recorder()));
        Lookup { core, warnings: Vec::new(), relocations: None }
    }

    /// What a person should know of the answers, in words; each once.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Finds a thread by id, by the beginning of an id, or by name; mends its row when there is a handle.
    pub fn find(&mut self, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
        let answer = self.core.ask(&ask::Find { wanted: wanted.into(), within })?;
        answer.map_err(|error| failed(error, wanted))
    }

    /// The same, with what was looked at and what decided.
    pub fn explain(&mut self, wanted: &str, within: Option<Collection>) -> Result<Explanation, LookupError> {
        Ok(self.core.ask(&ask::Explain { wanted: wanted.into(), within })?)
    }

    /// The thread of one rollout, by its home path, as that rollout alone shows it. Rows are neither asked nor mended.
    pub fn at(&mut self, path: &str) -> Result<Found, LookupError> {
        let answer = self.core.ask(&ask::At { path: path.into() })?;
        answer.map_err(|error| failed(error, path))
    }

    /// A page of a list, `limit` threads long, or all there are for 0; what is folded under them does not count.
    pub fn page(&mut self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows, LookupError> {
        let query = match &self.relocations {
            Some(relocations) => relocations.widen(query.clone()).map_err(unanswered)?,
            None => query.clone(),
        };
        let page = ask::Page { query, cursor: cursor.map(Into::into), limit };
        self.core.ask(&page)?.map_err(|error| failed(error, ""))
    }

    /// Opens a history: its thread is found as [`Lookup::find`] and [`Lookup::at`] do.
    pub fn transcript(&mut self, of: Subject) -> Result<Transcript<'_>, LookupError> {
        let wanted = match &of {
            Subject::Thread(wanted) | Subject::Rollout(wanted) => wanted.clone(),
        };
        let opened = self.core.ask(&ask::Open { of })?.map_err(|error| failed(error, &wanted))?;
        Ok(Transcript { core: &mut self.core, opened })
    }

    /// What a model would be given to continue a thread, piece by piece: response items as JSON, each piece some of them.
    /// The thread is found as in [`Lookup::transcript`].
    pub fn prompt(
        &mut self,
        of: Subject,
        mut each: impl FnMut(Vec<String>) -> std::io::Result<()>,
    ) -> Result<(Found, Vec<Gap>), PromptError> {
        let wanted = match &of {
            Subject::Thread(wanted) | Subject::Rollout(wanted) => wanted.clone(),
        };
        let opened = self.core.ask(&ask::OpenPrompt { of }).map_err(LookupError::from)?;
        let OpenedPrompt { prompt, found, gaps } = opened.map_err(|error| failed(error, &wanted))?;
        loop {
            let items = self.core.ask(&ask::PromptItems { prompt }).map_err(LookupError::from)?;
            let items = items.map_err(|error| failed(error, &wanted))?;
            if items.is_empty() {
                break;
            }
            each(items)?;
        }
        self.core.ask(&ask::ClosePrompt { prompt }).map_err(LookupError::from)?;
        Ok((found, gaps))
    }
}

/// Why a prompt is not whole.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// It cannot be told.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// Whoever was to take it did not.
    #[error(transparent)]
    Taken(#[from] std::io::Error),
}

/// A history, gone through once and ready to be paged.
pub struct Transcript<'a> {
    core: &'a mut Core,
    opened: Opened,
}

impl Transcript<'_> {
    /// Whose it is.
    pub fn found(&self) -> &Found {
        &self.opened.found
    }

    /// What its files should hold and do not.
    pub fn gaps(&self) -> &[Gap] {
        &self.opened.gaps
    }

    /// A page of at most `limit` turns, or of as many as fit into one for 0; fewer where turns are large.
    pub fn page(&mut self, cursor: Option<&str>, limit: u32, newest_first: bool) -> Result<PageOfTurns, LookupError> {
        let transcript = self.opened.transcript;
        let page = ask::Turns { transcript, cursor: cursor.map(Into::into), limit, newest_first };
        self.core.ask(&page)?.map_err(|error| failed(error, ""))
    }

    /// The records behind a cursor, as they stand, from the first file of the history on.
    pub fn records(&mut self, cursor: Option<&str>) -> Result<PageOfRecords, LookupError> {
        let records = ask::Records { transcript: self.opened.transcript, cursor: cursor.map(Into::into) };
        self.core.ask(&records)?.map_err(|error| failed(error, ""))
    }

    /// The page around the first turn behind the cursor in which `text` was said or done, whatever the case of letters.
    pub fn around(
        &mut self,
        text: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<Option<PageOfTurns>, LookupError> {
        let transcript = self.opened.transcript;
        let cursor = cursor.map(Into::into);
        let around = ask::Around { transcript, text: text.into(), cursor, limit, newest_first };
        self.core.ask(&around)?.map_err(|error| failed(error, ""))
    }
}

impl Drop for Transcript<'_> {
    fn drop(&mut self) {
        let _ = self.core.ask(&ask::Close { transcript: self.opened.transcript });
    }
}

/// The answer of an explanation.
pub fn answered(explanation: Explanation, wanted: &str) -> Result<Found, LookupError> {
    explanation.answer.map_err(|error| failed(error, wanted))
}

/// The files failed.
pub(crate) fn unreadable(error: crate::component::imports::rollouts::Error) -> LookupError {
    LookupError::Files(format!("{error:?}"))
}

pub(crate) fn failed(error: CoreLookupError, wanted: &str) -> LookupError {
    match error {
        CoreLookupError::NotFound(wanted) => LookupError::NotFound(wanted),
        CoreLookupError::Gone(row) => LookupError::Gone(Box::new(row)),
        CoreLookupError::Ambiguous(candidates) => LookupError::Ambiguous { wanted: wanted.into(), candidates },
        CoreLookupError::BadCursor(why) => LookupError::BadCursor(why),
        CoreLookupError::State(why) => LookupError::State(why),
        CoreLookupError::Files(why) => LookupError::Files(why),
    }
}

/// Threads by id and title, each in a line of its own.
pub(crate) fn named(rows: &[ThreadRow]) -> String {
    let title = |row: &ThreadRow| row.title.split_whitespace().flat_map(|word| [word, " "]).collect::<String>();
    let title = |row: &ThreadRow| title(row).trim_end().chars().take(80).collect::<String>();
    rows.iter().map(|row| format!("\n  {}  {}", row.id, title(row))).collect()
}

/// A discrepancy as a short code and what it is about.
pub fn describe(what: &Discrepancy) -> (&'static str, String) {
    match what {
        Discrepancy::StalePath(path) => ("stale-path", path.clone()),
        Discrepancy::MismatchedPath((path, thread)) => ("mismatched-path", format!("{path} belongs to {thread}")),
        Discrepancy::MissingRow(path) => ("missing-row", path.clone()),
        Discrepancy::MissingFile(path) => ("missing-file", path.clone()),
        Discrepancy::WrongArchived(path) => ("wrong-archived", path.clone()),
        Discrepancy::WrongMetadata(field) => ("wrong-metadata", field.clone()),
        Discrepancy::Unreadable((path, why)) => ("unreadable", format!("{path}: {why}")),
    }
}
