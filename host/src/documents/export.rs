//! Threads that were taken out, and what came of taking them out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep_engine::contract::RedactionCount;

use super::{Gap, Note, Thread};
use crate::platform::path_text;

/// A thread with all its turns, as it leaves the home.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExportedThread {
    /// The thread itself.
    #[serde(flatten)]
    pub thread: Thread,
    /// The turns, each in the form of Codex's `Turn`, its items in that of Codex's `ThreadItem`.
    pub turns: Vec<Box<RawValue>>,
    /// Its sub-agents, as far as they were asked for.
    pub subagents: Vec<ExportedThread>,
    /// What stands behind these.
    #[serde(flatten)]
    pub end: ExportedThreadEnd,
}

/// What stands behind the turns of a thread that leaves the home.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExportedThreadEnd {
    /// Parts of the history that are nowhere. It is absent where the history is whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What users wrote beside it and beside its turns. It is absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Whether secrets were looked for.
    pub redacted: bool,
    /// What was taken out.
    pub redactions: Vec<Redaction>,
}

/// Threads with all their turns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExportedThreads {
    /// The threads.
    pub items: Vec<ExportedThread>,
}

/// What was taken out of one kind.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Redaction {
    /// The kind of secret, a word.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Where the first ones stood, in words.
    pub places: Vec<String>,
}

/// What came of taking threads out into files.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ExportReport {
    /// The threads, in the order in which they were asked for, those that could not be taken out among them.
    pub items: Vec<ExportOutcome>,
    /// Files of threads that are in the home no more; they are left.
    pub gone: Vec<GoneThread>,
    /// How many lines of rollouts were left out because they are no records.
    pub left_out_lines: u64,
    /// What was taken out, of all threads that were written now.
    pub redactions: Vec<Redaction>,
}

/// What became of a thread.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExportOutcome {
    /// The thread's id.
    pub id: String,
    /// What became of it.
    pub outcome: ExportState,
    /// Why it could not be written. It is absent where it was, or had been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The absolute path of its file.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
}

/// What became of a thread's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExportState {
    /// It was written.
    Written,
    /// It is as it was, because the thread is.
    Unchanged,
    /// It could not be written.
    Failed,
}

/// A file of a thread that is in the home no more.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GoneThread {
    /// The thread's id.
    pub id: String,
    /// The absolute path of its file.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
}

impl From<&RedactionCount> for Redaction {
    fn from(counted: &RedactionCount) -> Redaction {
        Redaction { kind: counted.kind.clone(), count: counted.count, places: counted.places.clone() }
    }
}

/// Writes an [`ExportedThread`] while its parts come.
pub struct ExportedThreadWriter<'a> {
    out: &'a mut dyn Write,
    any: bool,
}

impl<'a> ExportedThreadWriter<'a> {
    /// Writes the beginning; `thread` is the JSON text of a [`Thread`], redacted.
    ///
    /// An error is one of the output.
    pub fn new(out: &'a mut dyn Write, thread: &str) -> io::Result<ExportedThreadWriter<'a>> {
        out.write_all(thread.trim_end().strip_suffix('}').unwrap_or(thread).as_bytes())?;
        out.write_all(b",\"turns\":[")?;
        Ok(ExportedThreadWriter { out, any: false })
    }

    /// Writes turns, each JSON text in a line of its own.
    ///
    /// An error is one of the output.
    pub fn turns(&mut self, lines: &[u8]) -> io::Result<()> {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.separate()?;
            self.out.write_all(line)?;
        }
        Ok(())
    }

    /// Writes what stands between turns and sub-agents.
    ///
    /// An error is one of the output.
    pub fn end_turns(&mut self) -> io::Result<()> {
        self.any = false;
        self.out.write_all(b"],\"subagents\":[")
    }

    /// Gives the place where a sub-agent is to be written.
    ///
    /// An error is one of the output.
    pub fn subagent(&mut self) -> io::Result<&mut dyn Write> {
        self.separate()?;
        Ok(self.out)
    }

    fn separate(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.any, true) { self.out.write_all(b",") } else { Ok(()) }
    }

    /// Writes what stands behind the sub-agents.
    ///
    /// An error is one of the output.
    pub fn end(self, end: &ExportedThreadEnd) -> io::Result<()> {
        let end = serde_json::to_string(end)?;
        self.out.write_all(b"],")?;
        self.out.write_all(end.strip_prefix('{').unwrap_or(&end).as_bytes())
    }
}

/// The line with which a thread begins among raw records.
#[derive(Serialize)]
struct Line<T> {
    r#type: &'static str,
    payload: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    version: u32,
    program: &'static str,
    thread: &'a Thread,
    #[serde(skip_serializing_if = "<[Note]>::is_empty")]
    notes: &'a [Note],
    redacted: bool,
    full_record: bool,
}

/// The version of the form of exported records.
const RECORDS_VERSION: u32 = 1;

/// Gives the line with which a thread begins among raw records, without a line feed; not redacted.
///
/// An error is a document that is no JSON.
pub fn records_header(
    thread: &Thread,
    notes: &[Note],
    redacted: bool,
    full_record: bool,
) -> serde_json::Result<String> {
    let program = env!("CARGO_PKG_VERSION");
    let payload = Header { version: RECORDS_VERSION, program, thread, notes, redacted, full_record };
    serde_json::to_string(&Line { r#type: "threadkeep_export", payload })
}

/// Gives the line with which the raw records of a redacted thread end: how often something of each kind was taken out.
///
/// An error is a document that is no JSON.
pub fn records_end(redactions: &[RedactionCount]) -> serde_json::Result<String> {
    let payload: BTreeMap<&str, u64> = redactions.iter().map(|one| (one.kind.as_str(), one.count)).collect();
    serde_json::to_string(&Line { r#type: "threadkeep_redactions", payload })
}
