//! Finding threads, listing them, and reading their histories: the core decides, with the handle or without it.

mod error;

use std::borrow::BorrowMut;
use std::sync::Arc;

use threadkeep_engine::calls::{
    Close, Explain, Find, FindByPath, FindOwn, ListPage, NextPieces, NextTurnLines, OpenExporter, OpenPrompt,
    OpenTranscript, OpenTurnTable, OpenTurnTables, Opened, OpenedExporter, OpenedTurnTable, PromptItems, RecordsPage,
    RedactExportedJson, RedactExportedText, ReportExport, ReportTurnTable, TurnsAround, TurnsPage,
};
use threadkeep_engine::contract::{
    Collection, Discrepancy, Explanation, ExportFile, ExportOptions, ExportPiece, Found, Gap, KnownTurns,
    LookupError as CoreLookupError, PageOfRecords, PageOfRows, PageOfTurns, RedactionCount, RowQuery, Subject,
    TableOptions, ThreadRow, TurnLines,
};
use threadkeep_engine::{Call, Core, Imports, Runtime};

use crate::db::{Database, HomeSources, RowDeriver, StateDb, imports_with_foreign};
use crate::features::moved_directories::MovedDirectories;
use crate::index::progress::ProgressSink;
use crate::index::startup;
use crate::platform::home::Home;
use crate::rollouts;

pub use error::{LookupError, PromptError, QueryArgument};
pub(crate) use error::{id_and_title_lines, rollouts_failed};

/// Finds, lists and reads with one instance of the core. A lookup is opened for one of the three, and kept as long as it is
/// asked.
pub struct Lookup {
    core: Core,
    /// For lists by directory: the directories that users said had moved.
    relocations: Option<MovedDirectories>,
}

impl Lookup {
    /// Opens a lookup for finding threads and for reading their turns. Without a handle the files are asked for each thread,
    /// and Codex's own database; `warn` is told in sentences what of that cannot be read.
    pub fn for_finding(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        warn: impl Fn(String) + Send + 'static,
    ) -> Lookup {
        match state {
            Some(state) => Lookup::of_home(runtime, home, state.database()),
            None => Lookup::without_rows(runtime, home, true, warn),
        }
    }

    /// Opens a lookup for finding threads by the files alone: neither the state DB nor Codex's databases are opened, and names
    /// are those of the session index; `warn` is told where that cannot be read.
    pub fn for_files(runtime: &Runtime, home: &Arc<Home>, warn: impl Fn(String) + Send + 'static) -> Lookup {
        Lookup::without_rows(runtime, home, false, warn)
    }

    fn without_rows(
        runtime: &Runtime,
        home: &Arc<Home>,
        with_codex: bool,
        warn: impl Fn(String) + Send + 'static,
    ) -> Lookup {
        let sources = HomeSources::new(home, RowDeriver::new(runtime, home), with_codex, warn);
        Lookup { core: Core::new(runtime, rollouts::imports(home).with_sources(sources)), relocations: None }
    }

    /// Opens a lookup for listing threads. Without a handle every rollout is read now, once for all pages of this lookup.
    pub fn for_listing(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        progress: Option<ProgressSink>,
    ) -> Result<Lookup, LookupError> {
        match state {
            Some(state) => {
                let relocations = Some(MovedDirectories::of(state)?);
                Ok(Lookup { relocations, ..Lookup::of_home(runtime, home, state.database()) })
            }
            None => {
                let (files, _) = startup::from_files(runtime, home, progress)?;
                Ok(Lookup::of_home(runtime, home, &files))
            }
        }
    }

    /// Opens a lookup over the files of a home, with the rows and names of one database.
    pub(crate) fn of_home(runtime: &Runtime, home: &Arc<Home>, database: &Database) -> Lookup {
        Lookup::over(runtime, imports_with_foreign(home, database), database, home.default_provider())
    }

    /// Opens a lookup over these files, with the rows and names of one database.
    pub(crate) fn over(runtime: &Runtime, files: Imports, database: &Database, default_provider: &str) -> Lookup {
        let imports = files.with_rows(database.rows()).with_sources(database.sources(default_provider));
        Lookup { core: Core::new(runtime, imports), relocations: None }
    }

