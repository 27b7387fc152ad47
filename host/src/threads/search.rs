//! Searching: the core decides, out of the index of the state DB or by going through the rollouts.

use std::sync::Arc;

use threadkeep_engine::calls::{Search, SearchHits, SearchTouched, SearchTouching, SearchWritten, TextIndexVersion};
use threadkeep_engine::contract::{
    AskedLines, MarkFilter, MatchOrder, PageOfHits, PageOfMatches, PageOfTouched, QueryMeaning, RowQuery,
    SearchError as CoreSearchError, TextKind, TextQuery, WrittenFile,
};
use threadkeep_engine::{Core, Runtime};

use crate::db::{Database, StateDb, imports_with_foreign};
use crate::features::moved_directories::MovedDirectories;
use crate::features::text_index::{IndexExclusions, IndexedTexts};
use crate::index::progress::ProgressSink;
use crate::index::scanned_texts::ScannedTexts;
use crate::index::texts::update_text_index;
use crate::platform::home::Home;
use crate::threads::directories;
use crate::threads::lookup::{LookupError, QueryArgument};

/// Says what is searched for, and where.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// The words, the text or the regular expression: see the contract's `text-query`.
    pub words: String,
    /// How they are meant.
    pub meaning: QueryMeaning,
    /// Whether upper and lower case of a text or a regular expression are the same.
    pub ignores_case: bool,
    /// In which texts.
    pub kinds: Vec<TextKind>,
    /// Whether secrets are taken out of the texts before snippets are cut out of them.
    pub without_secrets: bool,
    /// Which threads; children are never folded.
    pub rows: RowQuery,
    /// And of these which, by their tags and pins.
    pub marked: MarkFilter,
    /// Whether what a thread copied of another one is found in both; else at the other alone, while that is there.
    pub with_copies: bool,
    /// In which order.
    pub order: MatchOrder,
    /// Whether the index is brought up to date first; else the answer says what it does not cover.
    pub refresh: bool,
}

/// Gives a page on which nothing is, yet.
pub(crate) fn no_matches() -> PageOfMatches {
    PageOfMatches {
        matches: Vec::new(),
        next: None,
        total: 0,
        total_is_exact: true,
        left_out: Vec::new(),
        terms: Vec::new(),
        notes: Vec::new(),
        uncovered: 0,
    }
}

impl SearchRequest {
    /// The texts that are searched where nothing else is said: names, and what was said, thought and planned.
    pub const MESSAGES: [TextKind; 5] =
        [TextKind::Name, TextKind::Prompt, TextKind::Message, TextKind::Reasoning, TextKind::Plan];

    /// Says whether the index tells of what is searched for, and holds all texts that are to be searched.
    fn is_indexed(&self) -> bool {
        self.meaning == QueryMeaning::Words && self.kinds.iter().all(|kind| Self::MESSAGES.contains(kind))
    }

    /// Searches for words in what was said, in threads of these rows, as `search` does where nothing else is said.
    pub fn of_words(words: &str, rows: RowQuery) -> SearchRequest {
        SearchRequest {
            words: words.into(),
            meaning: QueryMeaning::Words,
            ignores_case: false,
            kinds: SearchRequest::MESSAGES.to_vec(),
            without_secrets: false,
            rows,
            marked: MarkFilter::default(),
            with_copies: false,
            order: MatchOrder::Classes,
            refresh: true,
        }
    }

    /// A search for no words, by files.
    fn without_words(rows: &RowQuery, refresh: bool) -> SearchRequest {
        SearchRequest { order: MatchOrder::Rows, refresh, ..SearchRequest::of_words("", rows.clone()) }
    }

    fn argument(&self) -> QueryArgument {
        match self.meaning {
            QueryMeaning::Words => QueryArgument::Words,
            QueryMeaning::Literal => QueryArgument::Literal,
            QueryMeaning::Regex => QueryArgument::Regex,
        }
    }

    fn query(&self) -> TextQuery {
        let SearchRequest { words, meaning, ignores_case, kinds, without_secrets, .. } = self;
        TextQuery {
            words: words.clone(),
            meaning: *meaning,
            ignores_case: *ignores_case,
            kinds: kinds.clone(),
            without_secrets: *without_secrets,
        }
    }
}

/// Says which changes of files are searched for.
#[derive(Clone, Debug)]
pub struct TouchedRequest {
    /// The file, or a directory above it: an absolute path, the end of one in whole names, or names that follow each other in one.
    pub path: String,
    /// Which threads, and in which order; children are never folded.
    pub rows: RowQuery,
    /// Whether the index is brought up to date first; else the answer says what it does not cover.
    pub refresh: bool,
}

impl TouchedRequest {
    /// The same as a search for words, of which there are none.
    pub(crate) fn as_search(&self) -> SearchRequest {
        SearchRequest::without_words(&self.rows, self.refresh)
    }
}

