//! Derives the row that should stand from all files of a thread, the names it was given and the row that stands.
//!
//! A thread mostly has one file. It has several after a revert (a second file whose history begins with the first),
//! when a compressed form stands beside the plain one, or when somebody copied a file. Then the thread is one all the
//! same: who it is comes from its first file, how it stands from its newest.

mod fields;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub use fields::{Field, fields};

use contract::{CodexFacts, Collection, FileFacts, NameClaim, ThreadInputs, ThreadRow};

use crate::rollout::fold::{Fold, spawner_of};
use crate::rows::names::strongest;
use crate::rows::patch::apply_patches;
use crate::rows::source::Source;
use crate::text::paths::{
    canonical_id, collection_of, home_place, id_millis, is_compressed, is_foreign, is_named_for, named_millis,
};

/// Derives the rows that should stand, for those threads whose row is wrong or not there.
pub fn derive_rows(threads: &[ThreadInputs], default_provider: &str) -> Vec<ThreadRow> {
    let desired = threads.iter().map(|inputs| (inputs, derive_row(inputs, default_provider)));
    desired.filter_map(|(inputs, desired)| desired.filter(|desired| inputs.row.as_ref() != Some(desired))).collect()
}

/// Derives the row that should stand; none where nothing is known of the thread. A thread without a file keeps its row,
/// marked missing; one that only Codex's own database remembers is [`from_codex_row`]. What users say of it is laid
/// over all that.
pub fn derive_row(inputs: &ThreadInputs, default_provider: &str) -> Option<ThreadRow> {
    let mut row = from_sources(inputs, default_provider)?;
    apply_patches(&mut row, &inputs.patches);
    Some(row)
}

fn from_sources(inputs: &ThreadInputs, default_provider: &str) -> Option<ThreadRow> {
    let mut files: Vec<(&FileFacts, Fold)> = inputs
        .files
        .iter()
        .filter_map(|file| Some((&file.file, Fold::decode(&file.state)?)))
        .filter(|(_, fold)| fold.identity.as_ref().is_some_and(|identity| identity.id == inputs.id))
        .collect();
    if files.is_empty() {
        let Some(row) = inputs.row.clone() else {
            return from_codex_row(&inputs.id, inputs.codex.as_ref()?, &inputs.names, default_provider);
        };
        // Files that another version of the program parsed are there, whatever they say.
        let missing = inputs.files.is_empty() || row.missing;
        return Some(ThreadRow { missing, ..row });
    }
    // Copies under names of other programs do not count beside the file that Codex named.
    if files.iter().any(|(file, _)| is_named_for(&file.path, &inputs.id)) {
        files.retain(|(file, _)| is_named_for(&file.path, &inputs.id));
    }
    files.sort_by(|(a, left), (b, right)| age(a, left).cmp(&age(b, right)));
    let mut row = from_files(inputs, &files, default_provider)?;
    // What stands only by Codex's word says nothing that a rollout may not overrule.
    let by_codex = |current: &&ThreadRow| {
        let codex = inputs.codex.as_ref().filter(|_| current.missing);
        codex.is_some_and(|codex| {
            current.git_sha == fact(&codex.git_sha) && current.git_branch == fact(&codex.git_branch)
        })
    };
    keep_git_facts(&mut row, inputs.row.as_ref().filter(|current| !by_codex(current)));
    Some(row)
}

/// Makes the row of a thread that has no rollout and that Codex's own database still knows, marked missing; none where
/// that does not say when the thread was, so that nobody could tell what is meant.
pub fn from_codex_row(id: &str, codex: &CodexFacts, names: &[NameClaim], default_provider: &str) -> Option<ThreadRow> {
    let created_at = codex.created_at.or(codex.updated_at)?;
    let updated_at = codex.updated_at.unwrap_or(created_at);
    let name = strongest(names);
    let opening = fact(&codex.first_user_message);
    let preview = fact(&codex.preview).or_else(|| opening.clone()).unwrap_or_default();
    let raw = fact(&codex.source);
    // Codex's column holds a bare word where a rollout holds JSON.
    let source = raw.as_ref().map(|raw| if raw.starts_with('{') { raw.clone() } else { format!("\"{raw}\"") });
    let spawner = || spawner_of(source.as_ref()?.as_bytes());
    let parent_thread_id = codex.parent_thread_id.as_deref().and_then(canonical_id).or_else(spawner);
    let source = Source::of(source.as_deref());
    Some(ThreadRow {
        id: id.into(),
        path: home_place(codex.rollout_path.as_deref().unwrap_or_default(), codex.archived),
        archived: codex.archived,
        name: name.map(|claim| claim.name.clone()),
        name_source: name.map(|claim| claim.source),
        title: name.map(|claim| claim.name.clone()).or_else(|| opening.clone()).unwrap_or_else(|| preview.clone()),
        preview,
        first_user_message: opening,
        cwd: fact(&codex.cwd),
        last_cwd: None,
        created_at,
        updated_at,
        recency_at: codex.recency_at.unwrap_or(updated_at),
        source_kind: source.kind.into(),
        source: source.json,
        model_provider: fact(&codex.model_provider).or_else(|| configured(default_provider)),
        model: fact(&codex.model),
        cli_version: fact(&codex.cli_version),
        git_branch: fact(&codex.git_branch),
        git_sha: fact(&codex.git_sha),
        git_origin_url: fact(&codex.git_origin_url),
        // Codex has no other word for tokens that nobody counted.
        tokens_used: codex.tokens_used.filter(|tokens| *tokens > 0),
        parent_thread_id,
        forked_from_id: None,
        base_thread_id: None,
        history_mode: fact(&codex.history_mode).unwrap_or_else(|| "legacy".into()),
        memory_mode: fact(&codex.memory_mode),
        missing: true,
    })
}

