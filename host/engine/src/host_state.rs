//! The data of an instance's store: it hands each import to the one who answers it, and is where a recording is made or played.
//! Nothing is answered here.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::component::{Resource, ResourceTable};

use crate::bindings::threadkeep::core as interfaces;
use crate::cancellation::Cancellation;
use crate::contract::{
    Chunk, ClaimResult, CodexFacts, Counts, DirectorySnapshot, Entries, FileError, FileFacts, Heads, IndexTerm, Job,
    NameClaim, Patch, PathPattern, Phase, RowKey, RowQuery, SearchedThreads, SkippedFile, SourceTouches, StateError,
    TermSources, TextKind, ThreadRow, TouchedSources,
};
use crate::guard::{Guard, Guarded};
use crate::imports::{FileResult, HeadsWalker, Imports, Reader, Walker};
use crate::open::{OpenHeads, OpenReader, OpenWalker};
use crate::recording::{Player, Recorder, Recording, as_text};

/// The answer of the state DB; the outer error is the end of a replay that went another way.
type Answered<T> = wasmtime::Result<Result<T, StateError>>;
/// The answer of the file system; the outer error is as for [`Answered`].
type Read<T> = wasmtime::Result<Result<T, FileError>>;

/// Holds what one instance has outside of its own memory.
pub(crate) struct HostState {
    pub(crate) guard: Guard,
    table: ResourceTable,
    imports: Imports,
    recording: Recording,
}

impl HostState {
    /// Makes the state of an instance; its calls are recorded where there is a recorder, and end when they are cancelled.
    pub(crate) fn new(imports: Imports, recorder: Option<&Recorder>, cancellation: &Cancellation) -> HostState {
        let recording = match recorder {
            Some(recorder) => Recording::Record(recorder.for_instance()),
            None => Recording::Off,
        };
        let guard = Guard::new(cancellation.clone());
        HostState { guard, table: ResourceTable::default(), imports, recording }
    }

    /// Gives the state for a fresh instance: whatever the old one held open is closed.
    pub(crate) fn reset(self) -> HostState {
        HostState { table: ResourceTable::default(), guard: self.guard.fresh(), ..self }
    }

    /// Gives the recorder of calls and answers, where there is one.
    pub(crate) fn recorder(&mut self) -> Option<Recorder> {
        match &self.recording {
            Recording::Record(recorder) => Some(recorder.clone()),
            _ => None,
        }
    }

    /// Has the imports of the next call answered by a recording.
    pub(crate) fn play(&mut self, player: Player) {
        self.recording = Recording::Play(player);
    }

    /// Takes the recording back, where one was played.
    pub(crate) fn played(&mut self) -> Option<Player> {
        match std::mem::take(&mut self.recording) {
            Recording::Play(player) => Some(player),
            other => {
                self.recording = other;
                None
            }
        }
    }

    /// Answers an import from the world or from a recording, and begins the guest's time anew.
    fn import<A: Serialize, T: Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
        with: A,
        answer: impl FnOnce(&mut HostState, A) -> T,
    ) -> wasmtime::Result<T> {
        let answer = match &mut self.recording {
            Recording::Off => answer(self, with),
            Recording::Play(player) => player.next(name, &with)?,
            Recording::Record(recorder) => {
                let recorder = recorder.clone();
                let asked = serde_json::to_value(&with)?;
                let answer = answer(self, with);
                recorder.import(name, &asked, &answer);
                answer
            }
        };
        self.guard.rearm();
        Ok(answer)
    }

    /// Says whether texts are to be handed over in the form that a recording has of them.
    fn is_recorded(&self) -> bool {
        matches!(self.recording, Recording::Record(_))
    }

    /// Numbers an open thing. In a replay nothing is open, and the recorded number is all there is.
    fn push<T: Send + 'static>(&mut self, open: FileResult<T>) -> FileResult<u32> {
        let handle = self.table.push(open?).map_err(|error| FileError::Io(error.to_string()))?;
        Ok(handle.rep())
    }

    /// Gives an open thing.
    fn get<T: 'static>(&mut self, open: &Resource<T>) -> FileResult<&mut T> {
        self.table.get_mut(open).map_err(|error| FileError::Io(error.to_string()))
    }

    fn delete<T: Send + 'static>(&mut self, handle: Resource<T>) -> wasmtime::Result<()> {
        if !matches!(self.recording, Recording::Play(_)) {
            self.table.delete(handle)?;
        }
        Ok(())
    }
}

