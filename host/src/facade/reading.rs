//! The facade, reading: how a home stands, where threads are, what was said and done in them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use threadkeep_engine::contract::{
    Collection, Explanation, FileError, Found, Gap, Listed, PageOfHits, PageOfMatches, PageOfRows, PageOfTouched,
    QueryMeaning, RowQuery, Subject, ThreadRow, UsageStatistics, WrittenFile,
};

use super::{Error, Result, Threadkeep};
use crate::db::Totals;
use crate::documents;
use crate::features::spawn_edges::{self, Edge};
use crate::index::status::{Status, status};
use crate::platform::error_kind::ErrorKind;
use crate::threads::directories::{RepositoryNames, repository_around};
use crate::threads::lookup::Transcript;
use crate::threads::reader::CurrentDirectories;
use crate::threads::search::{SearchRequest, TouchedRequest, WrittenRequest};
use crate::threads::statistics::StatisticsRequest;
use crate::threads::storage::StorageReport;

impl Threadkeep {
    /// Says how the home and its state DB stand. Nothing is created or changed, not even beside the state DB.
    pub fn status(&self) -> Result<Status> {
        let found = status(self.runtime(), self.home(), self.inspected_dir(), self.progress());
        self.reader.end_progress();
        Ok(found?)
    }

    /// Counts what is stored.
    pub fn totals(&self) -> Result<Totals> {
        Ok(self.needed_state("counting")?.totals()?)
    }

    /// Finds a thread by its id, by at least eight characters of one, or by its name; with the handle its row is put right
    /// where it was wrong.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`], also where the thread is known and its rollouts are gone ([`Error::known_thread`]), and
    /// [`ErrorKind::Ambiguous`] with [`Error::candidates`], also where no thread is called so and names, titles or beginnings
    /// contain it.
    pub fn find(&self, wanted: &str, within: Option<Collection>) -> Result<Found> {
        Ok(self.reader.find(wanted, within)?)
    }

    /// Finds several threads, each with an answer of its own.
    pub fn find_all(&self, wanted: &[String], within: Option<Collection>) -> Result<Vec<Result<Found>>> {
        let answers = self.reader.find_all(wanted, within)?;
        Ok(answers.into_iter().map(|answer| answer.map_err(Error::from)).collect())
    }

    /// Finds likewise, and says what was looked at and which rule decided; the answer is taken out by
    /// [`Threadkeep::answer_of`].
    pub fn explain(&self, wanted: &str, within: Option<Collection>) -> Result<Explanation> {
        Ok(self.reader.explain(wanted, within)?)
    }

    /// Takes the answer out of an explanation.
    pub fn answer_of(&self, explanation: Explanation, wanted: &str, within: Option<Collection>) -> Result<Found> {
        Ok(self.reader.answer_of(explanation, wanted, within)?)
    }

    /// Gives what is known of a thread, or of one rollout alone.
    pub fn read(&self, of: &Subject) -> Result<Found> {
        match of {
            Subject::Thread(wanted) => self.find(wanted, None),
            Subject::Rollout(path) => Ok(self.reader.find_by_path(path)?),
        }
    }

    /// Gives a page of a list, `limit` threads long, or all there are for 0; what is folded under them does not count. The cursor
    /// comes from the page before, in the same order. Without a handle the rollouts are read once, not once a page.
    pub fn list(&self, query: &RowQuery, cursor: Option<&str>, limit: u32) -> Result<PageOfRows> {
        if query.missing && self.state().is_none() {
            let why = "only the state DB knows of threads whose rollouts are gone";
            return Err(Error::new(ErrorKind::NeedsState, why));
        }
        Ok(self.reader.list(query, cursor, limit)?)
    }

    /// Says of threads which of them a query lets pass, each looked at by itself; directories are known by any of their names, as
    /// for a list.
    pub fn matching(&self, rows: &[ThreadRow], query: &RowQuery) -> Result<Vec<bool>> {
        Ok(self.reader.matching(rows, query)?)
    }

    /// Gives every thread of a list, with what is folded under them, however many there are.
    pub fn every_thread(&self, query: &RowQuery) -> Result<Vec<Listed>> {
        Ok(self.reader.every_thread(query)?)
    }

