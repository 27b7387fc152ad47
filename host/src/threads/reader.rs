//! Reading threads for as long as a process runs: one handle, and what happens when its state DB fails.
//!
//! ```text
//! ask with the handle ─────────────────────────────────────────────→ answer
//!    └─ the state DB fails ─→ heal: damaged? ask with a new handle ─→ answer
//!                                   else ask the files ────────────→ answer, with a warning
//! ```
//!
//! This is done here and nowhere else. Without a handle the rollouts are read once into a private database. A list that begins
//! anew brings that up to date with the files; its further pages are of the same state.

mod marks;
mod recovery;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::db::{Database, StateDb};
use crate::features::moved_directories::MovedDirectories;
use crate::features::text_index::IndexExclusions;
use crate::index::progress::{Progress, ProgressSink};
use crate::index::startup::{self, Config};
use crate::index::texts::update_text_index;
use crate::platform::home::Home;
use crate::platform::wait::Wait;
use crate::threads::change::Changes;
use crate::threads::directories;
use crate::threads::lookup::{Exporter, Lookup, LookupError, PromptError, Transcript, TurnTables, answer_of};
use crate::threads::search::{SearchRequest, Searcher, TouchedRequest, WrittenRequest};
use threadkeep_engine::calls::QueryMatches;
use threadkeep_engine::contract::{
    Collection, Explanation, ExportOptions, Found, Gap, Listed, PageOfHits, PageOfMatches, PageOfRows, PageOfTouched,
    RowQuery, Subject, TableOptions, ThreadRow, WrittenFile,
};
use threadkeep_engine::{Core, Imports, Runtime};

use recovery::{Handle, RecoveringLookup};

/// How many threads are asked for at a time where all are wanted.
const PAGE: u32 = 1_000;

/// Reads the threads of a home; it may be used from several OS threads at once. It is cheap to clone, and clones share the
/// handle.
#[derive(Clone)]
pub struct ThreadReader {
    runtime: Runtime,
    shared: Arc<Shared>,
}

struct Shared {
    home: Arc<Home>,
    handle: Mutex<Handle>,
    /// How to start again when the state DB proves to be damaged; none where it is not this process's to heal.
    recovery: Option<Config>,
    healing: Mutex<()>,
    /// The private database that holds what the files say, where there is no handle.
    files: Mutex<Option<Database>>,
    progress: Option<ProgressSink>,
    wait: Wait,
    exclusions: IndexExclusions,
    warnings: Mutex<Vec<String>>,
}

impl Shared {
    fn warn(&self, warning: String) {
        let mut warnings = lock(&self.warnings);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
}

impl ThreadReader {
    /// Makes a reader with this handle, or without one. A state DB that fails is healed where `recovery` says how to start again.
    pub fn new(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<StateDb>,
        recovery: Option<Config>,
        progress: Option<ProgressSink>,
        wait: Wait,
    ) -> ThreadReader {
        let shared = Shared {
            home: home.clone(),
            handle: Mutex::new(Handle { state, generation: 0, reopen: None }),
            recovery,
            healing: Mutex::default(),
            files: Mutex::default(),
            progress,
            wait,
            exclusions: IndexExclusions::default(),
            warnings: Mutex::default(),
        };
        ThreadReader { runtime: runtime.clone(), shared: Arc::new(shared) }
    }

    /// Gives a reader that keeps texts out of the index; one that nobody shares yet.
    pub(crate) fn excluding(mut self, exclusions: IndexExclusions) -> ThreadReader {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.exclusions = exclusions;
        }
        self
    }

    /// Gives a reader that shares the handle and uses another runtime, as one that can be cancelled.
    pub fn with_runtime(&self, runtime: Runtime) -> ThreadReader {
        ThreadReader { runtime, shared: self.shared.clone() }
    }

    /// Gives the runtime of the core that is asked.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Gives the home that is read.
    pub fn home(&self) -> &Arc<Home> {
        &self.shared.home
    }

    /// Gives the handle as it is now; none where answers come from the files.
    pub fn state(&self) -> Option<StateDb> {
        self.handle().state
    }

    /// Gives the handle likewise, and a number that no other one had.
    pub(crate) fn numbered_state(&self) -> (u64, Option<StateDb>) {
        let handle = self.handle();
        (handle.generation, handle.state)
    }