/// Says whose lines are searched for.
#[derive(Clone, Debug)]
pub struct WrittenRequest {
    /// The lines: one of a file, or those that a patch adds.
    pub asked: AskedLines,
    /// Which threads.
    pub rows: RowQuery,
    /// Whether the index is brought up to date first.
    pub refresh: bool,
}

impl WrittenRequest {
    /// The same as a search for words, of which there are none.
    pub(crate) fn as_search(&self) -> SearchRequest {
        SearchRequest::without_words(&self.rows, self.refresh)
    }
}

/// Searches with one instance of the core.
pub(crate) struct Searcher {
    core: Core,
    request: SearchRequest,
}

impl Searcher {
    /// Prepares a search over the rows of a database, which has an index where it is the `state`.
    pub(crate) fn open(
        runtime: &Runtime,
        home: &Arc<Home>,
        state: Option<&StateDb>,
        database: &Database,
        exclusions: &IndexExclusions,
        progress: Option<&ProgressSink>,
        request: &SearchRequest,
    ) -> Result<Searcher, LookupError> {
        let mut request = SearchRequest { rows: directories::widen(&request.rows), ..request.clone() };
        if let Some(state) = state {
            request.rows = MovedDirectories::of(state)?.widen(request.rows)?;
        }
        let imports = imports_with_foreign(home, database)
            .with_rows(database.rows())
            .with_sources(database.sources(home.default_provider()));
        let is_usable = state.is_some() && !exclusions.all && request.is_indexed() && {
            match request.refresh {
                true => {
                    update_text_index(runtime, home, database, exclusions, progress)?;
                    true
                }
                false => database.has_text_index_of(database.call(&TextIndexVersion {})?)?,
            }
        };
        let imports = match is_usable {
            true => {
                let excluded = ScannedTexts::of_excluded(runtime, home, database, exclusions, progress);
                imports.with_text_index(IndexedTexts::of(database, excluded, request.with_copies))
            }
            false => {
                let texts = ScannedTexts::of(runtime, home, database, progress);
                imports.with_text_index(texts.with_copies(request.with_copies))
            }
        };
        Ok(Searcher { core: Core::new(runtime, imports), request })
    }

    /// Gives a page of the threads that match; for a limit of 0 their number alone.
    pub(crate) fn page(&mut self, cursor: Option<&str>, limit: u32) -> Result<PageOfMatches, LookupError> {
        let SearchRequest { rows, order, .. } = &self.request;
        let (query, rows, order) = (self.request.query(), rows.clone(), *order);
        let call = Search { query, rows, order, cursor: cursor.map(Into::into), limit };
        self.core.call(&call)?.map_err(|error| self.failed(error, self.request.argument(), ""))
    }

    /// Gives a page of the hits in one thread, which is found as by [`crate::threads::lookup::Lookup::find`].
    pub(crate) fn hits(&mut self, wanted: &str, cursor: Option<&str>, limit: u32) -> Result<PageOfHits, LookupError> {
        let query = self.request.query();
        let call = SearchHits { query, wanted: wanted.into(), cursor: cursor.map(Into::into), limit };
        self.core.call(&call)?.map_err(|error| self.failed(error, self.request.argument(), wanted))
    }

    /// Gives a page of the threads in which a file was changed; for a limit of 0 their number alone.
    pub(crate) fn touched(
        &mut self,
        path: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<PageOfTouched, LookupError> {
        let rows = self.request.rows.clone();
        let call = SearchTouched { path: path.into(), rows, cursor: cursor.map(Into::into), limit };
        self.core.call(&call)?.map_err(|error| self.failed(error, QueryArgument::Touched, ""))
    }

    /// Gives the ids of all threads in which a file was changed.
    pub(crate) fn touching(&mut self, path: &str) -> Result<Vec<String>, LookupError> {
        let call = SearchTouching { path: path.into(), rows: self.request.rows.clone() };
        self.core.call(&call)?.map_err(|error| self.failed(error, QueryArgument::Touched, ""))
    }

    /// Gives the threads that wrote lines, by the files of these.
    pub(crate) fn written(&mut self, asked: &AskedLines) -> Result<Vec<WrittenFile>, LookupError> {
        let call = SearchWritten { asked: asked.clone(), rows: self.request.rows.clone() };
        let of = match asked {
            AskedLines::Line(_) => QueryArgument::Touched,
            AskedLines::Patch(_) => QueryArgument::Commit,
        };
        self.core.call(&call)?.map_err(|error| self.failed(error, of, ""))
    }

    fn failed(&self, error: CoreSearchError, of: QueryArgument, wanted: &str) -> LookupError {
        match error {
            CoreSearchError::BadQuery(why) => LookupError::BadQuery { why, of },
            CoreSearchError::Lookup(error) => LookupError::of(&self.core, error, wanted),
        }
    }
}