fn strange() -> FileError {
    FileError::Io("something else is open".into())
}

fn reader_of(open: &mut OpenReader) -> FileResult<&mut Box<dyn Reader>> {
    open.get().ok_or_else(strange)
}

fn walker_of(open: &mut OpenWalker) -> FileResult<&mut Box<dyn Walker>> {
    open.get().ok_or_else(strange)
}

fn heads_of(open: &mut OpenHeads) -> FileResult<&mut Box<dyn HeadsWalker>> {
    open.get().ok_or_else(strange)
}

impl Guarded for HostState {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl interfaces::types::Host for HostState {}
impl interfaces::thread_types::Host for HostState {}
impl interfaces::query_types::Host for HostState {}
impl interfaces::parsing_types::Host for HostState {}
impl interfaces::lookup_types::Host for HostState {}
impl interfaces::item_types::Host for HostState {}
impl interfaces::search_types::Host for HostState {}
impl interfaces::feature_types::Host for HostState {}
impl interfaces::health_types::Host for HostState {}

impl interfaces::rows::Host for HostState {
    fn row(&mut self, id: String) -> Answered<Vec<ThreadRow>> {
        self.import("rows.row", (id,), |state, (id,)| state.imports.rows.row(id))
    }

    fn page(&mut self, query: RowQuery, after: Option<RowKey>, limit: u32) -> Answered<Vec<ThreadRow>> {
        self.import("rows.page", (query, after, limit), |state, (query, after, limit)| {
            state.imports.rows.page(query, after, limit)
        })
    }

    fn children(
        &mut self,
        query: RowQuery,
        parents: Vec<String>,
        after: Option<RowKey>,
        limit: u32,
    ) -> Answered<Vec<ThreadRow>> {
        self.import("rows.children", (query, parents, after, limit), |state, (query, parents, after, limit)| {
            state.imports.rows.children(query, parents, after, limit)
        })
    }

    fn forks_of(&mut self, id: String) -> Answered<Vec<ThreadRow>> {
        self.import("rows.forks-of", (id,), |state, (id,)| state.imports.rows.forks_of(id))
    }

    fn ids_starting_with(&mut self, prefix: String, limit: u32) -> Answered<Vec<String>> {
        self.import("rows.ids-starting-with", (prefix, limit), |state, (prefix, limit)| {
            state.imports.rows.ids_starting_with(prefix, limit)
        })
    }

    fn files_of(&mut self, id: String) -> Answered<Vec<String>> {
        self.import("rows.files-of", (id,), |state, (id,)| state.imports.rows.files_of(id))
    }

    fn derived_row(&mut self, id: String) -> Answered<Vec<ThreadRow>> {
        self.import("rows.derived-row", (id,), |state, (id,)| state.imports.rows.derived_row(id))
    }

    fn indexed_files(&mut self, after: Option<String>, limit: u32) -> Answered<Entries> {
        self.import("rows.indexed-files", (after, limit), |state, (after, limit)| {
            state.imports.rows.indexed_files(after, limit)
        })
    }

    fn unparsed_files(&mut self) -> Answered<Vec<String>> {
        self.import("rows.unparsed-files", (), |state, ()| state.imports.rows.unparsed_files())
    }

    fn data_version(&mut self) -> Answered<u64> {
        self.import("rows.data-version", (), |state, ()| state.imports.rows.data_version())
    }

