//! The command `metadata`.

use clap::{Args, ValueEnum};
use threadkeep::threads::change::MetadataPatch;

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::failure::Usage;
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::values;

/// `metadata`
#[derive(Args)]
pub(crate) struct Metadata {
    #[command(flatten)]
    thread: ThreadArgument,
    /// The git commit
    #[arg(long, value_name = "SHA", value_parser = values::text)]
    git_sha: Option<String>,
    /// The git branch
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    git_branch: Option<String>,
    /// The URL of the git remote `origin`
    #[arg(long, value_name = "URL", value_parser = values::text)]
    git_origin_url: Option<String>,
    /// What memories may be made of the thread: enabled, disabled or polluted
    #[arg(long, value_name = "MODE", value_parser = values::text)]
    memory_mode: Option<String>,
    /// Say that there is none, whatever the rollout or Codex says
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Field>,
    #[command(flatten)]
    tell_codex: TellCodex,
}

/// A field that a patch can clear.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Field {
    GitSha,
    GitBranch,
    GitOriginUrl,
    MemoryMode,
}

impl Metadata {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("metadata", "writes")?;
        let patch = self.patch()?;
        let threadkeep = context.owner("metadata", "writes")?;
        let row = threadkeep.patch(&self.thread.id, &patch)?;
        context.print(threadkeep.thread_document(row.clone())?, || format!("{}\n", row.id))?;
        let thread = [row.id];
        let untold = Untold::perhaps_if(threadkeep.is_known_to_codex(&thread).unwrap_or(false));
        self.tell_codex.after(context, threadkeep, untold, &thread, Change::Corrected)
    }

    /// Gives the patch that the flags ask for: what is named is set, what is cleared is cleared, the rest is left.
    fn patch(&self) -> Result<MetadataPatch, Usage> {
        let field = |field: Field, flag: &str, value: &Option<String>| match (value, self.clear.contains(&field)) {
            (Some(_), true) => Err(Usage(format!("{flag} cannot be set and cleared at once"))),
            (None, true) => Ok(Some(None)),
            (value, false) => Ok(value.clone().map(Some)),
        };
        let patch = MetadataPatch {
            git_sha: field(Field::GitSha, "--git-sha", &self.git_sha)?,
            git_branch: field(Field::GitBranch, "--git-branch", &self.git_branch)?,
            git_origin_url: field(Field::GitOriginUrl, "--git-origin-url", &self.git_origin_url)?,
            memory_mode: field(Field::MemoryMode, "--memory-mode", &self.memory_mode)?,
        };
        match patch == MetadataPatch::default() {
            true => Err(Usage("there is nothing to change: name a field, or --clear one".into())),
            false => Ok(patch),
        }
    }
}
