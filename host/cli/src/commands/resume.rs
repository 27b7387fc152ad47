//! The command `resume`: goes on with a thread in the program that it is of, never elsewhere or with more rights in silence.

use std::path::PathBuf;

use clap::Args;
use threadkeep::contract::{
    Collection, DirectoryQuestion, LaunchDirectory, LaunchSetting, RowQuery, Severity, ThreadRow, WantedDirectory,
};
use threadkeep::documents::{Resumption, ResumptionSetting};
use threadkeep::threads::launch::LaunchRequest;
use threadkeep::{ErrorKind, SearchRequest, ThreadWriter, Threadkeep};

use super::tui::{self, Tui};
use crate::confirm::{self, choose};
use crate::context::Context;
use crate::failure::{Held, NeedsAnswer, Usage, exit, say};
use crate::launch::LaunchCommand;
use crate::source_kind::SourceKind;
use crate::{text, values};

/// How many threads are offered where words stand in several.
const OFFERED: u32 = 10;

/// `resume`
#[derive(Args, Default)]
pub(crate) struct Resume {
    /// An id, at least 8 characters of one, a name, or words that were said in the thread
    #[arg(value_name = "ID|NAME|WORDS", required_unless_present = "last", value_parser = values::text)]
    wanted: Vec<String>,
    /// The thread of this git worktree that a person began and that was updated last
    #[arg(long, conflicts_with = "wanted")]
    last: bool,
    /// Go on in this directory
    #[arg(long, value_name = "DIR", value_parser = values::directory)]
    dir: Option<String>,
    /// Go on in the directory where you are
    #[arg(long, conflicts_with = "dir")]
    here: bool,
    /// Do not pass on the sandbox and the approvals that the thread had, where those of the configuration allow more
    #[arg(long)]
    current_policy: bool,
    /// Take a thread out of the archive without asking
    #[arg(long)]
    unarchive: bool,
    /// Print the command that goes on with it, and start nothing
    #[arg(long)]
    print: bool,
    /// Go on with a fork of the thread.
    #[arg(skip)]
    fork: bool,
}

/// What the words came to.
enum Wanted {
    One(Box<ThreadRow>),
    /// Several threads, which the browser shows.
    Several,
}

impl Resume {
    /// Prints the command that goes on with a thread, instead of starting it.
    pub(super) fn printing() -> Resume {
        Resume { print: true, ..Resume::default() }
    }

    /// Goes on with a fork.
    pub(super) fn forking(self) -> Resume {
        Resume { fork: true, ..self }
    }

    /// Says whether the command is only printed.
    pub(super) fn only_prints(&self) -> bool {
        self.print
    }

