//! The library's side of a browser of a server's threads: the one part that asks the server.
//!
//! ```text
//! requests ─→ waiting ─→ one thread, a step at a time ─→ the server
//!             changes, the newest search, the newest turns, prompts, titles, pages of the list
//! ```
//!
//! There is one connection, so that what is asked waits for what is under way; a step is short, and a long list is read between
//! what people ask for. Where the connection is lost, that is said once, and what was loaded stays.

mod acts;
mod search;
mod waiting;
mod window;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

use threadkeep::contract::ThreadRow;
use threadkeep_terminal::visible::plain;

use super::details::{FIRST, LAST, title_of};
use super::prompts::{PAGE, prompts_of};
use super::{Answers, begin_alone, guarded};
use crate::model::messages::{LibraryEvent, Request, WantedTurns};
use crate::model::thread::LoadedThread;
use crate::server::ThreadServer;
use crate::theme::Theme;
use waiting::{ListFrom, PromptsFrom, Step, Waiting};
use window::Window;

/// How long is waited at the end for changes that were asked for.
const CHANGED_WITHIN: Duration = Duration::from_secs(10);

/// The library of a server's threads, at work.
pub(crate) struct ServerLibrary {
    requests: Sender<Request>,
    /// How many changes are not done yet.
    changes: Arc<AtomicUsize>,
    /// Ends with the thread that asks.
    ended: Receiver<()>,
}

impl ServerLibrary {
    /// Begins to list what is there.
    pub(super) fn begin(server: Box<dyn ThreadServer>, theme: Theme, answers: Answers) -> ServerLibrary {
        let (requests, asked) = channel();
        let (ending, ended) = channel();
        let changes = Arc::new(AtomicUsize::new(0));
        let counted = changes.clone();
        let asking = Asking {
            server,
            theme,
            answers: answers.clone(),
            ids: BTreeSet::new(),
            window: None,
            previewed: None,
            is_lost: false,
            was_listed: false,
        };
        drop(begin_alone("server", answers, move || {
            asking.run(&asked, &counted);
            drop(ending);
        }));
        ServerLibrary { requests, changes, ended }
    }

