//! The command `prune`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use threadkeep::contract::{ExportFormat, PruneAction, PruneScope, RowQuery, SortKey, ThreadRow};
use threadkeep::documents::{ExportState, Prune as Document, PruneResult, UndonePrune};
use threadkeep::export::ExportRequest;
use threadkeep::threads::prune::PrunePlan;
use threadkeep::{Options, PruneRequest, StateAccess, Threadkeep};
use unicode_width::UnicodeWidthStr as _;

use crate::context::Context;
use crate::failure::{exit, say};
use crate::filters::{self, Filters};
use crate::source_kind::{SourceKind, collection};
use crate::{confirm, dates, interrupt, text};

/// `prune`
#[derive(Args)]
pub(crate) struct Prune {
    /// Only threads that were last updated longer ago, or before this time: 90d, 2026-03, monday
    #[arg(long, value_name = "TIME", value_parser = dates::age, allow_negative_numbers = true)]
    #[arg(required_unless_present = "undo")]
    older_than: Option<Duration>,
    /// What to do with them
    #[arg(long = "do", value_name = "ACTION", required_unless_present = "undo")]
    action: Option<Action>,
    /// Threads with a name too
    #[arg(long)]
    include_named: bool,
    /// Threads that are pinned, here or in Codex, or in a section, too
    #[arg(long)]
    include_pinned: bool,
    /// First write them into this directory, whole and with their secrets, for import
    #[arg(long, value_name = "DIR")]
    #[arg(hide_short_help = true)]
    export: Option<PathBuf>,
    /// Bring back what the last prune archived or compressed
    #[arg(long, conflicts_with_all = ["older_than", "action", "include_named", "include_pinned", "export"])]
    undo: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show what would be done, and change nothing
    #[arg(long, conflicts_with = "undo")]
    dry_run: bool,
    /// Active and archived threads
    #[arg(long)]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    all: bool,
    /// Archived threads only
    #[arg(long, conflicts_with = "all")]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    archived: bool,
    /// Only threads from these sources [default: any]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    #[arg(hide_short_help = true)]
    #[arg(help_heading = filters::WHICH_THREADS)]
    source: Vec<SourceKind>,
    #[command(flatten)]
    filters: Filters,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Into the archive
    Archive,
    /// Stored smaller
    Compress,
    /// Deleted for good
    Delete,
}

/// So many threads are shown before a question.
const SHOWN: usize = 50;