    /// Finds a thread by its id, by at least 8 characters of one, or by its name, and corrects its row when there is a handle.
    /// `within` is the only collection to be looked at.
    ///
    /// # Errors
    ///
    /// Fails with [`LookupError::NotFound`], [`LookupError::Gone`] or [`LookupError::Ambiguous`] where there is not one such
    /// thread.
    pub fn find(&mut self, wanted: &str, within: Option<Collection>) -> Result<Found, LookupError> {
        let answer = self.core.call(&Find { wanted: wanted.into(), within })?;
        answer.map_err(|error| self.failed(error, wanted))
    }

    /// Finds a thread that may be changed as [`Lookup::find`] does.
    ///
    /// # Errors
    ///
    /// Fails with [`LookupError::Foreign`] where it is another program's.
    pub fn find_own(&mut self, wanted: &str) -> Result<Found, LookupError> {
        let answer = self.core.call(&FindOwn { wanted: wanted.into() })?;
        answer.map_err(|error| self.failed(error, wanted))
    }

    /// Finds a thread as [`Lookup::find`] does, and gives what was looked at, what it said, and which rule decided. That the
    /// state DB or the files failed explains nothing: it is an error here.
    pub fn explain(&mut self, wanted: &str, within: Option<Collection>) -> Result<Explanation, LookupError> {
        let explanation = self.core.call(&Explain { wanted: wanted.into(), within })?;
        match explanation.answer {
            Err(error @ (CoreLookupError::State(_) | CoreLookupError::Files(_) | CoreLookupError::Unreadable(_))) => {
                Err(self.failed(error, wanted))
            }
            _ => Ok(explanation),
        }
    }

    /// Gives the thread of one rollout, by its home path, as that rollout alone shows it. Rows are neither asked nor corrected.
    pub fn find_by_path(&mut self, path: &str) -> Result<Found, LookupError> {
        let answer = self.core.call(&FindByPath { path: path.into() })?;
        answer.map_err(|error| self.failed(error, path))
    }

    /// Gives a page of a list, `limit` threads long, or all there are for 0; threads that are folded under others do not count.
    /// `cursor` is the one of the page before.
    pub fn page(&mut self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows, LookupError> {
        let query = match &self.relocations {
            Some(relocations) => relocations.widen(query.clone())?,
            None => query.clone(),
        };
        let page = ListPage { query, cursor: cursor.map(Into::into), limit };
        self.core.call(&page)?.map_err(|error| self.failed(error, ""))
    }

    /// Opens the history of a thread, which is found as by [`Lookup::find`] or [`Lookup::find_by_path`].
    pub fn transcript(&mut self, of: Subject) -> Result<Transcript<&mut Lookup>, LookupError> {
        let opened = self.open_history(of)?;
        Ok(Transcript { lookup: self, opened })
    }

    /// Opens a history likewise, which keeps the lookup.
    pub fn into_transcript(mut self, of: Subject) -> Result<Transcript, LookupError> {
        let opened = self.open_history(of)?;
        Ok(Transcript { lookup: self, opened })
    }

    /// Begins to take a thread out, which is found likewise; this keeps the lookup.
    pub fn into_exporter(mut self, of: Subject, options: ExportOptions) -> Result<Exporter, LookupError> {
        let wanted = text_of(&of);
        let opened = self.core.call(&OpenExporter { of, options })?.map_err(|error| self.failed(error, &wanted))?;
        Ok(Exporter { lookup: self, opened })
    }

    /// Begins to make rows of the turns of threads.
    pub(crate) fn into_turn_tables(mut self, options: TableOptions) -> Result<TurnTables, LookupError> {
        let number = self.core.call(&OpenTurnTables { options })?;
        Ok(TurnTables { lookup: self, number })
    }

    fn open_history(&mut self, of: Subject) -> Result<Opened, LookupError> {
        let wanted = text_of(&of);
        self.core.call(&OpenTranscript { of })?.map_err(|error| self.failed(error, &wanted))
    }

    /// Gives what a model would be given to continue a thread to `each`, some response items at a time, each as JSON. The thread
    /// is found as for [`Lookup::transcript`].
    pub fn prompt(
        &mut self,
        of: Subject,
        mut each: impl FnMut(Vec<String>) -> std::io::Result<()>,
    ) -> Result<(Found, Vec<Gap>), PromptError> {
        let wanted = text_of(&of);
        let opened = self.core.call(&OpenPrompt { of }).map_err(LookupError::from)?;
        let Opened { number: prompt, found, gaps } = opened.map_err(|error| self.failed(error, &wanted))?;
        loop {
            let items = self.core.call(&PromptItems { prompt }).map_err(LookupError::from)?;
            let items = items.map_err(|error| self.failed(error, &wanted))?;
            if items.is_empty() {
                break;
            }
            each(items)?;
        }
        self.core.call(&Close { number: prompt }).map_err(LookupError::from)?;
        Ok((found, gaps))
    }

    fn failed(&self, error: CoreLookupError, wanted: &str) -> LookupError {
        LookupError::of(&self.core, error, wanted)
    }
}

fn text_of(subject: &Subject) -> String {
    match subject {
        Subject::Thread(wanted) | Subject::Rollout(wanted) => wanted.clone(),
    }
}

/// Pages through the history of a thread. It was read once when this was opened.
pub struct Transcript<L: BorrowMut<Lookup> = Lookup> {
    lookup: L,
    opened: Opened,
}

impl<L: BorrowMut<Lookup>> Transcript<L> {
    /// Gives the thread.
    pub fn found(&self) -> &Found {
        &self.opened.found
    }

