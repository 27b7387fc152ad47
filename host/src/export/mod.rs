//! Takes threads out of a home, into one document or into a directory that is kept up to date.
//!
//! ```text
//! rows ─→ thread      one thread with its sub-agents, piece by piece out of the core, into any writer
//!          ├─ document    several in one
//!          └─ directory   a file a thread, an index, and a manifest of what was written from what
//! ```
//!
//! What is shown, and what is taken out of it, the core decides. Here messages become HTML, and files are written: each under
//! another name first, readable by its owner alone, and never over one that was not written here.

mod directory;
mod document;
mod error;
mod manifest;
mod message_html;
mod private_file;
mod thread;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use threadkeep_engine::contract::{
    ExportDetail, ExportFormat, ExportOptions, Listed, Person, RedactionCount, RowQuery, ThreadMarks,
};

use crate::index::progress::{Progress, ProgressSink};
use crate::threads::lookup::LookupError;
use crate::threads::reader::ThreadReader;

pub use directory::{DirectoryExport, ExportedFile};
pub use error::ExportError;

/// Says how threads are taken out.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ExportRequest {
    /// What they are written as.
    pub format: ExportFormat,
    /// How much of them.
    pub detail: ExportDetail,
    /// The first turn and the last one, counted from 1; none for all.
    pub turns: Option<(u32, u32)>,
    /// Whether outputs stand in full.
    pub whole_outputs: bool,
    /// Whether encrypted contents and base instructions leave too.
    pub full_record: bool,
    /// How deep sub-agents are nested; 0 for none.
    pub subagents: u32,
    /// Whether secrets are taken out.
    pub redact_secrets: bool,
    /// Whose home directory and name are taken out.
    pub anonymize: Option<Person>,
}

impl ExportRequest {
    /// Gives the usual request for a format: with commands for people, with everything for programs; redacted.
    pub fn new(format: ExportFormat) -> ExportRequest {
        let detail = match format {
            ExportFormat::Json | ExportFormat::Jsonl => ExportDetail::Everything,
            _ => ExportDetail::Commands,
        };
        ExportRequest {
            format,
            detail,
            turns: None,
            whole_outputs: false,
            full_record: false,
            subagents: 0,
            redact_secrets: true,
            anonymize: None,
        }
    }

    /// Says whether anything is taken out.
    pub fn redacts(&self) -> bool {
        self.redact_secrets || self.anonymize.is_some()
    }

    /// Gives the extension of files of the format.
    pub fn extension(&self) -> &'static str {
        match self.format {
            ExportFormat::Markdown => "md",
            ExportFormat::Html => "html",
            ExportFormat::PlainText => "txt",
            ExportFormat::Json => "json",
            ExportFormat::Jsonl => "jsonl",
        }
    }

    fn options(
        &self,
        depth: u32,
        subagents: Option<Vec<String>>,
        image_directory: Option<String>,
        marks: ThreadMarks,
    ) -> ExportOptions {
        ExportOptions {
            format: self.format,
            detail: self.detail,
            turns: self.turns.filter(|_| depth < 2),
            whole_outputs: self.whole_outputs,
            full_record: self.full_record,
            depth,
            subagents,
            image_directory,
            redact_secrets: self.redact_secrets,
            anonymize: self.anonymize.clone(),
            marks,
        }
    }
}

/// Gives the format that a file's name asks for, by what it ends in; none where it asks for none.
pub fn format_of_file(path: &Path) -> Option<ExportFormat> {
    match path.extension()?.to_str()? {
        "md" | "markdown" => Some(ExportFormat::Markdown),
        "html" | "htm" => Some(ExportFormat::Html),
        "txt" => Some(ExportFormat::PlainText),
        "json" => Some(ExportFormat::Json),
        "jsonl" => Some(ExportFormat::Jsonl),
        _ => None,
    }
}

/// Counts what was taken out of threads on their way out, and what was left out of them.
#[derive(Debug, Default)]
pub struct ExportTally {
    /// Lines of rollouts that are no records.
    pub left_out_lines: u64,
    /// Parts of histories that are nowhere, in sentences.
    pub gaps: Vec<String>,
    /// Threads of a collection that could not be read, and why.
    pub failed: Vec<(String, ExportError)>,
    redactions: BTreeMap<String, (u64, Vec<String>)>,
}

/// How many places are told of each kind.
const MAX_PLACES: usize = 5;

impl ExportTally {
    fn add(&mut self, thread: &str, redactions: &[RedactionCount]) {
        for redaction in redactions {
            let (count, places) = self.redactions.entry(redaction.kind.clone()).or_default();
            *count += redaction.count;
            let room = MAX_PLACES.saturating_sub(places.len());
            places.extend(redaction.places.iter().take(room).map(|place| format!("{thread}: {place}")));
        }
    }

    /// Gives what was taken out, by kinds.
    pub fn redactions(&self) -> Vec<RedactionCount> {
        let one = |(kind, (count, places)): (&String, &(u64, Vec<String>))| RedactionCount {
            kind: kind.clone(),
            count: *count,
            places: places.clone(),
        };
        self.redactions.iter().map(one).collect()
    }
}

/// Takes threads out with one reader of a home.
pub(crate) struct Export<'a> {
    reader: &'a ThreadReader,
    request: &'a ExportRequest,
    /// The sub-agents of each thread, oldest first; empty where none are asked for.
    children: HashMap<String, Vec<String>>,
    progress: Option<ProgressSink>,
}

impl<'a> Export<'a> {
    /// Prepares to take threads out.
    pub(crate) fn new(
        reader: &'a ThreadReader,
        request: &'a ExportRequest,
        progress: Option<ProgressSink>,
    ) -> Result<Export<'a>, LookupError> {
        let mut children: HashMap<String, Vec<String>> = HashMap::new();
        if request.subagents > 0 {
            // Oldest first.
            let query = RowQuery { ascending: true, ..RowQuery::default() };
            for Listed { row, .. } in reader.every_thread(&query)? {
                if let Some(parent) = row.parent_thread_id {
                    children.entry(parent).or_default().push(row.id);
                }
            }
        }
        Ok(Export { reader, request, children, progress })
    }

    fn expect(&self, threads: usize) {
        if let Some(progress) = &self.progress {
            progress.send(Progress::Expected { files: threads as u64 });
        }
    }

    fn done(&self) {
        if let Some(progress) = &self.progress {
            progress.send(Progress::Exported { threads: 1 });
        }
    }
}
