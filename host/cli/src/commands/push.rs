//! The command `push`.

use std::fmt::Write as _;
use std::process::Command;

use clap::Args;
use threadkeep::contract::{RowQuery, SortKey};
use threadkeep::documents::{Push as PushDocument, PushTimer, TimerState};
use threadkeep::push::{CountingSink, LakeProcess, PushRequest, Pushed};
use threadkeep::{Options, StateAccess, Threadkeep};

use crate::context::Context;
use crate::failure::{exit, say};
use crate::filters::Filters;
use crate::tables_place::{lake_program, place};
use crate::text::count;
use crate::{confirm, interrupt, person, push_timer, text, values};

/// What is done by a timer.
const AGAIN: &str = "Again and again";
/// What is done about a place's files.
const FILES: &str = "The files there";

/// `push`
#[derive(Args)]
pub(crate) struct Push {
    /// A directory, s3://BUCKET/PREFIX, or postgres://HOST/DATABASE
    #[arg(value_name = "PLACE", value_parser = values::text)]
    destination: String,
    #[command(flatten)]
    filters: Filters,
    /// No text leaves, and nothing that was done: threads and what they used alone
    #[arg(long, value_name = "WHAT", value_parser = ["usage"])]
    #[arg(help_heading = "What leaves")]
    only: Option<String>,
    /// Push the whole text of each thread, too, so that `import` can bring it to another machine
    #[arg(long, conflicts_with = "only")]
    #[arg(help_heading = "What leaves")]
    whole: bool,
    /// Leave secrets in: keys, tokens, passwords
    #[arg(long)]
    #[arg(help_heading = "What leaves")]
    no_redact: bool,
    /// Take your home directory and your user name out
    #[arg(long)]
    #[arg(help_heading = "What leaves")]
    anonymize: bool,
    /// What this machine is called there; it has no name without it
    #[arg(long, value_name = "NAME", value_parser = values::text)]
    #[arg(help_heading = "What leaves")]
    machine_name: Option<String>,
    /// Show what would leave: how many rows, and the first one of each table
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before the first push to a place
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Have systemd push like this again and again: hourly, daily, 'Mon..Fri 18:00', …
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "hourly")]
    #[arg(value_parser = values::text, conflicts_with = "dry_run")]
    #[arg(help_heading = AGAIN)]
    install_timer: Option<String>,
    /// Have it do so no more
    #[arg(long, conflicts_with_all = ["install_timer", "dry_run"])]
    #[arg(help_heading = AGAIN)]
    remove_timer: bool,
    /// Remove these threads from the place, on behalf of every machine, and never push them again
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["dry_run", "compact", "list_files", "views"])]
    #[arg(help_heading = FILES)]
    forget: Vec<String>,
    /// Merge small files and drop rows that newer ones replace
    #[arg(long, conflicts_with_all = ["dry_run", "list_files", "views"])]
    #[arg(help_heading = FILES)]
    compact: bool,
    /// Print the files that readers should read
    #[arg(long, conflicts_with_all = ["dry_run", "views"])]
    #[arg(help_heading = FILES)]
    list_files: bool,
    /// Print the SQL of views that show every row as it is now: duckdb, clickhouse, spark, postgres
    #[arg(long, value_name = "ENGINE", value_parser = values::text, conflicts_with = "dry_run")]
    #[arg(help_heading = FILES)]
    views: Option<String>,
}

