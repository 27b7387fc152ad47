//! All files of a thread, the names it was given and the row that stands, into the row that should stand.
//!
//! A thread mostly has one file. It has several after a revert (a second file whose history begins with the first), when
//! a compressed form stands beside the plain one, or when somebody copied a file. Then the thread is one all the same:
//! who it is comes from its first file, how it stands from its newest.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use crate::change::patch::apply;
use crate::fold::Fold;
use crate::json::Cursor;
use crate::names::strongest;
use crate::paths::{canonical_id, collection_of, home_place, is_compressed};
use crate::types::{CodexFacts, Collection, Discrepancy, Dossier, FileFacts, NameClaim, ThreadRow};

/// The row that should stand; none where nothing is known of the thread. A thread without a file keeps its row, marked
/// missing; one that only Codex's own database remembers is [`remembered`]. What users say of it is laid over all that.
pub fn assemble(dossier: &Dossier, default_provider: &str) -> Option<ThreadRow> {
    let mut row = from_sources(dossier, default_provider)?;
    apply(&mut row, &dossier.patches);
    Some(row)
}

fn from_sources(dossier: &Dossier, default_provider: &str) -> Option<ThreadRow> {
    let mut files: Vec<(&FileFacts, Fold)> = dossier
        .files
        .iter()
        .filter_map(|(file, state)| Some((file, Fold::decode(state)?)))
        .filter(|(_, fold)| fold.identity.as_ref().is_some_and(|identity| identity.id == dossier.id))
        .collect();
    if files.is_empty() {
        let Some(row) = dossier.row.clone() else {
            return remembered(&dossier.id, dossier.codex.as_ref()?, &dossier.names, default_provider);
        };
        // Files that another version of the program parsed are there, whatever they say.
        let missing = dossier.files.is_empty() || row.missing;
        return Some(ThreadRow { missing, ..row });
    }
    files.sort_by(|(a, left), (b, right)| age(a, left).cmp(&age(b, right)));
    let mut row = from_files(dossier, &files, default_provider)?;
    // What stands only by Codex's word says nothing that a rollout may not overrule.
    let by_codex = |stands: &&ThreadRow| {
        let codex = dossier.codex.as_ref().filter(|_| stands.missing);
        codex
            .is_some_and(|codex| stands.git_sha == fact(&codex.git_sha) && stands.git_branch == fact(&codex.git_branch))
    };
    keep_what_stands(&mut row, dossier.row.as_ref().filter(|stands| !by_codex(stands)));
    Some(row)
}

