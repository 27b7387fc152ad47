//! Answers the imports of an instance of the core: the home's rollouts, and, where it was given them, the rows, the sources of
//! names, and a backfill. What each interface does stands in its own layer; here the layers are only put together.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::component::{Resource, ResourceTable};

use super::imports::{backfill, clock, diagnostics, lore, rollouts, state};
use super::tape::{Bytes, Player, Recorder, Tape};
use super::types::{CodexFacts, Discrepancy, FileFacts, NameClaim, Patch, ThreadRow};
use super::{Guard, Guarded, Imports};
use crate::db::{Database, FileIndexPages, StateError};
use crate::index::backfill::Backfill;
use crate::platform::error_kind::{Classified as _, ErrorKind};
use crate::platform::home::Home;
use crate::rollouts::{Heads, RolloutReader, Rollouts, Walk};

type StateResult<T> = Result<T, StateError>;
/// The answer of the state DB; the outer error is the end of a replay that went another way.
type Answered<T> = wasmtime::Result<Result<T, state::Error>>;
/// The answer of the file system; the outer error is as for [`Answered`].
type Read<T> = wasmtime::Result<Result<T, rollouts::Error>>;

/// Answers the imports of one instance.
#[derive(Default)]
pub struct World {
    guard: Guard,
    table: ResourceTable,
    files: Option<Arc<dyn Rollouts>>,
    default_provider: String,
    rows: Option<Database>,
    ahead: FileIndexPages,
    lore: Option<Database>,
    backfill: Option<Backfill>,
    notes: Vec<(String, Discrepancy)>,
    failed: Failed,
    tape: Tape,
}

/// Keeps the kinds of the last failures, since the core tells of them in words alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failed {
    /// The kind of the state DB's last failure.
    pub(crate) state: Option<ErrorKind>,
    /// The kind of the files' last failure.
    pub(crate) files: Option<ErrorKind>,
}

impl Failed {
    fn state(&mut self, error: StateError) -> state::Error {
        self.state = Some(error.kind());
        error.into()
    }

    fn files(&mut self, error: rollouts::Error) -> rollouts::Error {
        self.files = Some(kind_of(&error));
        error
    }
}

/// Gives the kind of a failure to read a rollout.
pub(crate) fn kind_of(error: &rollouts::Error) -> ErrorKind {
    match error {
        rollouts::Error::Denied => ErrorKind::Denied,
        rollouts::Error::BrokenCompression(_) => ErrorKind::Corrupt,
        rollouts::Error::NotFound | rollouts::Error::NotAFile | rollouts::Error::Io(_) => ErrorKind::Io,
    }
}

impl World {
    /// Makes a world that sees the files of a home and nothing else.
    pub fn of(home: &Arc<Home>) -> World {
        World::over(home.clone(), home.default_provider())
    }

    /// Makes a world that sees these files. `default_provider` is the model provider of a rollout that names none.
    pub(crate) fn over(files: Arc<dyn Rollouts>, default_provider: &str) -> World {
        World { files: Some(files), default_provider: default_provider.into(), ..World::default() }
    }

    /// Gives the world with these rows.
    pub(crate) fn with_rows(self, rows: Option<Database>) -> World {
        World { rows, ..self }
    }

    /// Gives the world with the names and Codex's own rows of this database.
    pub(crate) fn with_lore(self, lore: Option<Database>) -> World {
        World { lore, ..self }
    }

    /// Gives the world with a backfill, and the rows of the database that it fills.
    pub(crate) fn with_backfill(self, backfill: Backfill) -> World {
        World { rows: Some(backfill.database().clone()), backfill: Some(backfill), ..self }
    }

    /// Gives the backfill, where there is one.
    pub(crate) fn backfill(&mut self) -> Option<&mut Backfill> {
        self.backfill.as_mut()
    }

    /// Takes the discrepancies that the core noted since the last call, each with its thread's id.
    pub fn take_notes(&mut self) -> Vec<(String, Discrepancy)> {
        std::mem::take(&mut self.notes)
    }

    /// Takes the kinds of the last failures.
    pub(crate) fn take_failed(&mut self) -> Failed {
        std::mem::take(&mut self.failed)
    }

    /// Gives the world with a recorder, where there is one: every call and answer is recorded.
    pub(crate) fn recorded(self, recorder: Option<&Recorder>) -> World {
        match recorder {
            Some(recorder) => World { tape: Tape::Record(recorder.for_instance()), ..self },
            None => self,
        }
    }

