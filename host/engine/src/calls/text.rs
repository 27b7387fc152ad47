//! Calls that turn text into facts, facts into rows, and items into text.

use crate::contract::{
    Begun, BranchRequest, Branched, Chunk, ClearedText, CodexFacts, Discrepancy, ForeignEntry, ForeignSession,
    HomePage, Item, MergedHomes, NameClaim, NewThread, Patch, ProgramEvent, Rejection, Resumed, RowKey, RowQuery,
    ThreadInputs, ThreadRow, TurnEnd, WriteContext, WriteError, Written,
};
use crate::recording::{bytes, chunk};

super::call::calls! {
    /// `parsing.index-names`
    IndexNames "parsing.index-names" { #[serde(with = "chunk")] lines: Chunk, first: u64 } -> Vec<NameClaim>: |call, instance| {
        instance.exports.threadkeep_core_parsing().call_index_names(&mut instance.store, &call.lines, call.first)
    };
    /// `parsing.codex-names`
    CodexNames "parsing.codex-names" { rows: Vec<(String, CodexFacts)> } -> Vec<NameClaim>: |call, instance| {
        instance.exports.threadkeep_core_parsing().call_codex_names(&mut instance.store, &call.rows)
    };
    /// `derivation.derive-rows`
    DeriveRows "derivation.derive-rows" { threads: Vec<ThreadInputs>, default_provider: String } -> Vec<ThreadRow>: |call, instance| {
        instance.exports.threadkeep_core_derivation().call_derive_rows(&mut instance.store, &call.threads, &call.default_provider)
    };
    /// `derivation.diff-rows`
    DiffRows "derivation.diff-rows" { current: ThreadRow, desired: ThreadRow } -> Vec<Discrepancy>: |call, instance| {
        instance.exports.threadkeep_core_derivation().call_diff_rows(&mut instance.store, &call.current, &call.desired)
    };
    /// `queries.matches`
    QueryMatches "queries.matches" { row: ThreadRow, query: RowQuery } -> bool: |call, instance| {
        instance.exports.threadkeep_core_queries().call_matches(&mut instance.store, &call.row, &call.query)
    };
    /// `queries.page`
    QueryPage "queries.page" { all: Vec<ThreadRow>, query: RowQuery, after: Option<RowKey>, limit: u32 } -> Vec<ThreadRow>: |call, instance| {
        instance.exports.threadkeep_core_queries().call_page(&mut instance.store, &call.all, &call.query, call.after.as_ref(), call.limit)
    };
    /// `queries.children`
    QueryChildren "queries.children" { all: Vec<ThreadRow>, query: RowQuery, parents: Vec<String>, after: Option<RowKey>, limit: u32 } -> Vec<ThreadRow>: |call, instance| {
        instance.exports.threadkeep_core_queries().call_children(&mut instance.store, &call.all, &call.query, &call.parents, call.after.as_ref(), call.limit)
    };
    /// `queries.merge-homes`
    MergeHomes "queries.merge-homes" { pages: Vec<HomePage>, ascending: bool, limit: u32 } -> MergedHomes: |call, instance| {
        instance.exports.threadkeep_core_queries().call_merge_homes(&mut instance.store, &call.pages, call.ascending, call.limit)
    };
    /// `queries.directory-key`
    DirectoryKey "queries.directory-key" { directory: String } -> String: |call, instance| {
        instance.exports.threadkeep_core_queries().call_directory_key(&mut instance.store, &call.directory)
    };
    /// `queries.repository-key`
    RepositoryKey "queries.repository-key" { url: String } -> String: |call, instance| {
        instance.exports.threadkeep_core_queries().call_repository_key(&mut instance.store, &call.url)
    };
    /// `queries.text-without-case`
    TextWithoutCase "queries.text-without-case" { text: String } -> String: |call, instance| {
        instance.exports.threadkeep_core_queries().call_text_without_case(&mut instance.store, &call.text)
    };
    /// `naming.check-name`
    CheckName "naming.check-name" { given: String } -> Result<String, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_naming().call_check_name(&mut instance.store, &call.given)
    };
    /// `naming.index-line`
    IndexLine "naming.index-line" { thread: ThreadRow, name: String, at_ns: i64 } -> String: |call, instance| {
        instance.exports.threadkeep_core_naming().call_index_line(&mut instance.store, &call.thread, &call.name, call.at_ns)
    };
    /// `naming.check-patch`
    CheckPatch "naming.check-patch" { patch: Patch } -> Result<Patch, Rejection>: |call, instance| {
        instance.exports.threadkeep_core_naming().call_check_patch(&mut instance.store, &call.patch)
    };
    /// `writing.begin`
    BeginThread "writing.begin" { thread: NewThread, at: WriteContext } -> Result<Begun, WriteError>: |call, instance| {
        instance.exports.threadkeep_core_writing().call_begin(&mut instance.store, &call.thread, call.at)
    };
    /// `writing.write`
    WriteItems "writing.write" { #[serde(with = "bytes")] state: Vec<u8>, items: Vec<Item>, now: i64 } -> Result<Written, WriteError>: |call, instance| {
        instance.exports.threadkeep_core_writing().call_write(&mut instance.store, &call.state, &call.items, call.now)
    };
    /// `resuming.resume`
    Resume "resuming.resume" { path: String, at: WriteContext } -> Result<Resumed, WriteError>: |call, instance| {
        instance.exports.threadkeep_core_resuming().call_resume(&mut instance.store, &call.path, call.at)
    };
    /// `resuming.branch`
    Branch "resuming.branch" { path: String, request: BranchRequest, at: WriteContext } -> Result<Branched, WriteError>: |call, instance| {
        instance.exports.threadkeep_core_resuming().call_branch(&mut instance.store, &call.path, &call.request, call.at)
    };
    /// `program-events.read-line`
    ReadLine "program-events.read-line" { #[serde(with = "bytes")] state: Vec<u8>, #[serde(with = "chunk")] line: Chunk, now: i64 } -> Option<ProgramEvent>: |call, instance| {
        instance.exports.threadkeep_core_program_events().call_read_line(&mut instance.store, &call.state, &call.line, call.now)
    };
    /// `program-events.unfinished-items`
    UnfinishedItems "program-events.unfinished-items" { #[serde(with = "bytes")] state: Vec<u8>, now: i64 } -> Vec<Item>: |call, instance| {
        instance.exports.threadkeep_core_program_events().call_unfinished_items(&mut instance.store, &call.state, call.now)
    };
    /// `program-events.turn-end-of`
    TurnEndOf "program-events.turn-end-of" { told: Option<TurnEnd>, interrupted: bool, exit_code: Option<i32>, signal: Option<i32> } -> TurnEnd: |call, instance| {
        instance.exports.threadkeep_core_program_events().call_turn_end_of(&mut instance.store, call.told.as_ref(), call.interrupted, call.exit_code, call.signal)
    };
    /// `program-events.shell-line`
    ShellLine "program-events.shell-line" { argv: Vec<String> } -> String: |call, instance| {
        instance.exports.threadkeep_core_program_events().call_shell_line(&mut instance.store, &call.argv)
    };
    /// `foreign-sessions.thread-of`
    ForeignThreadOf "foreign-sessions.thread-of" { program: String, session: String } -> String: |call, instance| {
        let sessions = instance.exports.threadkeep_core_foreign_sessions();
        sessions.call_thread_of(&mut instance.store, &call.program, &call.session)
    };
    /// `foreign-sessions.foreign-writer`
    OpenForeignWriter "foreign-sessions.foreign-writer" { session: ForeignSession } -> usize: |call, instance| {
        let sessions = instance.exports.threadkeep_core_foreign_sessions();
        let handle = sessions.foreign_writer().call_constructor(&mut instance.store, &call.session)?;
        Ok(instance.keep(handle))
    };
    /// `foreign-sessions.foreign-writer.write`
    WriteForeignEntries "foreign-sessions.foreign-writer.write" {
        writer: usize, entries: Vec<ForeignEntry>,
    } -> String: |call, instance| {
        let handle = instance.open(call.writer)?;
        let sessions = instance.exports.threadkeep_core_foreign_sessions();
        sessions.foreign_writer().call_write(&mut instance.store, handle, &call.entries)
    };
    /// `redaction.text`
    RedactText "redaction.text" { #[serde(with = "chunk")] text: Chunk, salt: u64 } -> Chunk: |call, instance| {
        instance.exports.threadkeep_core_redaction().call_text(&mut instance.store, &call.text, call.salt)
    };
    /// `secrets.clear-json`
    ClearJson "secrets.clear-json" { json: String } -> ClearedText: |call, instance| {
        instance.exports.threadkeep_core_secrets().call_clear_json(&mut instance.store, &call.json)
    };
}
