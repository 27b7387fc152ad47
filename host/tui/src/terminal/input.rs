//! Reads keys, in a thread that lets go of the terminal whenever another program is to have it.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{self, MouseButton, MouseEventKind};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::model::messages::Event;

const TERMINAL: Token = Token(0);
const WAKER: Token = Token(1);
/// By then the thread has let go, unless the terminal is gone: crossterm reads on for ever from one that goes while it reads.
const SOON: Duration = Duration::from_secs(1);

/// Reads from the terminal.
pub(crate) struct Input {
    waker: Waker,
    gate: Arc<Gate>,
}

/// Says whether the thread may read.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Reading,
    /// It is to let go.
    Asked,
    /// It has.
    Paused,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.lock() = state;
        self.changed.notify_all();
    }

    fn wait_while(&self, is_so: impl Fn(State) -> bool) {
        let waited = self.changed.wait_while(self.lock(), |state| is_so(*state));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn wait_a_moment_while(&self, is_so: impl Fn(State) -> bool) {
        let waited = self.changed.wait_timeout_while(self.lock(), SOON, |state| is_so(*state));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Input {
    /// Begins to read; `take` is given each event, and is told by none that there is nothing more to read.
    pub(crate) fn begin(take: impl Fn(Option<Event>) + Send + 'static) -> io::Result<Input> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        // As crossterm does, from which the events come.
        let opened = if io::stdin().is_terminal() { None } else { Some(File::open("/dev/tty")?) };
        let terminal: RawFd = opened.as_ref().map_or(io::stdin().as_raw_fd(), |file| file.as_raw_fd());
        poll.registry().register(&mut SourceFd(&terminal), TERMINAL, Interest::READABLE)?;
        let gate = Arc::new(Gate::default());
        let of_thread = gate.clone();
        std::thread::Builder::new().name("input".into()).spawn(move || {
            let stdin = io::stdin();
            let terminal = opened.as_ref().map_or_else(|| stdin.as_fd(), |file| file.as_fd());
            if read(poll, terminal, &of_thread, &take).is_err() {
                take(None);
            }
            // Who asks it to let go must not wait for it.
            of_thread.set(State::Paused);
        })?;
        Ok(Input { waker, gate })
    }

    /// Has the thread let go of the terminal, and waits a moment until it has.
    pub(crate) fn pause(&self) {
        if *self.gate.lock() == State::Reading {
            self.gate.set(State::Asked);
            if self.waker.wake().is_ok() {
                self.gate.wait_a_moment_while(|state| state == State::Asked);
            }
        }
    }

    /// Has the thread look whether there is anything to read: the size of the terminal changed, which crossterm is told in a way that
    /// makes it overlook a key that comes at the same time.
    pub(crate) fn look(&self) {
        let _ = self.waker.wake();
    }

    /// Has it read again.
    pub(crate) fn go_on(&self) {
        self.gate.set(State::Reading);
    }
}

fn read(mut poll: Poll, terminal: BorrowedFd<'_>, gate: &Gate, take: &impl Fn(Option<Event>)) -> io::Result<()> {
    let mut events = Events::with_capacity(8);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        let state = *gate.lock();
        if state != State::Reading {
            gate.set(State::Paused);
            gate.wait_while(|state| state != State::Reading);
        }
        // Asked before each event: crossterm does not see the end.
        while !is_hung_up(terminal)? && event::poll(Duration::ZERO)? {
            if let Some(event) = taken(event::read()?) {
                take(Some(event));
            }
        }
        if is_hung_up(terminal)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Says whether nothing comes from the terminal any more.
fn is_hung_up(terminal: BorrowedFd<'_>) -> io::Result<bool> {
    let mut asked = [PollFd::from_borrowed_fd(terminal, PollFlags::IN)];
    match rustix::event::poll(&mut asked, Some(&Timespec::default())) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(asked[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)),
    }
}

/// Gives what an event of the terminal is for the model; none where it is nothing. Its size is told by a signal.
fn taken(event: event::Event) -> Option<Event> {
    match event {
        event::Event::Key(key) => Some(Event::Key(key)),
        event::Event::Paste(text) => Some(Event::Pasted(text)),
        event::Event::Mouse(mouse) => {
            let (column, row) = (mouse.column, mouse.row);
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Some(Event::Clicked { column, row }),
                MouseEventKind::ScrollDown => Some(Event::Wheel { column, row, is_down: true }),
                MouseEventKind::ScrollUp => Some(Event::Wheel { column, row, is_down: false }),
                _ => None,
            }
        }
        event::Event::Resize(..) | event::Event::FocusGained | event::Event::FocusLost => None,
    }
}
