//! Going on with a thread in the program that it is of: never elsewhere or with more rights in silence.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use clap::Args;
use threadkeep::contract::{DirectoryQuestion, LaunchDirectory, LaunchSetting, Severity, ThreadRow, WantedDirectory};
use threadkeep::documents::{Resumption, ResumptionSetting};
use threadkeep::health::doctor::{Checkup, Depth};
use threadkeep::threads::launch::LaunchRequest;
use threadkeep::{Cancellation, ThreadWriter, Threadkeep};

use crate::confirm::{self, choose};
use crate::context::Context;
use crate::failure::{Held, NeedsAnswer, Usage, exit, say};
use crate::launch::LaunchCommand;
use crate::{text, values};

/// How long it may take at most to find out what is wrong with the thread.
const CHECKED_FOR: Duration = Duration::from_secs(2);

/// Says how is gone on.
#[derive(Args, Default)]
pub(crate) struct GoingOn {
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

impl GoingOn {
    /// Prints the command that goes on with a thread, instead of starting it.
    pub(crate) fn printing() -> GoingOn {
        GoingOn { print: true, ..GoingOn::default() }
    }

    /// Goes on with a fork.
    pub(crate) fn forking(self) -> GoingOn {
        GoingOn { fork: true, ..self }
    }

    /// Says whether the command is only printed.
    pub(crate) fn only_prints(&self) -> bool {
        self.print
    }

    /// Says whether a fork is gone on with.
    pub(crate) fn forks(&self) -> bool {
        self.fork
    }

    /// Refuses what nothing can be made of.
    pub(crate) fn check(&self, context: &Context) -> Result<(), Usage> {
        if context.global.json && !self.print {
            return Err(Usage("--json prints a document, and starts nothing: it goes with --print".into()));
        }
        match &self.dir {
            Some(dir) if !PathBuf::from(dir).is_dir() => Err(Usage(format!("--dir {dir}: there is no such directory"))),
            _ => Ok(()),
        }
    }

    /// Goes on with a thread, or with the one that began it. Where a program is started, it takes the place of this one, and its exit
    /// code is the program's.
    pub(crate) fn go_on(self, context: &Context, threadkeep: Threadkeep, thread: ThreadRow) -> anyhow::Result<u8> {
        let thread = root(&threadkeep, thread)?;
        let here = std::env::current_dir()?;
        let directory = match &self.dir {
            Some(dir) => WantedDirectory::Named(dir.clone()),
            None if self.here => WantedDirectory::Here,
            None => WantedDirectory::Recorded,
        };
        let checking = Checking::of(&threadkeep, &thread.id);
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
        checking.tell();
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

/// Gives the thread itself, or of a sub-agent's the one that began it, which is what Codex goes on with.
fn root(threadkeep: &Threadkeep, thread: ThreadRow) -> anyhow::Result<ThreadRow> {
    let Some(root) = threadkeep.root_of(&thread).filter(|_| thread.source_kind.starts_with("subAgent")) else {
        return Ok(thread);
    };
    instead_of_sub_agent(&thread, root)
}

/// Gives the thread that began a sub-agent's, where the user goes on with that.
pub(crate) fn instead_of_sub_agent(thread: &ThreadRow, root: ThreadRow) -> anyhow::Result<ThreadRow> {
    let why = format!("{} is the thread of a sub-agent; {} began it: '{}'", thread.id, root.id, root.title);
    if !confirm::is_possible() {
        return Err(NeedsAnswer(format!("{why}; go on with that: threadkeep resume {}", root.id)).into());
    }
    match confirm::ask(&format!("threadkeep: {}\n", text::plain(&why)), "go on with that one?")? {
        true => Ok(root),
        false => anyhow::bail!("nothing was started"),
    }
}

/// What may be wrong with a thread, while it is being found out.
struct Checking {
    thread: String,
    found: Receiver<threadkeep::Result<Checkup>>,
    began: Instant,
    cancellation: Cancellation,
}

impl Checking {
    /// Begins to look at a thread. The whole home is looked at for that, which takes a while where it is large.
    fn of(threadkeep: &Threadkeep, thread: &str) -> Checking {
        let (sender, found) = channel();
        let cancellation = Cancellation::default();
        let (threadkeep, id) = (threadkeep.cancellable(cancellation.clone()), thread.to_string());
        std::thread::spawn(move || drop(sender.send(threadkeep.doctor(Depth::Ends, Some(&id)))));
        Checking { thread: thread.into(), found, began: Instant::now(), cancellation }
    }

    /// Says what is wrong with the thread, and what would mend it, as far as that is known in time.
    fn tell(self) {
        match self.found.recv_timeout(CHECKED_FOR.saturating_sub(self.began.elapsed())) {
            Ok(Ok(checkup)) => {
                for finding in checkup.findings.iter().filter(|finding| finding.severity != Severity::Info) {
                    let found =
                        finding.evidence.iter().filter_map(|it| Some(format!("{}: {}", it.what, it.found.as_ref()?)));
                    let found = found.collect::<Vec<_>>().join("; ");
                    say(&format!("{}: {} ({found}) {}", finding.code, finding.meaning, finding.remedy));
                }
            }
            Ok(Err(error)) => say(&format!("what may be wrong with the thread could not be found out: {error}")),
            Err(_) => {
                self.cancellation.cancel();
                let thread = &self.thread;
                say(&format!(
                    "whether anything is wrong with the thread takes longer to find out: threadkeep why {thread}"
                ));
            }
        }
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