    /// Runs the command. Where a program is started, it takes the place of this one, and its exit code is the program's.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json && !self.print {
            return Err(Usage("--json prints a document, and starts nothing: it goes with --print".into()).into());
        }
        let here = std::env::current_dir()?;
        let directory = match &self.dir {
            Some(dir) if !PathBuf::from(dir).is_dir() => {
                return Err(Usage(format!("--dir {dir}: there is no such directory")).into());
            }
            Some(dir) => WantedDirectory::Named(dir.clone()),
            None if self.here => WantedDirectory::Here,
            None => WantedDirectory::Recorded,
        };
        let threadkeep = context.reader()?;
        let thread = match self.wanted(&threadkeep, context)? {
            Wanted::One(thread) => root(&threadkeep, *thread)?,
            Wanted::Several => {
                let words = self.wanted.join(" ");
                drop(threadkeep);
                context.close();
                return Tui::with_typed(&words, self).run(context);
            }
        };
        tell_findings(&threadkeep, &thread);
        // A fork is a file of its own.
        match threadkeep.writer_of(&thread.id).filter(|_| !self.print && !self.fork) {
            Some(ThreadWriter { process, is_background_server: true }) => {
                say(&format!("Codex's background server has the thread open, and goes on with it: {process}"));
            }
            Some(ThreadWriter { process, .. }) => {
                let why = format!("{} is being written by {process}: go on there, or end that first", thread.id);
                return Err(Held(why).into());
            }
            None => {}
        }
        let here = here.to_string_lossy().into_owned();
        let request = LaunchRequest { here, directory, current_policy: self.current_policy };
        let launch = threadkeep.plan_launch(thread.clone(), request)?;
        context.warn();
        launch.warnings.iter().for_each(|warning| say(warning));
        let directory = match launch.directory {
            LaunchDirectory::Chosen(directory) => directory,
            LaunchDirectory::Asked(question) => ask_directory(&question)?,
        };
        // What nobody configured is not known to be another. A document has all of them.
        let is_told = |setting: &&LaunchSetting| setting.is_passed_on || setting.configured.is_some();
        if !context.global.json {
            launch.settings.iter().filter(is_told).for_each(|setting| say(&told(setting)));
        }
        let own_id = threadkeep.foreign_id(&thread)?;
        let command =
            LaunchCommand::of(context, threadkeep.home().root(), &thread, own_id, &launch.policy, &directory)?;
        let command = if self.fork { command.forking()? } else { command };
        if self.print {
            let document = Resumption {
                command: command.words.clone(),
                directory: directory.clone(),
                is_archived: launch.is_archived,
                settings: launch.settings.into_iter().map(ResumptionSetting::from).collect(),
                thread_id: thread.id,
            };
            context.print(document, || format!("{}\n", text::plain(&command.for_shell())))?;
            return Ok(exit::DONE);
        }
        drop(threadkeep);
        if launch.is_archived {
            self.take_out(context, &thread)?;
        }
        context.close();
        say(&format!("going on with '{}' in {directory}: {}", thread.title, command.for_shell()));
        Err(command.start())
    }

    /// Goes on likewise with another thread.
    pub(super) fn with(self, thread: &str) -> Resume {
        Resume { wanted: vec![thread.into()], last: false, ..self }
    }

    /// Gives the thread that is meant; of several, on a terminal, the browser lets one be chosen.
    fn wanted(&self, threadkeep: &Threadkeep, context: &Context) -> anyhow::Result<Wanted> {
        let one = |thread: ThreadRow| Ok(Wanted::One(Box::new(thread)));
        if self.last {
            return one(last(threadkeep)?);
        }
        let wanted = self.wanted.join(" ");
        match threadkeep.find(&wanted, None) {
            Ok(found) => one(found.row),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let said = said_in(threadkeep, &wanted)?;
                context.warn();
                if said.is_empty() { Err(error.into()) } else { one_of(said, &wanted) }
            }
            // Where it stands in the title of one alone, that one is meant.
            Err(error) if error.kind() == ErrorKind::Ambiguous => match error.candidates() {
                [only] if error.more_candidates() == 0 => one(only.clone()),
                _ if tui::is_possible() => Ok(Wanted::Several),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the thread out of the archive, where Codex does not go on with it.
    fn take_out(&self, context: &Context, thread: &ThreadRow) -> anyhow::Result<()> {
        if !self.unarchive {
            let why = format!("{} is in the archive, where Codex does not go on with it", thread.id);
            if !confirm::is_possible() {
                return Err(NeedsAnswer(format!("{why}: say --unarchive to take it out first")).into());
            }
            if !confirm::ask(&format!("threadkeep: {why}\n"), "take it out of the archive?")? {
                anyhow::bail!("nothing was started");
            }
        }
        let threadkeep = context.owner("resume --unarchive", "writes")?;
        threadkeep.unarchive(&thread.id)?;
        Ok(())
    }
}

/// Gives the thread of this worktree that a person began and that was updated last.
fn last(threadkeep: &Threadkeep) -> anyhow::Result<ThreadRow> {
    let scope = threadkeep.worktree_of(&std::env::current_dir()?);
    let query = RowQuery {
        within: Some(Collection::Active),
        source_kinds: Some(SourceKind::names(&[SourceKind::Cli, SourceKind::Vscode])),
        under: Some(scope.clone()),
        fold_children: true,
        ..RowQuery::default()
    };
    let newest = threadkeep.list(&query, None, 1)?.rows.into_iter().next();
    let none = || threadkeep::Error::new(ErrorKind::NotFound, format!("nobody began an active thread in {scope}"));
    Ok(newest.ok_or_else(none)?.row)
}

/// Gives the threads in which words were said, the best first.
fn said_in(threadkeep: &Threadkeep, words: &str) -> anyhow::Result<Vec<ThreadRow>> {
    let request = SearchRequest::of_words(words, RowQuery::default());
    Ok(threadkeep.search(&request, None, OFFERED)?.matches.into_iter().map(|found| found.row).collect())
}

/// Gives the only thread, or leaves several to the browser, where there is a terminal for it.
fn one_of(mut threads: Vec<ThreadRow>, wanted: &str) -> anyhow::Result<Wanted> {
    if threads.len() == 1
        && let Some(only) = threads.pop()
    {
        return Ok(Wanted::One(Box::new(only)));
    }
    if tui::is_possible() {
        return Ok(Wanted::Several);
    }
    let lines: Vec<String> =
        threads.iter().map(|row| format!("{}  {}", row.id, text::shorten(&text::plain(&row.title), 60))).collect();
    let lines = lines.join("\n  ");
    Err(NeedsAnswer(format!("'{wanted}' stands in several threads: say the id of one\n  {lines}")).into())
}

/// Gives the thread itself, or of a sub-agent's the one that began it, which is what Codex goes on with.
fn root(threadkeep: &Threadkeep, thread: ThreadRow) -> anyhow::Result<ThreadRow> {
    let Some(root) = threadkeep.root_of(&thread).filter(|_| thread.source_kind.starts_with("subAgent")) else {
        return Ok(thread);
    };
    let why = format!("{} is the thread of a sub-agent; {} began it: '{}'", thread.id, root.id, root.title);
    if !confirm::is_possible() {
        return Err(NeedsAnswer(format!("{why}; go on with that: threadkeep resume {}", root.id)).into());
    }
    match confirm::ask(&format!("threadkeep: {}\n", text::plain(&why)), "go on with that one?")? {
        true => Ok(root),
        false => anyhow::bail!("nothing was started"),
    }
}

/// Says what is known to be wrong with the thread, and what would mend it.
fn tell_findings(threadkeep: &Threadkeep, thread: &ThreadRow) {
    match threadkeep.why(&thread.id, None) {
        Ok(why) => {
            for finding in why.findings.iter().filter(|finding| finding.severity != Severity::Info) {
                let found =
                    finding.evidence.iter().filter_map(|it| Some(format!("{}: {}", it.what, it.found.as_ref()?)));
                let found = found.collect::<Vec<_>>().join("; ");
                say(&format!("{}: {} ({found}) {}", finding.code, finding.meaning, finding.remedy));
            }
        }
        Err(error) => say(&format!("what may be wrong with the thread could not be found out: {error}")),
    }
}

/// Has the user choose a directory.
fn ask_directory(question: &DirectoryQuestion) -> anyhow::Result<String> {
    if !confirm::is_possible() {
        let choices = question.choices.join("\n  ");
        let why = format!("{}: say --dir DIR or --here\n  {choices}", question.why);
        return Err(NeedsAnswer(why).into());
    }
    let at = choose(&format!("{}; go on where?", question.why), &question.choices)?;
    let chosen = question.choices.get(at).cloned().unwrap_or_default();
    if let Some(gone) = &question.gone {
        say(&format!(
            "if the project moved there, say so once for all its threads: threadkeep relocate {gone} {chosen}"
        ));
    }
    Ok(chosen)
}

/// Says what a setting was, and what becomes of it.
fn told(setting: &LaunchSetting) -> String {
    let LaunchSetting { name, recorded, configured, is_passed_on } = setting;
    let configured = configured.as_deref().unwrap_or("what the configuration leaves to Codex");
    match is_passed_on {
        true => format!("{name}: {recorded} as it was, not {configured}; --current-policy takes that"),
        false => format!("{name}: was {recorded}, and is {configured} now, unless Codex keeps it"),
    }
}
