//! The same world as the component sees it: every import is the native one, in the contract's types.

use std::collections::BTreeMap;

use threadkeep::component::imports::{backfill, clock, diagnostics, lore, rollouts, state};
use threadkeep::component::types as wit;
use threadkeep::component::{Guard, Guarded, Imports};
use threadkeep::rollouts::{Heads, RolloutReader, Walk};
use threadkeep_core::ports;
use threadkeep_core::ports::{Reader as _, Walker as _};
use wasmtime::component::Resource;

use super::native::{ScriptHeads, ScriptReader, ScriptWalker};
use super::{Same, Script};

type Answered<T> = wasmtime::Result<Result<T, state::Error>>;
type Read<T> = wasmtime::Result<Result<T, rollouts::Error>>;

/// The imports of one instance.
pub(crate) struct Guest {
    guard: Guard,
    script: Script,
    opened: u32,
    readers: BTreeMap<u32, ScriptReader>,
    walkers: BTreeMap<u32, ScriptWalker>,
    heads: BTreeMap<u32, ScriptHeads>,
}

impl Guest {
    /// An instance's view of a world.
    pub(crate) fn of(script: &Script) -> Guest {
        Guest {
            guard: Guard::default(),
            script: script.clone(),
            opened: 0,
            readers: BTreeMap::new(),
            walkers: BTreeMap::new(),
            heads: BTreeMap::new(),
        }
    }
}

fn unknown(number: u32) -> wasmtime::Error {
    wasmtime::format_err!("number {number} is not open")
}

impl Guarded for Guest {
    fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }
}

impl Imports for Guest {
    fn reborn(self) -> Guest {
        Guest::of(&self.script)
    }
}

impl wit::Host for Guest {}

impl state::Host for Guest {
    fn row(&mut self, id: String) -> Answered<Option<wit::ThreadRow>> {
        Ok(ports::State::row(&self.script, &id).same())
    }

    fn page(
        &mut self,
        query: state::RowQuery,
        after: Option<state::RowKey>,
        limit: u32,
    ) -> Answered<Vec<wit::ThreadRow>> {
        let (query, after) = (query.same(), after.map(Same::same));
        Ok(ports::State::page(&self.script, &query, after.as_ref(), limit).same())
    }

    fn children(
        &mut self,
        query: state::RowQuery,
        parents: Vec<String>,
        after: Option<state::RowKey>,
        limit: u32,
    ) -> Answered<Vec<wit::ThreadRow>> {
        let (query, after) = (query.same(), after.map(Same::same));
        Ok(ports::State::children(&self.script, &query, &parents, after.as_ref(), limit).same())
    }

    fn forks_of(&mut self, id: String) -> Answered<Vec<wit::ThreadRow>> {
        Ok(ports::State::forks_of(&self.script, &id).same())
    }

    fn starting_with(&mut self, prefix: String, limit: u32) -> Answered<Vec<String>> {
        Ok(ports::State::starting_with(&self.script, &prefix, limit).same())
    }

    fn files_of(&mut self, id: String) -> Answered<Vec<String>> {
        Ok(ports::State::files_of(&self.script, &id).same())
    }

    fn assembled(&mut self, id: String) -> Answered<Option<wit::ThreadRow>> {
        Ok(ports::State::assembled(&self.script, &id).same())
    }

    fn known(&mut self, after: Option<String>, limit: u32) -> Answered<Vec<u8>> {
        Ok(ports::State::known(&self.script, after.as_deref(), limit).map_err(Same::same))
    }

    fn without_thread(&mut self) -> Answered<Vec<String>> {
        Ok(ports::State::without_thread(&self.script).same())
    }

    fn version(&mut self) -> Answered<u64> {
        Ok(ports::State::version(&self.script).same())
    }

    fn remember(&mut self, note: Vec<u8>) -> Answered<()> {
        Ok(ports::State::remember(&self.script, note).same())
    }

    fn recall(&mut self) -> Answered<Vec<u8>> {
        Ok(ports::State::recall(&self.script).map_err(Same::same))
    }

    fn put(&mut self, row: wit::ThreadRow, instead_of: Option<wit::ThreadRow>) -> Answered<bool> {
        let instead_of = instead_of.map(Same::same);
        Ok(ports::State::put(&self.script, row.same(), instead_of.as_ref()).same())
    }

    fn forget(&mut self, path: String) -> Answered<()> {
        Ok(ports::State::forget(&self.script, &path).same())
    }
}

impl lore::Host for Guest {
    fn names(&mut self, id: String) -> Answered<Vec<wit::NameClaim>> {
        Ok(ports::Lore::names(&self.script, &id).same())
    }

    fn codex(&mut self, id: String) -> Answered<Option<wit::CodexFacts>> {
        Ok(ports::Lore::codex(&self.script, &id).same())
    }

    fn patches(&mut self, id: String) -> Answered<Vec<wit::Patch>> {
        Ok(ports::Lore::patches(&self.script, &id).same())
    }

    fn bearing(&mut self, name: String) -> Answered<Vec<String>> {
        Ok(ports::Lore::bearing(&self.script, &name).same())
    }

    fn default_provider(&mut self) -> wasmtime::Result<String> {
        Ok(ports::Lore::default_provider(&self.script))
    }
}

