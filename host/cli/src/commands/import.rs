//! The command `import`: threads that come from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use threadkeep::documents::{
    Import as Document, ImportDirectory, ImportResult, ImportedSessions, UndoneImport, UndoneResult,
};
use threadkeep::foreign::{
    ForeignEntries, ForeignError, ForeignImport, ForeignSource, ForeignUnit, ForeignUnits, ToldSession,
};
use threadkeep::platform::home::Home;
use threadkeep::threads::import::{ImportPlan, ImportRequest};
use threadkeep::{AbsentDirectory, Error, ErrorKind, Options, StateAccess, Threadkeep};
use threadkeep_plugins::installed::RegisteredImport;

use crate::context::Context;
use crate::failure::{Usage, exit, say};
use crate::fetching::Fetching;
use crate::importers;
use crate::plugins::LimitArguments;
use crate::{confirm, interrupt, text, values};

/// `import`
#[derive(Args)]
pub(crate) struct Import {
    /// An export or a bundle of this program, a rollout, a folder of rollouts, or a place that threads were pushed to, as s3://BUCKET/PREFIX; with --format, directories of that program's sessions
    #[arg(value_name = "SOURCE", required_unless_present_any = ["from_home", "undo", "format"])]
    sources: Vec<PathBuf>,
    /// Keep the sessions of another program beside these threads, as this plugin reads them, now and at every start [default: from where
    /// the program has them]
    #[arg(long, value_name = "PLUGIN", value_parser = values::text, conflicts_with_all = ["from_home", "undo", "map", "dry_run"])]
    format: Option<String>,
    /// With --format: threads stay, marked, whose own files are gone
    #[arg(long, requires = "format", conflicts_with = "forget")]
    keep: bool,
    /// With --format: the threads of that program go, and none are read any more; its own files stay
    #[arg(long, requires = "format", conflicts_with = "sources")]
    forget: bool,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    fetching: Fetching,
    /// Take every thread of this Codex home that is not here
    #[arg(long, value_name = "DIR")]
    from_home: Option<PathBuf>,
    /// A directory of the threads is elsewhere here, as `relocate` tells it
    #[arg(long, value_name = "OLD=NEW", value_parser = mapping)]
    map: Vec<(String, String)>,
    /// Take the last import back
    #[arg(long, conflicts_with_all = ["sources", "from_home", "map"])]
    undo: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Say what would come and what collides, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// A program of which nothing is kept any more.
struct Forgotten(String);

impl ForeignSource for Forgotten {
    fn name(&self) -> &str {
        &self.0
    }

    fn units(&self) -> Result<ForeignUnits, ForeignError> {
        Ok(ForeignUnits::default())
    }

    fn sessions(&self, _: &ForeignUnit) -> Result<Vec<ToldSession>, ForeignError> {
        Ok(Vec::new())
    }

    fn entries<'a>(&'a self, _: &'a ForeignUnit, _: &str) -> Result<Box<dyn ForeignEntries + 'a>, ForeignError> {
        Err(ForeignError::of_files("there is none"))
    }
}

/// So many lines of each kind are shown before a question.
const SHOWN: usize = 20;

impl Import {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        context.with_state("import", "writes")?;
        if let Some(name) = &self.format {
            let done = self.import_sessions(context, name);
            return done.map_err(|error| interrupt::told(error, "the import"));
        }
        if !self.dry_run {
            confirm::require_terminal(self.yes, "--yes does it, --dry-run shows what would be done")?;
        }
        let cancellation = interrupt::cancellation()?;
        let threadkeep = context.open(StateAccess::Own, |options| Options { cancellation, ..options })?;
        match self.undo {
            true => self.undo(context, &threadkeep),
            false => self.import(context, &threadkeep).map_err(|error| match interrupted(&error) {
                true => error.context("the import was interrupted: what came is whole, and the next one goes on"),
                false => error,
            }),
        }
    }

