//! Calls about what is said in threads: what an index of it holds, and who matches.

use crate::contract::{
    AskedLines, FileError, FileFacts, IndexTerm, IndexedText, MatchOrder, PageOfHits, PageOfMatches, PageOfTouched,
    PathPattern, Presence, RolloutTouches, RowQuery, SearchError, TextKind, TextQuery, ThreadNames, WrittenFile,
};
use crate::recording::optional_bytes;

super::call::calls! {
    /// `text-indexing.version`
    TextIndexVersion "text-indexing.version" {  } -> u32: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_version(&mut instance.store)
    };
    /// `text-indexing.index-file`
    IndexFile "text-indexing.index-file" { file: FileFacts, #[serde(with = "optional_bytes")] earlier: Option<Vec<u8>> } -> Result<IndexedText, FileError>: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_index_file(&mut instance.store, &call.file, call.earlier.as_deref())
    };
    /// `text-indexing.index-names`
    IndexThreadNames "text-indexing.index-names" { names: Vec<ThreadNames> } -> Vec<String>: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_index_names(&mut instance.store, &call.names)
    };
    /// `text-indexing.find-terms`
    FindTerms "text-indexing.find-terms" { paths: Vec<String>, terms: Vec<IndexTerm>, kinds: Vec<TextKind> } -> Vec<Result<Presence, FileError>>: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_find_terms(&mut instance.store, &call.paths, &call.terms, &call.kinds)
    };
    /// `text-indexing.find-terms-in-names`
    FindTermsInNames "text-indexing.find-terms-in-names" { names: Vec<ThreadNames>, terms: Vec<IndexTerm> } -> Vec<u64>: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_find_terms_in_names(&mut instance.store, &call.names, &call.terms)
    };
    /// `searching.search`
    Search "searching.search" { query: TextQuery, rows: RowQuery, order: MatchOrder, cursor: Option<String>, limit: u32 } -> Result<PageOfMatches, SearchError>: |call, instance| {
        instance.exports.threadkeep_core_searching().call_search(&mut instance.store, &call.query, &call.rows, call.order, call.cursor.as_deref(), call.limit)
    };
    /// `searching.hits`
    SearchHits "searching.hits" { query: TextQuery, wanted: String, cursor: Option<String>, limit: u32 } -> Result<PageOfHits, SearchError>: |call, instance| {
        instance.exports.threadkeep_core_searching().call_hits(&mut instance.store, &call.query, &call.wanted, call.cursor.as_deref(), call.limit)
    };
    /// `text-indexing.find-touches`
    FindTouches "text-indexing.find-touches" { path: String, pattern: PathPattern } -> Result<RolloutTouches, FileError>: |call, instance| {
        instance.exports.threadkeep_core_text_indexing().call_find_touches(&mut instance.store, &call.path, &call.pattern)
    };
    /// `searching.touched`
    SearchTouched "searching.touched" { path: String, rows: RowQuery, cursor: Option<String>, limit: u32 } -> Result<PageOfTouched, SearchError>: |call, instance| {
        instance.exports.threadkeep_core_searching().call_touched(&mut instance.store, &call.path, &call.rows, call.cursor.as_deref(), call.limit)
    };
    /// `searching.touching`
    SearchTouching "searching.touching" { path: String, rows: RowQuery } -> Result<Vec<String>, SearchError>: |call, instance| {
        instance.exports.threadkeep_core_searching().call_touching(&mut instance.store, &call.path, &call.rows)
    };
    /// `searching.written`
    SearchWritten "searching.written" { asked: AskedLines, rows: RowQuery } -> Result<Vec<WrittenFile>, SearchError>: |call, instance| {
        instance.exports.threadkeep_core_searching().call_written(&mut instance.store, &call.asked, &call.rows)
    };
}