impl rollouts::Host for Guest {
    fn facts(&mut self, at: String) -> Read<wit::FileFacts> {
        Ok(ports::Rollouts::facts(&self.script, &at).same())
    }

    fn named(&mut self, part: String) -> Read<Vec<String>> {
        Ok(ports::Rollouts::named(&self.script, &part).same())
    }
}

impl rollouts::HostReader for Guest {
    fn open(&mut self, at: String, offset: u64) -> Read<Resource<RolloutReader>> {
        let reader = match ports::Rollouts::open(&self.script, &at, offset) {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error.same())),
        };
        self.opened += 1;
        self.readers.insert(self.opened, reader);
        Ok(Ok(Resource::new_own(self.opened)))
    }

    fn next(&mut self, reader: Resource<RolloutReader>, limit: u32) -> Read<Vec<u8>> {
        let reader = self.readers.get_mut(&reader.rep()).ok_or_else(|| unknown(reader.rep()))?;
        Ok(reader.next(limit).map_err(Same::same))
    }

    fn drop(&mut self, reader: Resource<RolloutReader>) -> wasmtime::Result<()> {
        self.readers.remove(&reader.rep()).map(drop).ok_or_else(|| unknown(reader.rep()))
    }
}

impl rollouts::HostWalker for Guest {
    fn open(&mut self) -> Read<Resource<Walk>> {
        let walker = match ports::Rollouts::walk(&self.script) {
            Ok(walker) => walker,
            Err(error) => return Ok(Err(error.same())),
        };
        self.opened += 1;
        self.walkers.insert(self.opened, walker);
        Ok(Ok(Resource::new_own(self.opened)))
    }

    fn next(&mut self, walker: Resource<Walk>, limit: u32) -> Read<Vec<u8>> {
        let walker = self.walkers.get_mut(&walker.rep()).ok_or_else(|| unknown(walker.rep()))?;
        Ok(walker.next(limit).map_err(Same::same))
    }

    fn drop(&mut self, walker: Resource<Walk>) -> wasmtime::Result<()> {
        self.walkers.remove(&walker.rep()).map(drop).ok_or_else(|| unknown(walker.rep()))
    }
}

impl rollouts::HostHeads for Guest {
    fn open(&mut self) -> Read<Resource<Heads>> {
        let walk = match ports::Rollouts::heads(&self.script) {
            Ok(walk) => walk,
            Err(error) => return Ok(Err(error.same())),
        };
        self.opened += 1;
        self.heads.insert(self.opened, walk);
        Ok(Ok(Resource::new_own(self.opened)))
    }

    fn next(&mut self, heads: Resource<Heads>, limit: u32) -> Read<Vec<u8>> {
        let heads = self.heads.get_mut(&heads.rep()).ok_or_else(|| unknown(heads.rep()))?;
        Ok(heads.next(limit).map_err(Same::same))
    }

    fn drop(&mut self, heads: Resource<Heads>) -> wasmtime::Result<()> {
        self.heads.remove(&heads.rep()).map(drop).ok_or_else(|| unknown(heads.rep()))
    }
}

impl backfill::Host for Guest {
    fn current(&mut self) -> Answered<backfill::Phase> {
        Ok(ports::Backfill::current(&self.script).same())
    }

    fn claim(&mut self) -> Answered<bool> {
        Ok(ports::Backfill::claim(&self.script).same())
    }

    fn watermark(&mut self) -> Answered<Option<String>> {
        Ok(ports::Backfill::watermark(&self.script).same())
    }

    fn offer(&mut self, jobs: Vec<backfill::Job>) -> Answered<()> {
        Ok(ports::Backfill::offer(&self.script, jobs.same()).same())
    }

    fn refuse(&mut self, files: Vec<backfill::Refusal>) -> Answered<()> {
        Ok(ports::Backfill::refuse(&self.script, files.same()).same())
    }

    fn forget(&mut self, paths: Vec<String>) -> Answered<()> {
        Ok(ports::Backfill::forget(&self.script, paths).same())
    }

    fn settle(&mut self) -> Answered<backfill::Tally> {
        Ok(ports::Backfill::settle(&self.script).same())
    }

    fn import_lore(&mut self) -> Answered<()> {
        Ok(ports::Backfill::import_lore(&self.script).same())
    }

    fn expect(&mut self, files: u64) -> wasmtime::Result<()> {
        ports::Backfill::expect(&self.script, files);
        Ok(())
    }

    fn finish(&mut self) -> Answered<()> {
        Ok(ports::Backfill::finish(&self.script).same())
    }
}

impl clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<i64> {
        Ok(ports::Clock::now(&self.script))
    }

    fn wall(&mut self) -> wasmtime::Result<i64> {
        Ok(ports::Clock::wall(&self.script))
    }

    fn wait(&mut self, duration: i64) -> wasmtime::Result<()> {
        ports::Clock::wait(&self.script, duration);
        Ok(())
    }
}

impl diagnostics::Host for Guest {
    fn note(&mut self, id: String, what: wit::Discrepancy) -> wasmtime::Result<()> {
        ports::Diagnostics::note(&self.script, &id, &what.same());
        Ok(())
    }
}
