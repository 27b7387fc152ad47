//! The core as a component: the imports of `wit/core.wit` fill the traits of [`crate::ports`], its exports call the
//! decisions. Nothing is decided here.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::types as core_types;
use crate::{assemble, extract, find, names, page, ports, startup, turns};

wit_bindgen::generate!({
    path: "../wit",
    world: "core",
});

use exports::threadkeep::core as exported;
use threadkeep::core::{backfill, clock, diagnostics, lore, rollouts, state, types};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// A panic is a trap: it costs the call, and the host says which one.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Component;
export!(Component);

/// The imports.
struct World;

/// Converts field by field between the contract's record and the core's own.
macro_rules! fields {
    ($from:expr => $into:path { $($field:ident),* $(,)? } with { $($special:ident: $value:expr),* $(,)? }) => {{
        let from = $from;
        $(let $special = $value(&from);)*
        $into { $($field: from.$field,)* $($special,)* }
    }};
}

impl From<types::FileFacts> for core_types::FileFacts {
    fn from(file: types::FileFacts) -> Self {
        fields!(file => core_types::FileFacts { path, size, modified_ns, inode } with {
            kind: |file: &types::FileFacts| match file.kind {
                types::EntryKind::File => core_types::EntryKind::File,
                types::EntryKind::Directory => core_types::EntryKind::Directory,
                types::EntryKind::Link => core_types::EntryKind::Link,
                types::EntryKind::Other => core_types::EntryKind::Other,
                types::EntryKind::Closed => core_types::EntryKind::Closed,
            },
        })
    }
}

impl From<core_types::FileFacts> for types::FileFacts {
    fn from(file: core_types::FileFacts) -> Self {
        fields!(file => types::FileFacts { path, size, modified_ns, inode } with {
            kind: |file: &core_types::FileFacts| match file.kind {
                core_types::EntryKind::File => types::EntryKind::File,
                core_types::EntryKind::Directory => types::EntryKind::Directory,
                core_types::EntryKind::Link => types::EntryKind::Link,
                core_types::EntryKind::Other => types::EntryKind::Other,
                core_types::EntryKind::Closed => types::EntryKind::Closed,
            },
        })
    }
}

impl From<types::Provenance> for core_types::Provenance {
    fn from(source: types::Provenance) -> Self {
        match source {
            types::Provenance::SessionIndex => core_types::Provenance::SessionIndex,
            types::Provenance::CodexDb => core_types::Provenance::CodexDb,
            types::Provenance::User => core_types::Provenance::User,
        }
    }
}

impl From<core_types::Provenance> for types::Provenance {
    fn from(source: core_types::Provenance) -> Self {
        match source {
            core_types::Provenance::SessionIndex => types::Provenance::SessionIndex,
            core_types::Provenance::CodexDb => types::Provenance::CodexDb,
            core_types::Provenance::User => types::Provenance::User,
        }
    }
}

impl From<types::NameClaim> for core_types::NameClaim {
    fn from(claim: types::NameClaim) -> Self {
        core_types::NameClaim { thread: claim.thread, name: claim.name, source: claim.source.into() }
    }
}

impl From<core_types::NameClaim> for types::NameClaim {
    fn from(claim: core_types::NameClaim) -> Self {
        types::NameClaim { thread: claim.thread, name: claim.name, source: claim.source.into() }
    }
}

impl From<types::CodexFacts> for core_types::CodexFacts {
    fn from(facts: types::CodexFacts) -> Self {
        fields!(facts => core_types::CodexFacts { name, title, first_user_message, memory_mode } with {})
    }
}

macro_rules! thread_row {
    ($from:ty => $into:path, $source:ty) => {
        impl From<$from> for $into {
            fn from(row: $from) -> Self {
                fields!(row => $into {
                    id, path, archived, name, preview, title, first_user_message, cwd, last_cwd, created_at,
                    updated_at, recency_at, source, source_kind, model_provider, model, cli_version, git_branch,
                    git_sha, git_origin_url, tokens_used, parent_thread_id, forked_from_id, base_thread_id,
                    history_mode, memory_mode, missing,
                } with {
                    name_source: |row: &$from| row.name_source.map(<$source>::from),
                })
            }
        }
    };
}

thread_row!(types::ThreadRow => core_types::ThreadRow, core_types::Provenance);
thread_row!(core_types::ThreadRow => types::ThreadRow, types::Provenance);

impl From<core_types::Discrepancy> for types::Discrepancy {
    fn from(what: core_types::Discrepancy) -> Self {
        use core_types::Discrepancy as From;
        match what {
            From::StalePath(path) => types::Discrepancy::StalePath(path),
            From::MismatchedPath(path, thread) => types::Discrepancy::MismatchedPath((path, thread)),
            From::MissingRow(path) => types::Discrepancy::MissingRow(path),
            From::MissingFile(path) => types::Discrepancy::MissingFile(path),
            From::WrongArchived(path) => types::Discrepancy::WrongArchived(path),
            From::WrongMetadata(field) => types::Discrepancy::WrongMetadata(field),
            From::Unreadable(path, why) => types::Discrepancy::Unreadable((path, why)),
        }
    }
}

