//! Calls about threads that come from elsewhere, and those that are put away.

use crate::contract::{
    BundleFile, BundleThread, Chunk, ImportDecision, IncomingThread, PruneAction, PruneFacts, PruneScope, RolloutHead,
    SourceContent,
};
use crate::recording::chunk;

super::call::calls! {
    /// `importing.source-reader`
    OpenSourceReader "importing.source-reader" { name: String } -> usize: |call, instance| {
        let importing = instance.exports.threadkeep_core_importing();
        let handle = importing.source_reader().call_constructor(&mut instance.store, &call.name)?;
        Ok(instance.keep(handle))
    };

    /// `importing.source-reader.feed`
    FeedSourceReader "importing.source-reader.feed" {
        reader: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> (): |call, instance| {
        let handle = instance.open(call.reader)?;
        let importing = instance.exports.threadkeep_core_importing();
        importing.source_reader().call_feed(&mut instance.store, handle, &call.piece)
    };

    /// `importing.source-reader.finish`
    FinishSourceReader "importing.source-reader.finish" { reader: usize } -> Result<SourceContent, String>: |call, instance| {
        let handle = instance.consume(call.reader)?;
        let importing = instance.exports.threadkeep_core_importing();
        importing.source_reader().call_finish(&mut instance.store, handle)
    };

    /// `importing.destination`
    Destination "importing.destination" {
        head: RolloutHead, path: Option<String>, archived: bool, utc_offset: i32,
    } -> String: |call, instance| {
        let importing = instance.exports.threadkeep_core_importing();
        importing.call_destination(&mut instance.store, &call.head, call.path.as_ref(), call.archived, call.utc_offset)
    };

    /// `importing.decide`
    DecideImport "importing.decide" { incoming: IncomingThread } -> ImportDecision: |call, instance| {
        instance.exports.threadkeep_core_importing().call_decide(&mut instance.store, &call.incoming)
    };

    /// `importing.flattener`
    OpenFlattener "importing.flattener" { thread: String, redacted: bool } -> usize: |call, instance| {
        let importing = instance.exports.threadkeep_core_importing();
        let handle = importing.flattener().call_constructor(&mut instance.store, &call.thread, call.redacted)?;
        Ok(instance.keep(handle))
    };

    /// `importing.flattener.head`
    FlattenerHead "importing.flattener.head" {
        flattener: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> bool: |call, instance| {
        let handle = instance.open(call.flattener)?;
        let importing = instance.exports.threadkeep_core_importing();
        importing.flattener().call_head(&mut instance.store, handle, &call.piece)
    };

    /// `importing.flattener.begin-part`
    BeginPart "importing.flattener.begin-part" { flattener: usize, from: u64, until: Option<u64> } -> (): |call, instance| {
        let handle = instance.open(call.flattener)?;
        let importing = instance.exports.threadkeep_core_importing();
        importing.flattener().call_begin_part(&mut instance.store, handle, call.from, call.until)
    };

    /// `importing.flattener.feed`
    FeedFlattener "importing.flattener.feed" {
        flattener: usize, #[serde(with = "chunk")] piece: Chunk,
    } -> Chunk: |call, instance| {
        let handle = instance.open(call.flattener)?;
        let importing = instance.exports.threadkeep_core_importing();
        importing.flattener().call_feed(&mut instance.store, handle, &call.piece)
    };

    /// `importing.flattener.end-part`
    EndPart "importing.flattener.end-part" { flattener: usize } -> Chunk: |call, instance| {
        let handle = instance.open(call.flattener)?;
        instance.exports.threadkeep_core_importing().flattener().call_end_part(&mut instance.store, handle)
    };

    /// `importing.redaction-mark`
    RedactionMark "importing.redaction-mark" {
        #[serde(with = "chunk")] beginning: Chunk,
    } -> Option<(u64, String)>: |call, instance| {
        instance.exports.threadkeep_core_importing().call_redaction_mark(&mut instance.store, &call.beginning)
    };

    /// `importing.is-marked-redacted`
    IsMarkedRedacted "importing.is-marked-redacted" { #[serde(with = "chunk")] beginning: Chunk } -> bool: |call, instance| {
        instance.exports.threadkeep_core_importing().call_is_marked_redacted(&mut instance.store, &call.beginning)
    };

    /// `importing.bundle-manifest`
    BundleManifest "importing.bundle-manifest" {
        program: String, made: i64, threads: Vec<BundleThread>, files: u64, bytes: u64,
    } -> String: |call, instance| {
        let importing = instance.exports.threadkeep_core_importing();
        let (store, threads) = (&mut instance.store, &call.threads);
        importing.call_bundle_manifest(store, &call.program, call.made, threads, call.files, call.bytes)
    };

    /// `importing.bundle-file-line`
    BundleFileLine "importing.bundle-file-line" { file: BundleFile } -> String: |call, instance| {
        instance.exports.threadkeep_core_importing().call_bundle_file_line(&mut instance.store, &call.file)
    };

    /// `pruning.why-left`
    WhyLeft "pruning.why-left" { thread: PruneFacts, action: PruneAction, scope: PruneScope } -> Option<String>: |call, instance| {
        instance.exports.threadkeep_core_pruning().call_why_left(&mut instance.store, call.thread, call.action, call.scope)
    };
}
