//! The database as the core sees it: the interfaces `rows` and `sources` of `wit/`.

use threadkeep_engine::contract::{
    CodexFacts, DirectorySnapshot, Entries, NameClaim, Patch, RowKey, RowQuery, StateError as CoreStateError, ThreadRow,
};
use threadkeep_engine::imports::{Rows, Sources, StateResult};

use super::{Database, FileIndexPages, StateError};
use crate::rollouts::no_entries;

/// Answers the interface `rows` out of a database.
pub(crate) struct DatabaseRows {
    database: Database,
    pages: FileIndexPages,
}

/// Answers the interface `sources` out of a database.
pub(crate) struct DatabaseSources {
    database: Database,
    default_provider: String,
}

impl Database {
    /// Returns what answers for the rows of threads.
    pub(crate) fn rows(&self) -> DatabaseRows {
        DatabaseRows { database: self.clone(), pages: FileIndexPages::default() }
    }

    /// Returns what answers for names and Codex's own rows, with the model provider of rollouts that name none.
    pub(crate) fn sources(&self, default_provider: &str) -> DatabaseSources {
        DatabaseSources { database: self.clone(), default_provider: default_provider.into() }
    }
}

/// The answer of the database as the core is given it.
fn told<T>(answer: Result<T, StateError>) -> StateResult<T> {
    answer.map_err(CoreStateError::from)
}

impl Rows for DatabaseRows {
    fn row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        told(self.database.row(id).map(Vec::from_iter))
    }

    fn page(&mut self, query: RowQuery, after: Option<RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        told(self.database.page(query, after, limit))
    }

    fn children(
        &mut self,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        told(self.database.children(query, parents, after, limit))
    }

    fn forks_of(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        told(self.database.forks_of(id))
    }

    fn ids_starting_with(&mut self, prefix: String, limit: u32) -> StateResult<Vec<String>> {
        told(self.database.ids_starting_with(prefix, limit))
    }

    fn files_of(&mut self, id: String) -> StateResult<Vec<String>> {
        told(self.database.files_of(id))
    }

    fn derived_row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        told(self.database.derived_row(id).map(Vec::from_iter))
    }

    fn indexed_files(&mut self, after: Option<String>, limit: u32) -> StateResult<Entries> {
        told(self.pages.after(&self.database, after, limit))
    }

    fn unparsed_files(&mut self) -> StateResult<Vec<String>> {
        told(self.database.unparsed_files())
    }

    fn data_version(&mut self) -> StateResult<u64> {
        told(self.database.data_version())
    }

    fn cache_put(&mut self, snapshot: DirectorySnapshot) -> StateResult<()> {
        told(self.database.cache_put(snapshot))
    }

    fn cache_get(&mut self) -> StateResult<DirectorySnapshot> {
        let nothing = || DirectorySnapshot { data_version: 0, taken_at: 0, directories: no_entries() };
        told(self.database.cache_get().map(|snapshot| snapshot.unwrap_or_else(nothing)))
    }

    fn put(&mut self, row: ThreadRow, expected: Option<ThreadRow>) -> StateResult<bool> {
        told(self.database.put(row, expected))
    }

    fn remove_file(&mut self, path: String) -> StateResult<()> {
        told(self.database.remove_files(vec![path]))
    }
}

impl Sources for DatabaseSources {
    fn names(&mut self, id: String) -> StateResult<Vec<NameClaim>> {
        told(self.database.names(id))
    }

    fn codex(&mut self, id: String) -> StateResult<Vec<CodexFacts>> {
        told(self.database.codex(id).map(Vec::from_iter))
    }

    fn patches(&mut self, id: String) -> StateResult<Vec<Patch>> {
        told(self.database.patches(id))
    }

    fn threads_named(&mut self, name: String) -> StateResult<Vec<String>> {
        told(self.database.threads_named(name))
    }

    fn default_provider(&mut self) -> String {
        self.default_provider.clone()
    }
}
