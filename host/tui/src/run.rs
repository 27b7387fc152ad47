//! The browser's loop: takes what comes, has the model take it, passes its requests on, and draws once nothing more has come.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command as Program;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use threadkeep::contract::ExportFormat;
use threadkeep::export::ExportRequest;

use crate::incoming::Incoming;
use crate::keys::Keys;
use crate::library::{Answers, Library};
use crate::model::arrange::Wanted;
use crate::model::messages::{Event, Opener, Request};
use crate::model::served::Served;
use crate::model::{Model, Outcome};
use crate::server::Browsed;
use crate::terminal::{Extent, Input, RestoredOnPanic, Screen};
use crate::theme::Theme;
use crate::{Scope, view};

/// Says why the browser could not go on.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// There is no terminal, or it cannot be drawn to.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// The process was told to end by this signal.
    #[error("ended by signal {0}")]
    Signal(i32),
}

/// Says how to browse.
pub struct Browser {
    /// Whose threads are browsed.
    pub threads: Browsed,
    /// Sentences about them that the user should know.
    pub messages: Receiver<String>,
    /// Where the user is.
    pub directory: PathBuf,
    /// What is typed already.
    pub typed: String,
    /// How far is looked around at first; of a server's threads, all are shown.
    pub scope: Scope,
    /// Which key does what.
    pub keys: Keys,
    /// What everything looks like.
    pub theme: Theme,
    /// The mouse selects and scrolls.
    pub with_mouse: bool,
    /// So many lines are taken below the cursor, instead of a screen.
    pub inline: Option<u16>,
}

/// What is kept for the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// How far was looked around last.
    pub scope: Scope,
}

/// Lets the user browse, until an outcome.
///
/// # Errors
///
/// There must be a terminal; and a signal may end the process, whose number comes back once the terminal is as it was.
pub fn browse(browser: Browser) -> Result<(Outcome, Remembered), BrowserError> {
    let _restored = RestoredOnPanic::begin();
    let (sender, incoming) = channel();
    let signals = pass_signals_on(&sender)?;
    let answers = Answers::new(sender.clone());
    answers.pass_on(browser.messages);
    let served = match &browser.threads {
        Browsed::Home(_) => None,
        Browsed::Server(server) => Some(Served { address: server.address.clone(), resume: server.resume.clone() }),
    };
    let library = Library::begin(browser.threads, browser.directory, browser.theme.clone(), answers);
    let extent = browser.inline.map_or(Extent::Whole, Extent::Inline);
    let mut screen = Screen::take(extent, browser.with_mouse)?;
    let (columns, rows) = screen.size()?;
    let input = Input::begin(move |event| drop(sender.send(event.map_or(Incoming::InputEnded, Incoming::Event))))?;
    let scope = if served.is_some() { Scope::Everywhere } else { browser.scope };
    let wanted = Wanted { scope, ..Wanted::default() };
    let mut model = Model::new(columns, rows, browser.keys, wanted, &browser.typed);
    // A shell waits for the answer, and would for ever.
    model.can_suspend = browser.inline.is_none();
    model.served = served;
    let mut running = Running { model, screen, input, library, theme: browser.theme };
    let ended = running.run(&incoming);
    running.input.pause();
    let left = running.screen.leave();
    running.library.end();
    signals.end();
    let remembered = Remembered { scope: running.model.wanted.scope };
    let outcome = ended?;
    left?;
    Ok((outcome, remembered))
}

/// The signals that a browser answers, each of which does what it always does once that is over.
struct Answered {
    signals: Handle,
    is_over: Arc<AtomicBool>,
}

impl Answered {
    fn end(self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.signals.close();
    }
}

