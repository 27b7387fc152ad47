//! Gives records their empty values: nothing, none, zero.

use crate::{
    CodexFacts, CodexFields, CodexShape, CollectionMove, Counts, DecidedBy, DirectorySnapshot, Entries, FileReport,
    ForeignTokens, Heads, HomeFacts, IndexedText, MarkFilter, MemoryExtraction, NewThread, PageOfHits, PageOfMatches,
    PageOfRecords, PageOfRows, PageOfTouched, PageOfTurns, Presence, Removal, RolloutTouches, RowQuery,
    SearchedThreads, Selection, SortKey, SourceThread, StartupReport, SurveyReport, TermSources, ThreadCounts,
    ThreadMarks, Tokens, TouchedSources, TurnStart, UsageCounts, UserMessage,
};

/// Fills every field of a record with its own default. A field that is added to the contract does not compile until it
/// stands here.
macro_rules! defaults {
    ($($name:ident { $($field:ident),* $(,)? })*) => { $(
        impl Default for $name {
            fn default() -> $name {
                $name { $($field: Default::default()),* }
            }
        }
    )* };
}

defaults! {
    CodexFacts { name, title, first_user_message, memory_mode, preview, rollout_path, archived, created_at, updated_at, recency_at, source, cwd, model_provider, model, cli_version, git_branch, git_sha, git_origin_url, tokens_used, history_mode, parent_thread_id }
    CodexFields { approval_mode, sandbox_policy, permission_profile, reasoning_effort, originator, thread_source, source, agent_nickname, agent_role, agent_path, attached }
    CodexShape { threads, edges, closed }
    CollectionMove { threads, moves }
    Counts { stored, failed }
    DirectorySnapshot { data_version, taken_at, directories }
    Entries { paths, kinds, sizes, modified_ns, inodes }
    FileReport { lines, damaged_lines, damaged_line_count, ordinal_errors, ordinal_error_count, base, no_final_newline, has_messages, marked_lines, odd_times, history_lost }
    ForeignTokens { model, input, cached_input, cache_write, output, reasoning }
    Heads { paths, lengths, texts }
    HomeFacts { databases, backfill, codex_backfill, unprojected, locks, modes, network, links, unfinished, foreign_homes, closed, text_index, foreign_faults, now }
    IndexedText { replaced_from, parts, touches, state, is_whole, has_rollbacks, text_bytes }
    MarkFilter { tags, without, pinned }
    MemoryExtraction { watermark, worker, token, until, retry_after }
    NewThread { id, cwd, source, originator, version, model_provider, instructions, git_sha, git_branch, git_origin_url, parent_thread_id }
    PageOfHits { hits, next, total, notes }
    PageOfMatches { matches, next, total, total_is_exact, left_out, terms, notes, uncovered }
    PageOfRecords { records, next }
    PageOfRows { rows, next }
    PageOfTouched { threads, next, total, maybe_total, left_out, uncovered }
    PageOfTurns { turns, next, back, hit }
    RolloutTouches { touches, has_rollbacks }
    Presence { prompts, all, copied_prompts, copied_all, has_rollbacks }
    Removal { threads, files }
    RowQuery { within, source_kinds, fold_children, missing, provider, cwd, under, also_cwd, also_under, since, until, title, name, branch, repo, also_in_repo, among, commit, model, sort, ascending }
    SearchedThreads { ids, times, kinds, source_kinds, sources, owners, roles, uncovered, has_rollbacks }
    Selection { candidates, too_recent, compressed, skipped }
    SourceThread { id, name, memory_mode, marks, redacted, parts }
    StartupReport { scanned, stored, failed, waited, backfilled_here }
    SurveyReport { files, new, changed, vanished }
    TermSources { prompts, all }
    ThreadCounts { turns, rollout_bytes, tags, records }
    ThreadMarks { tags, pinned, notes }
    TouchedSources { changed, maybe }
    Tokens { input, cached_input, output, reasoning_output }
    TurnStart { cwd, model }
    UsageCounts { input, cached_input, cache_write, output, reasoning, total, requests, threads, turns, active, cost, priced }
    UserMessage { text, images }
}

#[expect(clippy::derivable_impls, reason = "the type is generated")]
impl Default for SortKey {
    fn default() -> SortKey {
        SortKey::Updated
    }
}

#[expect(clippy::derivable_impls, reason = "the type is generated")]
impl Default for DecidedBy {
    fn default() -> DecidedBy {
        DecidedBy::Nowhere
    }
}
