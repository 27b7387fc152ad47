//! Reading threads for as long as a process lives: one handle, and what to do when its state DB fails.
//!
//! ```text
//! handle ── answers ──────────────────────────────────────────────→ answer
//!    └──── the state DB fails ─→ heal: damaged? a new handle ─────→ answer
//!                                     else the files are asked ───→ answer, with a warning
//! ```
//!
//! This stands here and nowhere else. Without a handle the rollouts are read once into a private database; a list that begins
//! anew brings that up to date with the files, and the pages behind it are of the same state.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::component::exports::history::{Gap, Subject};
use crate::component::exports::lookup::{Explanation, Found, PageOfRows};
use crate::component::imports::state::RowQuery;
use crate::component::types::{Collection, ThreadRow};
use crate::component::{Runtime, World};
use crate::db::{Database, StateDb};
use crate::features::moved_directories::Relocations;
use crate::index::progress::{Progress, ProgressSink};
use crate::index::startup::{self, Config};
use crate::platform::home::Home;
use crate::threads::change::Changes;
use crate::threads::lookup::{Lookup, LookupError, PromptError, Transcript};
use crate::threads::start::heal;

/// How long whoever still reads with a handle is waited for before its state DB is healed.
const OTHERS: Duration = Duration::from_secs(2);
/// How long answers come from the files alone after the state DB failed without being damaged.
const REOPEN: Duration = Duration::from_secs(5);
/// How often is looked whether they still do.
const PAUSE: Duration = Duration::from_millis(2);

/// Reads the threads of a home, from several threads at once. Cheap to clone; clones share the handle.
#[derive(Clone)]
pub struct ThreadReader {
    runtime: Runtime,
    shared: Arc<Shared>,
}

struct Shared {
    home: Arc<Home>,
    handle: Mutex<Handle>,
    /// How to start again when the state DB proves to be damaged; none for one who does not own it.
    recovery: Option<Config>,
    healing: Mutex<()>,
    /// What the files say, for one without a handle.
    files: Mutex<Option<Database>>,
    progress: Option<ProgressSink>,
    warnings: Mutex<Vec<String>>,
}

/// The handle, and how often it was replaced.
#[derive(Clone)]
struct Handle {
    state: Option<StateDb>,
    generation: u64,
    /// The state DB failed and was not damaged: from this moment on it may be opened again.
    reopen: Option<Instant>,
}

impl ThreadReader {
    /// Reads with this handle, or without one. A state DB that fails is healed where `recovery` says how to start again.
    pub fn new(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<StateDb>,
        recovery: Option<Config>,
        progress: Option<ProgressSink>,
    ) -> ThreadReader {
        let shared = Shared {
            home: home.clone(),
            handle: Mutex::new(Handle { state, generation: 0, reopen: None }),
            recovery,
            healing: Mutex::default(),
            files: Mutex::default(),
            progress,
            warnings: Mutex::default(),
        };
        ThreadReader { runtime: runtime.clone(), shared: Arc::new(shared) }
    }

    /// Reads the same with another runtime, one that can be cancelled for instance.
    pub fn with_runtime(&self, runtime: Runtime) -> ThreadReader {
        ThreadReader { runtime, shared: self.shared.clone() }
    }

    /// The core that is asked.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The home.
    pub fn home(&self) -> &Arc<Home> {
        &self.shared.home
    }

    /// The handle as it is now, to be passed on.
    pub fn state(&self) -> Option<StateDb> {
        self.handle().state
    }

