//! The command `debug`: recordings, which need no home, and what a model would be given, which needs the home's files alone.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use threadkeep::StateAccess;
use threadkeep::documents::{PromptInputWriter, Replay};
use threadkeep::platform::regular_file;

use super::turns::subject;
use crate::context::Context;
use crate::failure::{exit, say};
use crate::text::{self, JsonOutput};
use crate::values;

/// `debug`
#[derive(Subcommand)]
pub(crate) enum Debug {
    /// Run what --record wrote again, without a home, and hold the answers against the recorded ones
    Replay {
        /// The recording
        file: PathBuf,
    },
    /// Print a recording with nothing in it that people wrote, fit to go with a report
    Redact {
        /// The recording
        file: PathBuf,
    },
    /// Print, as JSON, the items that a model would be given to continue a thread, from the files alone
    PromptInput {
        /// An id, at least 8 characters of one, or a name
        #[arg(required_unless_present = "path", conflicts_with = "path", value_parser = values::text)]
        id: Option<String>,
        /// A rollout instead; a relative path begins at the home
        #[arg(long, value_name = "FILE")]
        path: Option<PathBuf>,
    },
}

impl Debug {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        match self {
            Debug::Replay { file } => {
                let replayed = threadkeep::replay(open(&file)?).with_context(|| file.display().to_string())?;
                context.print(Replay::from(replayed), || {
                    let (calls, answers) =
                        (text::count(replayed.calls, "call"), text::count(replayed.imports, "answer"));
                    format!("{calls}, {answers} of the home: the same as then\n")
                })?;
            }
            Debug::Redact { file } => {
                let out = JsonOutput::new(BufWriter::new(std::io::stdout()), std::io::stdout().is_terminal());
                threadkeep::redact(open(&file)?, out).with_context(|| file.display().to_string())?;
            }
            Debug::PromptInput { id, path } => prompt_input(context, id.as_deref(), path.as_deref())?,
        }
        Ok(exit::DONE)
    }
}

/// Prints the items that a model would be given, while they come; neither the state DB nor one of Codex's is opened.
fn prompt_input(context: &Context, id: Option<&str>, path: Option<&Path>) -> anyhow::Result<()> {
    let threadkeep = context.open(StateAccess::Without, |options| options)?;
    let subject = subject(&threadkeep, path, id)?;
    let mut out =
        PromptInputWriter::new(JsonOutput::new(BufWriter::new(std::io::stdout()), std::io::stdout().is_terminal()));
    let mut output_error = None;
    let given = threadkeep.prompt_input(subject, |items| {
        let taken = items.iter().try_for_each(|item| out.item(item));
        taken.map_err(|error| std::io::Error::from(output_error.insert(error).kind()))
    });
    context.warn();
    if let Some(error) = output_error {
        return Err(error.into());
    }
    let (_, gaps) = given?;
    out.end()?;
    for gap in &gaps {
        say(&format!("records of {} before {} are not among them: {}", gap.thread, gap.before, gap.reason));
    }
    Ok(())
}

fn open(file: &Path) -> anyhow::Result<BufReader<File>> {
    let recording = regular_file::open_named(file, OpenOptions::new().read(true))
        .with_context(|| format!("{} cannot be opened", file.display()))?;
    Ok(BufReader::new(recording))
}
