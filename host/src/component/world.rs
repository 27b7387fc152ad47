//! What an instance of the core can see: the home's rollouts, and, where it was given them, the handle, the lore and the
//! backfill. Each interface is answered beside what it stands for; here they are only held together.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use wasmtime::component::{Resource, ResourceTable};

use super::imports::{backfill, clock, diagnostics, lore, rollouts, state};
use super::types::{CodexFacts, Discrepancy, FileFacts, NameClaim, ThreadRow};
use super::{Guard, Guarded};
use crate::backfill::Filling;
use crate::home::Home;
use crate::rollouts::{RolloutReader, Walk};
use crate::state::Shelf;

/// The imports of one instance.
#[derive(Default)]
pub struct World {
    guard: Guard,
    table: ResourceTable,
    home: Option<Arc<Home>>,
    rows: Option<Shelf>,
    lore: Option<Shelf>,
    filling: Option<Filling>,
    notes: Vec<(String, Discrepancy)>,
}

impl World {
    /// Sees the files of a home and nothing else.
    pub fn of(home: &Arc<Home>) -> World {
        World { home: Some(home.clone()), ..World::default() }
    }

    /// Sees these rows.
    pub(crate) fn with_rows(self, rows: Option<Shelf>) -> World {
        World { rows, ..self }
    }

    /// Knows these names.
    pub(crate) fn with_lore(self, lore: Option<Shelf>) -> World {
        World { lore, ..self }
    }

    /// Can fill a state DB.
    pub(crate) fn with_filling(self, filling: Filling) -> World {
        World { filling: Some(filling), ..self }
    }

    /// The filling, given back.
    pub(crate) fn filling(&mut self) -> Option<&mut Filling> {
        self.filling.as_mut()
    }

    /// Discrepancies that were noted since the last time.
    pub fn take_notes(&mut self) -> Vec<(String, Discrepancy)> {
        std::mem::take(&mut self.notes)
    }

    /// The same world for a fresh instance: whatever the old one held open is closed.
    pub(super) fn reborn(self) -> World {
        World { table: ResourceTable::default(), guard: Guard::default(), ..self }
    }

    /// Answers an import and re-arms the guest's time.
    fn import<T>(&mut self, answer: impl FnOnce(&mut World) -> T) -> T {
        let answer = answer(self);
        self.guard.rearm();
        answer
    }

    fn rows<T>(
        &mut self,
        answer: impl FnOnce(&Shelf) -> Result<T, crate::state::StateError>,
    ) -> Result<T, state::Error> {
        self.import(|world| match &world.rows {
            Some(rows) => answer(rows).map_err(Into::into),
            None => Err(state::Error::Unavailable),
        })
    }

    fn known<T>(
        &mut self,
        answer: impl FnOnce(&Shelf) -> Result<T, crate::state::StateError>,
    ) -> Result<T, state::Error> {
        self.import(|world| match &world.lore {
            Some(lore) => answer(lore).map_err(Into::into),
            None => Err(state::Error::Unavailable),
        })
    }

    fn fill<T>(
        &mut self,
        answer: impl FnOnce(&mut Filling) -> Result<T, crate::state::StateError>,
    ) -> Result<T, state::Error> {
        self.import(|world| match &mut world.filling {
            Some(filling) => answer(filling).map_err(Into::into),
            None => Err(state::Error::Unavailable),
        })
    }

    fn files<T>(
        &mut self,
        answer: impl FnOnce(&Arc<Home>) -> Result<T, rollouts::Error>,
    ) -> Result<T, rollouts::Error> {
        self.import(|world| match &world.home {
            Some(home) => answer(home),
            None => Err(rollouts::Error::NotFound),
        })
    }
}

impl Guarded for World {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl super::types::Host for World {}

impl state::Host for World {
    fn row(&mut self, id: String) -> Result<Option<ThreadRow>, state::Error> {
        self.rows(|rows| rows.row(id))
    }

    fn page(
        &mut self,
        query: state::RowQuery,
        after: Option<state::RowKey>,
        limit: u32,
    ) -> Result<Vec<ThreadRow>, state::Error> {
        self.rows(|rows| rows.page(query, after, limit))
    }

    fn starting_with(&mut self, prefix: String, limit: u32) -> Result<Vec<String>, state::Error> {
        self.rows(|rows| rows.starting_with(prefix, limit))
    }

    fn files_of(&mut self, id: String) -> Result<Vec<String>, state::Error> {
        self.rows(|rows| rows.files_of(id))
    }

    fn put(&mut self, row: ThreadRow, instead_of: Option<ThreadRow>) -> Result<bool, state::Error> {
        self.rows(|rows| rows.put(row, instead_of))
    }

