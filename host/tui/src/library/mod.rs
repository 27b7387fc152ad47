//! The library's side of the browser: the one part that asks the facade, or a server in its place.
//!
//! ```text
//! requests ─┬→ search   the newest question alone; an older one under way is cancelled
//!           ├→ turns    likewise, of the previewed thread
//!           ├→ details  scopes of places, titles of threads
//!           └→ acts     changes, one after the other
//!              rows     what is there, and what happens, without being asked
//! ```
//!
//! Each has a thread of its own, which waits for requests and takes no time else. What panics in one of them is told and ends that
//! one request. At the end they are waited for, and let the handle go. That is so of a home; of a server's threads all of it is asked
//! of the server, by one thread (`server/`).

mod acts;
mod details;
mod here;
mod prompts;
mod rows;
mod search;
mod server;
mod shown;
mod turns;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use threadkeep::{Cancellation, Error, ErrorKind, ServedHome, Threadkeep, WatchWaker};

use crate::incoming::Incoming;
use crate::model::messages::{Event, LibraryEvent, Request, Search, WantedTurns};
use crate::server::Browsed;
use crate::theme::Theme;
use here::Here;
use server::ServerLibrary;

/// Gives the way back to the model.
#[derive(Clone)]
pub(crate) struct Answers(Sender<Incoming>);

impl Answers {
    pub(crate) fn new(incoming: Sender<Incoming>) -> Answers {
        Answers(incoming)
    }

    /// Passes sentences about the home on as they come.
    pub(crate) fn pass_on(&self, messages: Receiver<String>) {
        let answers = self.clone();
        // It ends with the home.
        drop(begin_alone("messages", self.clone(), move || {
            messages.into_iter().for_each(|message| answers.send(LibraryEvent::Warning(message)));
        }));
    }

    fn send(&self, event: LibraryEvent) {
        // Where nobody listens any more, the browser ends.
        let _ = self.0.send(Incoming::Event(Event::Library(event)));
    }
}

/// The library, at work.
pub(crate) enum Library {
    Home(Box<HomeLibrary>),
    Server(ServerLibrary),
}

impl Library {
    /// Begins to tell what is there.
    pub(crate) fn begin(threads: Browsed, directory: PathBuf, theme: Theme, answers: Answers) -> Library {
        match threads {
            Browsed::Home(home) => Library::Home(Box::new(HomeLibrary::begin(home, directory, theme, answers))),
            Browsed::Server(server) => Library::Server(ServerLibrary::begin(server.server, theme, answers)),
        }
    }

    /// Passes a request on; what is not the library's does not come here.
    pub(crate) fn ask(&self, request: Request) {
        match self {
            Library::Home(home) => home.ask(request),
            Library::Server(server) => server.ask(request),
        }
    }

    /// Gives the home as it can be read now.
    ///
    /// # Errors
    ///
    /// Nothing can be read, or the threads are a server's.
    pub(crate) fn threads(&self) -> threadkeep::Result<Threadkeep> {
        match self {
            Library::Home(home) => home.home.threads(),
            Library::Server(_) => Err(Error::new(ErrorKind::InvalidInput, "that needs the home itself")),
        }
    }

    /// Ends what is under way, and waits for changes that were begun.
    pub(crate) fn end(self) {
        match self {
            Library::Home(home) => home.end(),
            Library::Server(server) => server.end(),
        }
    }
}

/// The library of a home's threads, at work.
pub(crate) struct HomeLibrary {
    home: Arc<ServedHome>,
    answers: Answers,
    ending: Arc<Ending>,
    threads: Vec<JoinHandle<()>>,
    search: Latest<Search>,
    turns: Latest<WantedTurns>,
    /// The thread whose turns were asked for last.
    turned: Mutex<Option<Arc<str>>>,
    prompts: Latest<(u64, Arc<str>)>,
    details: Sender<Request>,
    acts: Sender<Request>,
}

impl HomeLibrary {
    /// Begins to tell what is there.
    fn begin(home: Arc<ServedHome>, directory: PathBuf, theme: Theme, answers: Answers) -> HomeLibrary {
        let here = Arc::new(Here::of(directory));
        let (mut threads, ending) = (Vec::new(), Arc::new(Ending::default()));
        let search = {
            let (home, here, answers) = (home.clone(), here.clone(), answers.clone());
            Latest::begin("search", answers.clone(), &mut threads, move |search: Search, cancellation| {
                search::answer(&home, &here, search, cancellation, &answers);
            })
        };
        let turns = {
            let (home, answers) = (home.clone(), answers.clone());
            let mut reader = turns::TurnReader::new(theme);
            Latest::begin("turns", answers.clone(), &mut threads, move |wanted, cancellation| {
                reader.answer(&home, wanted, cancellation, &answers);
            })
        };
        let prompts = {
            let (home, answers) = (home.clone(), answers.clone());
            Latest::begin("prompts", answers.clone(), &mut threads, move |(generation, id), cancellation| {
                prompts::answer(&home, generation, &id, cancellation, &answers);
            })
        };
        let details = {
            let (home, here, answers) = (home.clone(), here.clone(), answers.clone());
            begin("details", answers.clone(), &mut threads, move |request| {
                details::answer(&home, &here, request, &answers);
            })
        };
        let acts = {
            let (home, answers) = (home.clone(), answers.clone());
            let mut planned = None;
            begin("acts", answers.clone(), &mut threads, move |request| {
                acts::answer(&home, request, &mut planned, &answers);
            })
        };
        {
            let (home, here, answers, ending) = (home.clone(), here, answers.clone(), ending.clone());
            threads.extend(begin_alone("rows", answers.clone(), move || rows::tell(&home, &here, &ending, &answers)));
        }
        HomeLibrary { home, answers, ending, threads, search, turns, turned: Mutex::default(), prompts, details, acts }
    }

