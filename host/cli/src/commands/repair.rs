//! The command `repair`: plans repairs, applies them, and takes them back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use threadkeep::contract::{Cell, ThreadRow, Value};
use threadkeep::documents::{RepairLog, RepairOutcome};
use threadkeep::health::doctor::{Change, Depth, Edit};
use threadkeep::health::repair::{Logged, Outcome, Plan, Target as PlanTarget, differing};
use threadkeep::platform::regular_file;
use threadkeep::{RepairScope, Threadkeep, UndoPreview};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::plugins::LimitArguments;
use crate::plugins::checks::{self, Found};
use crate::text::color::{Meaning, Stream, paint};
use crate::text::these;
use crate::{confirm, text, values};

/// How many entries of each code are shown.
const MAX_SHOWN: usize = 20;

/// `repair`
#[derive(Subcommand)]
pub(crate) enum Repair {
    /// Say what would be changed to mend the home; changes nothing
    Plan {
        #[command(flatten)]
        scope: Scope,
        /// Write the plan there, as JSON, to be read, shortened and applied later
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Carry a plan out, after showing it: what is not as the plan found it is left out and told
    Apply {
        /// A plan that was written before, `-` for one on standard input [default: a new one]
        #[arg(value_name = "PLAN", conflicts_with_all = ["target", "with", "thread", "quick", "check"])]
        plan: Option<PathBuf>,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        consent: Consent,
    },
    /// Take the last repair back, whole, after showing what that changes
    Undo {
        #[command(flatten)]
        consent: Consent,
    },
    /// List the repairs that were made, newest first
    Log,
}

/// What a new plan is about.
#[derive(Args)]
pub(crate) struct Scope {
    /// What may be changed [default: state]
    #[arg(long, value_name = "WHAT")]
    target: Option<Target>,
    /// Also what is only done when asked for: codes of findings
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = values::text)]
    with: Vec<String>,
    /// Only this thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    thread: Option<String>,
    /// Look at the rows and at both ends of rollouts, not at every line
    #[arg(long)]
    quick: bool,
    /// Also what this check of a plugin proposes, several times
    #[arg(long, value_name = "PLUGIN", value_parser = values::text)]
    check: Vec<String>,
    #[command(flatten)]
    limits: LimitArguments,
}

/// Whether to ask.
#[derive(Args)]
pub(crate) struct Consent {
    /// Say what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What may be changed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Target {
    /// The state DB, and modes of files
    State,
    /// Codex's databases
    Codex,
    /// Both
    All,
}

impl Repair {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("repair", "writes")?;
        match self {
            Repair::Plan { scope, out } => plan(context, &scope, out.as_deref()),
            Repair::Apply { plan, scope, consent } => apply(context, plan.as_deref(), &scope, &consent),
            Repair::Undo { consent } => undo(context, &consent),
            Repair::Log => {
                let log = context.inspector()?.repair_log()?;
                context.print(RepairLog::from(&log[..]), || log.iter().map(line).collect())?;
                Ok(exit::DONE)
            }
        }
    }
}

