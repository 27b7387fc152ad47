//! The command `tui`, which is also what the program does without a command on a terminal: the browser, and what follows from how it
//! ended.

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use threadkeep::platform::wait::Wait;
use threadkeep::{ServedHome, StateAccess};
use threadkeep_tui::keys::Keys;
use threadkeep_tui::theme::Theme;
use threadkeep_tui::{Browsed, BrowsedServer, Browser, BrowserError, Outcome, Scope, browse};

use crate::browser_memory;
use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::going_on::GoingOn;
use crate::launch;
use crate::memory_use;
use crate::remote::{RemoteArguments, RemoteServer};
use crate::remote_browsing::{self, BrowserServer};
use crate::text::color;
use crate::values;

/// How many lines are taken below the cursor where a thread is picked.
const PICKED_LINES: u16 = 20;
/// A shell gives this exit code where a program was ended by Ctrl-C; pickers do where nothing was picked.
const NOTHING_PICKED: u8 = 130;

/// `tui`
#[derive(Args, Default)]
pub(crate) struct Tui {
    /// What is typed already
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// What is typed already, be it empty
    #[arg(long, value_name = "TEXT", conflicts_with = "words", allow_hyphen_values = true)]
    query: Option<String>,
    /// How far is looked around [default: as the last time]
    #[arg(long, value_name = "SCOPE")]
    scope: Option<ScopeArgument>,
    /// Some lines below the cursor instead of a screen; the command that goes on with the chosen thread is printed, and nothing is
    /// started. Exit code 130 where none was chosen
    #[arg(long)]
    pick: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
    /// Other keys: scope=ctrl-t, fork=f3 alt-f
    #[arg(long, value_name = "KEYS", value_parser = values::text)]
    keys: Option<String>,
    /// Other colours: selected=bold cyan, added=#66aa66
    #[arg(long, value_name = "COLORS", value_parser = values::text)]
    colors: Option<String>,
    #[command(flatten)]
    remote: RemoteArguments,
    /// How is gone on with the thread that was chosen.
    #[arg(skip)]
    how: GoingOn,
}

/// How far is looked around.
#[derive(Clone, Copy, ValueEnum)]
enum ScopeArgument {
    /// This git worktree, or this directory
    Worktree,
    /// Its repository: all worktrees, and clones by their remote
    Repository,
    /// All threads
    Everywhere,
}

impl ScopeArgument {
    fn scope(self) -> Scope {
        match self {
            ScopeArgument::Worktree => Scope::Worktree,
            ScopeArgument::Repository => Scope::Repository,
            ScopeArgument::Everywhere => Scope::Everywhere,
        }
    }
}

impl Tui {
    /// Begins with something typed, for a command that found several threads and goes on with the one that is chosen.
    pub(super) fn with_typed(text: &str, how: GoingOn) -> Tui {
        Tui { query: Some(text.into()), scope: Some(ScopeArgument::Everywhere), how, ..Tui::default() }
    }

    /// Runs the command.
    pub(super) fn run(mut self, context: &Context) -> anyhow::Result<u8> {
        if self.pick {
            self.how = GoingOn::printing();
        }
        if context.global.json {
            return Err(Usage("the browser is for a terminal: list --json prints threads for programs".into()).into());
        }
        self.require_terminal()?;
        memory_use::give_back_what_is_freed();
        let keys = Keys::default().with(&pairs(self.keys.as_deref(), "keys")?);
        let keys = keys.map_err(|error| Usage(error.to_string()))?;
        let theme = if color::are_wanted() { Theme::colored() } else { Theme::plain() };
        let theme = theme.with(&pairs(self.colors.as_deref(), "colors")?);
        let theme = theme.map_err(|error| Usage(error.to_string()))?;
        let directory = std::env::current_dir().context("the directory that you are in cannot be used")?;
        let (sentences, messages) = std::sync::mpsc::channel();
        let server = self.remote.server(context)?;
        let scope = self.scope.map(ScopeArgument::scope);
        let threads = match &server {
            Some(server) => {
                if scope.is_some_and(|scope| scope != Scope::Everywhere) {
                    let told = "a server does not know where you are: all its threads are shown";
                    drop(sentences.send(told.to_string()));
                }
                Browsed::Server(of_server(context, server)?)
            }
            None => Browsed::Home(served_home(context, sentences)?),
        };
        let typed = self.query.clone().unwrap_or_else(|| self.words.join(" "));
        let browser = Browser {
            threads,
            messages,
            directory,
            typed,
            scope: scope.or_else(browser_memory::scope).unwrap_or_default(),
            keys,
            theme,
            with_mouse: !self.no_mouse,
            inline: self.pick.then_some(PICKED_LINES),
        };
        let (outcome, remembered) = browse(browser).map_err(|error| match error {
            BrowserError::Terminal(_) => anyhow::Error::from(error).context("threadkeep list prints threads instead"),
            BrowserError::Signal(_) => error.into(),
        })?;
        if scope.is_none() && server.is_none() {
            browser_memory::keep(remembered.scope);
        }
        self.follow(context, server.as_ref(), outcome)
    }

