//! The command `exec`: runs a program and records it.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use threadkeep::contract::Collection;
use threadkeep::documents::Execution;
use threadkeep::platform::foreign_place::ForeignPlace;
use threadkeep::threads::exec::Run;
use threadkeep::threads::store::{Resume, RowQuery};
use threadkeep::{Error, ErrorKind, RunObserver, StateAccess, Threadkeep};

use crate::context::Context;
use crate::failure::{Usage, exit, report_error, say};
use crate::tell_codex::{Change, TellCodex};
use crate::values;

/// How many threads of a directory are looked at at a time.
const LOOKED_AT: u32 = 8;

/// `exec`
#[derive(Args)]
pub(crate) struct Exec {
    /// Go on with this thread: an id, at least 8 characters of one, or a name
    #[arg(long, value_name = "ID", value_parser = values::text)]
    resume: Option<String>,
    /// Go on with the thread of this directory that was updated last
    #[arg(long, conflicts_with = "resume")]
    last: bool,
    /// Name the thread
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    name: Option<String>,
    /// Where to run the program [default: here]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// What the program is asked [default: what standard input holds, else the command line]
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    prompt: Option<String>,
    #[command(flatten)]
    tell_codex: TellCodex,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    argv: Vec<OsString>,
}

impl Exec {
    /// Runs the command, without a handle where none can be had; the exit code is the program's own.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if self.name.is_some() && context.global.no_state {
            return Err(Usage("--name writes the state DB, so it cannot go with --no-state".into()).into());
        }
        self.tell_codex.check(context)?;
        let threadkeep = open(context)?;
        let cwd = match &self.cwd {
            Some(cwd) => std::path::absolute(cwd)?,
            None => std::env::current_dir()?,
        };
        let resume = match &self.resume {
            Some(wanted) => Some(Resume::Thread(wanted.clone())),
            None if self.last => Some(Resume::Thread(last_of(&threadkeep, &cwd.to_string_lossy())?)),
            None => None,
        };
        let run = Run { argv: self.argv.clone(), cwd, prompt: self.prompt.clone(), resume };
        let observer = Observer { threadkeep: &threadkeep, name: self.name.as_deref() };
        let ran = threadkeep.exec(&run, &observer)?;
        context.warn();
        if ran.incomplete {
            say(&format!("not all of the run could be recorded in {}", ran.path.display()));
        }
        let last = match context.global.json {
            true => serde_json::to_string(&Execution::from(&ran))?,
            false => ran.id.clone(),
        };
        // The program's exit code is passed on, whether somebody reads this or not.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{}{last}", if ran.no_final_newline { "\n" } else { "" }).and_then(|()| out.flush());
        let untold = TellCodex::after_writing(&threadkeep, &ran.id);
        let told =
            self.tell_codex.after(context, threadkeep, untold, &[ran.id], Change::Recorded).unwrap_or_else(|error| {
                report_error(&error, context.global.json);
                exit::FAILED
            });
        let failed = ran.incomplete || ran.output_lost || told != exit::DONE;
        Ok(if failed && ran.exit_code == exit::DONE { exit::FAILED } else { ran.exit_code })
    }
}

/// Opens the home; where the state DB cannot be used, without it, since a recording needs no rows.
fn open(context: &Context) -> anyhow::Result<Threadkeep> {
    if !context.global.no_state {
        match context.open(StateAccess::Own, |options| options) {
            Err(error) => say(&format!("{error:#}; recording without it")),
            opened => return opened,
        }
    }
    context.open(StateAccess::Without, |options| options)
}

struct Observer<'a> {
    threadkeep: &'a Threadkeep,
    name: Option<&'a str>,
}

impl RunObserver for Observer<'_> {
    /// Names the thread. That it cannot be named does not keep the program from being run.
    fn begun(&self, thread: &str) {
        if let Some(name) = self.name
            && let Err(error) = self.threadkeep.name(thread, Some(name))
        {
            say(&format!("the thread is not named: {error}"));
        }
    }

    fn warn(&self, warning: &str) {
        say(warning);
    }
}

/// Gives the id of the active thread of a directory that was updated last.
fn last_of(threadkeep: &Threadkeep, cwd: &str) -> anyhow::Result<String> {
    let cwd = values::directory(cwd).map_err(Usage)?;
    let query = RowQuery {
        within: Some(Collection::Active),
        cwd: Some(cwd.clone()),
        // A sub-agent is resumed by its parent.
        fold_children: true,
        ..RowQuery::default()
    };
    let none = || Error::new(ErrorKind::NotFound, format!("no active thread ran in {cwd}; begin one without --last"));
    let mut cursor = None;
    loop {
        let page = threadkeep.list(&query, cursor.as_deref(), LOOKED_AT)?;
        // What is another program's goes on there.
        let own = page.rows.iter().find(|listed| ForeignPlace::of(&listed.row.path).is_none());
        match (own, page.next) {
            (Some(own), _) => return Ok(own.row.id.clone()),
            (None, None) => return Err(none().into()),
            (None, next) => cursor = next,
        }
    }
}
