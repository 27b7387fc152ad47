//! The contract's types into the core's own and back. The two are the same but for their names.

use super::threadkeep::core::{rollouts, state, types};
use crate::types as core_types;

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

impl From<types::Patch> for core_types::Patch {
    fn from(patch: types::Patch) -> Self {
        let field = match patch.field {
            types::PatchField::GitSha => core_types::PatchField::GitSha,
            types::PatchField::GitBranch => core_types::PatchField::GitBranch,
            types::PatchField::GitOriginUrl => core_types::PatchField::GitOriginUrl,
            types::PatchField::MemoryMode => core_types::PatchField::MemoryMode,
        };
        core_types::Patch { field, value: patch.value }
    }
}

impl From<core_types::Patch> for types::Patch {
    fn from(patch: core_types::Patch) -> Self {
        let field = match patch.field {
            core_types::PatchField::GitSha => types::PatchField::GitSha,
            core_types::PatchField::GitBranch => types::PatchField::GitBranch,
            core_types::PatchField::GitOriginUrl => types::PatchField::GitOriginUrl,
            core_types::PatchField::MemoryMode => types::PatchField::MemoryMode,
        };
        types::Patch { field, value: patch.value }
    }
}

impl From<types::NameClaim> for core_types::NameClaim {
    fn from(claim: types::NameClaim) -> Self {
        fields!(claim => core_types::NameClaim { thread, name, given } with {
            source: |claim: &types::NameClaim| claim.source.into(),
        })
    }
}

impl From<core_types::NameClaim> for types::NameClaim {
    fn from(claim: core_types::NameClaim) -> Self {
        fields!(claim => types::NameClaim { thread, name, given } with {
            source: |claim: &core_types::NameClaim| claim.source.into(),
        })
    }
}

impl From<types::CodexFacts> for core_types::CodexFacts {
    fn from(facts: types::CodexFacts) -> Self {
        fields!(facts => core_types::CodexFacts {
            name, title, first_user_message, memory_mode, preview, rollout_path, archived, created_at, updated_at,
            recency_at, source, cwd, model_provider, model, cli_version, git_branch, git_sha, git_origin_url,
            tokens_used, history_mode, parent_thread_id,
        } with {})
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

impl From<core_types::FileError> for rollouts::Error {
    fn from(error: core_types::FileError) -> Self {
        match error {
            core_types::FileError::NotFound => rollouts::Error::NotFound,
            core_types::FileError::Denied => rollouts::Error::Denied,
            core_types::FileError::NotAFile => rollouts::Error::NotAFile,
            core_types::FileError::BrokenCompression(why) => rollouts::Error::BrokenCompression(why),
            core_types::FileError::Io(why) => rollouts::Error::Io(why),
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

pub(super) fn collection_in(collection: types::Collection) -> core_types::Collection {
    match collection {
        types::Collection::Active => core_types::Collection::Active,
        types::Collection::Archived => core_types::Collection::Archived,
    }
}

pub(super) fn collection_out(collection: core_types::Collection) -> types::Collection {
    match collection {
        core_types::Collection::Active => types::Collection::Active,
        core_types::Collection::Archived => types::Collection::Archived,
    }
}

macro_rules! row_query {
    ($name:ident, $collection:path, $from:ty => $into:path, $from_key:ty => $into_key:ty) => {
        pub(super) fn $name(query: $from) -> $into {
            fields!(query => $into {
                source_kinds, fold_children, missing, provider, cwd, under, also_cwd, also_under, since, until, title, name, branch, repo,
                ascending,
            } with {
                within: |query: &$from| query.within.map($collection),
                sort: |query: &$from| match query.sort {
                    <$from_key>::Created => <$into_key>::Created,
                    <$from_key>::Updated => <$into_key>::Updated,
                    <$from_key>::Recency => <$into_key>::Recency,
                },
            })
        }
    };
}

row_query!(query_in, collection_in, state::RowQuery => core_types::RowQuery, state::SortKey => core_types::SortKey);
row_query!(query_out, collection_out, core_types::RowQuery => state::RowQuery, core_types::SortKey => state::SortKey);
