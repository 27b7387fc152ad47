//! What every command works with: the global flags, opening a home, and printing.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::{IsTerminal as _, StdoutLock, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use threadkeep::db::{FILE_NAME, state_dir};
use threadkeep::index::progress::ProgressSink;
use threadkeep::platform::home::{Home, locate};
use threadkeep::platform::wait::Wait;
use threadkeep::{Cancellation, Options, Recorder, StateAccess, Threadkeep};
use threadkeep_plugins::installed::PluginDirectory;
use threadkeep_plugins::limits::Limits;
use threadkeep_plugins::running::UsablePlugins;

use crate::arguments::Global;
use crate::failure::{Usage, say};
use crate::importers;
use crate::pager::Pager;
use crate::progress;
use crate::settings::Settings;
use crate::text::color::Color;
use crate::text::{JsonOutput, output};

/// Makes the parser of all commands, with these settings as defaults.
pub(crate) type MakeParser = fn(Option<&Settings>, Color) -> clap::Command;

/// Holds the global flags, and what was opened by a command.
pub(crate) struct Context {
    pub(crate) global: Global,
    parser: MakeParser,
    progress: Option<ProgressSink>,
    recorder: OnceCell<Recorder>,
    /// Everything that was opened: its warnings must be printed whatever becomes of the command.
    opened: RefCell<Vec<Threadkeep>>,
    /// What is printed may be read in a pager; not once it is.
    is_paged: Cell<bool>,
    pager: RefCell<Option<Pager>>,
}

impl Context {
    /// Makes a context; nothing is opened yet.
    pub(crate) fn new(global: Global, parser: MakeParser, is_paged: bool) -> Context {
        let progress = progress::bar(global.json);
        let is_paged = Cell::new(is_paged && !global.json && !global.no_pager);
        let (recorder, opened, pager) = (OnceCell::new(), RefCell::default(), RefCell::default());
        Context { progress, global, parser, recorder, opened, is_paged, pager }
    }

    /// Gives the parser of all commands, with all that help has; without settings it is the same for everybody.
    pub(crate) fn parser(&self, settings: Option<&Settings>) -> clap::Command {
        let color = if settings.is_some() { self.global.color } else { Color::Never };
        (self.parser)(settings, color)
    }

    /// Opens the home for a command that only reads: without a handle it answers from the files, with a warning.
    pub(crate) fn reader(&self) -> anyhow::Result<Threadkeep> {
        self.cancellable_reader(Cancellation::default())
    }

    /// Opens it for one that ends once it is told.
    pub(crate) fn cancellable_reader(&self, cancellation: Cancellation) -> anyhow::Result<Threadkeep> {
        let access = if self.global.no_state { StateAccess::Without } else { StateAccess::OwnOrFiles };
        self.open(access, |options| Options { cancellation, ..options })
    }

    /// Opens a home of several that are read as one.
    pub(crate) fn reader_of(&self, root: &Path, cancellation: Cancellation) -> anyhow::Result<Threadkeep> {
        let access = if self.global.no_state { StateAccess::Without } else { StateAccess::OwnOrFiles };
        self.open_home(Some(root.into()), access, |options| Options { cancellation, ..options })
    }

    /// Opens the home for a command that cannot do without the state DB; `does` is the verb for what it does with that.
    pub(crate) fn owner(&self, command: &str, does: &str) -> anyhow::Result<Threadkeep> {
        self.with_state(command, does)?;
        self.open(StateAccess::Own, |options| options)
    }

    /// Opens the home for a command that looks at the state DB from outside, or opens it itself.
    pub(crate) fn inspector(&self) -> anyhow::Result<Threadkeep> {
        self.open(if self.global.no_state { StateAccess::Without } else { StateAccess::Inspect }, |options| options)
    }

    /// Refuses a command that needs the state DB where `--no-state` is given.
    pub(crate) fn with_state(&self, command: &str, does: &str) -> Result<(), Usage> {
        match self.global.no_state {
            true => Err(Usage(format!("{command} {does} the state DB, so it cannot go with --no-state"))),
            false => Ok(()),
        }
    }

    /// Opens the home with this access to the state DB, and with the options of the global flags, which `adjust` may change.
    pub(crate) fn open(
        &self,
        access: StateAccess,
        adjust: impl FnOnce(Options) -> Options,
    ) -> anyhow::Result<Threadkeep> {
        self.only_one_home()?;
        self.open_home(self.global.home.first().cloned(), access, adjust)
    }

    /// Gives the options of the global flags for the one home that they name, which a command opens itself.
    pub(crate) fn options(&self, access: StateAccess) -> anyhow::Result<Options> {
        self.only_one_home()?;
        self.options_of(self.global.home.first().cloned(), access)
    }

    fn only_one_home(&self) -> Result<(), Usage> {
        if self.global.home.len() > 1 {
            let why = "this command works on one home: name one with --home; list, find, search and stats read several as one";
            return Err(Usage(why.into()));
        }
        Ok(())
    }