    /// Refuses to draw where nobody looks.
    fn require_terminal(&self) -> Result<(), Usage> {
        let is_seen = self.how.only_prints() || (std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
        let why = match (has_terminal() && is_seen, is_dumb()) {
            (false, _) => "there is no terminal to browse on",
            (true, true) => "the terminal is a dumb one (TERM=dumb), which the browser cannot draw on",
            (true, false) => return Ok(()),
        };
        Err(Usage(format!("{why}: threadkeep list and threadkeep search print threads")))
    }

    /// Does what the user came to.
    fn follow(self, context: &Context, server: Option<&RemoteServer>, outcome: Outcome) -> anyhow::Result<u8> {
        let (how, thread) = match outcome {
            Outcome::Quit => return Ok(if self.pick { NOTHING_PICKED } else { exit::DONE }),
            Outcome::Resume { thread } => (self.how, thread),
            Outcome::Fork { thread } => (self.how.forking(), thread),
            Outcome::Repair { thread } => return Err(mend(context, &thread)?),
        };
        match server {
            Some(server) => remote_browsing::go_on(context, server, &how, &thread),
            None => go_on(context, how, &thread),
        }
    }
}

/// Connects to a server whose threads are browsed.
fn of_server(context: &Context, server: &RemoteServer) -> anyhow::Result<BrowsedServer> {
    Ok(BrowsedServer {
        address: server.address.to_string(),
        resume: launch::resume_on_server(context, server)?,
        server: Box::new(BrowserServer::connect(server.clone())?),
    })
}

/// Opens the home whose threads are browsed.
fn served_home(context: &Context, sentences: Sender<String>) -> anyhow::Result<Arc<ServedHome>> {
    let access = if context.global.no_state { StateAccess::Without } else { StateAccess::Own };
    let mut options = context.options(access)?;
    // The browser says itself how far it is, and what is waited for.
    options.progress = None;
    options.refresh = false;
    let told = sentences.clone();
    options.wait = Wait::at_most(options.wait.bound()).telling(move |sentence| drop(told.send(sentence.into())));
    Ok(ServedHome::open(options, move |sentence| drop(sentences.send(sentence.into()))))
}

/// Goes on with the thread that was chosen, with a handle of its own: the browser has let the other one go.
fn go_on(context: &Context, how: GoingOn, thread: &str) -> anyhow::Result<u8> {
    let threadkeep = context.reader()?;
    let thread = threadkeep.find(thread, None)?.row;
    how.go_on(context, threadkeep, thread)
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

fn has_terminal() -> bool {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok()
}

/// Says whether there is a terminal on which threads can be browsed, and a person before it.
pub(crate) fn is_possible() -> bool {
    !is_dumb() && has_terminal() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Has the repair of a thread take the place of this process; comes back only where that cannot be done.
fn mend(context: &Context, thread: &str) -> anyhow::Result<anyhow::Error> {
    let mut command = Command::new(std::env::current_exe()?);
    for home in &context.global.home {
        command.arg("--home").arg(home);
    }
    if let Some(dir) = &context.global.state_dir {
        command.arg("--state-dir").arg(dir);
    }
    let error = command.args(["repair", "apply", "--target", "all", "--thread", thread]).exec();
    Ok(anyhow::anyhow!("the repair cannot be started: {error}"))
}

/// Reads pairs of a setting: `NAME=VALUE`, with commas between them.
fn pairs(text: Option<&str>, setting: &str) -> Result<Vec<(String, String)>, Usage> {
    let parts = text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_string(), value.trim().to_string()))
    };
    parts.map(|part| pair(part).ok_or_else(|| Usage(format!("--{setting} takes NAME=VALUE, not '{part}'")))).collect()
}
