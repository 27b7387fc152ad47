//! The command `relocate`: tells that a project directory moved.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::documents::{DirectoryMoves, RelocatedDirectory};
use threadkeep::features::moved_directories::RecordedMove;
use threadkeep::threads::moved_directories::MoveCheck;
use threadkeep::{MovedDirectory, Threadkeep};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::{confirm, text, values};

/// `relocate`
#[derive(Args)]
pub(crate) struct Relocate {
    /// Where the project was
    #[arg(value_name = "OLD", value_parser = values::directory, required_unless_present_any = ["list", "undo"])]
    old: Option<String>,
    /// Where it is now
    #[arg(value_name = "NEW", value_parser = values::directory, required_unless_present_any = ["list", "undo"])]
    new: Option<String>,
    /// List what was told
    #[arg(long, conflicts_with_all = ["old", "undo", "yes", "dry_run"])]
    list: bool,
    /// Forget what was told last of this directory
    #[arg(long, value_name = "OLD", value_parser = values::directory, conflicts_with = "old")]
    undo: Option<String>,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show the evidence, and change nothing
    #[arg(long)]
    dry_run: bool,
}

const TOLD_BY: &str = "Codex is told of it by: threadkeep repair apply --target codex";

impl Relocate {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("relocate", "writes")?;
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            if self.undo.is_some() && !self.dry_run {
                confirm::require_terminal(self.yes, "--yes forgets it, --dry-run shows what would be forgotten")?;
            }
            let threadkeep = context.owner("relocate", "writes")?;
            let moves = match &self.undo {
                Some(old) => vec![self.undo(&threadkeep, old)?],
                None => threadkeep.moved_directories()?,
            };
            if self.undo.is_some() && !self.dry_run && !context.global.json {
                say(TOLD_BY);
            }
            context.print(DirectoryMoves::from(&moves[..]), || moves.iter().map(line).collect())?;
            return Ok(exit::DONE);
        };
        if !self.dry_run {
            confirm::require_terminal(self.yes, "--yes relocates, --dry-run shows the evidence")?;
        }
        let threadkeep = context.owner("relocate", "writes")?;
        let MovedDirectory { check, is_new } = threadkeep.check_moved_directory(old, new)?;
        if is_new && !self.dry_run {
            let question = format!("find the threads of {old} under {new}?");
            if !self.yes && !confirm::ask(&describe(&check, old, new), &question)? {
                anyhow::bail!("nothing was changed");
            }
            threadkeep.move_directory(old, new)?;
        }
        if !context.global.json && !self.dry_run {
            say(if is_new { TOLD_BY } else { "that was told already" });
        }
        let document = RelocatedDirectory::new(old, new, &check, is_new && !self.dry_run);
        context.print(document, || describe(&check, old, new))?;
        Ok(exit::DONE)
    }
}

impl Relocate {
    /// Forgets what was told last of a directory, after asking, and gives it.
    fn undo(&self, threadkeep: &Threadkeep, old: &str) -> anyhow::Result<RecordedMove> {
        let told = threadkeep.last_moved_directory(old)?;
        if self.dry_run {
            return Ok(told);
        }
        let question = format!("find the threads of {} under it again?", text::plain(&told.from));
        if !self.yes && !confirm::ask(&line(&told), &question)? {
            anyhow::bail!("nothing was changed");
        }
        Ok(threadkeep.undo_moved_directory(old)?)
    }
}

fn line(told: &RecordedMove) -> String {
    format!("{} -> {}\n", text::shown(&told.from), text::shown(&told.to))
}

fn describe(check: &MoveCheck, old: &str, new: &str) -> String {
    let mut out = String::new();
    let there = |is_there: bool, yes: &str, no: &str| if is_there { yes.to_owned() } else { no.to_owned() };
    let _ = writeln!(out, "{}  {}", text::shown(old), there(check.from_exists, "is still there", "is gone"));
    let _ = writeln!(out, "{}  {}", text::shown(new), there(check.to_exists, "is there", "is not there"));
    let _ = writeln!(out, "threads  {}", check.threads);
    match &check.origin {
        Some(origin) => {
            let _ = writeln!(out, "origin  {}, which {} of them recorded", text::plain(origin), check.same_origin);
        }
        None => out.push_str("origin  no git remote is told at the new place\n"),
    }
    for (url, threads) in check.origins.iter().take(10) {
        let _ = writeln!(out, "recorded  {} in {threads}", text::plain(url));
    }
    out
}