    /// Takes what a person should know of the answers, in words; each once.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut held(&self.shared.warnings))
    }

    /// Notes something that a person should know, unless it is noted already.
    pub fn warn(&self, warning: String) {
        let mut warnings = held(&self.shared.warnings);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Finds a thread by id, by the beginning of an id, or by name; mends its row when there is a handle.
    pub fn find(&self, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
        self.answer(Self::finder, |lookup| lookup.find(wanted, within))
    }

    /// Finds several, each with an answer of its own.
    pub fn find_all(
        &self,
        wanted: &[String],
        within: Option<Collection>,
    ) -> Result<Vec<Result<Found, LookupError>>, LookupError> {
        let mut asking = Asking::new(self, Self::finder);
        Ok(wanted.iter().map(|wanted| asking.ask(|lookup| lookup.find(wanted, within))).collect())
    }

    /// Finds likewise, and says what was looked at and what decided.
    pub fn explain(&self, wanted: &str, within: Option<Collection>) -> Result<Explanation, LookupError> {
        self.answer(Self::finder, |lookup| lookup.explain(wanted, within))
    }

    /// Gives the thread of one rollout, by its home path, as that rollout alone shows it.
    pub fn find_by_path(&self, path: &str) -> Result<Found, LookupError> {
        self.answer(Self::finder, |lookup| lookup.at(path))
    }

    /// Gives a page of a list, `limit` threads long, or all there are for 0; what is folded under them does not count. The cursor
    /// is a place in the order, and the order is the same with and without the state DB.
    ///
    /// # Errors
    ///
    /// Threads whose rollouts are gone are known to the state DB alone: where it fails, so does the list.
    pub fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows, LookupError> {
        let open = |reader: &Self, state: Option<&StateDb>| reader.lister(state, cursor.is_none());
        match query.missing {
            true => open(self, self.state().as_ref())?.page(query, cursor, limit),
            false => self.answer(open, |lookup| lookup.page(query, cursor, limit)),
        }
    }

    /// Opens a history: its thread is found as [`ThreadReader::find`] does.
    pub fn transcript(&self, of: &Subject) -> Result<Transcript, LookupError> {
        let opened = |reader: &Self, state: Option<&StateDb>| reader.finder(state)?.into_transcript(of.clone());
        let Handle { state, generation, .. } = self.handle();
        match opened(self, state.as_ref()) {
            Err(LookupError::State { message, .. }) if state.is_some() && self.shared.recovery.is_some() => {
                drop(state);
                let state = self.recover(generation, &message);
                opened(self, state.as_ref())
            }
            answer => answer,
        }
    }

    /// Hands out what a model would be given to continue a thread, from the files alone: no database is looked at.
    pub fn prompt_input(
        &self,
        of: Subject,
        each: impl FnMut(Vec<String>) -> std::io::Result<()>,
    ) -> Result<(Found, Vec<Gap>), PromptError> {
        let mut lookup = Lookup::of_files(&self.runtime, &self.shared.home)?;
        lookup.take_warnings().into_iter().for_each(|warning| self.warn(warning));
        lookup.prompt(of, each)
    }

    /// Gives what is known now of directories that moved.
    pub fn current_directories(&self) -> CurrentDirectories {
        CurrentDirectories(self.state().and_then(|state| Relocations::of(&state).ok()))
    }

    /// Gives the rows that there are: those of the handle, or else what the files say, read now or brought up to date.
    fn rows(&self) -> Result<Database, LookupError> {
        match self.state() {
            Some(state) => Ok(state.database().clone()),
            None => self.files(true),
        }
    }

    /// Prepares to make changes; without a handle what is known of the files is brought up to date.
    pub(crate) fn changes(&self) -> Result<Changes, LookupError> {
        let state = self.state().map(|state| state.database().clone());
        Ok(Changes::over(&self.runtime, &self.shared.home, state, self.rows()?))
    }

    /// What the files say, in a private database.
    fn files(&self, fresh: bool) -> Result<Database, LookupError> {
        let mut files = held(&self.shared.files);
        if let Some(known) = &*files {
            if fresh {
                startup::refresh_rows(&self.runtime, &self.shared.home, known)?;
            }
            return Ok(known.clone());
        }
        let read = startup::from_files(&self.runtime, &self.shared.home, self.shared.progress.clone());
        self.end_progress();
        let (known, report) = read?;
        report.warnings.into_iter().for_each(|warning| self.warn(warning));
        *files = Some(known.clone());
        Ok(known)
    }

    /// Opens a lookup for finding, with the handle as it is now.
    pub(crate) fn open_finder(&self) -> Result<Lookup, LookupError> {
        self.finder(self.state().as_ref())
    }

    /// Opens a lookup for listing, with the handle as it is now; `fresh` where a list begins.
    pub(crate) fn open_lister(&self, fresh: bool) -> Result<Lookup, LookupError> {
        self.lister(self.state().as_ref(), fresh)
    }

    fn finder(&self, state: Option<&StateDb>) -> Result<Lookup, LookupError> {
        Ok(self.warned(Lookup::to_find(&self.runtime, &self.shared.home, state)?))
    }

    fn lister(&self, state: Option<&StateDb>, fresh: bool) -> Result<Lookup, LookupError> {
        match state {
            Some(_) => Lookup::to_list(&self.runtime, &self.shared.home, state, None),
            None => Ok(Lookup::over(&self.runtime, World::of(&self.shared.home), &self.files(fresh)?)),
        }
    }

    fn warned(&self, mut lookup: Lookup) -> Lookup {
        lookup.take_warnings().into_iter().for_each(|warning| self.warn(warning));
        lookup
    }

    fn end_progress(&self) {
        if let Some(progress) = &self.shared.progress {
            progress.send(Progress::Finished);
        }
    }

    fn answer<T>(
        &self,
        open: impl Fn(&Self, Option<&StateDb>) -> Result<Lookup, LookupError>,
        work: impl Fn(&mut Lookup) -> Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        Asking::new(self, open).ask(work)
    }

    /// A handle in place of one whose database failed: a new one where the damage can be mended, else none, which is said.
    fn recover(&self, generation: u64, failure: &str) -> Option<StateDb> {
        let _healing = held(&self.shared.healing);
        let mut known = held(&self.shared.handle);
        if known.generation != generation {
            // Somebody else was here first.
            return known.state.clone();
        }
        let (old, config) = (known.state.take(), self.shared.recovery.as_ref()?);
        drop(known);
        if let Some(old) = old {
            close(old);
        }
        let healed = heal(&self.runtime, &self.shared.home, config, failure);
        self.end_progress();
        let state = match healed {
            Ok(Some((state, report))) => {
                report.warnings.into_iter().for_each(|warning| self.warn(warning));
                Some(state)
            }
            Ok(None) | Err(_) => {
                self.warn(format!("{failure}; answering from the files"));
                None
            }
        };
        let mut known = held(&self.shared.handle);
        known.generation += 1;
        known.state.clone_from(&state);
        known.reopen = state.is_none().then(|| Instant::now() + REOPEN);
        state
    }

    /// The handle; one that failed for a while is opened again, once it is time.
    fn handle(&self) -> Handle {
        let mut known = held(&self.shared.handle);
        if known.reopen.is_some_and(|moment| moment <= Instant::now())
            && let Some(config) = &self.shared.recovery
        {
            let opened = startup::open_existing(&self.runtime, &self.shared.home, &config.state_dir);
            known.reopen = opened.is_err().then(|| Instant::now() + REOPEN);
            known.state = opened.ok().flatten();
        }
        known.clone()
    }
}