    /// Brings the index of what was said up to date, as a search does before it answers; gives how many rollouts were read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NeedsState`] where there is no handle.
    pub fn update_text_index(&self) -> Result<u64> {
        self.needed_state("an index")?;
        Ok(self.reader.update_text_index()?)
    }

    /// Gives a page of the threads in which words stand, `limit` threads long, or their number alone for 0. With the handle the
    /// index is brought up to date first, unless the request says otherwise; without one the rollouts are gone through. Words like
    /// `tag:this` and `-tag:that` ask for marks; where there are no others, every such thread is given, without hits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where there is no word in the query, and where the cursor is of another search;
    /// [`ErrorKind::NeedsState`] where marks are asked for without a handle.
    pub fn search(&self, request: &SearchRequest, cursor: Option<&str>, limit: u32) -> Result<PageOfMatches> {
        let request = self.by_marks(request)?;
        match (&request, request.meaning == QueryMeaning::Words && request.words.trim().is_empty()) {
            (Cow::Owned(request), true) => self.search_without_words(&request.rows, cursor, limit),
            _ => Ok(self.reader.search(&request, cursor, limit)?),
        }
    }

    /// Counts what threads used: tokens, turns, time, cost. Rollouts that changed since the last time are read first.
    pub fn statistics(&self, request: &StatisticsRequest) -> Result<UsageStatistics> {
        Ok(self.reader.statistics(request)?)
    }

    /// Measures what takes the space in all rollouts, going through each of them.
    pub fn storage(&self) -> Result<StorageReport> {
        Ok(self.reader.storage(super::now())?)
    }

    /// Makes the document of a page of a search; `elsewhere` counts threads that have the words in what was done.
    pub fn matches_document(&self, page: &PageOfMatches, elsewhere: Option<u64>) -> Result<documents::Matches> {
        let threads = self.thread_documents(page.matches.iter().map(|found| found.row.clone()))?;
        Ok(documents::Matches::new(page, threads, elsewhere, self.home()))
    }

