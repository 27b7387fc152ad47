//! What was said and done in a thread, whole and piece by piece.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use threadkeep_engine::contract;

use super::{Note, Thread};

/// A page of a thread's turns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Turns {
    /// The turns, each in the form of Codex's `Turn`, its items in that of Codex's `ThreadItem`.
    pub items: Vec<Box<RawValue>>,
    /// Where to go on, and what is not there.
    #[serde(flatten)]
    pub end: TurnsEnd,
}

/// A thread and a page of its turns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Transcript {
    /// The thread itself.
    #[serde(flatten)]
    pub thread: Thread,
    /// The turns, each in the form of Codex's `Turn`, its items in that of Codex's `ThreadItem`.
    pub turns: Vec<Box<RawValue>>,
    /// Where to go on, and what is not there.
    #[serde(flatten)]
    pub end: TurnsEnd,
}

/// What stands after the turns of a page.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct TurnsEnd {
    /// Where the next page begins, for `--cursor`; null at the end.
    pub next_cursor: Option<String>,
    /// The same in the other direction.
    pub backwards_cursor: Option<String>,
    /// The id of the turn in which the text was found. It is absent unless one was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit: Option<String>,
    /// Parts of the history that are nowhere. It is absent where the history is whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What users wrote beside these turns and, where the thread stands before them, beside that. It is absent where there is
    /// nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A part of a history that is nowhere; what comes after it is shown all the same.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gap {
    /// The records before this ordinal are meant.
    pub before: u64,
    /// Why they are not there, in words.
    pub reason: String,
    /// The thread whose rollout should hold them.
    pub thread: String,
}

impl Turns {
    /// Makes the document of turns that are JSON texts.
    ///
    /// An error is a turn that is not JSON.
    pub fn new(turns: Vec<String>, end: TurnsEnd) -> Result<Turns, serde_json::Error> {
        Ok(Turns { items: raw(turns)?, end })
    }
}

impl Transcript {
    /// Makes the document of a thread and of turns that are JSON texts.
    ///
    /// An error is a turn that is not JSON.
    pub fn new(thread: Thread, turns: Vec<String>, end: TurnsEnd) -> Result<Transcript, serde_json::Error> {
        Ok(Transcript { thread, turns: raw(turns)?, end })
    }
}

pub(super) fn raw(texts: Vec<String>) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    texts.into_iter().map(RawValue::from_string).collect()
}

impl From<&contract::Gap> for Gap {
    fn from(gap: &contract::Gap) -> Gap {
        Gap { before: gap.before, reason: gap.reason.clone(), thread: gap.thread.clone() }
    }
}

/// Writes [`Turns`] or a [`Transcript`] while the turns come.
pub struct TurnsWriter<W> {
    out: W,
    /// What stands before the first turn, until it is written.
    head: Option<&'static str>,
    any: bool,
}

impl<W: Write> TurnsWriter<W> {
    /// Makes a writer of [`Turns`], which writes nothing before the first turn or the end.
    pub fn turns(out: W) -> TurnsWriter<W> {
        TurnsWriter { out, head: Some("{\"items\":["), any: false }
    }

    /// Writes the beginning of a [`Transcript`].
    ///
    /// An error is one of the output.
    pub fn transcript(mut out: W, thread: &Thread) -> io::Result<TurnsWriter<W>> {
        let mut text = serde_json::to_vec(thread)?;
        text.pop();
        out.write_all(&text)?;
        out.write_all(b",\"turns\":[")?;
        Ok(TurnsWriter { out, head: None, any: false })
    }

    /// Writes a turn, which is JSON text and is not looked into.
    ///
    /// An error is one of the output.
    pub fn turn(&mut self, turn: &str) -> io::Result<()> {
        self.begin()?;
        let separator = if std::mem::replace(&mut self.any, true) { "," } else { "" };
        write!(self.out, "{separator}{turn}")
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.head.take() {
            Some(head) => self.out.write_all(head.as_bytes()),
            None => Ok(()),
        }
    }

    /// Writes what stands after the turns, a line feed after it, and flushes.
    ///
    /// An error is one of the output.
    pub fn end(mut self, end: &TurnsEnd) -> io::Result<()> {
        self.begin()?;
        let end = serde_json::to_string(end)?;
        writeln!(self.out, "],{}", end.strip_prefix('{').unwrap_or(&end))?;
        self.out.flush()
    }
}