    fn cache_put(&mut self, snapshot: DirectorySnapshot) -> Answered<()> {
        self.import("rows.cache-put", (snapshot,), |state, (snapshot,)| state.imports.rows.cache_put(snapshot))
    }

    fn cache_get(&mut self) -> Answered<DirectorySnapshot> {
        self.import("rows.cache-get", (), |state, ()| state.imports.rows.cache_get())
    }

    fn put(&mut self, row: ThreadRow, expected: Option<ThreadRow>) -> Answered<bool> {
        self.import("rows.put", (row, expected), |state, (row, expected)| state.imports.rows.put(row, expected))
    }

    fn remove_file(&mut self, path: String) -> Answered<()> {
        self.import("rows.remove-file", (path,), |state, (path,)| state.imports.rows.remove_file(path))
    }
}

impl interfaces::sources::Host for HostState {
    fn names(&mut self, id: String) -> Answered<Vec<NameClaim>> {
        self.import("sources.names", (id,), |state, (id,)| state.imports.sources.names(id))
    }

    fn codex(&mut self, id: String) -> Answered<Vec<CodexFacts>> {
        self.import("sources.codex", (id,), |state, (id,)| state.imports.sources.codex(id))
    }

    fn patches(&mut self, id: String) -> Answered<Vec<Patch>> {
        self.import("sources.patches", (id,), |state, (id,)| state.imports.sources.patches(id))
    }

    fn threads_named(&mut self, name: String) -> Answered<Vec<String>> {
        self.import("sources.threads-named", (name,), |state, (name,)| state.imports.sources.threads_named(name))
    }

    fn default_provider(&mut self) -> wasmtime::Result<String> {
        self.import("sources.default-provider", (), |state, ()| state.imports.sources.default_provider())
    }
}

impl interfaces::text_index::Host for HostState {
    fn threads(&mut self, query: RowQuery, among: Vec<u32>) -> Answered<SearchedThreads> {
        self.import("text-index.threads", (query, among), |state, (query, among)| {
            state.imports.text_index.threads(query, among)
        })
    }

    fn sources_of(&mut self, terms: Vec<IndexTerm>, kinds: Vec<TextKind>) -> Answered<Vec<TermSources>> {
        self.import("text-index.sources-of", (terms, kinds), |state, (terms, kinds)| {
            state.imports.text_index.sources_of(terms, kinds)
        })
    }

    fn touched(&mut self, pattern: PathPattern) -> Answered<TouchedSources> {
        self.import("text-index.touched", pattern, |state, pattern| state.imports.text_index.touched(pattern))
    }

    fn touches_of(&mut self, source: u32, pattern: PathPattern, maybe: bool, limit: u32) -> Answered<SourceTouches> {
        self.import(
            "text-index.touches-of",
            (source, pattern, maybe, limit),
            |state, (source, pattern, maybe, limit)| state.imports.text_index.touches_of(source, pattern, maybe, limit),
        )
    }
}

impl interfaces::rollouts::Host for HostState {
    fn stat(&mut self, at: String) -> Read<FileFacts> {
        self.import("rollouts.stat", (at,), |state, (at,)| state.imports.rollouts.stat(&at))
    }

