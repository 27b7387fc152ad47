//! The turn that a run is, while it runs.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::output::{Kept, Lines};
use crate::component::Core;
use crate::component::exports::events::Event;
use crate::threads::store::{Command, Item, Outcome, StoreError, ThreadStore, TurnEnd};

/// What events tell is durable after so long.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// Without anything to do: a while.
const IDLE: Duration = Duration::from_secs(3_600);

/// A turn being recorded.
pub(super) struct Recording<'a> {
    core: Core,
    store: &'a dyn ThreadStore,
    thread: String,
    argv: Vec<String>,
    cwd: String,
    say: &'a dyn Fn(&str),
    /// What was said last; a disk that is full says the same again and again.
    said: String,
    incomplete: bool,
    /// Output was lost to whoever reads it.
    pub(super) unheard: bool,
    /// What the core keeps of the events so far; empty while there are none.
    state: Vec<u8>,
    lines: Lines,
    told: Option<TurnEnd>,
    output: Kept,
    unflushed: Option<Instant>,
    status: Option<ExitStatus>,
}

impl<'a> Recording<'a> {
    pub(super) fn new(
        core: Core,
        store: &'a dyn ThreadStore,
        thread: String,
        (argv, cwd): (Vec<String>, String),
        say: &'a dyn Fn(&str),
    ) -> Recording<'a> {
        let (said, state, lines, output) = (String::new(), Vec::new(), Lines::default(), Kept::default());
        let (told, unflushed, status, incomplete) = (None, None, None, false);
        Recording {
            core,
            store,
            thread,
            argv,
            cwd,
            say,
            said,
            incomplete,
            unheard: false,
            state,
            lines,
            told,
            output,
            unflushed,
            status,
        }
    }

    /// The program wrote this; `lines` may be events.
    pub(super) fn wrote(&mut self, bytes: &[u8], lines: bool) {
        if self.state.is_empty() {
            self.output.push(bytes);
        }
        if lines {
            let mut reading = std::mem::take(&mut self.lines);
            reading.push(bytes, |line| self.line(line));
            self.lines = reading;
        }
    }

    fn line(&mut self, line: &[u8]) {
        // The core would say so too; most programs write nothing else.
        if !line.trim_ascii_start().starts_with(b"{") {
            return;
        }
        let (state, now) = (std::mem::take(&mut self.state), now());
        let event = self.core.call("events.read", |bindings, store| {
            bindings.threadkeep_core_events().call_read(store, &state, line, now)
        });
        match self.kept(event.map_err(StoreError::from)).flatten() {
            Some(Event { state, items, end }) => {
                if self.state.is_empty() {
                    self.output = Kept::default();
                }
                self.state = state;
                self.told = end.or(self.told.take());
                self.append(&items);
            }
            None => self.state = state,
        }
    }

    /// The program ended by itself or by a signal, after so long.
    pub(super) fn program_ended(&mut self, status: &ExitStatus, took: Duration) {
        let mut reading = std::mem::take(&mut self.lines);
        reading.finish(|line| self.line(line));
        self.status = Some(*status);
        if !self.state.is_empty() {
            let state = std::mem::take(&mut self.state);
            let open = self.core.call("events.unfinished", |bindings, store| {
                bindings.threadkeep_core_events().call_unfinished(store, &state, now())
            });
            let open = self.kept(open.map_err(StoreError::from)).unwrap_or_default();
            return self.append(&open);
        }
        let command = Command {
            argv: std::mem::take(&mut self.argv),
            cwd: Some(self.cwd.clone()),
            output: std::mem::take(&mut self.output).text(),
            exit_code: status.code(),
            duration: took.as_millis() as i64,
            outcome: if status.success() { Outcome::Completed } else { Outcome::Failed },
        };
        self.append(&[Item::Command(command)]);
    }

    /// The turn ends, in failure if that is known already; is anything missing from it?
    pub(super) fn end(mut self, failure: Option<TurnEnd>, interrupted: bool) -> bool {
        let told = failure.or(self.told.take());
        let (code, signal) = self.status.map_or((None, None), |status| (status.code(), status.signal()));
        let ended = self.core.call("events.ended", |bindings, store| {
            bindings.threadkeep_core_events().call_ended(store, told.as_ref(), interrupted, code, signal)
        });
        if let Some(ended) = self.kept(ended.map_err(StoreError::from)) {
            self.append(&[Item::TurnEnded(ended)]);
        }
        let shut = self.store.shutdown(&self.thread);
        self.kept(shut);
        self.incomplete
    }

    /// How long nothing has to be done.
    pub(super) fn patience(&self) -> Duration {
        self.unflushed.map_or(IDLE, |since| FLUSH_EVERY.saturating_sub(since.elapsed()))
    }

    /// Makes durable what has waited long enough.
    pub(super) fn flush_in_time(&mut self) {
        if self.unflushed.is_some_and(|since| since.elapsed() >= FLUSH_EVERY) {
            self.unflushed = None;
            let flushed = self.store.flush(&self.thread);
            self.kept(flushed);
        }
    }

    fn append(&mut self, items: &[Item]) {
        if !items.is_empty() {
            let appended = self.store.append(&self.thread, items);
            self.kept(appended);
            self.unflushed.get_or_insert_with(Instant::now);
        }
    }

    /// What cannot be recorded is said, and the program goes on.
    fn kept<T>(&mut self, answer: Result<T, StoreError>) -> Option<T> {
        for warning in self.store.take_warnings() {
            self.say_once(warning);
        }
        answer
            .map_err(|error| {
                self.incomplete = true;
                self.say_once(error.to_string());
            })
            .ok()
    }

    /// Output of the program is lost to whoever reads it, and recorded all the same.
    pub(super) fn not_passed_on(&mut self, error: &std::io::Error) {
        self.unheard = true;
        self.say_once(format!("what the program writes cannot be passed on: {error}"));
    }

    fn say_once(&mut self, words: String) {
        if self.said != words {
            (self.say)(&words);
            self.said = words;
        }
    }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
