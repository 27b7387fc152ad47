//! `repair`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value as Json, json};
use threadkeep::component::exports::checkup::{Cell, Value};
use threadkeep::component::types::ThreadRow;
use threadkeep::health::doctor::{self, Change, Depth, Edit, How};
use threadkeep::health::repair::{Logged, Outcome, Plan, RepairError, Repairs, Target, differing};

use super::Session;
use crate::cli::args::repair::{Consent, Repair, Scope, Target as AskedTarget};
use crate::cli::{confirm, exit, say, text};

/// Entries that are shown of each code.
const SHOWN: usize = 20;

impl Session {
    pub(super) fn repair(&self, asked: &Repair) -> anyhow::Result<u8> {
        self.with_state("repair")?;
        match asked {
            Repair::Plan { scope, out } => self.plan(scope, out.as_deref()).map(|()| exit::DONE),
            Repair::Apply { plan, scope, consent } => self.apply(plan.as_deref(), scope, consent),
            Repair::Undo { consent } => self.undo(consent),
            Repair::Log => self.repair_log().map(|()| exit::DONE),
        }
    }

    fn repairs(&self) -> Repairs<'_> {
        Repairs::of(&self.runtime, &self.home, &self.state_dir)
    }

    /// A new plan, by what is found now.
    fn planned(&self, scope: &Scope) -> anyhow::Result<Plan> {
        let depth = if scope.quick { Depth::Ends } else { Depth::Whole };
        let how = How { depth, thread: scope.thread.clone(), progress: self.progress.clone() };
        let found = doctor::examine(&self.runtime, &self.home, Some(&self.state_dir), &how);
        self.end_progress();
        let found = found?;
        self.warn(&found.warnings);
        let target = match scope.target {
            None | Some(AskedTarget::State) => Target::State,
            Some(AskedTarget::Codex) => Target::Codex,
            Some(AskedTarget::All) => Target::All,
        };
        Ok(self.repairs().plan(found.findings, target, &scope.with)?)
    }

    fn plan(&self, scope: &Scope, out: Option<&Path>) -> anyhow::Result<()> {
        let plan = self.planned(scope)?;
        if let Some(out) = out {
            write(out, &plan).with_context(|| format!("the plan cannot be written to {}", out.display()))?;
            if !self.global.json {
                say(&format!("{} entries are in {}", plan.entries.len(), out.display()));
            }
        }
        self.print(&plan, || match plan.entries.is_empty() {
            true => String::from("there is nothing to mend\n"),
            false => preview(&plan.entries),
        })
    }

    fn apply(&self, plan: Option<&Path>, scope: &Scope, consent: &Consent) -> anyhow::Result<u8> {
        if !consent.dry_run {
            confirm::can_ask(consent.yes, "--yes applies, --dry-run shows what would be done")?;
        }
        let plan = match plan {
            None => self.planned(scope)?,
            Some(file) => Plan::from_json(&read(file)?).with_context(|| file.display().to_string())?,
        };
        let repairs = self.repairs();
        if consent.dry_run {
            return self.tell_outcome(&repairs.look(&plan)?, true);
        }
        if !consent.yes && !plan.entries.is_empty() {
            let ahead = repairs.look(&plan)?;
            let question = format!("make these {} change(s)?", ahead.done.len());
            if !ahead.done.is_empty() && !confirm::agreed(&preview(&ahead.done), &question)? {
                anyhow::bail!("nothing was changed");
            }
        }
        self.tell_outcome(&repairs.apply(&plan)?, false)
    }

    fn undo(&self, consent: &Consent) -> anyhow::Result<u8> {
        if !consent.dry_run {
            confirm::can_ask(consent.yes, "--yes takes the last repair back, --dry-run shows what would be done")?;
        }
        let repairs = self.repairs();
        if consent.dry_run || !consent.yes {
            let ahead = repairs.look_back();
            match ahead {
                // Finished first.
                Err(RepairError::Unfinished(_)) if !consent.dry_run => {}
                Err(error) => return Err(error.into()),
                Ok((_, outcome)) if consent.dry_run => return self.tell_outcome(&outcome, true),
                Ok((name, outcome)) => {
                    let question = format!("take the repair {name} back by these {} change(s)?", outcome.done.len());
                    if outcome.refused.is_empty() && !confirm::agreed(&preview(&outcome.done), &question)? {
                        anyhow::bail!("nothing was changed");
                    }
                }
            }
        }
        self.tell_outcome(&repairs.undo()?, false)
    }

    /// What came of it, or would: exit code 1 if anything was refused.
    fn tell_outcome(&self, outcome: &Outcome, ahead: bool) -> anyhow::Result<u8> {
        for finished in &outcome.finished {
            say(finished);
        }
        for (edit, why) in &outcome.refused {
            say(&format!("refused: {}: {why}", about(edit)));
        }
        let refused: Vec<Json> = outcome
            .refused
            .iter()
            .map(|(edit, why)| Ok(json!({"entry": Plan::entry(edit)?, "why": why})))
            .collect::<Result<_, RepairError>>()?;
        let document = json!({
            "name": outcome.name,
            "done": outcome.done.len(),
            "already": outcome.already,
            "refused": refused,
            "backup": outcome.backup,
            "dryRun": ahead,
        });
        self.print(document, || {
            let mut out = if ahead { preview(&outcome.done) } else { String::new() };
            let (done, already, refused) = (outcome.done.len(), outcome.already, outcome.refused.len());
            let verb = if ahead { "would be changed" } else { "changed" };
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

    fn repair_log(&self) -> anyhow::Result<()> {
        let log = self.repairs().log()?;
        let document = |logged: &Logged| {
            json!({
                "name": logged.name,
                "at": logged.at,
                "target": logged.target,
                "done": logged.done,
                "undone": logged.undone,
                "backup": logged.backup,
            })
        };
        let items: Vec<Json> = log.iter().map(document).collect();
        self.print(json!({"items": items}), || log.iter().map(line).collect())
    }
}

fn line(logged: &Logged) -> String {
    let how = match (&logged.at, &logged.undone) {
        (None, _) => "broken off".to_string(),
        (Some(at), None) => at.clone(),
        (Some(at), Some(undone)) => format!("{at}, taken back {undone}"),
    };
    format!("{}  {} change(s)  {how}\n", text::plain(&logged.name), logged.done)
}

/// A plan, from a file or from standard input.
fn read(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file).with_context(|| format!("the plan {} cannot be read", file.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the plan cannot be read from standard input")?;
    Ok(text)
}

/// For its owner alone: it says what threads are about.
fn write(out: &Path, plan: &Plan) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(out)?;
    serde_json::to_writer_pretty(&mut file, plan)?;
    file.write_all(b"\n")?;
    Ok(file.sync_all()?)
}

/// What changes, grouped by what it mends.
fn preview(edits: &[Edit]) -> String {
    let mut groups: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    edits.iter().for_each(|edit| groups.entry(&edit.code).or_default().push(edit));
    let mut out = String::new();
    for (code, edits) in groups {
        let _ = writeln!(out, "{}: {}", text::plain(code), edits.len());
        for edit in edits.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}: {}", about(edit), text::plain(&edit.reason));
            for change in changes(&edit.change) {
                let _ = writeln!(out, "    {}", text::plain(&change));
            }
        }
        if edits.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", edits.len() - SHOWN);
        }
    }
    out
}

/// What an edit is about: a thread, a file, a row.
fn about(edit: &Edit) -> String {
    let thread = edit.thread.as_deref().unwrap_or_default();
    let what = match (&edit.change, thread) {
        (Change::Mode(change), _) if change.path.is_empty() => "the home",
        (Change::Mode(change), _) => &change.path,
        (Change::SetAside((from, _)), _) => from,
        (Change::FillState(_), _) => "the state DB",
        (Change::CodexRow(change), "") => &change.table,
        (Change::StateRow(_), "") => "the state DB",
        (Change::CodexRow(_) | Change::StateRow(_), thread) => thread,
    };
    format!("{} {}", text::plain(&edit.code), text::plain(what))
}

/// Before and after, a line each.
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
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Withheld(length) => format!("a text of {length} bytes"),
    }
}