    /// Gives a page of the texts of one thread in which one of the words stands, in the order of its history.
    pub fn search_thread(
        &self,
        request: &SearchRequest,
        wanted: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfHits> {
        self.refuse_marks(request)?;
        Ok(self.reader.hits(request, wanted, cursor, limit)?)
    }

    /// Gives a page of the threads in which a file was changed, as their rollouts tell: at most `limit`, or for 0 none, but their
    /// number. The changes of a thread are the last ones, at most 50. Without the handle every rollout is gone through.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the path names nothing, and where the cursor is of another search.
    pub fn touched(&self, request: &TouchedRequest, cursor: Option<&str>, limit: u32) -> Result<PageOfTouched> {
        Ok(self.reader.touched(request, cursor, limit)?)
    }

    /// Makes the document of a page of threads in which a file was changed.
    pub fn touched_document(&self, page: &PageOfTouched) -> Result<documents::TouchedThreads> {
        let threads = self.thread_documents(page.threads.iter().map(|found| found.row.clone()))?;
        Ok(documents::TouchedThreads::new(page, threads, self.home()))
    }

    /// Gives the ids of all threads in which a file was changed, as their rollouts tell, for [`RowQuery::among`]. What shell commands
    /// may have changed does not count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the path names nothing.
    pub fn touching(&self, request: &TouchedRequest) -> Result<Vec<String>> {
        Ok(self.reader.touching(request)?)
    }

    /// Gives the threads whose patches wrote lines: one of a file, or those that a commit adds, by their files. Rollouts of threads
    /// that changed these files are read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where no line is asked for.
    pub fn written(&self, request: &WrittenRequest) -> Result<Vec<WrittenFile>> {
        Ok(self.reader.written(request)?)
    }

    /// Makes the document of who wrote lines.
    pub fn written_document(&self, files: &[WrittenFile]) -> Result<documents::WrittenLines> {
        let writers = files.iter().flat_map(|file| &file.writers);
        let threads = self.thread_documents(writers.map(|writer| writer.row.clone()))?;
        Ok(documents::WrittenLines::new(files, threads, self.home()))
    }

    /// Gives the names of the git repository that a directory lies in, for [`RowQuery::repo`] and [`RowQuery::also_in_repo`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the directory lies in no repository.
    pub fn repository_around(&self, directory: &Path) -> Result<RepositoryNames> {
        let outside = || {
            let why = format!("{} is in no git repository", directory.display());
            Error::new(ErrorKind::InvalidInput, why).of_argument("repo")
        };
        repository_around(directory).ok_or_else(outside)
    }

    /// Opens the history of a thread, or of one rollout alone, to be paged.
    pub fn transcript(&self, of: &Subject) -> Result<Transcript> {
        Ok(self.reader.transcript(of)?)
    }

    /// Hands out, piece by piece, the items that a model would be given to continue a thread, each as JSON; whose they are, and
    /// what its files should hold and do not. No database is looked at.
    pub fn prompt_input(
        &self,
        of: Subject,
        each: impl FnMut(Vec<String>) -> std::io::Result<()>,
    ) -> Result<(Found, Vec<Gap>)> {
        Ok(self.reader.prompt_input(of, each)?)
    }

    /// Gives the thread that spawned this one, and those that it spawned; nothing without a handle.
    pub fn spawn_edges(&self, thread: &str) -> Result<(Option<Edge>, Vec<Edge>)> {
        match self.state() {
            Some(state) => Ok((spawn_edges::parent(&state, thread)?, spawn_edges::children(&state, thread, None)?)),
            None => Ok((None, Vec::new())),
        }
    }

    /// Gives what is known now of directories that moved, for documents of threads.
    pub fn current_directories(&self) -> CurrentDirectories {
        self.reader.current_directories()
    }

    /// Makes the document of a thread.
    pub fn thread_document(&self, row: ThreadRow) -> Result<documents::Thread> {
        let current = self.current_directories().of(&row);
        let marks = self.reader.marks_in_short(std::slice::from_ref(&row.id)).remove(&row.id);
        Ok(documents::Thread::new(row, self.home(), current)?.with_marks(marks.unwrap_or_default()))
    }

    /// Makes the documents of threads, in their order.
    pub fn thread_documents(&self, rows: impl IntoIterator<Item = ThreadRow>) -> Result<Vec<documents::Thread>> {
        let directories = self.current_directories();
        let rows: Vec<ThreadRow> = rows.into_iter().collect();
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut marks = self.reader.marks_in_short(&ids);
        let document = |row: ThreadRow| {
            let (current, marks) = (directories.of(&row), marks.remove(&row.id));
            Ok(documents::Thread::new(row, self.home(), current)?.with_marks(marks.unwrap_or_default()))
        };
        rows.into_iter().map(document).collect()
    }

    /// Gives the home path of a rollout that a person named: relative to the home, or absolute and in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where it lies in neither collection of the home, and [`ErrorKind::NotFound`] where it is not
    /// there.
    pub fn rollout_path(&self, given: &Path) -> Result<String> {
        let home = self.home();
        let absolute = home.root().join(given);
        let real = || {
            let root = std::fs::canonicalize(home.root()).ok()?;
            Some(std::fs::canonicalize(&absolute).ok()?.strip_prefix(root).ok()?.to_path_buf())
        };
        let inside: Option<PathBuf> = absolute.strip_prefix(home.root()).map(Into::into).ok().or_else(real);
        if inside.as_deref().is_some_and(|inside| inside.to_str().is_none()) {
            let told =
                format!("the path of {} below the home is not UTF-8, so that it cannot be read", given.display());
            return Err(Error::new(ErrorKind::InvalidInput, told).with_hint("give it another name"));
        }
        let path = inside.as_deref().and_then(Path::to_str).filter(|path| home.is_home_path(path));
        let outside = || {
            let (given, root) = (given.display(), home.root().display());
            Error::new(ErrorKind::InvalidInput, format!("{given} is not in sessions or archived_sessions of {root}"))
        };
        let path = path.ok_or_else(outside)?;
        match crate::rollouts::facts(home, path) {
            Err(FileError::NotFound) => {
                Err(Error::new(ErrorKind::NotFound, format!("{} is not there", absolute.display())))
            }
            _ => Ok(path.into()),
        }
    }
}
