//! Hands whatever implements the core's ports to the component: one adapter for every world. The types of both sides are the
//! contract's, generated twice, and turn into each other by their JSON.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use threadkeep_core::ports;
use threadkeep_engine::Imports;
use threadkeep_engine::contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, FileFacts, Heads, Job, NameClaim, Patch, Phase,
    RowKey, RowQuery, SkippedFile, ThreadRow,
};
use threadkeep_engine::imports::{self, FileResult, StateResult};

/// Gives the same value in the types of the other side.
pub fn same<A: Serialize, B: DeserializeOwned>(value: A) -> B {
    serde_json::from_slice(&serde_json::to_vec(&value).unwrap()).unwrap()
}

/// Makes the imports of an instance out of a world that the native core could be given, too.
pub fn imports_of<W>(world: &W) -> Imports
where
    W: ports::Rows + ports::Sources + ports::Rollouts + ports::Backfill + ports::Clock,
    W: Clone + Send + Sync + 'static,
    W::Reader: Send + 'static,
    W::Walker: Send + 'static,
    W::HeadsWalker: Send + 'static,
{
    Imports::default()
        .with_rollouts(Arc::new(Ported(world.clone())))
        .with_rows(Ported(world.clone()))
        .with_sources(Ported(world.clone()))
        .with_backfill(Ported(world.clone()))
        .with_clock(Ported(world.clone()))
}

/// Answers the component's questions as a port does.
struct Ported<P>(P);

impl<P: ports::Rows + Send> imports::Rows for Ported<P> {
    fn row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        same(self.0.row(&id))
    }

    fn page(&mut self, query: RowQuery, after: Option<RowKey>, limit: u32) -> StateResult<Vec<ThreadRow>> {
        let after: Option<_> = same(after);
        same(self.0.page(&same(query), after.as_ref(), limit))
    }

    fn children(
        &mut self,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> StateResult<Vec<ThreadRow>> {
        let after: Option<_> = same(after);
        same(self.0.children(&same(query), &parents, after.as_ref(), limit))
    }

    fn forks_of(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        same(self.0.forks_of(&id))
    }

    fn ids_starting_with(&mut self, prefix: String, limit: u32) -> StateResult<Vec<String>> {
        same(self.0.ids_starting_with(&prefix, limit))
    }

    fn files_of(&mut self, id: String) -> StateResult<Vec<String>> {
        same(self.0.files_of(&id))
    }

    fn derived_row(&mut self, id: String) -> StateResult<Vec<ThreadRow>> {
        same(self.0.derived_row(&id))
    }

    fn indexed_files(&mut self, after: Option<String>, limit: u32) -> StateResult<Entries> {
        same(self.0.indexed_files(after.as_deref(), limit))
    }

    fn unparsed_files(&mut self) -> StateResult<Vec<String>> {
        same(self.0.unparsed_files())
    }

    fn data_version(&mut self) -> StateResult<u64> {
        same(self.0.data_version())
    }

    fn cache_put(&mut self, snapshot: DirectorySnapshot) -> StateResult<()> {
        same(self.0.cache_put(&same(snapshot)))
    }

    fn cache_get(&mut self) -> StateResult<DirectorySnapshot> {
        same(self.0.cache_get())
    }

    fn put(&mut self, row: ThreadRow, expected: Option<ThreadRow>) -> StateResult<bool> {
        let expected: Option<_> = same(expected);
        same(self.0.put(&same(row), expected.as_ref()))
    }

    fn remove_file(&mut self, path: String) -> StateResult<()> {
        same(self.0.remove_file(&path))
    }
}

impl<P: ports::Sources + Send> imports::Sources for Ported<P> {
    fn names(&mut self, id: String) -> StateResult<Vec<NameClaim>> {
        same(self.0.names(&id))
    }

    fn codex(&mut self, id: String) -> StateResult<Vec<CodexFacts>> {
        same(self.0.codex(&id))
    }

    fn patches(&mut self, id: String) -> StateResult<Vec<Patch>> {
        same(self.0.patches(&id))
    }

    fn threads_named(&mut self, name: String) -> StateResult<Vec<String>> {
        same(self.0.threads_named(&name))
    }

    fn default_provider(&mut self) -> String {
        self.0.default_provider()
    }
}

impl<P> imports::Rollouts for Ported<P>
where
    P: ports::Rollouts + Send + Sync,
    P::Reader: Send + 'static,
    P::Walker: Send + 'static,
    P::HeadsWalker: Send + 'static,
{
    fn stat(&self, at: &str) -> FileResult<FileFacts> {
        same(self.0.stat(at))
    }

    fn open(&self, at: &str, offset: u64) -> FileResult<Box<dyn imports::Reader>> {
        Ok(Box::new(Ported(self.0.open_bytes(at, offset).map_err(same)?)))
    }

    fn walk(&self) -> FileResult<Box<dyn imports::Walker>> {
        Ok(Box::new(Ported(self.0.walk().map_err(same)?)))
    }

    fn heads(&self) -> FileResult<Box<dyn imports::HeadsWalker>> {
        Ok(Box::new(Ported(self.0.heads().map_err(same)?)))
    }

    fn files_named(&self, part: &str) -> FileResult<Vec<String>> {
        same(self.0.files_named(part))
    }
}

impl<P: ports::Reader + Send> imports::Reader for Ported<P> {
    fn read(&mut self, limit: u32) -> FileResult<Chunk> {
        same(self.0.read(limit))
    }
}

impl<P: ports::Walker + Send> imports::Walker for Ported<P> {
    fn next(&mut self, limit: u32) -> FileResult<Entries> {
        same(self.0.next(limit))
    }
}

impl<P: ports::HeadsWalker + Send> imports::HeadsWalker for Ported<P> {
    fn next(&mut self, limit: u32) -> FileResult<Heads> {
        same(self.0.next(limit))
    }
}

impl<P: ports::Backfill + Send> imports::Backfill for Ported<P> {
    fn current(&mut self) -> StateResult<Phase> {
        same(self.0.current())
    }

    fn claim(&mut self) -> StateResult<ClaimResult> {
        same(self.0.claim())
    }

    fn enqueue(&mut self, jobs: Vec<Job>) -> StateResult<()> {
        let jobs: Vec<_> = same(jobs);
        same(self.0.enqueue(&jobs))
    }

    fn skip_files(&mut self, files: Vec<SkippedFile>) -> StateResult<()> {
        let files: Vec<_> = same(files);
        same(self.0.skip_files(&files))
    }

    fn remove_files(&mut self, paths: Vec<String>) -> StateResult<()> {
        same(self.0.remove_files(&paths))
    }

    fn flush(&mut self) -> StateResult<Counts> {
        same(self.0.flush())
    }

    fn import_sources(&mut self) -> StateResult<()> {
        same(self.0.import_sources())
    }

    fn add_total(&mut self, files: u64) {
        self.0.add_total(files);
    }

    fn finish(&mut self) -> StateResult<()> {
        same(self.0.finish())
    }
}

impl<P: ports::Clock + Send> imports::Clock for Ported<P> {
    fn now(&mut self) -> i64 {
        self.0.now()
    }

    fn wall(&mut self) -> i64 {
        self.0.wall()
    }

    fn wait(&mut self, millis: i64) {
        self.0.wait(millis);
    }
}