/// Passes the signals on that a browser answers.
fn pass_signals_on(sender: &Sender<Incoming>) -> io::Result<Answered> {
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM, SIGTSTP] {
        register_conditional_default(signal, is_over.clone())?;
    }
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH])?;
    let (handle, sender) = (signals.handle(), sender.clone());
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in &mut signals {
            if sender.send(Incoming::Signal(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(Answered { signals: handle, is_over })
}

/// A browser at work.
struct Running {
    model: Model,
    screen: Screen,
    input: Input,
    library: Library,
    theme: Theme,
}

impl Running {
    fn run(&mut self, incoming: &Receiver<Incoming>) -> Result<Outcome, BrowserError> {
        loop {
            self.model.settle();
            if let Some(outcome) = self.pass_requests_on()? {
                return Ok(outcome);
            }
            let (model, theme) = (&self.model, &self.theme);
            let now = jiff::Timestamp::now().as_millisecond();
            self.screen.draw(|frame| view::draw(frame, model, theme, now))?;
            let Ok(first) = incoming.recv() else { return Ok(Outcome::Quit) };
            // What has come by now is drawn in one frame.
            for incoming in std::iter::once(first).chain(incoming.try_iter()) {
                self.take(incoming)?;
                if let Some(outcome) = self.pass_requests_on()? {
                    return Ok(outcome);
                }
            }
        }
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), BrowserError> {
        match incoming {
            Incoming::Event(event) => self.model.update(event),
            Incoming::InputEnded => return Err(BrowserError::Signal(SIGHUP)),
            Incoming::Signal(SIGWINCH) => {
                self.input.look();
                self.resize()?;
            }
            Incoming::Signal(SIGTSTP) if self.model.can_suspend => self.suspend()?,
            Incoming::Signal(SIGTSTP) => {}
            // Somebody stopped the process without asking, and whatever ran meanwhile has used the terminal.
            Incoming::Signal(SIGCONT) => {
                self.screen.leave()?;
                self.screen.enter()?;
                self.resize()?;
            }
            Incoming::Signal(signal) => return Err(BrowserError::Signal(signal)),
        }
        Ok(())
    }

    fn resize(&mut self) -> Result<(), BrowserError> {
        self.screen.resize()?;
        let (columns, rows) = self.screen.size()?;
        self.model.update(Event::Resized { columns, rows });
        Ok(())
    }

    /// Passes requests on, or carries out what is asked of the terminal; gives the outcome once there is one.
    fn pass_requests_on(&mut self) -> Result<Option<Outcome>, BrowserError> {
        for request in self.model.take_requests() {
            match request {
                Request::End(outcome) => return Ok(Some(outcome)),
                Request::Copy(text) => self.screen.copy(&text)?,
                Request::Redraw => self.screen.forget()?,
                Request::Suspend => self.suspend()?,
                Request::Open { id, with } => self.open(&id, with)?,
                request => self.library.ask(request),
            }
        }
        Ok(None)
    }

    /// Stops the process as the shell's user expects it, and goes on when it is brought back.
    fn suspend(&mut self) -> Result<(), BrowserError> {
        self.without_terminal(|| emulate_default_handler(SIGTSTP))?;
        Ok(())
    }

    /// Does something that has the terminal meanwhile.
    fn without_terminal<T>(&mut self, work: impl FnOnce() -> io::Result<T>) -> Result<T, BrowserError> {
        self.input.pause();
        self.screen.leave()?;
        let done = work();
        self.screen.enter()?;
        self.input.go_on();
        self.resize()?;
        Ok(done?)
    }

    /// Opens a thread as Markdown in a program that the user has chosen.
    fn open(&mut self, id: &str, with: Opener) -> Result<(), BrowserError> {
        let (variables, usual) = match with {
            Opener::Pager => (["THREADKEEP_PAGER", "PAGER"], "less -R"),
            Opener::Editor => (["VISUAL", "EDITOR"], "vi"),
        };
        let named = variables.iter().find_map(|name| std::env::var(name).ok().filter(|words| !words.trim().is_empty()));
        let words = shlex::split(&named.unwrap_or_else(|| usual.into())).unwrap_or_default();
        let opened = self.written(id).map_err(|error| error.to_string()).and_then(|file| {
            let (program, arguments) = words.split_first().ok_or_else(|| "no program is named".to_string())?;
            let ran = self.without_terminal(|| Program::new(program).args(arguments).arg(file.path()).status());
            ran.map(drop).map_err(|error| format!("{program} cannot be run: {error}"))
        });
        if let Err(why) = opened {
            self.model.update(Event::Library(crate::model::messages::LibraryEvent::Warning(why)));
        }
        Ok(())
    }

    /// Writes a thread into a file that goes with what this gives.
    fn written(&self, id: &str) -> threadkeep::Result<tempfile::NamedTempFile> {
        let failed = |error: io::Error| threadkeep::Error::new(threadkeep::ErrorKind::of_io(&error), error.to_string());
        let threads = self.library.threads()?;
        let row = threads.find(id, None)?.row;
        let mut text = Vec::new();
        threads.export(&[row], false, &ExportRequest::new(ExportFormat::Markdown), &mut text)?;
        let mut file = tempfile::Builder::new().prefix("thread-").suffix(".md").tempfile().map_err(failed)?;
        // A pager and an editor show a terminal what stands in a file.
        let text = String::from_utf8_lossy(&text);
        for line in text.lines() {
            writeln!(file, "{}", threadkeep_terminal::visible::plain(line)).map_err(failed)?;
        }
        Ok(file)
    }
}