    /// Has the imports of the next call answered by a recording.
    pub(super) fn play(&mut self, player: Player) {
        self.tape = Tape::Play(player);
    }

    /// Takes the recording back, where one was played.
    pub(super) fn played(&mut self) -> Option<Player> {
        match std::mem::take(&mut self.tape) {
            Tape::Play(player) => Some(player),
            other => {
                self.tape = other;
                None
            }
        }
    }

    /// Answers an import from the world or from a recording, and begins the guest's time anew.
    fn import<A: Serialize, T: Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
        with: A,
        answer: impl FnOnce(&mut World, A) -> T,
    ) -> wasmtime::Result<T> {
        let answer = match &mut self.tape {
            Tape::Off => answer(self, with),
            Tape::Play(player) => player.next(name, &with)?,
            Tape::Record(recorder) => {
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

    fn rows<T>(&mut self, answer: impl FnOnce(&Database) -> StateResult<T>) -> Result<T, state::Error> {
        let rows = self.rows.as_ref().ok_or(state::Error::Unavailable)?;
        answer(rows).map_err(|error| self.failed.state(error))
    }

    fn known<T>(&mut self, answer: impl FnOnce(&Database) -> StateResult<T>) -> Result<T, state::Error> {
        let lore = self.lore.as_ref().ok_or(state::Error::Unavailable)?;
        answer(lore).map_err(|error| self.failed.state(error))
    }

    fn fill<T>(&mut self, answer: impl FnOnce(&mut Backfill) -> StateResult<T>) -> Result<T, state::Error> {
        let backfill = self.backfill.as_mut().ok_or(state::Error::Unavailable)?;
        answer(backfill).map_err(|error| self.failed.state(error))
    }

    fn files<T>(
        &mut self,
        answer: impl FnOnce(&dyn Rollouts) -> Result<T, rollouts::Error>,
    ) -> Result<T, rollouts::Error> {
        let files = self.files.as_deref().ok_or(rollouts::Error::NotFound)?;
        answer(files).map_err(|error| self.failed.files(error))
    }

    /// Goes on with an open thing.
    fn go_on<T: 'static, A>(
        &mut self,
        open: &Resource<T>,
        answer: impl FnOnce(&mut T) -> Result<A, rollouts::Error>,
    ) -> Result<A, rollouts::Error> {
        let open = self.table.get_mut(open).map_err(|error| rollouts::Error::Io(error.to_string()))?;
        answer(open).map_err(|error| self.failed.files(error))
    }

    /// Numbers an open thing. In a replay nothing is open, and the recorded number is all there is.
    fn keep<T: Send + 'static>(&mut self, open: Result<T, rollouts::Error>) -> Result<u32, rollouts::Error> {
        let handle = self.table.push(open?).map_err(|error| rollouts::Error::Io(error.to_string()))?;
        Ok(handle.rep())
    }

    fn give_back<T: Send + 'static>(&mut self, handle: Resource<T>) -> wasmtime::Result<()> {
        if !matches!(self.tape, Tape::Play(_)) {
            self.table.delete(handle)?;
        }
        Ok(())
    }
}

impl Guarded for World {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl super::types::Host for World {}

impl Imports for World {
    fn reborn(self) -> World {
        World { table: ResourceTable::default(), guard: Guard::default(), ..self }
    }

    fn recorder(&self) -> Option<Recorder> {
        match &self.tape {
            Tape::Record(recorder) => Some(recorder.clone()),
            _ => None,
        }
    }
}

impl state::Host for World {
    fn row(&mut self, id: String) -> Answered<Option<ThreadRow>> {
        self.import("state.row", (id,), |world, (id,)| world.rows(|rows| rows.row(id)))
    }

    fn page(&mut self, query: state::RowQuery, after: Option<state::RowKey>, limit: u32) -> Answered<Vec<ThreadRow>> {
        self.import("state.page", (query, after, limit), |world, (query, after, limit)| {
            world.rows(|rows| rows.page(query, after, limit))
        })
    }

    fn children(
        &mut self,
        query: state::RowQuery,
        parents: Vec<String>,
        after: Option<state::RowKey>,
        limit: u32,
    ) -> Answered<Vec<ThreadRow>> {
        self.import("state.children", (query, parents, after, limit), |world, (query, parents, after, limit)| {
            world.rows(|rows| rows.children(query, parents, after, limit))
        })
    }

    fn forks_of(&mut self, id: String) -> Answered<Vec<ThreadRow>> {
        self.import("state.forks-of", (id,), |world, (id,)| world.rows(|rows| rows.forks_of(id)))
    }

