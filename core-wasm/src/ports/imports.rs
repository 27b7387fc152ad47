//! Fills the ports with the imports of a component. Natively the types are there and a call aborts.

use alloc::string::String;
use alloc::vec::Vec;

use contract::imports::{backfill, clock, rollouts, rows, sources, text_index};
use contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, FileFacts, Heads, IndexTerm, Job, NameClaim,
    Patch, PathPattern, Phase, RowKey, RowQuery, SearchedThreads, SkippedFile, SourceTouches, StateError, TermSources,
    TextKind, ThreadRow, TouchedSources,
};

use super::{
    Backfill, Clock, FileResult, HeadsWalker, Reader, Rollouts, Rows, Sources, StateResult, TextIndex, Walker,
};

/// All imports, as the world `core` has them.
#[derive(Clone, Copy, Debug)]
pub struct Imports;

/// The imports of the world `reader`: files and a clock. Of rows it knows that there is no handle, of sources nothing.
#[derive(Clone, Copy, Debug)]
pub struct FilesOnly;

/// The model provider of Codex's that counts where no configuration names one.
const DEFAULT_PROVIDER: &str = "openai";

impl Reader for rollouts::Reader {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        rollouts::Reader::read(self, limit)
    }
}

impl Walker for rollouts::Walker {
    fn next(&mut self, limit: u32) -> FileResult<Entries> {
        rollouts::Walker::next(self, limit)
    }
}

impl HeadsWalker for rollouts::Heads {
    fn next(&mut self, limit: u32) -> FileResult<Heads> {
        rollouts::Heads::next(self, limit)
    }
}

macro_rules! files_and_clock {
    ($($world:ty),*) => { $(
        impl Rollouts for $world {
            type Reader = rollouts::Reader;
            type Walker = rollouts::Walker;
            type HeadsWalker = rollouts::Heads;

            fn stat(&self, at: &str) -> FileResult<FileFacts> {
                rollouts::stat(at)
            }

            fn open_bytes(&self, at: &str, offset: u64) -> FileResult<rollouts::Reader> {
                rollouts::Reader::open(at, offset)
            }

            fn walk(&self) -> FileResult<rollouts::Walker> {
                rollouts::Walker::open()
            }

            fn heads(&self) -> FileResult<rollouts::Heads> {
                rollouts::Heads::open()
            }

            fn files_named(&self, part: &str) -> FileResult<Vec<String>> {
                rollouts::files_named(part)
            }
        }

        impl Clock for $world {
            fn now(&self) -> i64 {
                clock::now()
            }

            fn wall(&self) -> i64 {
                clock::wall()
            }

            fn wait(&self, duration: i64) {
                clock::wait(duration);
            }
        }
    )* };
}

files_and_clock!(Imports, FilesOnly);

impl Rows for Imports {
    fn row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        rows::row(id)
    }

    fn page(&self, query: &RowQuery, after: Option<&RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        rows::page(query, after, limit)
    }

    fn children(
        &self,
        query: &RowQuery,
        parents: &[String],
        after: Option<&RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        rows::children(query, parents, after, limit)
    }

    fn forks_of(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        rows::forks_of(id)
    }

    fn ids_starting_with(&self, prefix: &str, limit: u32) -> StateResult<Vec<String>> {
        rows::ids_starting_with(prefix, limit)
    }

    fn files_of(&self, id: &str) -> StateResult<Vec<String>> {
        rows::files_of(id)
    }

    fn derived_row(&self, id: &str) -> StateResult<Vec<ThreadRow>> {
        rows::derived_row(id)
    }

    fn indexed_files(&self, after: Option<&str>, limit: u32) -> StateResult<Entries> {
        rows::indexed_files(after, limit)
    }

    fn unparsed_files(&self) -> StateResult<Vec<String>> {
        rows::unparsed_files()
    }

    fn data_version(&self) -> StateResult<u64> {
        rows::data_version()
    }

    fn cache_put(&self, snapshot: &DirectorySnapshot) -> StateResult<()> {
        rows::cache_put(snapshot)
    }

    fn cache_get(&self) -> StateResult<DirectorySnapshot> {
        rows::cache_get()
    }

    fn put(&self, row: &ThreadRow, expected: Option<&ThreadRow>) -> StateResult<bool> {
        rows::put(row, expected)
    }

    fn remove_file(&self, path: &str) -> StateResult<()> {
        rows::remove_file(path)
    }
}