    /// Gives the records that belong to the history and are not in its files.
    pub fn gaps(&self) -> &[Gap] {
        &self.opened.gaps
    }

    /// Gives a page of at most `limit` turns, or of as many as fit into one for 0; fewer where turns are large. `cursor` is the
    /// one of the page before.
    pub fn page(&mut self, cursor: Option<&str>, limit: u32, newest_first: bool) -> Result<PageOfTurns, LookupError> {
        let transcript = self.opened.number;
        self.call(&TurnsPage { transcript, cursor: cursor.map(Into::into), limit, newest_first })
    }

    /// Gives the records behind a cursor as JSON, as the files have them, from the first file of the history on.
    pub fn records(&mut self, cursor: Option<&str>) -> Result<PageOfRecords, LookupError> {
        let transcript = self.opened.number;
        self.call(&RecordsPage { transcript, cursor: cursor.map(Into::into) })
    }

    /// Gives the page around the first turn behind the cursor in which `text` occurs, whatever the case of letters; none where
    /// there is no such turn.
    pub fn around(
        &mut self,
        text: &str,
        cursor: Option<&str>,
        limit: u32,
        newest_first: bool,
    ) -> Result<Option<PageOfTurns>, LookupError> {
        let transcript = self.opened.number;
        let cursor = cursor.map(Into::into);
        let page = self.call(&TurnsAround { transcript, text: text.into(), cursor, limit, newest_first })?;
        Ok(Some(page).filter(|page| page.hit.is_some()))
    }

    fn call<T>(&mut self, call: &impl Call<Answer = Result<T, CoreLookupError>>) -> Result<T, LookupError> {
        let lookup = self.lookup.borrow_mut();
        lookup.core.call(call)?.map_err(|error| lookup.failed(error, ""))
    }
}

impl<L: BorrowMut<Lookup>> Drop for Transcript<L> {
    fn drop(&mut self) {
        let _ = self.lookup.borrow_mut().core.call(&Close { number: self.opened.number });
    }
}

/// Takes one thread out, piece by piece. What leaves with it goes through the same redaction.
pub struct Exporter {
    lookup: Lookup,
    opened: OpenedExporter,
}

impl Exporter {
    /// Gives the thread as it is; not redacted.
    pub fn found(&self) -> &Found {
        &self.opened.found
    }

    /// Gives the records that belong to the history and are not in its files.
    pub fn gaps(&self) -> &[Gap] {
        &self.opened.gaps
    }

    /// Gives the files of the history, oldest first.
    pub fn files(&self) -> &[ExportFile] {
        &self.opened.files
    }

