//! The contract's types and the core's own, one into the other. They are the same but for their names, and the
//! contract's can be written as JSON.

use threadkeep::component::exports::{changing, history, lookup, startup as gate};
use threadkeep::component::imports::{backfill, rollouts, state};
use threadkeep::component::types as wit;
use threadkeep_core::change::{ChangeError, Relocation, Removal, Renaming};
use threadkeep_core::find::evidence::{Evidence, Rule, Verdict};
use threadkeep_core::find::{Explanation, Found, LookupError, Via};
use threadkeep_core::page::{Listed, Page};
use threadkeep_core::startup::{GateError, Outcome, Survey};
use threadkeep_core::turns;
use threadkeep_core::types as core;

/// The same value in another type.
pub(crate) trait Same<T> {
    fn same(self) -> T;
}

macro_rules! plain {
    ($($plain:ty),*) => {$(
        impl Same<$plain> for $plain {
            fn same(self) -> $plain {
                self
            }
        }
    )*};
}
plain!((), bool, u32, u64, i64, String);

impl<A: Same<B>, B> Same<Option<B>> for Option<A> {
    fn same(self) -> Option<B> {
        self.map(Same::same)
    }
}

impl<A: Same<B>, B> Same<Vec<B>> for Vec<A> {
    fn same(self) -> Vec<B> {
        self.into_iter().map(Same::same).collect()
    }
}

impl<A: Same<B>, B, E: Same<F>, F> Same<Result<B, F>> for Result<A, E> {
    fn same(self) -> Result<B, F> {
        self.map(Same::same).map_err(Same::same)
    }
}

/// Records of the same fields, one way.
macro_rules! record {
    ($($from:ty => $into:ty { $($field:ident),* $(,)? })*) => {$(
        impl Same<$into> for $from {
            fn same(self) -> $into {
                type Into = $into;
                Into { $($field: self.$field.same()),* }
            }
        }
    )*};
}

/// Records of the same fields, both ways.
macro_rules! records {
    ($($from:ty = $into:ty { $($field:ident),* $(,)? })*) => {$(
        record! { $from => $into { $($field),* } $into => $from { $($field),* } }
    )*};
}

/// Enums of the same cases, both ways; a case may carry one value.
macro_rules! enums {
    ($($from:ty = $into:ty { $($case:ident $(($carried:ident))?),* $(,)? })*) => {$(
        enums! { @ $from => $into { $($case $(($carried))?),* } }
        enums! { @ $into => $from { $($case $(($carried))?),* } }
    )*};
    (@ $from:ty => $into:ty { $($case:ident $(($carried:ident))?),* }) => {
        impl Same<$into> for $from {
            fn same(self) -> $into {
                type From = $from;
                type Into = $into;
                match self { $(From::$case $(($carried))? => Into::$case $(($carried.same()))?),* }
            }
        }
    };
}

enums! {
    core::Collection = wit::Collection { Active, Archived }
    core::EntryKind = wit::EntryKind { File, Directory, Link, Other, Closed }
    core::Provenance = wit::Provenance { SessionIndex, CodexDb, User }
    core::PatchField = wit::PatchField { GitSha, GitBranch, GitOriginUrl, MemoryMode }
    core::StateError = state::Error { Unavailable, Busy, Corrupt(why), Io(why) }
    core::FileError = rollouts::Error { NotFound, Denied, NotAFile, BrokenCompression(why), Io(why) }
    core::SortKey = state::SortKey { Created, Updated, Recency }
    Via = lookup::Via { State, Files }
    Rule = lookup::Rule { RowsFile, KnownFiles, EveryHead, UnverifiedRow, OtherCollection, Gone, NamedLast, Several, Nowhere }
}

records! {
    core::FileFacts = wit::FileFacts { path, kind, size, modified_ns, inode }
    core::NameClaim = wit::NameClaim { thread, name, source, given }
    core::Patch = wit::Patch { field, value }
    core::CodexFacts = wit::CodexFacts {
        name, title, first_user_message, memory_mode, preview, rollout_path, archived, created_at, updated_at, recency_at,
        source, cwd, model_provider, model, cli_version, git_branch, git_sha, git_origin_url, tokens_used, history_mode,
        parent_thread_id,
    }
    core::ThreadRow = wit::ThreadRow {
        id, path, archived, name, name_source, preview, title, first_user_message, cwd, last_cwd, created_at, updated_at,
        recency_at, source, source_kind, model_provider, model, cli_version, git_branch, git_sha, git_origin_url,
        tokens_used, parent_thread_id, forked_from_id, base_thread_id, history_mode, memory_mode, missing,
    }
    core::RowQuery = state::RowQuery {
        within, source_kinds, fold_children, missing, provider, cwd, under, also_cwd, also_under, since, until, title, name, branch, repo, sort,
        ascending,
    }
    core::RowKey = state::RowKey { time, id }
    core::Job = backfill::Job { file, grown }
    core::Refusal = backfill::Refusal { file, reason }
    core::Tally = backfill::Tally { stored, failed }
}