impl Prune {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("prune", "writes")?;
        if !self.dry_run {
            confirm::require_terminal(self.yes, "--yes does it, --dry-run shows what would be done")?;
        }
        let cancellation = interrupt::cancellation()?;
        // Whoever puts threads away must know when they were last used.
        let threadkeep =
            context.open(StateAccess::Own, |options| Options { cancellation, refresh: true, ..options })?;
        if self.undo {
            return self.undo(context, &threadkeep);
        }
        let plan = threadkeep.plan_prune(&self.request(context, &threadkeep)?)?;
        let planned = Document::new(&plan, true);
        if self.dry_run {
            context.print(&planned, || describe(&planned, usize::MAX, text::line_width()))?;
            return Ok(exit::DONE);
        }
        let count = planned.count(PruneResult::Pruned);
        let (threads, action) = (text::count(count, "thread"), self.action.unwrap_or(Action::Archive));
        let question = match action {
            Action::Archive => format!("archive {threads}?"),
            Action::Compress => format!("compress {threads}?"),
            Action::Delete if self.export.is_some() => format!("delete {threads}, once they are exported?"),
            Action::Delete => format!("delete {threads} for good? Nothing brings them back"),
        };
        if count > 0 && !self.yes && !confirm::ask(&describe(&planned, SHOWN, text::line_width()), &question)? {
            anyhow::bail!("nothing was changed");
        }
        self.export_first(&threadkeep, &plan)?;
        let done = threadkeep.prune(plan).map_err(|error| interrupt::told(error.into(), "the prune"))?;
        let done = Document::new(&done, false);
        context.print(&done, || describe(&done, usize::MAX, text::line_width()))?;
        Ok(if done.count(PruneResult::Failed) > 0 { exit::FAILED } else { exit::DONE })
    }

    fn request(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<PruneRequest> {
        let query = self.filters.query(&self.source, SortKey::Updated)?;
        let age = self.older_than.unwrap_or_default().as_millis();
        let before = jiff::Timestamp::now().as_millisecond().saturating_sub(i64::try_from(age).unwrap_or(i64::MAX));
        let until = Some(query.until.map_or(before, |until| until.min(before)));
        let mut query = RowQuery { within: collection(self.archived, self.all), until, ..query };
        self.filters.look_up(&mut query, threadkeep)?;
        self.filters.say_times(context);
        let action = match self.action {
            Some(Action::Compress) => PruneAction::Compress,
            Some(Action::Delete) => PruneAction::Delete,
            Some(Action::Archive) | None => PruneAction::Archive,
        };
        let scope = PruneScope { named: self.include_named, pinned: self.include_pinned };
        Ok(PruneRequest { query, action, scope })
    }

    /// Writes what is to be put away; where one thread cannot be written, nothing is put away.
    fn export_first(&self, threadkeep: &Threadkeep, plan: &PrunePlan) -> anyhow::Result<()> {
        let Some(directory) = &self.export else { return Ok(()) };
        let going = plan.threads.iter().filter(|thread| thread.left.is_none()).map(|thread| thread.row.clone());
        let going: Vec<ThreadRow> = going.collect();
        let request =
            ExportRequest { full_record: true, redact_secrets: false, ..ExportRequest::new(ExportFormat::Jsonl) };
        let done = threadkeep.export_directory(&going, &request, &std::path::absolute(directory)?)?;
        match done.threads.iter().find(|file| file.state == ExportState::Failed) {
            Some(failed) => {
                let why = failed.error.as_ref().map(ToString::to_string).unwrap_or_default();
                anyhow::bail!("{} cannot be exported, so nothing was put away: {why}", failed.thread)
            }
            None => Ok(()),
        }
    }

    fn undo(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<u8> {
        if !self.yes && !confirm::ask("", "bring back what the last prune archived or compressed?")? {
            anyhow::bail!("nothing was changed");
        }
        let undone = UndonePrune::from(threadkeep.undo_prune()?);
        for thread in &undone.deleted {
            say(&format!("{thread} was deleted: nothing brings it back but an import of what was exported"));
        }
        for failed in &undone.failed {
            say(&format!("{}: {}", failed.id, failed.reason));
        }
        context.print(&undone, || undone.restored.iter().map(|id| format!("{id}  restored\n")).collect())?;
        Ok(if undone.failed.is_empty() { exit::DONE } else { exit::FAILED })
    }
}

/// Gives a line for each of the first so many threads, and the counts.
fn describe(document: &Document, most: usize, width: usize) -> String {
    let mut out = String::new();
    for item in document.items.iter().take(most) {
        let word = match item.result {
            PruneResult::Pruned if document.dry_run => "goes",
            PruneResult::Pruned => "done",
            PruneResult::Left => "left",
            PruneResult::Failed => "failed",
        };
        let reason = item.reason.as_ref().map(|reason| format!(" ({})", text::plain(reason))).unwrap_or_default();
        let begin = format!("{}  {word}{reason}  ", item.id);
        let title = if item.title.is_empty() { "(nothing said yet)" } else { &item.title };
        let _ = writeln!(out, "{begin}{}", text::shorten(title, width.saturating_sub(begin.width()).max(20)));
    }
    let more = document.items.len().saturating_sub(most);
    if more > 0 {
        let _ = writeln!(out, "and {more} more");
    }
    let counts = [
        (PruneResult::Pruned, if document.dry_run { "go" } else { "done" }),
        (PruneResult::Left, "left"),
        (PruneResult::Failed, "failed"),
    ];
    let counts = counts.map(|(result, word)| format!("{} {word}", document.count(result)));
    let _ = writeln!(out, "{}", counts.join(", "));
    out
}