    fn starting_with(&mut self, prefix: String, limit: u32) -> Answered<Vec<String>> {
        self.import("state.starting-with", (prefix, limit), |world, (prefix, limit)| {
            world.rows(|rows| rows.starting_with(prefix, limit))
        })
    }

    fn files_of(&mut self, id: String) -> Answered<Vec<String>> {
        self.import("state.files-of", (id,), |world, (id,)| world.rows(|rows| rows.files_of(id)))
    }

    fn assembled(&mut self, id: String) -> Answered<Option<ThreadRow>> {
        self.import("state.assembled", (id,), |world, (id,)| world.rows(|rows| rows.derived_row(id)))
    }

    fn known(&mut self, after: Option<String>, limit: u32) -> Answered<Vec<u8>> {
        let packed = self.import("state.known", (after, limit), |world, (after, limit)| {
            let rows = world.rows.as_ref().ok_or(state::Error::Unavailable)?;
            world.ahead.after(rows, after, limit).map(Bytes).map_err(|error| world.failed.state(error))
        })?;
        Ok(packed.map(|Bytes(packed)| packed))
    }

    fn without_thread(&mut self) -> Answered<Vec<String>> {
        self.import("state.without-thread", (), |world, ()| world.rows(Database::unparsed_files))
    }

    fn version(&mut self) -> Answered<u64> {
        self.import("state.version", (), |world, ()| world.rows(Database::data_version))
    }

    fn remember(&mut self, note: Vec<u8>) -> Answered<()> {
        self.import("state.remember", (Bytes(note),), |world, (Bytes(note),)| world.rows(|rows| rows.cache_put(note)))
    }

    fn recall(&mut self) -> Answered<Vec<u8>> {
        let note = self.import("state.recall", (), |world, ()| world.rows(Database::cache_get).map(Bytes))?;
        Ok(note.map(|Bytes(note)| note))
    }

    fn put(&mut self, row: ThreadRow, instead_of: Option<ThreadRow>) -> Answered<bool> {
        self.import("state.put", (row, instead_of), |world, (row, instead_of)| {
            world.rows(|rows| rows.put(row, instead_of))
        })
    }

    fn forget(&mut self, path: String) -> Answered<()> {
        self.import("state.forget", (path,), |world, (path,)| world.rows(|database| database.remove_files(vec![path])))
    }
}

impl lore::Host for World {
    fn names(&mut self, id: String) -> Answered<Vec<NameClaim>> {
        self.import("lore.names", (id,), |world, (id,)| world.known(|lore| lore.names(id)))
    }

    fn codex(&mut self, id: String) -> Answered<Option<CodexFacts>> {
        self.import("lore.codex", (id,), |world, (id,)| world.known(|lore| lore.codex(id)))
    }

    fn patches(&mut self, id: String) -> Answered<Vec<Patch>> {
        self.import("lore.patches", (id,), |world, (id,)| world.known(|lore| lore.patches(id)))
    }

    fn bearing(&mut self, name: String) -> Answered<Vec<String>> {
        self.import("lore.bearing", (name,), |world, (name,)| world.known(|lore| lore.threads_named(name)))
    }

    fn default_provider(&mut self) -> wasmtime::Result<String> {
        self.import("lore.default-provider", (), |world, ()| world.default_provider.clone())
    }
}

impl rollouts::Host for World {
    fn facts(&mut self, at: String) -> Read<FileFacts> {
        self.import("rollouts.facts", (at,), |world, (at,)| world.files(|files| files.facts(&at)))
    }