    fn options_of(&self, named: Option<PathBuf>, access: StateAccess) -> anyhow::Result<Options> {
        let env = |name: &str| std::env::var_os(name);
        let root = locate(named, env).map_err(threadkeep::Error::from)?;
        let home = Home::open(&root, env).map_err(threadkeep::Error::from)?;
        let shared = env("THREADKEEP_STATE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let state_dir = std::path::absolute(state_dir(home.root(), self.global.state_dir.clone(), shared))?;
        let owns = matches!(access, StateAccess::Own | StateAccess::OwnOrFiles | StateAccess::Without);
        let foreign = match self.plugin_directory() {
            Ok(directory) if owns => importers::registered(&directory, &state_dir, &Cancellation::default()),
            _ => Vec::new(),
        };
        Ok(Options {
            state_dir,
            access,
            foreign,
            wait: self.wait(),
            refresh: !self.global.no_refresh,
            index_exclusions: self.global.index_exclusions.clone(),
            progress: self.progress.clone(),
            recorder: self.recorder()?,
            ..Options::new(home)
        })
    }

    fn open_home(
        &self,
        named: Option<PathBuf>,
        access: StateAccess,
        adjust: impl FnOnce(Options) -> Options,
    ) -> anyhow::Result<Threadkeep> {
        let options = adjust(self.options_of(named, access)?);
        let index = options.state_dir.join(FILE_NAME);
        // Whoever sees it come into being is a person, and at the beginning.
        let is_first = std::io::stderr().is_terminal() && !self.global.json && !index.exists();
        let threadkeep = Threadkeep::open(options)?;
        if is_first && threadkeep.state().is_some() {
            let place = index.display();
            say(&format!("the index is kept in {place}; --state-dir DIR or $THREADKEEP_STATE_DIR keeps it elsewhere"));
        }
        self.opened.borrow_mut().push(threadkeep.clone());
        self.warn();
        Ok(threadkeep)
    }

    /// Gives the directory of installed plugins, be it there or not.
    pub(crate) fn plugin_directory(&self) -> anyhow::Result<PluginDirectory> {
        importers::plugin_directory(self.wait())
    }

    /// Gives the installed plugins within limits, for a server; none where there is no place for plugins.
    pub(crate) fn plugins_of_server(&self, limits: Limits) -> Option<UsablePlugins> {
        Some(UsablePlugins { directory: self.plugin_directory().ok()?, limits })
    }

    /// Gives how long other processes are waited for; on a terminal a long wait says what for.
    fn wait(&self) -> Wait {
        let wait = Wait::at_most(Duration::from_secs(self.global.wait.into()));
        if std::io::stderr().is_terminal() { wait.telling(say) } else { wait }
    }

    /// Closes everything that was opened, once whoever asked for it has let it go too.
    pub(crate) fn close(&self) {
        self.warn();
        self.opened.borrow_mut().clear();
    }

    /// Prints the warnings so far, each once.
    pub(crate) fn warn(&self) {
        let opened = self.opened.borrow();
        opened.iter().flat_map(Threadkeep::take_warnings).for_each(|warning| say(&warning));
    }

    /// Has the user read what was printed, where that is in a pager.
    pub(crate) fn end_pager(&self) {
        if let Some(pager) = self.pager.take() {
            pager.end().iter().for_each(|sentence| say(sentence));
        }
    }

    /// Gives the standard output, which a pager may read; a document that goes to a terminal has nothing in it that acts on one.
    pub(crate) fn stdout(&self) -> JsonOutput<StdoutLock<'static>> {
        if self.is_paged.take() {
            self.pager.replace(Pager::begin());
        }
        let is_terminal = self.global.json && output::is_terminal();
        JsonOutput::new(std::io::stdout().lock(), is_terminal)
    }

    /// Prints the document for programs, or the text for people.
    pub(crate) fn print(&self, document: impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.warn();
        let out = match self.global.json {
            true => serde_json::to_string(&document)? + "\n",
            false => text(),
        };
        let mut stdout = self.stdout();
        stdout.write_all(out.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// Ends the recording, where one was asked for. Fails where it is not whole.
    pub(crate) fn finish_recording(&self) -> anyhow::Result<()> {
        let (Some(recorder), Some(file)) = (self.recorder.get(), &self.global.record) else { return Ok(()) };
        recorder.finish().with_context(|| format!("the recording {} is not whole", file.display()))
    }

    fn recorder(&self) -> anyhow::Result<Option<Recorder>> {
        let Some(file) = &self.global.record else { return Ok(None) };
        if self.recorder.get().is_none() {
            let _ = self.recorder.set(create_recording(file)?);
        }
        Ok(self.recorder.get().cloned())
    }
}

/// Creates a recording, which nobody else may read: it holds what the threads say.
fn create_recording(file: &Path) -> anyhow::Result<Recorder> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options.open(file).with_context(|| format!("the recording {} cannot be begun", file.display()))?;
    Ok(Recorder::new(std::io::BufWriter::new(out)))
}
