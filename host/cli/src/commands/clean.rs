//! The command `clean`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Subcommand;
use threadkeep::documents::ShellSnapshots;
use threadkeep::features::shell_snapshots::{Fate, Snapshot};
use threadkeep::{Options, StateAccess};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::{confirm, dates, text, values};

/// `clean`
#[derive(Subcommand)]
pub(crate) enum Clean {
    /// Remove shell snapshots whose thread has no rollout, or none that was written lately
    ShellSnapshots {
        /// How long a thread's snapshots stay after its last update
        #[arg(long, value_name = "TIME", default_value = "3d", value_parser = dates::age)]
        older_than: Duration,
        /// A thread that is being worked at: its snapshots stay; $CODEX_THREAD_ID and threads that are being written are too
        #[arg(long, value_name = "ID", value_parser = values::text)]
        active: Vec<String>,
        /// Only show what would go
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
}

impl Clean {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let Clean::ShellSnapshots { older_than, active, dry_run, yes } = self;
        if !dry_run {
            confirm::require_terminal(yes, "--yes removes, --dry-run shows what would go")?;
        }
        let access = if context.global.no_state { StateAccess::Without } else { StateAccess::OwnOrFiles };
        // Whoever removes must know every rollout: rows are never simply trusted.
        let threadkeep = context.open(access, |options| Options { refresh: true, ..options })?;
        let running: Vec<String> =
            std::env::var("CODEX_THREAD_ID").ok().filter(|id| !id.is_empty()).into_iter().collect();
        let plan = threadkeep.plan_snapshots(older_than, &active, &running)?;
        let going = plan.iter().filter(|snapshot| snapshot.fate.is_final()).count();
        if !dry_run && going > 0 {
            let question = format!("remove {} for good?", text::count(going, "shell snapshot"));
            if !yes && !confirm::ask(&lines(&plan), &question)? {
                anyhow::bail!("nothing was removed");
            }
            threadkeep.remove_snapshots(&plan)?;
        }
        if !context.global.json {
            for left in plan.iter().filter(|snapshot| snapshot.fate == Fate::Foreign) {
                say(&format!("{} is no snapshot of a thread, and was left", left.name));
            }
        }
        context.print(ShellSnapshots::new(&plan, !dry_run), || lines(&plan))?;
        Ok(exit::DONE)
    }
}

fn why(fate: Fate) -> &'static str {
    match fate {
        Fate::Active => "active",
        Fate::Fresh => "fresh",
        Fate::Orphaned => "orphaned",
        Fate::Expired => "expired",
        Fate::Foreign => "foreign",
    }
}

/// Gives a line for each snapshot that is removed, with the reason.
fn lines(plan: &[Snapshot]) -> String {
    let mut out = String::new();
    for snapshot in plan.iter().filter(|snapshot| snapshot.fate.is_final()) {
        let _ = writeln!(out, "{}  {}", text::plain(&snapshot.name), why(snapshot.fate));
    }
    out
}