    fn import(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<u8> {
        let from_home = self.from_home.as_ref().map(|dir| {
            let home = Home::open(dir, |_| None).map_err(Error::from)?;
            match std::fs::canonicalize(dir).ok() == std::fs::canonicalize(threadkeep.home().root()).ok() {
                true => {
                    Err(anyhow::Error::from(Usage("--from-home names the home that the threads are to come to".into())))
                }
                false => Ok(Arc::new(home)),
            }
        });
        // What was fetched is there until it is imported.
        let (sources, _fetched) = self.fetching.fetch(&self.sources, threadkeep)?;
        let request = ImportRequest { sources, from_home: from_home.transpose()? };
        let plan = threadkeep.plan_import(&request)?;
        let absent = threadkeep.absent_directories(&plan, &self.map)?;
        let planned = document(&plan, None, &absent, threadkeep);
        let coming = planned.count(ImportResult::Imported) + planned.count(ImportResult::Flattened);
        if self.dry_run {
            context.print(&planned, || describe(&planned, usize::MAX))?;
            return Ok(exit::DONE);
        }
        if coming > 0
            && !self.yes
            && !confirm::ask(&describe(&planned, SHOWN), &format!("import {}?", text::count(coming, "thread")))?
        {
            anyhow::bail!("nothing was changed");
        }
        let report = threadkeep.import(&plan, &self.map)?;
        let done = document(&plan, Some(&report), &absent, threadkeep);
        context.print(&done, || describe(&done, usize::MAX))?;
        Ok(if done.count(ImportResult::Failed) > 0 { exit::FAILED } else { exit::DONE })
    }

    /// Brings the sessions of another program, and has them kept up to date.
    fn import_sessions(&self, context: &Context, name: &str) -> anyhow::Result<u8> {
        let directory = context.plugin_directory()?;
        let record = directory.find(name).map_err(Error::from)?;
        let mut named = self.sources.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
        // Directories come to those that were named before.
        let state_dir = context.options(StateAccess::Inspect)?.state_dir;
        let before = record.imports.iter().find(|import| import.state_dir == state_dir);
        let before = before.map(|import| import.directories.clone()).unwrap_or_default();
        named.extend(before.into_iter().filter(|directory| !self.sources.contains(directory)).collect::<Vec<_>>());
        named.sort();
        named.dedup();
        let cancellation = interrupt::cancellation()?;
        let limits = self.limits.limits()?;
        let source = importers::importer(&directory, &record, &named, limits, &cancellation)?;
        // What is registered already would be read twice.
        let threadkeep =
            context.open(StateAccess::Own, |options| Options { cancellation, foreign: Vec::new(), ..options })?;
        let import = match self.forget {
            true => ForeignImport { source: Arc::new(Forgotten(name.into())), keeps_gone: false },
            false => ForeignImport { source: Arc::new(source), keeps_gone: self.keep },
        };
        let tally = threadkeep.import_foreign(&import)?;
        let registered = RegisteredImport { state_dir: state_dir.clone(), directories: named, keeps_gone: self.keep };
        let registered = (!self.forget).then_some(registered);
        directory.register(name, &state_dir, registered).map_err(Error::from)?;
        let document = ImportedSessions {
            failed: tally.failed,
            kept: tally.kept,
            plugin: name.into(),
            read: tally.read,
            removed: tally.removed,
            unchanged: tally.unchanged,
        };
        context.print(&document, || {
            let counted = [
                (tally.read, "read"),
                (tally.unchanged, "as before"),
                (tally.removed, "gone"),
                (tally.kept, "kept, whose files are gone"),
                (tally.failed, "files that cannot be read: threadkeep doctor tells why"),
            ];
            let told = counted.iter().filter(|(count, what)| *count > 0 || *what == "read");
            let told: Vec<_> = told.map(|(count, what)| format!("{count} {what}")).collect();
            told.join(", ") + "\n"
        })?;
        Ok(if tally.failed > 0 { exit::FAILED } else { exit::DONE })
    }

    fn undo(&self, context: &Context, threadkeep: &Threadkeep) -> anyhow::Result<u8> {
        let plan = threadkeep.plan_undo_import()?;
        let planned = UndoneImport::new(&plan, true, threadkeep.home());
        if self.dry_run {
            context.print(&planned, || describe_undo(&planned))?;
            return Ok(exit::DONE);
        }
        let question = format!("take the import {} of {} back?", plan.name, plan.at);
        if !self.yes && !confirm::ask(&describe_undo(&planned), &question)? {
            anyhow::bail!("nothing was changed");
        }
        let undone = UndoneImport::new(&threadkeep.undo_import(plan)?, false, threadkeep.home());
        context.print(&undone, || describe_undo(&undone))?;
        Ok(exit::DONE)
    }
}

fn interrupted(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Error>().map(Error::kind) == Some(ErrorKind::Cancelled)
}

/// Reads `OLD=NEW`: two directories.
fn mapping(given: &str) -> Result<(String, String), String> {
    let (old, new) = given.split_once('=').ok_or("write OLD=NEW")?;
    Ok((values::directory(old)?, values::directory(new)?))
}

fn document(
    plan: &ImportPlan,
    report: Option<&threadkeep::threads::import::ImportReport>,
    absent: &[AbsentDirectory],
    threadkeep: &Threadkeep,
) -> Document {
    let absent = absent.iter().map(|absent| ImportDirectory {
        current: absent.current.clone(),
        path: absent.recorded.clone(),
        threads: absent.threads,
    });
    Document::new(plan, report, absent.collect(), threadkeep.home())
}

fn describe(document: &Document, most: usize) -> String {
    let mut out = String::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &document.items {
        let word = match item.result {
            ImportResult::Imported if document.dry_run => "comes",
            ImportResult::Imported => "imported",
            ImportResult::Flattened if document.dry_run => "comes as one file",
            ImportResult::Flattened => "imported as one file",
            ImportResult::AlreadyHere => "is here already",
            ImportResult::Collides => "collides",
            ImportResult::Failed => "failed",
        };
        let count = shown.entry(word).or_insert(0);
        *count += 1;
        if *count > most || item.result == ImportResult::AlreadyHere {
            continue;
        }
        let _ = write!(out, "{}  {word}", item.id);
        if let Some(name) = &item.name {
            let _ = write!(out, "  {}", text::plain(name));
        }
        if let Some(reason) = &item.reason {
            let _ = write!(out, ": {}", text::plain(reason));
        }
        out.push_str(if item.redacted { "  (its secrets were made unreadable)\n" } else { "\n" });
    }
    for file in &document.passed_over {
        let _ = writeln!(out, "{}  passed over: {}", text::shown(&file.path), text::plain(&file.reason));
    }
    let counts: Vec<String> = shown.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let _ = writeln!(out, "{}", if counts.is_empty() { "no thread".into() } else { counts.join(", ") });
    for absent in &document.absent_directories {
        let now = absent.current.as_ref().map(|now| format!(", now {}", text::shown(now))).unwrap_or_default();
        let path = text::shown(&absent.path);
        let _ = writeln!(out, "not here  {path}{now}, where {} of them began: --map OLD=NEW", absent.threads);
    }
    out
}

fn describe_undo(document: &UndoneImport) -> String {
    let mut out = String::new();
    for item in &document.items {
        let word = match item.result {
            UndoneResult::Removed if document.dry_run => "goes",
            UndoneResult::Removed => "removed",
            UndoneResult::Gone => "was gone",
            UndoneResult::Stays => "stays",
        };
        let reason = item.reason.as_ref().map(|reason| format!(": {}", text::plain(reason))).unwrap_or_default();
        let _ = writeln!(out, "{}  {word}{reason}", item.id);
    }
    if !document.dry_run && document.items.iter().any(|item| item.result == UndoneResult::Stays) {
        say("what stays can be deleted: threadkeep delete");
    }
    out
}