record! {
    Renaming => changing::Renaming { from, to }
    Relocation => changing::Relocation { threads, renamings }
    Removal => changing::Removal { threads, files }
    Found => lookup::Found { row, via, verified, discrepancies }
    Explanation => lookup::Explanation { answer, rule, evidence }
    Listed => lookup::Listed { row, depth }
    Page => lookup::PageOfRows { rows, next }
    turns::Gap => history::Gap { thread, before, reason }
    turns::Page => history::PageOfTurns { turns, next, back, hit }
    Outcome => gate::Outcome { scanned, stored, failed, waited, backfilled_here }
    Survey => gate::Findings { files, new, changed, vanished }
}

impl Same<wit::Discrepancy> for core::Discrepancy {
    fn same(self) -> wit::Discrepancy {
        use core::Discrepancy as From;
        use wit::Discrepancy as Into;
        match self {
            From::StalePath(path) => Into::StalePath(path),
            From::MismatchedPath(path, thread) => Into::MismatchedPath((path, thread)),
            From::MissingRow(path) => Into::MissingRow(path),
            From::MissingFile(path) => Into::MissingFile(path),
            From::WrongArchived(path) => Into::WrongArchived(path),
            From::WrongMetadata(field) => Into::WrongMetadata(field),
            From::Unreadable(path, why) => Into::Unreadable((path, why)),
        }
    }
}

impl Same<core::Discrepancy> for wit::Discrepancy {
    fn same(self) -> core::Discrepancy {
        use core::Discrepancy as Into;
        use wit::Discrepancy as From;
        match self {
            From::StalePath(path) => Into::StalePath(path),
            From::MismatchedPath((path, thread)) => Into::MismatchedPath(path, thread),
            From::MissingRow(path) => Into::MissingRow(path),
            From::MissingFile(path) => Into::MissingFile(path),
            From::WrongArchived(path) => Into::WrongArchived(path),
            From::WrongMetadata(field) => Into::WrongMetadata(field),
            From::Unreadable((path, why)) => Into::Unreadable(path, why),
        }
    }
}

impl Same<core::Phase> for backfill::Phase {
    fn same(self) -> core::Phase {
        match self {
            backfill::Phase::Pending => core::Phase::Pending,
            backfill::Phase::Running(owner) => core::Phase::Running { owner: owner.name, gone: owner.gone },
            backfill::Phase::Complete => core::Phase::Complete,
        }
    }
}

impl Same<backfill::Phase> for core::Phase {
    fn same(self) -> backfill::Phase {
        match self {
            core::Phase::Pending => backfill::Phase::Pending,
            core::Phase::Running { owner, gone } => backfill::Phase::Running(backfill::Owner { name: owner, gone }),
            core::Phase::Complete => backfill::Phase::Complete,
        }
    }
}

impl Same<lookup::Error> for LookupError {
    fn same(self) -> lookup::Error {
        match self {
            LookupError::NotFound(wanted) => lookup::Error::NotFound(wanted),
            LookupError::Gone(row) => lookup::Error::Gone((*row).same()),
            LookupError::Ambiguous(rows) => lookup::Error::Ambiguous(rows.same()),
            LookupError::BadCursor(why) => lookup::Error::BadCursor(why),
            LookupError::State(error) => lookup::Error::State(error.to_string()),
            LookupError::Files(error) => lookup::Error::Files(error.to_string()),
        }
    }
}

impl Same<changing::Error> for ChangeError {
    fn same(self) -> changing::Error {
        match self {
            ChangeError::Lookup(error) => changing::Error::Lookup(error.same()),
            ChangeError::Occupied(renaming) => changing::Error::Occupied(renaming.same()),
            ChangeError::Forks(forks) => changing::Error::Forks(forks.same()),
        }
    }
}

impl Same<gate::Error> for GateError {
    fn same(self) -> gate::Error {
        match self {
            GateError::TimedOut { owner, waited } => gate::Error::TimedOut((owner, waited)),
            GateError::NeverSettled(left) => gate::Error::NeverSettled(left),
            GateError::State(core::StateError::Corrupt(why)) => gate::Error::Corrupt(why),
            GateError::State(error) => gate::Error::State(error.to_string()),
            GateError::Files(error) => gate::Error::Files(error.to_string()),
        }
    }
}

impl Same<lookup::Evidence> for Evidence {
    fn same(self) -> lookup::Evidence {
        use lookup::Evidence as Into;
        match self {
            Evidence::WithoutRows => Into::WithoutRows,
            Evidence::NoRow(thread) => Into::NoRow(thread),
            Evidence::Row { thread, path, archived, missing } => {
                Into::Row(lookup::RowEvidence { thread, path, archived, missing })
            }
            Evidence::Head { path, verdict } => {
                let verdict = match verdict {
                    Verdict::Carries => lookup::Verdict::Carries,
                    Verdict::Other(thread) => lookup::Verdict::Other(thread),
                    Verdict::Absent => lookup::Verdict::Absent,
                    Verdict::Unreadable(why) => lookup::Verdict::Unreadable(why),
                };
                Into::Head((path, verdict))
            }
            Evidence::Names { part, files } => Into::Names((part, files)),
            Evidence::Recorded { thread, files } => Into::Recorded((thread, files)),
            Evidence::Unchanged => Into::Unchanged,
            Evidence::EveryHead { files } => Into::EveryHead(files),
            Evidence::Claim(claim) => Into::Claim(claim.same()),
            Evidence::Candidates { wanted, threads } => Into::Candidates((wanted, threads)),
        }
    }
}