    fn ask(&self, request: Request) {
        match request {
            Request::Search(search) => self.search.ask(search),
            Request::Turns(wanted) => {
                let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
                // Who scrolls in one thread reads on with what was gone through for it.
                let is_same = turned.replace(wanted.id.clone()).is_some_and(|before| before == wanted.id);
                if is_same { self.turns.go_on(wanted) } else { self.turns.ask(wanted) }
            }
            Request::Prompts { generation, id } => self.prompts.ask((generation, id)),
            Request::Scopes(_) | Request::Titles(_) => drop(self.details.send(request)),
            Request::Reload => {
                let (home, answers, ending) = (self.home.clone(), self.answers.clone(), self.ending.clone());
                drop(begin_alone("reload", answers.clone(), move || rows::reload(&home, &ending, &answers)));
            }
            _ => drop(self.acts.send(request)),
        }
    }

    /// Ends what is under way and whatever waits for the home, and waits until that is done. A change that was begun is finished.
    fn end(self) {
        let HomeLibrary { home, ending, threads, search, turns, prompts, details, acts, .. } = self;
        search.cancel();
        turns.cancel();
        prompts.cancel();
        home.stop();
        ending.end();
        // Nobody asks any more.
        drop((search, turns, prompts, details, acts));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// What ends work that nobody asked for: telling what is there and what happens.
#[derive(Default)]
struct Ending {
    cancellation: Cancellation,
    watch: Mutex<Option<WatchWaker>>,
}

impl Ending {
    /// Is told whom to wake.
    fn wakes(&self, waker: WatchWaker) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    fn end(&self) {
        self.cancellation.cancel();
        if let Some(waker) = self.watch.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }
}

/// A thread that answers the newest request alone.
struct Latest<T> {
    requests: Sender<(T, Cancellation)>,
    /// The switch of the request that came last.
    current: Mutex<Cancellation>,
}

impl<T: Send + 'static> Latest<T> {
    fn begin(
        name: &'static str,
        answers: Answers,
        threads: &mut Vec<JoinHandle<()>>,
        mut answer: impl FnMut(T, Cancellation) + Send + 'static,
    ) -> Latest<T> {
        let (requests, asked) = channel::<(T, Cancellation)>();
        let next = move || -> Option<(T, Cancellation)> {
            let first = asked.recv().ok()?;
            Some(asked.try_iter().last().unwrap_or(first))
        };
        threads.extend(begin_alone(name, answers.clone(), move || {
            while let Some((request, cancellation)) = next() {
                guarded(name, &answers, || answer(request, cancellation));
            }
        }));
        Latest { requests, current: Mutex::default() }
    }

    fn ask(&self, request: T) {
        let cancellation = Cancellation::default();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, cancellation.clone()).cancel();
        let _ = self.requests.send((request, cancellation));
    }

    /// Asks behind the request before, which is not cancelled.
    fn go_on(&self, request: T) {
        let cancellation = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _ = self.requests.send((request, cancellation));
    }

    fn cancel(&self) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// Begins a thread that answers one request after the other.
fn begin(
    name: &'static str,
    answers: Answers,
    threads: &mut Vec<JoinHandle<()>>,
    mut answer: impl FnMut(Request) + Send + 'static,
) -> Sender<Request> {
    let (requests, asked): (_, Receiver<Request>) = channel();
    threads.extend(begin_alone(name, answers.clone(), move || {
        while let Ok(request) = asked.recv() {
            guarded(name, &answers, || answer(request));
        }
    }));
    requests
}

fn begin_alone(name: &'static str, answers: Answers, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let told = answers.clone();
    let begun = std::thread::Builder::new().name(name.into()).spawn(move || guarded(name, &answers, work));
    begun
        .inspect_err(|error| {
            let why = format!("a part of the browser ({name}) cannot be started: {error}");
            told.send(LibraryEvent::Warning(why));
        })
        .ok()
}

/// Does a piece of work, and tells of a panic in it.
fn guarded(name: &str, answers: &Answers, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        let why = format!("a part of the browser ({name}) failed within; the rest goes on, f5 reads the home again");
        answers.send(LibraryEvent::Warning(why));
    }
}