    /// Takes the warnings since the last call, each a sentence for a person.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.warnings))
    }

    /// Adds a warning, unless the same one waits already.
    pub fn warn(&self, warning: String) {
        self.shared.warn(warning);
    }

    /// Finds a thread as [`Lookup::find`] does.
    pub fn find(&self, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
        self.answer(Self::finder, |lookup| lookup.find(wanted, within).map_err(|error| self.meant(error, within)))
    }

    /// Finds a thread that may be changed, as [`Lookup::find_own`] does.
    pub fn find_own(&self, wanted: &str) -> Result<Found, LookupError> {
        self.answer(Self::finder, |lookup| lookup.find_own(wanted).map_err(|error| self.meant(error, None)))
    }

    /// Finds several threads with one lookup, and gives an answer for each, in their order.
    pub fn find_all(
        &self,
        wanted: &[String],
        within: Option<Collection>,
    ) -> Result<Vec<Result<Found, LookupError>>, LookupError> {
        let mut recovering = RecoveringLookup::new(self, Self::finder);
        let mut find = |wanted: &String| {
            recovering.ask(|lookup| lookup.find(wanted, within).map_err(|error| self.meant(error, within)))
        };
        Ok(wanted.iter().map(&mut find).collect())
    }

    /// Finds a thread and explains how, as [`Lookup::explain`] does.
    pub fn explain(&self, wanted: &str, within: Option<Collection>) -> Result<Explanation, LookupError> {
        self.answer(Self::finder, |lookup| lookup.explain(wanted, within))
    }

    /// Gives the answer of an explanation: what [`ThreadReader::find`] would have given.
    pub fn answer_of(
        &self,
        explanation: Explanation,
        wanted: &str,
        within: Option<Collection>,
    ) -> Result<Found, LookupError> {
        answer_of(explanation, wanted).map_err(|error| self.meant(error, within))
    }

    /// Tells, where no thread was found, those that may be meant.
    fn meant(&self, error: LookupError, within: Option<Collection>) -> LookupError {
        error.with_candidates(&self.runtime, &self.shared.home, within, || self.rows())
    }

    /// Gives the thread of one rollout, as [`Lookup::find_by_path`] does.
    pub fn find_by_path(&self, path: &str) -> Result<Found, LookupError> {
        self.answer(Self::finder, |lookup| lookup.find_by_path(path))
    }

    /// Gives a page of a list, as [`Lookup::page`] does; a directory that is there is known by what its links lead to, and what
    /// is below one by all worktrees of its repository. The cursor is a position in the order, and the order is the same with
    /// and without the state DB.
    ///
    /// # Errors
    ///
    /// Threads whose rollouts are gone are known to the state DB alone: where it fails, so does the list.
    pub fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows, LookupError> {
        let open = |reader: &Self, state: Option<&StateDb>| reader.lister(state, cursor.is_none());
        let query = directories::widen(query);
        match query.missing {
            true => open(self, self.state().as_ref())?.page(&query, cursor, limit),
            false => self.answer(open, |lookup| lookup.page(&query, cursor, limit)),
        }
    }

    /// Says of threads which of them a query lets pass, each looked at by itself; directories are known as for [`ThreadReader::list`].
    pub fn matching(&self, rows: &[ThreadRow], query: &RowQuery) -> Result<Vec<bool>, LookupError> {
        let widened = directories::widen(query);
        let query = match self.state() {
            Some(state) => MovedDirectories::of(&state)?.widen(widened)?,
            None => widened,
        };
        let mut core = Core::new(&self.runtime, Imports::default());
        let matches = |row: &ThreadRow| Ok(core.call(&QueryMatches { row: row.clone(), query: query.clone() })?);
        rows.iter().map(matches).collect()
    }

    /// Gives every thread of a list, page by page: also what is folded, and however many there are.
    pub fn every_thread(&self, query: &RowQuery) -> Result<Vec<Listed>, LookupError> {
        let (mut threads, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.list(query, cursor.as_deref(), PAGE)?;
            threads.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(threads);
            }
        }
    }

    /// Brings the index of what was said up to date, without what is kept out; gives how many rollouts were behind. Without a handle
    /// there is none.
    pub fn update_text_index(&self) -> Result<u64, LookupError> {
        let Some(state) = self.state() else { return Ok(0) };
        let (home, progress) = (&self.shared.home, self.shared.progress.as_ref());
        let exclusions = &self.shared.exclusions;
        let updated = update_text_index(&self.runtime, home, state.database(), exclusions, progress);
        self.end_progress();
        Ok(updated?)
    }

    /// Gives a page of the threads that match a search; for a limit of 0 their number alone.
    pub fn search(
        &self,
        request: &SearchRequest,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfMatches, LookupError> {
        self.searched(request, cursor.is_none(), |searcher| searcher.page(cursor, limit))
    }

    /// Gives a page of the texts of one thread in which the words stand.
    pub fn hits(
        &self,
        request: &SearchRequest,
        wanted: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfHits, LookupError> {
        let hits = |searcher: &mut Searcher| searcher.hits(wanted, cursor, limit);
        self.searched(request, cursor.is_none(), |searcher| hits(searcher).map_err(|error| self.meant(error, None)))
    }

    /// Gives a page of the threads in which a file was changed; for a limit of 0 their number alone.
    pub fn touched(
        &self,
        request: &TouchedRequest,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfTouched, LookupError> {
        self.searched(&request.as_search(), cursor.is_none(), |searcher| searcher.touched(&request.path, cursor, limit))
    }

    /// Gives the ids of all threads in which a file was changed.
    pub fn touching(&self, request: &TouchedRequest) -> Result<Vec<String>, LookupError> {
        self.searched(&request.as_search(), true, |searcher| searcher.touching(&request.path))
    }

    /// Gives the threads that wrote lines, by the files of these.
    pub fn written(&self, request: &WrittenRequest) -> Result<Vec<WrittenFile>, LookupError> {
        self.searched(&request.as_search(), true, |searcher| searcher.written(&request.asked))
    }

    /// Searches with the handle; when the state DB fails, with what replaces it.
    fn searched<T>(
        &self,
        request: &SearchRequest,
        fresh: bool,
        work: impl Fn(&mut Searcher) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        self.with_database(fresh, |state, database, progress| {
            let exclusions = &self.shared.exclusions;
            let opened =
                Searcher::open(&self.runtime, &self.shared.home, state, database, exclusions, progress, request);
            self.end_progress();
            work(&mut opened?)
        })
    }

    /// Asks the database of the handle, or else a private one with what the files say, which a `fresh` question has brought up to
    /// date first; when the state DB fails, asks what replaces it.
    pub(crate) fn with_database<T>(
        &self,
        fresh: bool,
        ask: impl Fn(Option<&StateDb>, &Database, Option<&ProgressSink>) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        self.recovering(|state| {
            let database = match state {
                Some(state) => state.database().clone(),
                None => self.files(fresh)?,
            };
            let answer = ask(state, &database, self.shared.progress.as_ref());
            self.end_progress();
            answer
        })
    }

    /// Opens the history of a thread, which is found as by [`ThreadReader::find`].
    pub fn transcript(&self, of: &Subject) -> Result<Transcript, LookupError> {
        self.recovering(|state| {
            let transcript = self.finder(state)?.into_transcript(of.clone());
            transcript.map_err(|error| match of {
                Subject::Thread(_) => self.meant(error, None),
                Subject::Rollout(_) => error,
            })
        })
    }

    /// Begins to take a thread out, which is found as by [`ThreadReader::find`].
    pub fn exporter(&self, of: &Subject, options: &ExportOptions) -> Result<Exporter, LookupError> {
        self.recovering(|state| {
            let exporter = self.finder(state)?.into_exporter(of.clone(), options.clone());
            exporter.map_err(|error| self.meant(error, None))
        })
    }

    /// Gives what takes how long work goes on.
    pub(crate) fn progress(&self) -> Option<&ProgressSink> {
        self.shared.progress.as_ref()
    }

    /// Begins to make rows of the turns of threads, with the handle as it is now; when the state DB fails, with what replaces it.
    pub(crate) fn turn_tables(&self, options: &TableOptions) -> Result<TurnTables, LookupError> {
        self.recovering(|state| self.finder(state)?.into_turn_tables(options.clone()))
    }

    /// Asks with the handle as it is now; when the state DB fails, once more with what replaces it.
    fn recovering<T>(&self, ask: impl Fn(Option<&StateDb>) -> Result<T, LookupError>) -> Result<T, LookupError> {
        let Handle { state, generation, .. } = self.handle();
        match ask(state.as_ref()) {
            Err(LookupError::State(failure)) if state.is_some() && self.shared.recovery.is_some() => {
                drop(state);
                ask(self.recover(generation, &failure).as_ref())
            }
            answer => answer,
        }
    }

    /// Gives what a model would be given to continue a thread to `each`, as [`Lookup::prompt`] does, from the files alone: no
    /// database is opened.
    pub fn prompt_input(
        &self,
        of: Subject,
        each: impl FnMut(Vec<String>) -> std::io::Result<()>,
    ) -> Result<(Found, Vec<Gap>), PromptError> {
        let shared = self.shared.clone();
        let mut lookup = Lookup::for_files(&self.runtime, &self.shared.home, move |warning| shared.warn(warning));
        lookup.prompt(of, each)
    }

    /// Gives what users said until now of directories that moved.
    pub fn current_directories(&self) -> CurrentDirectories {
        CurrentDirectories(self.state().and_then(|state| MovedDirectories::of(&state).ok()))
    }

    /// Gives the database of the handle, or else a private one with what the files say, read now or brought up to date.
    fn rows(&self) -> Result<Database, LookupError> {
        match self.state() {
            Some(state) => Ok(state.database().clone()),
            None => self.files(true),
        }
    }

    /// Prepares to make changes; without a handle what is known of the files is brought up to date.
    pub(crate) fn changes(&self) -> Result<Changes, LookupError> {
        let state = self.state().map(|state| state.database().clone());
        let wait = self.shared.wait.clone();
        Ok(Changes::over(&self.runtime, &self.shared.home, state, self.rows()?, wait))
    }

    /// Gives the private database with what the files say; a `fresh` one is brought up to date first.
    fn files(&self, fresh: bool) -> Result<Database, LookupError> {
        let mut files = lock(&self.shared.files);
        if let Some(database) = &*files {
            if fresh {
                startup::refresh_rows(&self.runtime, &self.shared.home, database, &self.shared.wait)?;
            }
            return Ok(database.clone());
        }
        let read = startup::from_files(&self.runtime, &self.shared.home, self.shared.progress.clone());
        self.end_progress();
        let (database, report) = read?;
        report.warnings.into_iter().for_each(|warning| self.warn(warning));
        *files = Some(database.clone());
        Ok(database)
    }

    /// Opens a lookup for finding threads, with the handle as it is now.
    pub(crate) fn open_finder(&self) -> Result<Lookup, LookupError> {
        self.finder(self.state().as_ref())
    }

    /// Opens a lookup for listing threads, with the handle as it is now; `fresh` where a list begins.
    pub(crate) fn open_lister(&self, fresh: bool) -> Result<Lookup, LookupError> {
        self.lister(self.state().as_ref(), fresh)
    }

    fn finder(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        let shared = self.shared.clone();
        Ok(Lookup::for_finding(&self.runtime, &self.shared.home, state, move |warning| shared.warn(warning)))
    }

    fn lister(&self, state: Option<&StateDb>, fresh: bool) -> Result<Lookup, LookupError> {
        match state {
            Some(_) => Lookup::for_listing(&self.runtime, &self.shared.home, state, None),
            None => Ok(Lookup::of_home(&self.runtime, &self.shared.home, &self.files(fresh)?)),
        }
    }

    /// Says that what was told of by the progress is over.
    pub(crate) fn end_progress(&self) {
        if let Some(progress) = &self.shared.progress {
            progress.send(Progress::Finished);
        }
    }

    fn answer<T>(
        &self,
        open: impl Fn(&Self, Option<&StateDb>) -> Result<Lookup, LookupError>,
        work: impl Fn(&mut Lookup) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        RecoveringLookup::new(self, open).ask(work)
    }
}

/// Knows where the directories of threads are now, as far as users said that they moved.
pub struct CurrentDirectories(Option<MovedDirectories>);

impl CurrentDirectories {
    /// Gives the absolute path where a thread's directory is now; none where nobody said that it moved.
    pub fn of(&self, row: &ThreadRow) -> Option<String> {
        self.0.as_ref()?.current(row.cwd.as_deref()).ok().flatten()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
