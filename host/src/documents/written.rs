//! Who wrote lines of files.

use schemars::JsonSchema;
use serde::Serialize;
use threadkeep_engine::contract::{LineWriter, WrittenFile};

use super::{ChangedFile, Thread};
use crate::platform::home::Home;

/// The threads whose patches wrote lines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct WrittenLines {
    /// The files of the lines that were asked for.
    pub files: Vec<FileWriters>,
}

/// Who wrote lines of a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FileWriters {
    /// How many lines were asked for.
    pub asked: u64,
    /// The file, as it was asked for.
    pub path: String,
    /// How many threads changed the file.
    pub threads: u64,
    /// How many of the lines no thread wrote.
    pub unknown: u64,
    /// Who wrote the others; the one who wrote most first.
    pub writers: Vec<WriterOfLines>,
}

/// A change of a thread that wrote lines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct WriterOfLines {
    /// The change.
    pub change: ChangedFile,
    /// The numbers of the lines in the file as it was asked for.
    pub lines: Vec<u64>,
    /// The thread.
    pub thread: Thread,
    /// When the rollout says that it was made; null where it does not.
    pub written_at: Option<String>,
}

impl WrittenLines {
    /// Makes the document of files, whose writers have the documents of these threads, in their order.
    pub fn new(files: &[WrittenFile], threads: Vec<Thread>, home: &Home) -> WrittenLines {
        let mut threads = threads.into_iter();
        let mut writer = |writer: &LineWriter| {
            let written_at = Some(writer.time.clone()).filter(|time| !time.is_empty());
            let change = ChangedFile::new(&writer.file, home);
            Some(WriterOfLines { change, lines: writer.lines.clone(), thread: threads.next()?, written_at })
        };
        let files = files.iter().map(|file| FileWriters {
            asked: file.asked,
            path: file.path.clone(),
            threads: file.threads,
            unknown: unknown_lines(file),
            writers: file.writers.iter().filter_map(&mut writer).collect(),
        });
        WrittenLines { files: files.collect() }
    }
}

/// Counts the lines of a file that no thread wrote.
pub fn unknown_lines(file: &WrittenFile) -> u64 {
    file.asked.saturating_sub(file.writers.iter().map(|writer| writer.lines.len() as u64).sum())
}
