//! `debug`: recordings, which need no home, and what a model would be given, which needs nothing but its files.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use threadkeep::component::{Runtime, tape};
use threadkeep::threads::lookup::{Lookup, PromptError};

use super::Session;
use crate::cli::args::Debug;
use crate::cli::say;

pub(super) fn run(runtime: &Runtime, debug: &Debug, json: bool) -> anyhow::Result<()> {
    match debug {
        Debug::Replay { file } => {
            let done = tape::replay(runtime, open(file)?).with_context(|| file.display().to_string())?;
            let mut stdout = std::io::stdout().lock();
            match json {
                true => writeln!(stdout, "{}", serde_json::to_string(&done)?)?,
                false => {
                    writeln!(stdout, "{} calls, {} answers of the home: the same as then", done.calls, done.imports)?
                }
            }
            Ok(stdout.flush()?)
        }
        Debug::Redact { file } => {
            let out = BufWriter::new(std::io::stdout());
            tape::redact(runtime, open(file)?, out).with_context(|| file.display().to_string())?;
            Ok(())
        }
        Debug::PromptInput { .. } => Ok(()),
    }
}

impl Session {
    /// `debug prompt-input`: neither the state DB nor one of Codex's is looked at. Items are printed while they come.
    pub(super) fn prompt_input(&self, debug: &Debug) -> anyhow::Result<()> {
        let Debug::PromptInput { id, path } = debug else { return Ok(()) };
        let subject = self.subject(path.as_deref(), id.as_deref())?;
        let mut lookup = Lookup::of_files(&self.runtime, &self.home)?;
        self.warn(&lookup.take_warnings());
        let mut out = BufWriter::new(std::io::stdout());
        let mut separator = "[";
        let given = lookup.prompt(subject, |items| {
            for item in items {
                write!(out, "{separator}{item}")?;
                separator = ",";
            }
            Ok(())
        });
        let (_, gaps) = given.map_err(|error| match error {
            PromptError::Lookup(error) => anyhow::Error::from(error),
            PromptError::Taken(error) => error.into(),
        })?;
        writeln!(out, "{}]", if separator == "[" { "[" } else { "" })?;
        out.flush()?;
        for gap in &gaps {
            say(&format!("records of {} before {} are not among them: {}", gap.thread, gap.before, gap.reason));
        }
        Ok(())
    }
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    let recording = File::open(file).with_context(|| format!("{} cannot be opened", file.display()))?;
    Ok(BufReader::new(recording))
}