impl From<core_types::BadLine> for types::BadLine {
    fn from(bad: core_types::BadLine) -> Self {
        types::BadLine { line: bad.line, offset: bad.offset, reason: bad.reason }
    }
}

impl From<state::Error> for core_types::StateError {
    fn from(error: state::Error) -> Self {
        match error {
            state::Error::Unavailable => core_types::StateError::Unavailable,
            state::Error::Busy => core_types::StateError::Busy,
            state::Error::Corrupt(why) => core_types::StateError::Corrupt(why),
            state::Error::Io(why) => core_types::StateError::Io(why),
        }
    }
}

impl From<rollouts::Error> for core_types::FileError {
    fn from(error: rollouts::Error) -> Self {
        match error {
            rollouts::Error::NotFound => core_types::FileError::NotFound,
            rollouts::Error::Denied => core_types::FileError::Denied,
            rollouts::Error::NotAFile => core_types::FileError::NotAFile,
            rollouts::Error::BrokenCompression(why) => core_types::FileError::BrokenCompression(why),
            rollouts::Error::Io(why) => core_types::FileError::Io(why),
        }
    }
}

fn collection_in(collection: types::Collection) -> core_types::Collection {
    match collection {
        types::Collection::Active => core_types::Collection::Active,
        types::Collection::Archived => core_types::Collection::Archived,
    }
}

fn collection_out(collection: core_types::Collection) -> types::Collection {
    match collection {
        core_types::Collection::Active => types::Collection::Active,
        core_types::Collection::Archived => types::Collection::Archived,
    }
}

fn query_in(query: state::RowQuery) -> core_types::RowQuery {
    fields!(query => core_types::RowQuery {
        source_kinds, fold_children, provider, cwd, under, since, until, title, ascending,
    } with {
        within: |query: &state::RowQuery| query.within.map(collection_in),
        sort: |query: &state::RowQuery| match query.sort {
            state::SortKey::Created => core_types::SortKey::Created,
            state::SortKey::Updated => core_types::SortKey::Updated,
            state::SortKey::Recency => core_types::SortKey::Recency,
        },
    })
}