    /// Gives the next pieces; none at the end.
    pub fn pieces(&mut self) -> Result<Vec<ExportPiece>, LookupError> {
        let call = NextPieces { exporter: self.opened.number };
        self.lookup.core.call(&call)?.map_err(|error| self.lookup.failed(error, ""))
    }

    /// Gives a text that is to leave with the thread, redacted.
    pub fn redact_text(&mut self, text: &str) -> Result<String, LookupError> {
        Ok(self.lookup.core.call(&RedactExportedText { exporter: self.opened.number, text: text.into() })?)
    }

    /// Gives a JSON text that is to leave with the thread, redacted.
    pub fn redact_json(&mut self, json: String) -> Result<String, LookupError> {
        Ok(self.lookup.core.call(&RedactExportedJson { exporter: self.opened.number, json })?)
    }

    /// Gives how many lines of the files were left out so far, and what was taken out.
    pub fn report(&mut self) -> Result<(u64, Vec<RedactionCount>), LookupError> {
        Ok(self.lookup.core.call(&ReportExport { exporter: self.opened.number })?)
    }
}

/// Makes rows of tables of the turns of threads, one after the other.
pub(crate) struct TurnTables {
    lookup: Lookup,
    number: usize,
}

impl TurnTables {
    /// Begins with a thread, which is found as by [`Lookup::find`]. Turns that are known come only where they are others now.
    pub(crate) fn open(&mut self, of: Subject, known: Option<KnownTurns>) -> Result<TurnTable<'_>, LookupError> {
        let wanted = text_of(&of);
        let opened = self.lookup.core.call(&OpenTurnTable { tables: self.number, of, known })?;
        let opened = opened.map_err(|error| self.lookup.failed(error, &wanted))?;
        Ok(TurnTable { lookup: &mut self.lookup, opened })
    }
}

/// Makes rows of tables of one thread's turns.
pub(crate) struct TurnTable<'a> {
    lookup: &'a mut Lookup,
    opened: OpenedTurnTable,
}

impl TurnTable<'_> {
    /// Says whether the history goes on from what was known.
    pub(crate) fn goes_on(&self) -> bool {
        self.opened.goes_on
    }

    /// Gives the thread's row; not redacted.
    pub(crate) fn row(&self) -> &ThreadRow {
        &self.opened.found.row
    }

    /// Gives what is known by whoever has the rows of all turns.
    pub(crate) fn now(&self) -> KnownTurns {
        self.opened.now
    }

    /// Gives the rows of the next turns that are not known; none at the end.
    pub(crate) fn next(&mut self) -> Result<Vec<TurnLines>, LookupError> {
        let lines = self.lookup.core.call(&NextTurnLines { table: self.opened.number })?;
        lines.map_err(|error| self.lookup.failed(error, ""))
    }

    /// Gives what was taken out so far.
    pub(crate) fn report(&mut self) -> Result<Vec<RedactionCount>, LookupError> {
        Ok(self.lookup.core.call(&ReportTurnTable { table: self.opened.number })?)
    }
}

impl Drop for TurnTable<'_> {
    fn drop(&mut self) {
        let _ = self.lookup.core.call(&Close { number: self.opened.number });
    }
}

/// Gives the answer of an explanation: what [`Lookup::find`] would have given for `wanted`.
pub fn answer_of(explanation: Explanation, wanted: &str) -> Result<Found, LookupError> {
    explanation.answer.map_err(|error| LookupError::from_core(error, wanted))
}

/// Gives the code of a discrepancy, and what it is about: a path, a field, or a sentence.
pub fn describe(discrepancy: &Discrepancy) -> (&'static str, String) {
    match discrepancy {
        Discrepancy::StalePath(path) => ("stale-path", path.clone()),
        Discrepancy::MismatchedPath((path, thread)) => ("mismatched-path", format!("{path} belongs to {thread}")),
        Discrepancy::MissingRow(path) => ("missing-row", path.clone()),
        Discrepancy::MissingFile(path) => ("missing-file", path.clone()),
        Discrepancy::WrongArchived(path) => ("wrong-archived", path.clone()),
        Discrepancy::WrongMetadata(field) => ("wrong-metadata", field.clone()),
        Discrepancy::Unreadable((path, why)) => ("unreadable", format!("{path}: {why}")),
    }
}
