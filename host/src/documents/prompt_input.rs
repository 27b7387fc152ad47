//! What a model would be given to continue a thread, whole and piece by piece.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::turns::raw;

/// The items that a model would be given to continue a thread, each in the form of Codex's `ResponseItem`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PromptInput(pub Vec<Box<RawValue>>);

impl PromptInput {
    /// Makes the document of items that are JSON texts.
    ///
    /// An error is an item that is not JSON.
    pub fn new(items: Vec<String>) -> Result<PromptInput, serde_json::Error> {
        raw(items).map(PromptInput)
    }
}

/// Writes a [`PromptInput`] while its items come.
pub struct PromptInputWriter<W> {
    out: W,
    any: bool,
}

impl<W: Write> PromptInputWriter<W> {
    /// Makes a writer that has written nothing yet.
    pub fn new(out: W) -> PromptInputWriter<W> {
        PromptInputWriter { out, any: false }
    }

    /// Writes an item, which is JSON text and is not looked into.
    ///
    /// An error is one of the output.
    pub fn item(&mut self, item: &str) -> io::Result<()> {
        let separator = if std::mem::replace(&mut self.any, true) { "," } else { "[" };
        write!(self.out, "{separator}{item}")
    }

    /// Writes the end, a line feed after it, and flushes.
    ///
    /// An error is one of the output.
    pub fn end(mut self) -> io::Result<()> {
        writeln!(self.out, "{}]", if self.any { "" } else { "[" })?;
        self.out.flush()
    }
}
