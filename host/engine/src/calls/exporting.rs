//! Calls that take threads out.

use serde::Serialize;

use crate::contract::{
    ExportFile, ExportFormat, ExportOptions, ExportPiece, Found, Gap, IndexEntry, LookupError, Person, RedactionCount,
    Subject,
};
use crate::instance::Instance;

/// Holds the number of an exporter that the core has open, with what can be told at once.
#[derive(Clone, Debug, Serialize)]
pub struct OpenedExporter {
    /// Its number among the open things of the instance.
    pub number: usize,
    /// The thread.
    pub found: Found,
    /// What the files of the history should hold and do not.
    pub gaps: Vec<Gap>,
    /// The files of the history, oldest first.
    pub files: Vec<ExportFile>,
}

super::call::calls! {
    /// `exporting.exporter.open`, with `found`, `gaps` and `files`
    OpenExporter "exporting.exporter.open" { of: Subject, options: ExportOptions } -> Result<OpenedExporter, LookupError>: |call, instance| {
        let Instance { store, exports, .. } = instance;
        let exporter = exports.threadkeep_core_exporting().exporter();
        let handle = match exporter.call_open(&mut *store, &call.of, &call.options)? {
            Ok(handle) => handle,
            Err(error) => return Ok(Err(error)),
        };
        let found = exporter.call_found(&mut *store, handle)?;
        let gaps = exporter.call_gaps(&mut *store, handle)?;
        let files = exporter.call_files(&mut *store, handle)?;
        Ok(Ok(OpenedExporter { number: instance.keep(handle), found, gaps, files }))
    };

    /// `exporting.exporter.next`
    NextPieces "exporting.exporter.next" { exporter: usize } -> Result<Vec<ExportPiece>, LookupError>: |call, instance| {
        let handle = instance.open(call.exporter)?;
        instance.exports.threadkeep_core_exporting().exporter().call_next(&mut instance.store, handle)
    };

    /// `exporting.exporter.redact-text`
    RedactExportedText "exporting.exporter.redact-text" { exporter: usize, text: String } -> String: |call, instance| {
        let handle = instance.open(call.exporter)?;
        instance.exports.threadkeep_core_exporting().exporter().call_redact_text(&mut instance.store, handle, &call.text)
    };

    /// `exporting.exporter.redact-json`
    RedactExportedJson "exporting.exporter.redact-json" { exporter: usize, json: String } -> String: |call, instance| {
        let handle = instance.open(call.exporter)?;
        instance.exports.threadkeep_core_exporting().exporter().call_redact_json(&mut instance.store, handle, &call.json)
    };

    /// `exporting.exporter.report`, with `left-out`
    ReportExport "exporting.exporter.report" { exporter: usize } -> (u64, Vec<RedactionCount>): |call, instance| {
        let handle = instance.open(call.exporter)?;
        let exporter = instance.exports.threadkeep_core_exporting().exporter();
        let left_out = exporter.call_left_out(&mut instance.store, handle)?;
        Ok((left_out, exporter.call_report(&mut instance.store, handle)?))
    };

    /// `exporting.export-name`
    ExportName "exporting.export-name" {
        created_at: i64, title: String, id: String, redact_secrets: bool, anonymize: Option<Person>,
    } -> String: |call, instance| {
        instance.exports.threadkeep_core_exporting().call_export_name(&mut instance.store, call.created_at, &call.title, &call.id, call.redact_secrets, call.anonymize.as_ref())
    };

    /// `exporting.index-page`
    IndexPage "exporting.index-page" { format: ExportFormat, entries: Vec<IndexEntry> } -> String: |call, instance| {
        instance.exports.threadkeep_core_exporting().call_index_page(&mut instance.store, call.format, &call.entries)
    };

    /// `exporting.collection-frame`
    CollectionFrame "exporting.collection-frame" { format: ExportFormat } -> (String, String): |call, instance| {
        instance.exports.threadkeep_core_exporting().call_collection_frame(&mut instance.store, call.format)
    };
}