impl Scope {
    fn plan(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<Plan> {
        let found = checks::ask(context, threadkeep, &self.check, self.thread.as_deref(), &self.limits)?;
        let scope = RepairScope {
            target: match self.target {
                None | Some(Target::State) => PlanTarget::State,
                Some(Target::Codex) => PlanTarget::Codex,
                Some(Target::All) => PlanTarget::All,
            },
            with: self.with.clone(),
            thread: self.thread.clone(),
            depth: if self.quick { Depth::Ends } else { Depth::Whole },
            proposals: found.into_iter().filter_map(Found::proposal).collect(),
        };
        Ok(threadkeep.plan_repair(&scope)?)
    }
}

fn plan(context: &Context, scope: &Scope, out: Option<&Path>) -> anyhow::Result<u8> {
    let plan = scope.plan(context, &context.inspector()?)?;
    if let Some(out) = out {
        write(out, &plan).with_context(|| format!("the plan cannot be written to {}", out.display()))?;
        if !context.global.json {
            context.warn();
            let entries = match plan.entries.len() {
                1 => "1 entry is".to_owned(),
                entries => format!("{entries} entries are"),
            };
            say(&format!("{entries} in {}", out.display()));
        }
    }
    context.print(&plan, || match plan.entries.is_empty() {
        true => match plan.target {
            PlanTarget::State => "there is nothing to mend in the state DB\n".into(),
            PlanTarget::Codex => "there is nothing to mend in Codex's databases\n".into(),
            PlanTarget::All => "there is nothing to mend\n".into(),
        },
        false => preview(&plan.entries, Stream::Out),
    })?;
    Ok(exit::DONE)
}

fn apply(context: &Context, plan: Option<&Path>, scope: &Scope, consent: &Consent) -> anyhow::Result<u8> {
    if !consent.dry_run {
        confirm::require_terminal(consent.yes, "--yes applies, --dry-run shows what would be done")?;
    }
    let threadkeep = context.inspector()?;
    let plan = match plan {
        None => scope.plan(context, &threadkeep)?,
        Some(file) => threadkeep.read_repair_plan(&read(file)?).with_context(|| file.display().to_string())?,
    };
    if consent.dry_run {
        return print_outcome(context, &threadkeep.preview_repair(&plan)?, true);
    }
    if !consent.yes && !plan.entries.is_empty() {
        let outcome = threadkeep.preview_repair(&plan)?;
        context.warn();
        let question = format!("make {}?", these(outcome.done.len(), "change"));
        if !outcome.done.is_empty() && !confirm::ask(&preview(&outcome.done, Stream::Err), &question)? {
            anyhow::bail!("nothing was changed");
        }
    }
    let outcome = threadkeep.apply_repair(&plan)?;
    tell_of_codex(&threadkeep, &outcome);
    print_outcome(context, &outcome, false)
}

/// Says that Codex does not see what became of threads, where it knows some of them.
fn tell_of_codex(threadkeep: &Threadkeep, outcome: &Outcome) {
    let is_of_thread = |edit: &&Edit| matches!(edit.change, Change::Name(_) | Change::Archived(_));
    let changed = outcome.done.iter().filter(is_of_thread).filter_map(|edit| edit.thread.clone());
    let changed: Vec<String> = changed.collect();
    if !changed.is_empty() && threadkeep.is_known_to_codex(&changed).unwrap_or(true) {
        say("Codex does not see these names and places yet; tell it by: threadkeep repair apply --target codex");
    }
}

fn undo(context: &Context, consent: &Consent) -> anyhow::Result<u8> {
    if !consent.dry_run {
        confirm::require_terminal(consent.yes, "--yes takes the last repair back, --dry-run shows what would be done")?;
    }
    let threadkeep = context.inspector()?;
    if consent.dry_run || !consent.yes {
        match threadkeep.preview_undo()? {
            UndoPreview::FinishedFirst(why) if consent.dry_run => return Err(why.into()),
            UndoPreview::FinishedFirst(_) => {}
            UndoPreview::Changes { outcome, .. } if consent.dry_run => return print_outcome(context, &outcome, true),
            UndoPreview::Changes { name, outcome } => {
                let question = format!("take the repair {name} back by {}?", these(outcome.done.len(), "change"));
                if outcome.refused.is_empty() && !confirm::ask(&preview(&outcome.done, Stream::Err), &question)? {
                    anyhow::bail!("nothing was changed");
                }
            }
        }
    }
    let outcome = threadkeep.undo_repair()?;
    tell_of_codex(&threadkeep, &outcome);
    print_outcome(context, &outcome, false)
}

/// Prints what a repair did, or would do; the exit code is 1 if anything was refused.
fn print_outcome(context: &Context, outcome: &Outcome, preview_only: bool) -> anyhow::Result<u8> {
    context.warn();
    for finished in &outcome.finished {
        say(finished);
    }
    for (edit, why) in &outcome.refused {
        say(&format!("refused: {}: {why}", about(edit)));
    }
    context.print(RepairOutcome::new(outcome, preview_only).map_err(threadkeep::Error::from)?, || {
        let mut out = if preview_only { preview(&outcome.done, Stream::Out) } else { String::new() };
        let (done, already, refused) = (outcome.done.len(), outcome.already, outcome.refused.len());
        let verb = if preview_only { "would be changed" } else { "changed" };
        let _ = match (done, already, refused) {
            (0, 0, 0) => writeln!(out, "there is nothing to mend"),
            _ => writeln!(out, "{done} {verb}, {already} done already, {refused} refused"),
        };
        if let Some(name) = &outcome.name {
            let _ = writeln!(out, "repair {name}");
        }
        if let Some(backup) = &outcome.backup {
            let _ = writeln!(out, "backup {backup}");
        }
        out
    })?;
    Ok(if outcome.refused.is_empty() { exit::DONE } else { exit::FAILED })
}

fn line(logged: &Logged) -> String {
    let how = match (&logged.at, &logged.undone) {
        (None, _) => "broken off".to_string(),
        (Some(at), None) => at.clone(),
        (Some(at), Some(undone)) => format!("{at}, taken back {undone}"),
    };
    format!("{}  {}  {how}\n", text::plain(&logged.name), text::count(logged.done, "change"))
}

/// Reads a plan from a file, or from standard input for `-`.
fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file != Path::new("-") {
        let opened = regular_file::open_named(file, OpenOptions::new().read(true));
        let read = opened.and_then(|mut plan| plan.read_to_string(&mut text));
        return read.map(|_| text).with_context(|| format!("the plan {} cannot be read", file.display()));
    }
    std::io::stdin().read_to_string(&mut text).context("the plan cannot be read from standard input")?;
    Ok(text)
}