    fn named(&mut self, part: String) -> Read<Vec<String>> {
        self.import("rollouts.named", (part,), |world, (part,)| world.files(|files| files.named(&part)))
    }
}

impl rollouts::HostReader for World {
    fn open(&mut self, at: String, offset: u64) -> Read<Resource<RolloutReader>> {
        let open = self.import("rollouts.reader.open", (at, offset), |world, (at, offset)| {
            let reader = world.files(|files| files.open(&at, offset));
            world.keep(reader)
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn next(&mut self, reader: Resource<RolloutReader>, limit: u32) -> Read<Vec<u8>> {
        let bytes = self.import("rollouts.reader.next", (reader.rep(), limit), |world, (_, limit)| {
            world.go_on(&reader, |reader| reader.next(limit).map(Bytes))
        })?;
        Ok(bytes.map(|Bytes(bytes)| bytes))
    }

    fn drop(&mut self, reader: Resource<RolloutReader>) -> wasmtime::Result<()> {
        self.give_back(reader)
    }
}

impl rollouts::HostWalker for World {
    fn open(&mut self) -> Read<Resource<Walk>> {
        let open = self.import("rollouts.walker.open", (), |world, ()| {
            let walk = world.files(|files| files.walk());
            world.keep(walk)
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn next(&mut self, walk: Resource<Walk>, limit: u32) -> Read<Vec<u8>> {
        let packed = self.import("rollouts.walker.next", (walk.rep(), limit), |world, (_, limit)| {
            world.go_on(&walk, |walk| walk.packed(limit).map(Bytes))
        })?;
        Ok(packed.map(|Bytes(packed)| packed))
    }

    fn drop(&mut self, walk: Resource<Walk>) -> wasmtime::Result<()> {
        self.give_back(walk)
    }
}

impl rollouts::HostHeads for World {
    fn open(&mut self) -> Read<Resource<Heads>> {
        let open = self.import("rollouts.heads.open", (), |world, ()| {
            let heads = world.files(|files| files.heads());
            world.keep(heads)
        })?;
        Ok(open.map(Resource::new_own))
    }

    fn next(&mut self, heads: Resource<Heads>, limit: u32) -> Read<Vec<u8>> {
        let packed = self.import("rollouts.heads.next", (heads.rep(), limit), |world, (_, limit)| {
            world.go_on(&heads, |heads| heads.packed(limit).map(Bytes))
        })?;
        Ok(packed.map(|Bytes(packed)| packed))
    }

    fn drop(&mut self, heads: Resource<Heads>) -> wasmtime::Result<()> {
        self.give_back(heads)
    }
}

impl backfill::Host for World {
    fn current(&mut self) -> Answered<backfill::Phase> {
        self.import("backfill.current", (), |world, ()| world.fill(|backfill| backfill.current()))
    }

    fn claim(&mut self) -> Answered<bool> {
        self.import("backfill.claim", (), |world, ()| world.fill(|backfill| backfill.claim()))
    }

    fn watermark(&mut self) -> Answered<Option<String>> {
        self.import("backfill.watermark", (), |world, ()| world.fill(|backfill| backfill.watermark()))
    }

    fn offer(&mut self, jobs: Vec<backfill::Job>) -> Answered<()> {
        self.import("backfill.offer", (jobs,), |world, (jobs,)| world.fill(|backfill| backfill.enqueue(jobs)))
    }

    fn refuse(&mut self, files: Vec<backfill::Refusal>) -> Answered<()> {
        self.import("backfill.refuse", (files,), |world, (files,)| world.fill(|backfill| backfill.skip_files(files)))
    }

    fn forget(&mut self, paths: Vec<String>) -> Answered<()> {
        self.import("backfill.forget", (paths,), |world, (paths,)| world.fill(|backfill| backfill.remove_files(paths)))
    }

    fn settle(&mut self) -> Answered<backfill::Tally> {
        self.import("backfill.settle", (), |world, ()| world.fill(|backfill| backfill.flush()))
    }

    fn import_lore(&mut self) -> Answered<()> {
        self.import("backfill.import-lore", (), |world, ()| world.fill(|backfill| backfill.import_sources()))
    }

    fn expect(&mut self, files: u64) -> wasmtime::Result<()> {
        self.import("backfill.expect", (files,), |world, (files,)| {
            if let Some(backfill) = &mut world.backfill {
                backfill.add_total(files);
            }
        })
    }

    fn finish(&mut self) -> Answered<()> {
        self.import("backfill.finish", (), |world, ()| world.fill(|backfill| backfill.finish()))
    }
}

impl clock::Host for World {
    fn now(&mut self) -> wasmtime::Result<i64> {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        self.import("clock.now", (), |_, ()| BEGAN.elapsed().as_millis() as i64)
    }

    fn wall(&mut self) -> wasmtime::Result<i64> {
        self.import("clock.wall", (), |_, ()| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            since.map_or(0, |since| since.as_millis() as i64)
        })
    }

    fn wait(&mut self, duration: i64) -> wasmtime::Result<()> {
        // A guest cannot make the host sleep for long: the core asks again.
        let bounded = Duration::from_millis(duration.clamp(0, 1_000) as u64);
        self.import("clock.wait", (duration,), |_, _| std::thread::sleep(bounded))
    }
}

impl diagnostics::Host for World {
    fn note(&mut self, id: String, what: Discrepancy) -> wasmtime::Result<()> {
        self.import("diagnostics.note", (id, what), |world, note| world.notes.push(note))
    }
}