/// Knows where the directories of threads are now, as far as users said that they moved.
pub struct CurrentDirectories(Option<Relocations>);

impl CurrentDirectories {
    /// Says where the directory of a thread is now; none where it is where it was recorded, or nobody said otherwise.
    pub fn of(&self, row: &ThreadRow) -> Option<String> {
        self.0.as_ref()?.current(row.cwd.as_deref()).ok().flatten()
    }
}

/// Waits until nobody else reads with a handle, so that its connection is closed before another one is opened.
fn close(state: StateDb) {
    let until = Instant::now() + OTHERS;
    while !state.is_last() && Instant::now() < until {
        std::thread::sleep(PAUSE);
    }
}

/// Asks one lookup several things; when the state DB fails under it, goes on with another one.
struct Asking<'a, O> {
    reader: &'a ThreadReader,
    open: O,
    handle: Handle,
    lookup: Option<Lookup>,
}

impl<'a, O: Fn(&ThreadReader, Option<&StateDb>) -> Result<Lookup, LookupError>> Asking<'a, O> {
    fn new(reader: &'a ThreadReader, open: O) -> Self {
        Asking { reader, open, handle: reader.handle(), lookup: None }
    }

    fn ask<T>(&mut self, work: impl Fn(&mut Lookup) -> Result<T, LookupError>) -> Result<T, LookupError> {
        match self.ask_once(&work) {
            Err(LookupError::State { message, .. })
                if self.handle.state.is_some() && self.reader.shared.recovery.is_some() =>
            {
                (self.lookup, self.handle.state) = (None, None);
                self.handle.state = self.reader.recover(self.handle.generation, &message);
                let answer = self.ask_once(&work);
                // One that was healed is not healed again for the same question.
                self.handle.generation = self.reader.handle().generation;
                answer
            }
            other => other,
        }
    }

    fn ask_once<T>(&mut self, work: impl Fn(&mut Lookup) -> Result<T, LookupError>) -> Result<T, LookupError> {
        let lookup = match &mut self.lookup {
            Some(lookup) => lookup,
            none => none.insert((self.open)(self.reader, self.handle.state.as_ref())?),
        };
        work(lookup)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