/// A column of Codex's that says something: it keeps empty texts where others keep nothing.
fn fact(column: &Option<String>) -> Option<String> {
    column.clone().filter(|text| !text.trim().is_empty())
}

/// The home's model provider, where it has one.
fn configured(default_provider: &str) -> Option<String> {
    Some(default_provider.into()).filter(|provider: &String| !provider.is_empty())
}

/// What files of one thread are ordered by, oldest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Age<'a> {
    /// Its history begins in another one of them.
    continues: bool,
    created: Option<i64>,
    last: Option<i64>,
    /// Of two files that say the same, the active, plain one counts as the newer.
    active: bool,
    plain: bool,
    path: &'a str,
}

fn age<'a>(file: &'a FileFacts, fold: &Fold) -> Age<'a> {
    let identity = fold.identity.as_ref();
    Age {
        continues: identity.is_some_and(|identity| identity.base_thread.as_ref() == Some(&identity.id)),
        created: identity.and_then(|identity| identity.created_at),
        last: fold.last_at,
        active: collection_of(&file.path) == Collection::Active,
        plain: !is_compressed(&file.path),
        path: &file.path,
    }
}

fn from_files(inputs: &ThreadInputs, files: &[(&FileFacts, Fold)], default_provider: &str) -> Option<ThreadRow> {
    let (_, first) = files.first()?;
    let (file, newest) = files.last()?;
    let origin = first.identity.as_ref()?;
    let view = newest.identity.as_ref()?;
    let source = Source::of(view.source.as_deref().or(origin.source.as_deref()));
    let opening = files.iter().find_map(|(_, fold)| fold.opening());
    let goal = files.iter().find_map(|(_, fold)| fold.goal.as_deref());
    let other = |base: &&String| **base != inputs.id;
    let base_thread_id = [view, origin].into_iter().find_map(|id| id.base_thread.as_ref().filter(other)).cloned();
    let preview = base_thread_id
        .as_ref()
        .and(inputs.base_preview.as_deref())
        .filter(|preview| !preview.is_empty())
        .or(opening)
        .or(goal)
        .unwrap_or_default();
    let name = strongest(&inputs.names);
    let (created_at, updated_at) = times(inputs, files)?;
    Some(ThreadRow {
        id: inputs.id.clone(),
        path: file.path.clone(),
        archived: collection_of(&file.path) == Collection::Archived,
        name: name.map(|claim| claim.name.clone()),
        name_source: name.map(|claim| claim.source),
        preview: preview.into(),
        title: name.map(|claim| claim.name.as_str()).or(opening).unwrap_or(preview).into(),
        first_user_message: opening.map(Into::into),
        cwd: origin.cwd.clone().or_else(|| first.context_cwd.clone()),
        last_cwd: newest.last_cwd.clone(),
        created_at,
        updated_at,
        recency_at: newest.turn_at.unwrap_or(created_at),
        source_kind: source.kind.into(),
        source: source.json,
        // What is configured here says nothing of another program.
        model_provider: view.model_provider.clone().or_else(|| match is_foreign(&file.path) {
            true => None,
            false => configured(default_provider),
        }),
        model: newest.model.clone(),
        cli_version: view.cli_version.clone(),
        git_branch: origin.git_branch.clone().or_else(|| view.git_branch.clone()),
        git_sha: origin.git_sha.clone().or_else(|| view.git_sha.clone()),
        git_origin_url: origin.git_origin_url.clone().or_else(|| view.git_origin_url.clone()),
        tokens_used: newest.tokens,
        parent_thread_id: origin.parent_thread.clone(),
        forked_from_id: origin.forked_from.clone(),
        base_thread_id,
        history_mode: if view.paginated { "paginated" } else { "legacy" }.into(),
        memory_mode: inputs.codex.as_ref().and_then(|codex| codex.memory_mode.clone()),
        missing: false,
    })
}

/// When a thread began, and when the last record of it was written. The time of a file is what is left when no record, no id
/// and no name has one: programs that copy give it another. A clock that went back makes no thread younger than its end.
fn times(inputs: &ThreadInputs, files: &[(&FileFacts, Fold)]) -> Option<(i64, i64)> {
    let (oldest, first) = files.first()?;
    let (file, newest) = files.last()?;
    let told = first.identity.as_ref()?.created_at.or(first.first_at);
    let named = || id_millis(&inputs.id).or_else(|| named_millis(&oldest.path));
    let created_at = told.or_else(named).unwrap_or(file.modified_ns / 1_000_000);
    let updated_at = newest.last_at.unwrap_or(created_at);
    Some((created_at.min(updated_at), updated_at))
}

/// What the row knows and no source gives back, or may overrule: git facts, and a memory mode that only the row knows.
fn keep_git_facts(row: &mut ThreadRow, current: Option<&ThreadRow>) {
    let Some(current) = current else { return };
    for (slot, kept) in [
        (&mut row.git_branch, &current.git_branch),
        (&mut row.git_sha, &current.git_sha),
        (&mut row.git_origin_url, &current.git_origin_url),
    ] {
        if kept.is_some() {
            slot.clone_from(kept);
        }
    }
    if row.memory_mode.is_none() {
        row.memory_mode.clone_from(&current.memory_mode);
    }
}