    fn files_named(&mut self, part: String) -> Read<Vec<String>> {
        self.import("rollouts.files-named", (part,), |state, (part,)| state.imports.rollouts.files_named(&part))
    }
}

impl interfaces::rollouts::HostReader for HostState {
    fn open(&mut self, at: String, offset: u64) -> Read<Resource<OpenReader>> {
        let open = self.import("rollouts.reader.open", (at, offset), |state, (at, offset)| {
            let rollouts = Arc::clone(&state.imports.rollouts);
            state.push(rollouts.open(&at, offset).map(OpenReader::new))
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn read(&mut self, reader: Resource<OpenReader>, limit: u32) -> Read<Chunk> {
        let recorded = self.is_recorded();
        self.import("rollouts.reader.read", (reader.rep(), limit), |state, (_, limit)| {
            let chunk = reader_of(state.get(&reader)?)?.read(limit)?;
            Ok(if recorded { as_text(chunk) } else { chunk })
        })
    }

    fn drop(&mut self, reader: Resource<OpenReader>) -> wasmtime::Result<()> {
        self.delete(reader)
    }
}

impl interfaces::rollouts::HostWalker for HostState {
    fn open(&mut self) -> Read<Resource<OpenWalker>> {
        let open = self.import("rollouts.walker.open", (), |state, ()| {
            let walk = state.imports.rollouts.walk();
            state.push(walk.map(OpenWalker::new))
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn next(&mut self, walker: Resource<OpenWalker>, limit: u32) -> Read<Entries> {
        self.import("rollouts.walker.next", (walker.rep(), limit), |state, (_, limit)| {
            walker_of(state.get(&walker)?)?.next(limit)
        })
    }

    fn drop(&mut self, walker: Resource<OpenWalker>) -> wasmtime::Result<()> {
        self.delete(walker)
    }
}

impl interfaces::rollouts::HostHeads for HostState {
    fn open(&mut self) -> Read<Resource<OpenHeads>> {
        let open = self.import("rollouts.heads.open", (), |state, ()| {
            let heads = state.imports.rollouts.heads();
            state.push(heads.map(OpenHeads::new))
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn next(&mut self, heads: Resource<OpenHeads>, limit: u32) -> Read<Heads> {
        let recorded = self.is_recorded();
        self.import("rollouts.heads.next", (heads.rep(), limit), |state, (_, limit)| {
            let page = heads_of(state.get(&heads)?)?.next(limit)?;
            Ok(if recorded { Heads { texts: as_text(page.texts), ..page } } else { page })
        })
    }

    fn drop(&mut self, heads: Resource<OpenHeads>) -> wasmtime::Result<()> {
        self.delete(heads)
    }
}

impl interfaces::backfill::Host for HostState {
    fn current(&mut self) -> Answered<Phase> {
        self.import("backfill.current", (), |state, ()| state.imports.backfill.current())
    }

    fn claim(&mut self) -> Answered<ClaimResult> {
        self.import("backfill.claim", (), |state, ()| state.imports.backfill.claim())
    }

    fn enqueue(&mut self, jobs: Vec<Job>) -> Answered<()> {
        self.import("backfill.enqueue", (jobs,), |state, (jobs,)| state.imports.backfill.enqueue(jobs))
    }

    fn skip_files(&mut self, files: Vec<SkippedFile>) -> Answered<()> {
        self.import("backfill.skip-files", (files,), |state, (files,)| state.imports.backfill.skip_files(files))
    }

    fn remove_files(&mut self, paths: Vec<String>) -> Answered<()> {
        self.import("backfill.remove-files", (paths,), |state, (paths,)| state.imports.backfill.remove_files(paths))
    }

    fn flush(&mut self) -> Answered<Counts> {
        self.import("backfill.flush", (), |state, ()| state.imports.backfill.flush())
    }

    fn import_sources(&mut self) -> Answered<()> {
        self.import("backfill.import-sources", (), |state, ()| state.imports.backfill.import_sources())
    }

    fn add_total(&mut self, files: u64) -> wasmtime::Result<()> {
        self.import("backfill.add-total", (files,), |state, (files,)| state.imports.backfill.add_total(files))
    }

    fn finish(&mut self) -> Answered<()> {
        self.import("backfill.finish", (), |state, ()| state.imports.backfill.finish())
    }
}

impl interfaces::clock::Host for HostState {
    fn now(&mut self) -> wasmtime::Result<i64> {
        self.import("clock.now", (), |state, ()| state.imports.clock.now())
    }

    fn wall(&mut self) -> wasmtime::Result<i64> {
        self.import("clock.wall", (), |state, ()| state.imports.clock.wall())
    }

    fn wait(&mut self, millis: i64) -> wasmtime::Result<()> {
        self.import("clock.wait", (millis,), |state, (millis,)| state.imports.clock.wait(millis))
    }
}