    /// Passes a request on.
    pub(super) fn ask(&self, request: Request) {
        if matches!(request, Request::Act(_)) {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        drop(self.requests.send(request));
    }

    /// Ends. Changes are waited for, for a while; whatever else the server still works at is nobody's any more.
    pub(super) fn end(self) {
        let ServerLibrary { requests, changes, ended } = self;
        drop(requests);
        if changes.load(Ordering::SeqCst) > 0 {
            // Nothing is ever sent: it ends with the thread, or the time is over.
            let _ = ended.recv_timeout(CHANGED_WITHIN);
        }
    }
}

/// Asks the server.
struct Asking {
    server: Box<dyn ThreadServer>,
    theme: Theme,
    answers: Answers,
    /// The threads that were listed.
    ids: BTreeSet<Arc<str>>,
    /// The turns that were loaded of the previewed thread.
    window: Option<Window>,
    /// The previewed thread.
    previewed: Option<Arc<str>>,
    /// That the connection is lost was said.
    is_lost: bool,
    /// A first page was listed before.
    was_listed: bool,
}

impl Asking {
    fn run(mut self, asked: &Receiver<Request>, changes: &AtomicUsize) {
        let mut waiting = Waiting::default();
        waiting.add(Request::Reload);
        let mut is_ending = false;
        loop {
            while !is_ending {
                match asked.try_recv() {
                    Ok(request) => self.take(request, &mut waiting),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => is_ending = true,
                }
            }
            let step = if is_ending { waiting.next_act() } else { waiting.next() };
            let Some(step) = step else {
                match asked.recv() {
                    Ok(request) => self.take(request, &mut waiting),
                    Err(_) => return,
                }
                continue;
            };
            let is_change = matches!(step, Step::Act(_));
            let mut next = None;
            let answers = self.answers.clone();
            guarded("server", &answers, || next = self.step(step));
            if let Some(next) = next {
                waiting.go_on(next);
            }
            if is_change {
                changes.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    fn take(&self, request: Request, waiting: &mut Waiting) {
        match request {
            // Where a thread ran, on another machine, is no place here.
            Request::Scopes(places) => {
                let scopes = places.into_iter().map(|(number, _)| (number, [false, false, true])).collect();
                self.answers.send(LibraryEvent::Scopes(scopes));
            }
            request => waiting.add(request),
        }
    }

    /// Does a step, and gives what is to be done behind it.
    fn step(&mut self, step: Step) -> Option<Step> {
        let next = match step {
            Step::Act(action) => acts::act(self, action),
            Step::Search(search) => {
                search::answer(self, &search);
                None
            }
            Step::Turns(wanted) => self.turns(wanted),
            Step::Prompts(from) => self.prompts(from),
            Step::Titles(id) => {
                self.titles(&id);
                None
            }
            Step::List(from) => self.list(from),
        };
        if !self.server.is_connected() && !std::mem::replace(&mut self.is_lost, true) {
            let told = "the connection to the server is lost: what was loaded stays, f5 connects again";
            self.answers.send(LibraryEvent::Warning(told.into()));
        }
        next
    }

    /// Lists a page.
    fn list(&mut self, from: ListFrom) -> Option<Step> {
        match self.page_of_list(from) {
            Ok(next) => next.map(Step::List),
            Err(error) if self.ids.is_empty() => {
                self.answers.send(LibraryEvent::Unreadable(plain(&error.to_string())));
                None
            }
            // It is said already that the connection is lost.
            Err(_) if !self.server.is_connected() && !self.is_lost => None,
            Err(error) => {
                let why = format!("not all threads can be listed: {}", plain(&error.to_string()));
                self.answers.send(LibraryEvent::Warning(why));
                None
            }
        }
    }

    fn page_of_list(&mut self, from: ListFrom) -> threadkeep::Result<Option<ListFrom>> {
        if from.is_begin() && !self.server.is_connected() {
            self.server.connect()?;
            self.is_lost = false;
        }
        let page = self.server.list(from.archived, from.cursor.as_deref())?;
        if from.is_begin() {
            self.answers.send(LibraryEvent::AllThreadsBegin);
            if std::mem::replace(&mut self.was_listed, true) {
                self.read_again();
            }
        }
        let threads = self.loaded(page.rows);
        self.answers.send(LibraryEvent::Threads(threads));
        Ok(match (page.next, from.archived) {
            (Some(cursor), archived) => Some(ListFrom { archived, cursor: Some(cursor) }),
            (None, false) => Some(ListFrom { archived: true, cursor: None }),
            (None, true) => {
                self.answers.send(LibraryEvent::AllThreads);
                None
            }
        })
    }

    /// Has what is shown of a thread and what was found read again.
    fn read_again(&mut self) {
        self.window = None;
        if let Some(id) = &self.previewed {
            self.answers.send(LibraryEvent::Changed(id.to_string()));
        }
        self.answers.send(LibraryEvent::Indexed);
    }

    /// Enters threads; one whose id is none is left out, since it would stand in a command line.
    fn loaded(&mut self, rows: Vec<ThreadRow>) -> Vec<LoadedThread> {
        let rows = rows.iter().filter(|row| is_thread_id(&row.id));
        let threads: Vec<LoadedThread> = rows.map(LoadedThread::of).collect();
        self.ids.extend(threads.iter().map(|thread| thread.id.clone()));
        threads
    }

    /// Tells how a thread stands now.
    fn tell(&mut self, id: &str) -> threadkeep::Result<()> {
        let row = self.server.find(id)?;
        let threads = self.loaded(vec![row]);
        self.answers.send(LibraryEvent::Threads(threads));
        Ok(())
    }

    /// Answers with turns, or loads older ones first, which gives way to whatever is asked for meanwhile.
    fn turns(&mut self, mut wanted: WantedTurns) -> Option<Step> {
        let generation = wanted.generation;
        self.previewed = Some(wanted.id.clone());
        match window::page(&mut self.window, self.server.as_mut(), &mut wanted, &self.theme) {
            Ok(Some(page)) => {
                self.answers.send(LibraryEvent::Turns { generation, page });
                None
            }
            Ok(None) => Some(Step::Turns(wanted)),
            Err(error) => {
                self.window = None;
                self.answers.send(LibraryEvent::TurnsFailed { generation, why: error.to_string() });
                None
            }
        }
    }

    /// Answers with a page of prompts.
    fn prompts(&mut self, mut from: PromptsFrom) -> Option<Step> {
        let generation = from.generation;
        let page = match self.server.turns(&from.id, from.cursor.as_deref(), PAGE, false) {
            Ok(page) => page,
            Err(error) => {
                self.answers.send(LibraryEvent::Prompts { generation, prompts: Vec::new(), is_all: true });
                let why = format!("the prompts cannot be listed: {}", plain(&error.to_string()));
                self.answers.send(LibraryEvent::Warning(why));
                return None;
            }
        };
        let prompts = prompts_of(&page.turns, &mut from.number);
        // A server that goes on without turns would do so for ever.
        from.cursor = page.next.filter(|_| !page.turns.is_empty());
        let is_all = from.cursor.is_none();
        self.answers.send(LibraryEvent::Prompts { generation, prompts, is_all });
        (!is_all).then_some(Step::Prompts(from))
    }

    /// Reads both ends of a thread; what cannot be read has the title that it has.
    fn titles(&mut self, id: &str) {
        let read = |server: &mut dyn ThreadServer| -> threadkeep::Result<_> {
            Ok((server.turns(id, None, FIRST, false)?.turns, server.turns(id, None, LAST, true)?.turns))
        };
        let (first, last) = read(self.server.as_mut()).unwrap_or_default();
        self.answers.send(LibraryEvent::Titles(vec![title_of(id, &first, &last)]));
    }
}

/// Says whether a text is an id of a thread: a UUID, and so no flag of a command.
fn is_thread_id(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_and_nothing_else() {
        assert!(is_thread_id("019d3aa0-a60d-7b44-b89a-827e54bd5c18"));
        for other in
            ["", "019d3aa0", "--dangerously-bypass-approvals-and-s", "019d3aa0-a60d-7b44-b89a-827e54bd5c1\u{1b}"]
        {
            assert!(!is_thread_id(other), "{other:?}");
        }
    }
}
