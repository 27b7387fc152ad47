//! The imports as the traits of [`crate::ports`].

use alloc::string::String;
use alloc::vec::Vec;

use super::World;
use super::convert::query_out;
use super::threadkeep::core::{backfill, clock, diagnostics, lore, rollouts, state, types};
use crate::{ports, types as core_types};

impl ports::State for World {
    fn row(&self, id: &str) -> ports::StateResult<Option<core_types::ThreadRow>> {
        Ok(state::row(id)?.map(Into::into))
    }

    fn page(
        &self,
        query: &core_types::RowQuery,
        after: Option<&core_types::RowKey>,
        limit: u32,
    ) -> ports::StateResult<Vec<core_types::ThreadRow>> {
        let after = after.map(|key| state::RowKey { time: key.time, id: key.id.clone() });
        let rows = state::page(&query_out(query.clone()), after.as_ref(), limit)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    fn children(
        &self,
        query: &core_types::RowQuery,
        parents: &[String],
        after: Option<&core_types::RowKey>,
        limit: u32,
    ) -> ports::StateResult<Vec<core_types::ThreadRow>> {
        let after = after.map(|key| state::RowKey { time: key.time, id: key.id.clone() });
        let rows = state::children(&query_out(query.clone()), parents, after.as_ref(), limit)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    fn forks_of(&self, id: &str) -> ports::StateResult<Vec<core_types::ThreadRow>> {
        Ok(state::forks_of(id)?.into_iter().map(Into::into).collect())
    }

    fn starting_with(&self, prefix: &str, limit: u32) -> ports::StateResult<Vec<String>> {
        Ok(state::starting_with(prefix, limit)?)
    }

    fn files_of(&self, id: &str) -> ports::StateResult<Vec<String>> {
        Ok(state::files_of(id)?)
    }

    fn assembled(&self, id: &str) -> ports::StateResult<Option<core_types::ThreadRow>> {
        Ok(state::assembled(id)?.map(Into::into))
    }

    fn known(&self, after: Option<&str>, limit: u32) -> ports::StateResult<Vec<u8>> {
        Ok(state::known(after, limit)?)
    }

    fn without_thread(&self) -> ports::StateResult<Vec<String>> {
        Ok(state::without_thread()?)
    }

    fn version(&self) -> ports::StateResult<u64> {
        Ok(state::version()?)
    }

    fn remember(&self, note: Vec<u8>) -> ports::StateResult<()> {
        Ok(state::remember(&note)?)
    }

    fn recall(&self) -> ports::StateResult<Vec<u8>> {
        Ok(state::recall()?)
    }

    fn put(&self, row: core_types::ThreadRow, instead_of: Option<&core_types::ThreadRow>) -> ports::StateResult<bool> {
        let instead_of = instead_of.cloned().map(types::ThreadRow::from);
        Ok(state::put(&row.into(), instead_of.as_ref())?)
    }

    fn forget(&self, path: &str) -> ports::StateResult<()> {
        Ok(state::forget(path)?)
    }
}

impl ports::Lore for World {
    fn names(&self, id: &str) -> ports::StateResult<Vec<core_types::NameClaim>> {
        Ok(lore::names(id)?.into_iter().map(Into::into).collect())
    }

    fn codex(&self, id: &str) -> ports::StateResult<Option<core_types::CodexFacts>> {
        Ok(lore::codex(id)?.map(Into::into))
    }

    fn patches(&self, id: &str) -> ports::StateResult<Vec<core_types::Patch>> {
        Ok(lore::patches(id)?.into_iter().map(Into::into).collect())
    }

    fn bearing(&self, name: &str) -> ports::StateResult<Vec<String>> {
        Ok(lore::bearing(name)?)
    }

    fn default_provider(&self) -> String {
        lore::default_provider()
    }
}

impl ports::Reader for rollouts::Reader {
    fn next(&mut self, limit: u32) -> ports::FileResult<Vec<u8>> {
        Ok(rollouts::Reader::next(self, limit)?)
    }
}

impl ports::Walker for rollouts::Walker {
    fn next(&mut self, limit: u32) -> ports::FileResult<Vec<u8>> {
        Ok(rollouts::Walker::next(self, limit)?)
    }
}

impl ports::Walker for rollouts::Heads {
    fn next(&mut self, limit: u32) -> ports::FileResult<Vec<u8>> {
        Ok(rollouts::Heads::next(self, limit)?)
    }
}

impl ports::Rollouts for World {
    type Reader = rollouts::Reader;
    type Walker = rollouts::Walker;
    type Heads = rollouts::Heads;

    fn facts(&self, at: &str) -> ports::FileResult<core_types::FileFacts> {
        Ok(rollouts::facts(at)?.into())
    }

    fn open(&self, at: &str, offset: u64) -> ports::FileResult<rollouts::Reader> {
        Ok(rollouts::Reader::open(at, offset)?)
    }

    fn walk(&self) -> ports::FileResult<rollouts::Walker> {
        Ok(rollouts::Walker::open()?)
    }

    fn heads(&self) -> ports::FileResult<rollouts::Heads> {
        Ok(rollouts::Heads::open()?)
    }

    fn named(&self, part: &str) -> ports::FileResult<Vec<String>> {
        Ok(rollouts::named(part)?)
    }
}

impl ports::Backfill for World {
    fn current(&self) -> ports::StateResult<core_types::Phase> {
        Ok(match backfill::current()? {
            backfill::Phase::Pending => core_types::Phase::Pending,
            backfill::Phase::Running(owner) => core_types::Phase::Running { owner: owner.name, gone: owner.gone },
            backfill::Phase::Complete => core_types::Phase::Complete,
        })
    }

    fn claim(&self) -> ports::StateResult<bool> {
        Ok(backfill::claim()?)
    }

    fn watermark(&self) -> ports::StateResult<Option<String>> {
        Ok(backfill::watermark()?)
    }

    fn offer(&self, jobs: Vec<core_types::Job>) -> ports::StateResult<()> {
        let jobs: Vec<backfill::Job> =
            jobs.into_iter().map(|job| backfill::Job { file: job.file.into(), grown: job.grown }).collect();
        Ok(backfill::offer(&jobs)?)
    }

    fn refuse(&self, files: Vec<core_types::Refusal>) -> ports::StateResult<()> {
        let files: Vec<backfill::Refusal> = files
            .into_iter()
            .map(|refusal| backfill::Refusal { file: refusal.file.into(), reason: refusal.reason })
            .collect();
        Ok(backfill::refuse(&files)?)
    }

    fn forget(&self, paths: Vec<String>) -> ports::StateResult<()> {
        Ok(backfill::forget(&paths)?)
    }

    fn settle(&self) -> ports::StateResult<core_types::Tally> {
        let tally = backfill::settle()?;
        Ok(core_types::Tally { stored: tally.stored, failed: tally.failed })
    }

    fn import_lore(&self) -> ports::StateResult<()> {
        Ok(backfill::import_lore()?)
    }

    fn expect(&self, files: u64) {
        backfill::expect(files);
    }

    fn finish(&self) -> ports::StateResult<()> {
        Ok(backfill::finish()?)
    }
}

impl ports::Clock for World {
    fn now(&self) -> i64 {
        clock::now()
    }

    fn wall(&self) -> i64 {
        clock::wall()
    }

    fn wait(&self, millis: i64) {
        clock::wait(millis);
    }
}

impl ports::Diagnostics for World {
    fn note(&self, id: &str, what: &core_types::Discrepancy) {
        diagnostics::note(id, &what.clone().into());
    }
}