    fn forget(&mut self, path: String) -> Result<(), state::Error> {
        self.rows(|shelf| shelf.forget(vec![path]))
    }
}

impl lore::Host for World {
    fn names(&mut self, id: String) -> Result<Vec<NameClaim>, state::Error> {
        self.known(|lore| lore.names(id))
    }

    fn codex(&mut self, id: String) -> Result<Option<CodexFacts>, state::Error> {
        self.known(|lore| lore.codex(id))
    }

    fn bearing(&mut self, name: String) -> Result<Vec<String>, state::Error> {
        self.known(|lore| lore.bearing(name))
    }

    fn default_provider(&mut self) -> String {
        self.home.as_ref().map(|home| home.default_provider().to_string()).unwrap_or_default()
    }
}

impl rollouts::Host for World {
    fn facts(&mut self, at: String) -> Result<FileFacts, rollouts::Error> {
        self.files(|home| crate::rollouts::facts(home, &at))
    }

    fn named(&mut self, part: String) -> Result<Vec<String>, rollouts::Error> {
        self.files(|home| crate::rollouts::named(home, &part))
    }
}

impl rollouts::HostReader for World {
    fn open(&mut self, at: String, offset: u64) -> Result<Resource<RolloutReader>, rollouts::Error> {
        let reader = self.files(|home| RolloutReader::open(home, &at, offset))?;
        self.table.push(reader).map_err(|error| rollouts::Error::Io(error.to_string()))
    }

    fn next(&mut self, reader: Resource<RolloutReader>, limit: u32) -> Result<Vec<u8>, rollouts::Error> {
        self.import(|world| match world.table.get_mut(&reader) {
            Ok(reader) => reader.next(limit),
            Err(error) => Err(rollouts::Error::Io(error.to_string())),
        })
    }

    fn drop(&mut self, reader: Resource<RolloutReader>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl rollouts::HostWalker for World {
    fn open(&mut self) -> Result<Resource<Walk>, rollouts::Error> {
        let walk = self.files(|home| Ok(Walk::of(home)))?;
        self.table.push(walk).map_err(|error| rollouts::Error::Io(error.to_string()))
    }

    fn next(&mut self, walk: Resource<Walk>, limit: u32) -> Result<Vec<u8>, rollouts::Error> {
        self.import(|world| match world.table.get_mut(&walk) {
            Ok(walk) => walk.packed(limit),
            Err(error) => Err(rollouts::Error::Io(error.to_string())),
        })
    }

    fn drop(&mut self, walk: Resource<Walk>) -> wasmtime::Result<()> {
        self.table.delete(walk)?;
        Ok(())
    }
}

impl backfill::Host for World {
    fn current(&mut self) -> Result<backfill::Phase, state::Error> {
        self.fill(|filling| filling.current())
    }

    fn claim(&mut self) -> Result<bool, state::Error> {
        self.fill(|filling| filling.claim())
    }

    fn watermark(&mut self) -> Result<Option<String>, state::Error> {
        self.fill(|filling| filling.watermark())
    }

    fn known(&mut self, after: Option<String>, limit: u32) -> Result<Vec<u8>, state::Error> {
        self.fill(|filling| filling.known(after, limit))
    }

    fn offer(&mut self, jobs: Vec<backfill::Job>) -> Result<(), state::Error> {
        self.fill(|filling| filling.offer(jobs))
    }

    fn refuse(&mut self, files: Vec<backfill::Refusal>) -> Result<(), state::Error> {
        self.fill(|filling| filling.refuse(files))
    }

    fn forget(&mut self, paths: Vec<String>) -> Result<(), state::Error> {
        self.fill(|filling| filling.forget(paths))
    }

    fn settle(&mut self) -> Result<backfill::Tally, state::Error> {
        self.fill(|filling| filling.settle())
    }

    fn import_lore(&mut self) -> Result<(), state::Error> {
        self.fill(|filling| filling.import_lore())
    }

    fn expect(&mut self, files: u64) {
        let _ = self.fill(|filling| {
            filling.expect(files);
            Ok(())
        });
    }

    fn finish(&mut self) -> Result<(), state::Error> {
        self.fill(|filling| filling.finish())
    }
}

impl clock::Host for World {
    fn now(&mut self) -> i64 {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed().as_millis() as i64
    }

    fn wait(&mut self, duration: i64) {
        // A guest cannot make the host sleep for long: the core asks again.
        let bounded = Duration::from_millis(duration.clamp(0, 1_000) as u64);
        self.import(|_| std::thread::sleep(bounded));
    }
}

impl diagnostics::Host for World {
    fn note(&mut self, id: String, what: Discrepancy) {
        self.notes.push((id, what));
    }
}