fn query_out(query: core_types::RowQuery) -> state::RowQuery {
    fields!(query => state::RowQuery {
        source_kinds, fold_children, provider, cwd, under, since, until, title, ascending,
    } with {
        within: |query: &core_types::RowQuery| query.within.map(collection_out),
        sort: |query: &core_types::RowQuery| match query.sort {
            core_types::SortKey::Created => state::SortKey::Created,
            core_types::SortKey::Updated => state::SortKey::Updated,
            core_types::SortKey::Recency => state::SortKey::Recency,
        },
    })
}

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

    fn starting_with(&self, prefix: &str, limit: u32) -> ports::StateResult<Vec<String>> {
        Ok(state::starting_with(prefix, limit)?)
    }

    fn files_of(&self, id: &str) -> ports::StateResult<Vec<String>> {
        Ok(state::files_of(id)?)
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

impl ports::Rollouts for World {
    type Reader = rollouts::Reader;
    type Walker = rollouts::Walker;

    fn facts(&self, at: &str) -> ports::FileResult<core_types::FileFacts> {
        Ok(rollouts::facts(at)?.into())
    }

    fn open(&self, at: &str, offset: u64) -> ports::FileResult<rollouts::Reader> {
        Ok(rollouts::Reader::open(at, offset)?)
    }

    fn walk(&self) -> ports::FileResult<rollouts::Walker> {
        Ok(rollouts::Walker::open()?)
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

    fn known(&self, after: Option<&str>, limit: u32) -> ports::StateResult<Vec<u8>> {
        Ok(backfill::known(after, limit)?)
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

    fn wait(&self, millis: i64) {
        clock::wait(millis);
    }
}

impl ports::Diagnostics for World {
    fn note(&self, id: &str, what: &core_types::Discrepancy) {
        diagnostics::note(id, &what.clone().into());
    }
}

impl exported::parsing::Guest for Component {
    fn extract(
        file: types::FileFacts,
        earlier: Option<Vec<u8>>,
    ) -> Result<exported::parsing::Extraction, exported::parsing::NoThread> {
        match extract::extract(&World, &file.into(), earlier.as_deref(), extract::Limits::USUAL) {
            Ok(extraction) => Ok(fields!(extraction => exported::parsing::Extraction {
                thread, state, bad_count, unread, continues, bytes_read,
            } with {
                bad_lines: |from: &core_types::Extraction| from.bad_lines.iter().cloned().map(Into::into).collect(),
            })),
            Err(none) => Err(exported::parsing::NoThread {
                reason: none.reason,
                line: none.line.map(Into::into),
                passing: none.passing,
            }),
        }
    }

    fn index_names(lines: Vec<u8>) -> Vec<types::NameClaim> {
        names::from_index(&lines).into_iter().map(Into::into).collect()
    }

    fn codex_names(rows: Vec<(String, types::CodexFacts)>) -> Vec<types::NameClaim> {
        let rows: Vec<(String, core_types::CodexFacts)> =
            rows.into_iter().map(|(id, facts)| (id, facts.into())).collect();
        names::from_codex(&rows).into_iter().map(Into::into).collect()
    }
}

impl exported::repair::Guest for Component {
    fn assemble(dossiers: Vec<exported::repair::Dossier>, default_provider: String) -> Vec<types::ThreadRow> {
        let mut rows = Vec::new();
        for dossier in dossiers {
            let dossier = core_types::Dossier {
                id: dossier.id,
                files: dossier.files.into_iter().map(|file| (file.file.into(), file.state)).collect(),
                names: dossier.names.into_iter().map(Into::into).collect(),
                codex: dossier.codex.map(Into::into),
                row: dossier.row.map(Into::into),
                base_preview: dossier.base_preview,
            };
            let should = assemble::assemble(&dossier, &default_provider);
            rows.extend(should.filter(|should| assemble::differs(&dossier, should)).map(types::ThreadRow::from));
        }
        rows
    }

    fn judge(stands: types::ThreadRow, should: types::ThreadRow) -> Vec<types::Discrepancy> {
        assemble::judge(&stands.into(), &should.into()).into_iter().map(Into::into).collect()
    }
}

impl From<find::LookupError> for exported::lookup::Error {
    fn from(error: find::LookupError) -> Self {
        match error {
            find::LookupError::NotFound(wanted) => exported::lookup::Error::NotFound(wanted),
            find::LookupError::Ambiguous(ids) => exported::lookup::Error::Ambiguous(ids),
            find::LookupError::BadCursor(why) => exported::lookup::Error::BadCursor(why),
            find::LookupError::State(error) => exported::lookup::Error::State(error.to_string()),
            find::LookupError::Files(error) => exported::lookup::Error::Files(error.to_string()),
        }
    }
}

impl exported::lookup::Guest for Component {
    fn find(
        wanted: String,
        within: Option<types::Collection>,
    ) -> Result<exported::lookup::Found, exported::lookup::Error> {
        let found = find::find(&World, &wanted, within.map(collection_in))?;
        Ok(exported::lookup::Found {
            row: found.row.into(),
            via: match found.via {
                find::Via::State => exported::lookup::Via::State,
                find::Via::Files => exported::lookup::Via::Files,
            },
            verified: found.verified,
            discrepancies: found.discrepancies.into_iter().map(Into::into).collect(),
        })
    }

    fn page(
        query: state::RowQuery,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<exported::lookup::PageOfRows, exported::lookup::Error> {
        let page = page::page(&World, &query_in(query), cursor.as_deref(), limit)?;
        Ok(exported::lookup::PageOfRows { rows: page.rows.into_iter().map(Into::into).collect(), next: page.next })
    }
}

impl exported::history::Guest for Component {
    fn turns(
        wanted: String,
        cursor: Option<String>,
        limit: u32,
        newest_first: bool,
    ) -> Result<exported::history::PageOfTurns, exported::lookup::Error> {
        let page = turns::turns(&World, &wanted, cursor.as_deref(), limit, newest_first)?;
        let gap = |gap: turns::Gap| fields!(gap => exported::history::Gap { thread, before, reason } with {});
        let gaps = |page: &turns::Page| page.gaps.iter().cloned().map(gap).collect();
        Ok(fields!(page => exported::history::PageOfTurns { thread, turns, next } with { gaps: gaps }))
    }
}

impl From<startup::GateError> for exported::startup::Error {
    fn from(error: startup::GateError) -> Self {
        match error {
            startup::GateError::TimedOut { owner, waited } => exported::startup::Error::TimedOut((owner, waited)),
            startup::GateError::NeverSettled(left) => exported::startup::Error::NeverSettled(left),
            startup::GateError::State(core_types::StateError::Corrupt(why)) => exported::startup::Error::Corrupt(why),
            startup::GateError::State(error) => exported::startup::Error::State(error.to_string()),
            startup::GateError::Files(error) => exported::startup::Error::Files(error.to_string()),
        }
    }
}

impl exported::startup::Guest for Component {
    fn run(bound: i64, refresh: bool) -> Result<exported::startup::Outcome, exported::startup::Error> {
        let outcome = startup::run(&World, bound, refresh)?;
        Ok(fields!(outcome => exported::startup::Outcome { scanned, stored, failed, waited, backfilled_here } with {}))
    }

    fn survey() -> Result<exported::startup::Findings, exported::startup::Error> {
        let survey = startup::survey(&World)?;
        Ok(fields!(survey => exported::startup::Findings { files, new, changed, vanished } with {}))
    }
}
