//! Calls about the threads of a home: where they are, what is there, what a change takes, the startup gate.

use crate::contract::{
    ChangeError, Collection, CollectionMove, Explanation, Extraction, FileError, FileFacts, Found, HeadThread,
    LookupError, NoThread, PageOfRows, Removal, RowQuery, Selection, StartupError, StartupReport, SurveyReport,
};
use crate::recording::optional_bytes;

super::call::calls! {
    /// `lookup.find`
    Find "lookup.find" { wanted: String, within: Option<Collection> } -> Result<Found, LookupError>: |call, instance| {
        instance.exports.threadkeep_core_lookup().call_find(&mut instance.store, &call.wanted, call.within)
    };
    /// `lookup.find-own`
    FindOwn "lookup.find-own" { wanted: String } -> Result<Found, LookupError>: |call, instance| {
        instance.exports.threadkeep_core_lookup().call_find_own(&mut instance.store, &call.wanted)
    };
    /// `lookup.explain`
    Explain "lookup.explain" { wanted: String, within: Option<Collection> } -> Explanation: |call, instance| {
        instance.exports.threadkeep_core_lookup().call_explain(&mut instance.store, &call.wanted, call.within)
    };
    /// `lookup.find-by-path`
    FindByPath "lookup.find-by-path" { path: String } -> Result<Found, LookupError>: |call, instance| {
        instance.exports.threadkeep_core_lookup().call_find_by_path(&mut instance.store, &call.path)
    };
    /// `listing.page`
    ListPage "listing.page" { query: RowQuery, cursor: Option<String>, limit: u32 } -> Result<PageOfRows, LookupError>: |call, instance| {
        instance.exports.threadkeep_core_listing().call_page(&mut instance.store, &call.query, call.cursor.as_deref(), call.limit)
    };
    /// `changing.archive`
    Archive "changing.archive" { wanted: String } -> Result<CollectionMove, ChangeError>: |call, instance| {
        instance.exports.threadkeep_core_changing().call_archive(&mut instance.store, &call.wanted)
    };
    /// `changing.unarchive`
    Unarchive "changing.unarchive" { wanted: String } -> Result<CollectionMove, ChangeError>: |call, instance| {
        instance.exports.threadkeep_core_changing().call_unarchive(&mut instance.store, &call.wanted)
    };
    /// `changing.delete`
    Delete "changing.delete" { wanted: String, with_forks: bool } -> Result<Removal, ChangeError>: |call, instance| {
        instance.exports.threadkeep_core_changing().call_delete(&mut instance.store, &call.wanted, call.with_forks)
    };
    /// `startup.run`
    RunStartup "startup.run" { wait: i64, refresh: bool } -> Result<StartupReport, StartupError>: |call, instance| {
        instance.exports.threadkeep_core_startup().call_run(&mut instance.store, call.wait, call.refresh)
    };
    /// `startup.survey`
    SurveyHome "startup.survey" {  } -> Result<SurveyReport, StartupError>: |call, instance| {
        instance.exports.threadkeep_core_startup().call_survey(&mut instance.store)
    };
    /// `compression.select`
    SelectCandidates "compression.select" { before: i64 } -> Result<Selection, FileError>: |call, instance| {
        instance.exports.threadkeep_core_compression().call_select(&mut instance.store, call.before)
    };
    /// `rollout-reading.extract`
    Extract "rollout-reading.extract" { file: FileFacts, #[serde(with = "optional_bytes")] earlier: Option<Vec<u8>> } -> Result<Extraction, NoThread>: |call, instance| {
        instance.exports.threadkeep_core_rollout_reading().call_extract(&mut instance.store, &call.file, call.earlier.as_deref())
    };
    /// `rollout-reading.head-threads`
    HeadThreads "rollout-reading.head-threads" { paths: Vec<String> } -> Vec<HeadThread>: |call, instance| {
        instance.exports.threadkeep_core_rollout_reading().call_head_threads(&mut instance.store, &call.paths)
    };
}