impl Push {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let destination = place(&self.destination)?;
        if let Some(mut arguments) = self.of_files(&destination) {
            if context.global.json {
                arguments.insert(1, "--json".into());
            }
            return of_files(&arguments);
        }
        if self.remove_timer {
            let options = context.options(StateAccess::Inspect)?;
            let (home, state_dir) = (options.home.root(), &*options.state_dir);
            return timed(context, &push_timer::remove(&push_timer::Wanted { place: &destination, home, state_dir })?);
        }
        context.with_state("push", "keeps what was pushed")?;
        let cancellation = interrupt::cancellation()?;
        let threadkeep = context.open(StateAccess::Own, |options| Options { cancellation, ..options })?;
        let pushed = self.push(context, &threadkeep, destination);
        context.warn();
        pushed.map_err(|error| interrupt::told(error, "the push"))
    }

    fn push(&self, context: &Context, threadkeep: &Threadkeep, destination: String) -> anyhow::Result<u8> {
        let request = self.request(context, threadkeep, destination)?;
        let is_first = !threadkeep.was_pushed_to(&request.destination)?;
        if self.dry_run || (is_first && !self.yes) {
            let mut sink = CountingSink::default();
            if !self.dry_run {
                confirm::require_terminal(false, "--yes pushes, --dry-run shows what would leave")?;
            }
            let pushed = threadkeep.push(&request, &mut sink)?;
            let document = pushed.document(&request.destination, Some(&sink.sample));
            if self.dry_run {
                context.print(&document, || describe(&document))?;
                told_failures(&pushed);
                return Ok(exit::DONE);
            }
            let question = format!("push this to {}?", text::shown(&request.destination));
            if !confirm::ask(&describe(&document), &question)? {
                anyhow::bail!("nothing was pushed");
            }
        }
        if let Some(calendar) = &self.install_timer {
            let (home, state_dir) = (threadkeep.home().root(), threadkeep.state_dir());
            let wanted = push_timer::Wanted { place: &request.destination, home, state_dir };
            return timed(context, &push_timer::install(&wanted, calendar)?);
        }
        let pushed = {
            let program = lake_program()?;
            let mut sink = LakeProcess::start(&program, &request.destination).map_err(threadkeep::Error::from)?;
            threadkeep.push(&request, &mut sink)?
        };
        let document = pushed.document(&request.destination, None);
        context.print(&document, || describe(&document))?;
        Ok(told_failures(&pushed))
    }

    fn request(&self, context: &Context, threadkeep: &Threadkeep, destination: String) -> anyhow::Result<PushRequest> {
        let mut rows = RowQuery { fold_children: false, ..self.filters.query(&[], SortKey::Created)? };
        self.filters.look_up(&mut rows, threadkeep)?;
        self.filters.say_times(context);
        Ok(PushRequest {
            destination,
            rows,
            only_usage: self.only.is_some(),
            whole: self.whole,
            redact_secrets: !self.no_redact,
            anonymize: self.anonymize.then(person::user),
            prices: context.global.prices.clone(),
            machine_name: self.machine_name.clone(),
        })
    }

    /// Gives the arguments for what is done with a place's files alone; none where threads are pushed.
    fn of_files(&self, destination: &str) -> Option<Vec<String>> {
        let mut arguments: Vec<String> = match self {
            Push { compact: true, .. } => vec!["compact".into(), "--".into()],
            Push { list_files: true, .. } => vec!["files".into(), "--".into()],
            Push { views: Some(engine), .. } => vec!["views".into(), format!("--engine={engine}"), "--".into()],
            Push { forget, .. } if !forget.is_empty() => vec!["forget".into(), "--".into()],
            _ => return None,
        };
        arguments.push(destination.to_owned());
        arguments.extend(self.forget.iter().cloned());
        Some(arguments)
    }
}

/// Has the program do something about a place's files, which prints it, and gives its exit code.
fn of_files(arguments: &[String]) -> anyhow::Result<u8> {
    let program = lake_program()?;
    let status = Command::new(&program).args(arguments).status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED))
}

/// Says what became of a timer, and gives the exit code.
fn timed(context: &Context, timer: &PushTimer) -> anyhow::Result<u8> {
    let described = || {
        let mut out = match timer.state {
            TimerState::Running => format!("{} runs; `systemctl --user list-timers` says when\n", timer.timer),
            TimerState::Written => "a timer was written\n".to_owned(),
            TimerState::Removed => format!("{} is gone\n", timer.timer),
        };
        if timer.state != TimerState::Removed {
            timer.files.iter().for_each(|file| _ = writeln!(out, "  {}", text::shown(file)));
        }
        out
    };
    context.print(timer, described)?;
    let Some(reason) = &timer.reason else { return Ok(exit::DONE) };
    say(&format!("systemd did not do its part: {}", text::plain(reason)));
    if timer.state == TimerState::Written {
        say(&format!("where it runs, `systemctl --user enable --now {}` starts the timer", timer.timer));
    }
    Ok(exit::FAILED)
}

/// Says what could not be pushed, and gives the exit code.
fn told_failures(pushed: &Pushed) -> u8 {
    for (id, error) in &pushed.failed {
        say(&format!("{id} was not pushed: {error}"));
    }
    if pushed.failed.is_empty() { exit::DONE } else { exit::FAILED }
}

fn describe(push: &PushDocument) -> String {
    let mut out = String::new();
    let (did, place) = (if push.dry_run { "would push" } else { "pushed" }, text::shown(&push.destination));
    let _ = writeln!(out, "{did} {} to {place}", count(push.threads, "thread"));
    let rest = text::numbers(&[
        (push.unchanged, "there already"),
        (push.deleted, "deleted there"),
        (push.forgotten, "forgotten or kept out"),
        (push.failed.len() as u64, "not readable"),
    ]);
    if !rest.is_empty() {
        let _ = writeln!(out, "  threads: {}", rest);
    }
    let rows: Vec<String> = push.rows.iter().map(|(table, number)| format!("{number} {table}")).collect();
    if !rows.is_empty() {
        let _ = writeln!(out, "  rows: {}", rows.join(", "));
    }
    if push.files > 0 {
        let _ = writeln!(out, "  {}, {}", count(push.files, "file"), count(push.bytes, "byte"));
    }
    for redaction in &push.redactions {
        let _ = writeln!(out, "  redacted: {} × {}", redaction.count, text::shown(&redaction.kind));
    }
    for row in &push.sample {
        let _ = writeln!(out, "  {}", text::shown(row));
    }
    out
}