/// The row of a thread that has no rollout and that Codex's own database still knows, marked missing; none where that
/// does not say when the thread was, so that nobody could tell what is meant.
pub fn remembered(id: &str, codex: &CodexFacts, names: &[NameClaim], default_provider: &str) -> Option<ThreadRow> {
    let created_at = codex.created_at.or(codex.updated_at)?;
    let updated_at = codex.updated_at.unwrap_or(created_at);
    let name = strongest(names);
    let opening = fact(&codex.first_user_message);
    let preview = fact(&codex.preview).or_else(|| opening.clone()).unwrap_or_default();
    let raw = fact(&codex.source);
    // Codex's column holds a bare word where a rollout holds JSON.
    let source = raw.as_ref().map(|raw| if raw.starts_with('{') { raw.clone() } else { format!("\"{raw}\"") });
    let spawner = || crate::fold::spawner(source.as_ref()?.as_bytes());
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

/// Is the row that stands another one than the row that should?
pub fn differs(dossier: &Dossier, should: &ThreadRow) -> bool {
    dossier.row.as_ref() != Some(should)
}

/// What is wrong with a row, given the row that should stand.
pub fn judge(stands: &ThreadRow, should: &ThreadRow) -> Vec<Discrepancy> {
    let mut found = vec![];
    if stands.path != should.path {
        found.push(Discrepancy::StalePath(stands.path.clone()));
    }
    if stands.archived != should.archived {
        found.push(Discrepancy::WrongArchived(should.path.clone()));
    }
    macro_rules! compare {
        ($($field:ident $name:literal),* $(,)?) => {
            $(if stands.$field != should.$field {
                found.push(Discrepancy::WrongMetadata($name.into()));
            })*
        };
    }
    compare!(
        name "name", name_source "nameSource", preview "preview", title "title", cwd "cwd", last_cwd "lastCwd",
        created_at "createdAt", updated_at "updatedAt", recency_at "recencyAt", source "source",
        source_kind "sourceKind", first_user_message "firstUserMessage", base_thread_id "baseThreadId",
        missing "missing", model_provider "modelProvider", model "model", cli_version "cliVersion",
        git_branch "gitBranch", git_sha "gitSha", git_origin_url "gitOriginUrl", tokens_used "tokensUsed",
        parent_thread_id "parentThreadId", forked_from_id "forkedFromId", history_mode "historyMode",
        memory_mode "memoryMode",
    );
    found
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

fn from_files(dossier: &Dossier, files: &[(&FileFacts, Fold)], default_provider: &str) -> Option<ThreadRow> {
    let (_, first) = files.first()?;
    let (file, newest) = files.last()?;
    let origin = first.identity.as_ref()?;
    let view = newest.identity.as_ref()?;
    let source = Source::of(view.source.as_deref().or(origin.source.as_deref()));
    let opening = files.iter().find_map(|(_, fold)| fold.opening());
    let goal = files.iter().find_map(|(_, fold)| fold.goal.as_deref());
    let other = |base: &&String| **base != dossier.id;
    let base_thread_id = [view, origin].into_iter().find_map(|id| id.base_thread.as_ref().filter(other)).cloned();
    let preview = base_thread_id
        .as_ref()
        .and(dossier.base_preview.as_deref())
        .filter(|preview| !preview.is_empty())
        .or(opening)
        .or(goal)
        .unwrap_or_default();
    let name = strongest(&dossier.names);
    let created_at = origin.created_at.or(first.last_at).unwrap_or(file.modified_ns / 1_000_000);
    let updated_at = newest.last_at.unwrap_or(created_at);
    Some(ThreadRow {
        id: dossier.id.clone(),
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
        model_provider: view.model_provider.clone().or_else(|| configured(default_provider)),
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
        memory_mode: dossier.codex.as_ref().and_then(|codex| codex.memory_mode.clone()),
        missing: false,
    })
}

/// What the row knows and no source gives back, or may overrule: git facts, and a memory mode that only the row knows.
fn keep_what_stands(row: &mut ThreadRow, stands: Option<&ThreadRow>) {
    let Some(stands) = stands else { return };
    for (slot, kept) in [
        (&mut row.git_branch, &stands.git_branch),
        (&mut row.git_sha, &stands.git_sha),
        (&mut row.git_origin_url, &stands.git_origin_url),
    ] {
        if kept.is_some() {
            slot.clone_from(kept);
        }
    }
    if row.memory_mode.is_none() {
        row.memory_mode.clone_from(&stands.memory_mode);
    }
}

/// Where a thread came from, in the two forms of Codex's protocol.
pub(crate) struct Source {
    /// `SessionSource` as JSON.
    pub(crate) json: String,
    /// `ThreadSourceKind`
    kind: &'static str,
}

impl Source {
    /// From what a rollout says: `"cli"`, `"mcp"`, `{"subagent":"review"}`, `{"subagent":{"thread_spawn":{…}}}`, …
    pub(crate) fn of(raw: Option<&str>) -> Source {
        let plain = |kind: &'static str| Source { json: format!("\"{kind}\""), kind };
        let Some(raw) = raw else {
            return plain("unknown");
        };
        let mut cursor = Cursor::new(raw.as_bytes());
        if cursor.peek() == Some(b'"') {
            let word = cursor.text().ok().flatten();
            return match word.map(|word| word.raw()).unwrap_or_default() {
                b"cli" => plain("cli"),
                b"vscode" => plain("vscode"),
                b"exec" => plain("exec"),
                b"mcp" | b"appServer" | b"app_server" => plain("appServer"),
                _ => plain("unknown"),
            };
        }
        let mut source = None;
        let read = cursor.object(|c, key| {
            let inner = c.raw()?;
            let inner = String::from_utf8_lossy(inner);
            source = match key.raw() {
                b"subagent" | b"subAgent" => {
                    Some(Source { json: format!("{{\"subAgent\":{inner}}}"), kind: sub_agent_kind(&inner) })
                }
                b"custom" => Some(Source { json: format!("{{\"custom\":{inner}}}"), kind: "unknown" }),
                _ => None,
            };
            Ok(())
        });
        read.ok().and(source).unwrap_or_else(|| plain("unknown"))
    }
}

fn sub_agent_kind(inner: &str) -> &'static str {
    match inner {
        "\"review\"" => "subAgentReview",
        "\"compact\"" => "subAgentCompact",
        inner if inner.contains("thread_spawn") => "subAgentThreadSpawn",
        _ => "subAgentOther",
    }
}