/// Writes a plan for its owner alone: it says what threads are about.
fn write(out: &Path, plan: &Plan) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = regular_file::open_named(out, &mut options)?;
    serde_json::to_writer_pretty(&mut file, plan)?;
    file.write_all(b"\n")?;
    Ok(file.sync_all()?)
}

/// Gives the changes, grouped by what they mend.
fn preview(edits: &[Edit], stream: Stream) -> String {
    let mut groups: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    edits.iter().for_each(|edit| groups.entry(&edit.code).or_default().push(edit));
    let mut out = String::new();
    for (code, edits) in groups {
        let _ = writeln!(out, "{}: {}", paint(stream, Meaning::Name, &text::plain(code)), edits.len());
        for edit in edits.iter().take(MAX_SHOWN) {
            let _ = writeln!(out, "  {}: {}", about(edit), text::plain(&edit.reason));
            for change in changes(&edit.change) {
                let _ = writeln!(out, "    {}", text::plain(&change));
            }
        }
        if edits.len() > MAX_SHOWN {
            let _ = writeln!(out, "  and {} more", edits.len() - MAX_SHOWN);
        }
    }
    out
}

/// Gives the code of an edit, and what it is about: a thread, a file or a row.
fn about(edit: &Edit) -> String {
    let thread = edit.thread.as_deref().unwrap_or_default();
    let what = match (&edit.change, thread) {
        (Change::Mode(change), _) if change.path.is_empty() => "the home",
        (Change::Mode(change), _) => &change.path,
        (Change::SetAside((from, _)), _) => from,
        (Change::FillState(_), _) => "the state DB",
        (Change::CodexRow(change), "") => &change.table,
        (Change::StateRow(_), "") => "the state DB",
        (Change::CodexRow(_) | Change::StateRow(_) | Change::Name(_) | Change::Archived(_), thread) => thread,
    };
    format!("{} {}", text::plain(&edit.code), text::plain(what))
}

/// Gives what a change does, a line for each value.
fn changes(change: &Change) -> Vec<String> {
    match change {
        Change::CodexRow(change) => match (&change.before, &change.after) {
            (Some(before), Some(after)) => after
                .iter()
                .map(|cell| {
                    let was = before.iter().find(|before| before.column == cell.column);
                    format!("{}: {} -> {}", cell.column, was.map_or("?".into(), shown), shown(cell))
                })
                .collect(),
            (None, _) => vec![format!("a new row of {}", change.table)],
            (_, None) => vec![format!("its row of {} goes", change.table)],
        },
        Change::StateRow(change) => match (&change.before, &change.after) {
            (Some(before), Some(after)) => rows(before, after),
            (None, _) => vec!["a new row of the state DB".into()],
            (_, None) => vec!["its row of the state DB goes".into()],
        },
        Change::Mode(change) => vec![format!("{:03o} -> {:03o}", change.before, change.after)],
        Change::FillState((from, to)) => vec![format!("{from} -> {to}")],
        Change::SetAside((from, to)) => vec![format!("{from} -> {to}")],
        Change::Name((before, after)) => {
            let [before, after] = [before, after].map(|name| match name {
                Some(name) => format!("'{}'", text::shorten(name, 60)),
                None => "nothing".into(),
            });
            vec![format!("name: {before} -> {after}")]
        }
        Change::Archived((_, true)) => vec!["into the archive, with the sub-agents that it spawned".into()],
        Change::Archived((_, false)) => vec!["out of the archive, with the sub-agents that it spawned".into()],
    }
}

fn rows(before: &ThreadRow, after: &ThreadRow) -> Vec<String> {
    let differing = differing(before, after);
    differing.into_iter().map(|(field, was, is)| format!("{field}: {was} -> {is}")).collect()
}

fn shown(cell: &Cell) -> String {
    match &cell.value {
        Value::Null => "nothing".into(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text::shorten(text, 60),
        Value::Blob(bytes) => text::count(bytes.len(), "byte"),
        Value::Withheld(length) => format!("a text of {}", text::count(*length, "byte")),
    }
}
