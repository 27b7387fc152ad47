//! The command `delete`.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::documents::DeletedThreads;
use threadkeep::threads::change::Deletion;
use threadkeep::{Options, StateAccess, Threadkeep};

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::failure::exit;
use crate::tell_codex::{Change, TellCodex, Untold};
use crate::text::count;
use crate::{confirm, text};

/// `delete`
#[derive(Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    thread: ThreadArgument,
    /// Delete the forks too whose history begins in it, and theirs
    #[arg(long)]
    with_forks: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show what would go, and delete nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    tell_codex: TellCodex,
}

impl Delete {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if !self.dry_run {
            context.with_state("delete", "writes")?;
            confirm::require_terminal(self.yes, "--yes deletes, --dry-run shows what would go")?;
        }
        let access = if context.global.no_state { StateAccess::Without } else { StateAccess::Own };
        // Whoever deletes must know every fork and every file: rows are never simply trusted.
        let threadkeep = context.open(access, |options| Options { refresh: true, ..options })?;
        let deletion = threadkeep.plan_delete(&self.thread.id, self.with_forks)?;
        let preview = || preview(&threadkeep, &deletion);
        if !self.dry_run {
            let (threads, files) = (count(deletion.threads.len(), "thread"), count(deletion.files.len(), "file"));
            let question = format!("delete {threads} with {files} for good?");
            if !self.yes && !confirm::ask(&preview(), &question)? {
                anyhow::bail!("nothing was deleted");
            }
        }
        let threads: Vec<String> = deletion.threads.iter().map(|thread| thread.id.clone()).collect();
        let untold = Untold::if_so(threadkeep.is_known_to_codex(&threads)?);
        if !self.dry_run {
            threadkeep.delete(&deletion)?;
        }
        let files = deletion.files.iter().map(|path| absolute(&threadkeep, path)).collect();
        let items = threadkeep.thread_documents(deletion.threads.iter().cloned())?;
        let backups = threadkeep.backups_holding(&threads)?;
        let shown = || preview() + &held(&backups);
        context.print(DeletedThreads { backups: backups.clone(), deleted: !self.dry_run, files, items }, shown)?;
        if self.dry_run {
            return Ok(exit::DONE);
        }
        self.tell_codex.after(context, threadkeep, untold, &threads, Change::Deleted)
    }
}

/// Gives a line for each thread and each file that is deleted.
fn preview(threadkeep: &Threadkeep, deletion: &Deletion) -> String {
    let mut out = String::new();
    for thread in &deletion.threads {
        let _ = writeln!(out, "{}  {}", thread.id, text::plain(&thread.title));
    }
    for path in &deletion.files {
        let _ = writeln!(out, "{}", text::shown(&absolute(threadkeep, path)));
    }
    out
}

/// Says in which backups something of the threads stays.
fn held(backups: &[String]) -> String {
    match backups {
        [] => String::new(),
        backups => format!("still in the backups: {}\n", backups.join(", ")),
    }
}

fn absolute(threadkeep: &Threadkeep, path: &str) -> String {
    threadkeep.home().absolute(path).to_string_lossy().into_owned()
}