impl Sources for Imports {
    fn names(&self, id: &str) -> StateResult<Vec<NameClaim>> {
        sources::names(id)
    }

    fn codex(&self, id: &str) -> StateResult<Vec<CodexFacts>> {
        sources::codex(id)
    }

    fn patches(&self, id: &str) -> StateResult<Vec<Patch>> {
        sources::patches(id)
    }

    fn threads_named(&self, name: &str) -> StateResult<Vec<String>> {
        sources::threads_named(name)
    }

    fn default_provider(&self) -> String {
        sources::default_provider()
    }
}

impl Backfill for Imports {
    fn current(&self) -> StateResult<Phase> {
        backfill::current()
    }

    fn claim(&self) -> StateResult<ClaimResult> {
        backfill::claim()
    }

    fn enqueue(&self, jobs: &[Job]) -> StateResult<()> {
        backfill::enqueue(jobs)
    }

    fn skip_files(&self, files: &[SkippedFile]) -> StateResult<()> {
        backfill::skip_files(files)
    }

    fn remove_files(&self, paths: &[String]) -> StateResult<()> {
        backfill::remove_files(paths)
    }

    fn flush(&self) -> StateResult<Counts> {
        backfill::flush()
    }

    fn import_sources(&self) -> StateResult<()> {
        backfill::import_sources()
    }

    fn add_total(&self, files: u64) {
        backfill::add_total(files);
    }

    fn finish(&self) -> StateResult<()> {
        backfill::finish()
    }
}

impl Rows for FilesOnly {
    fn row(&self, _: &str) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }

    fn page(&self, _: &RowQuery, _: Option<&RowKey>, _: u32) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }

    fn children(&self, _: &RowQuery, _: &[String], _: Option<&RowKey>, _: u32) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }

    fn forks_of(&self, _: &str) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }

    fn ids_starting_with(&self, _: &str, _: u32) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }

    fn files_of(&self, _: &str) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }

    fn derived_row(&self, _: &str) -> StateResult<Vec<ThreadRow>> {
        Err(StateError::Unavailable)
    }

    fn indexed_files(&self, _: Option<&str>, _: u32) -> StateResult<Entries> {
        Err(StateError::Unavailable)
    }

    fn unparsed_files(&self) -> StateResult<Vec<String>> {
        Err(StateError::Unavailable)
    }

    fn data_version(&self) -> StateResult<u64> {
        Err(StateError::Unavailable)
    }

    fn cache_put(&self, _: &DirectorySnapshot) -> StateResult<()> {
        Err(StateError::Unavailable)
    }

    fn cache_get(&self) -> StateResult<DirectorySnapshot> {
        Err(StateError::Unavailable)
    }

    fn put(&self, _: &ThreadRow, _: Option<&ThreadRow>) -> StateResult<bool> {
        Err(StateError::Unavailable)
    }

    fn remove_file(&self, _: &str) -> StateResult<()> {
        Err(StateError::Unavailable)
    }
}

impl Sources for FilesOnly {
    fn names(&self, _: &str) -> StateResult<Vec<NameClaim>> {
        Ok(Vec::new())
    }

    fn codex(&self, _: &str) -> StateResult<Vec<CodexFacts>> {
        Ok(Vec::new())
    }

    fn patches(&self, _: &str) -> StateResult<Vec<Patch>> {
        Ok(Vec::new())
    }

    fn threads_named(&self, _: &str) -> StateResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn default_provider(&self) -> String {
        DEFAULT_PROVIDER.into()
    }
}

impl TextIndex for Imports {
    fn threads(&self, query: &RowQuery, among: &[u32]) -> StateResult<SearchedThreads> {
        text_index::threads(query, among)
    }

    fn sources_of(&self, terms: &[IndexTerm], kinds: &[TextKind]) -> StateResult<Vec<TermSources>> {
        text_index::sources_of(terms, kinds)
    }

    fn touched(&self, pattern: &PathPattern) -> StateResult<TouchedSources> {
        text_index::touched(pattern)
    }

    fn touches_of(&self, source: u32, pattern: &PathPattern, maybe: bool, limit: u32) -> StateResult<SourceTouches> {
        text_index::touches_of(source, pattern, maybe, limit)
    }
}
