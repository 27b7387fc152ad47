//! Records a run as a turn, while it runs.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use threadkeep_engine::contract::{Chunk, ProgramEvent};
use threadkeep_engine::{Core, calls};

use super::kept_output::KeptOutput;
use super::output::{Lines, TruncatedOutput};
use crate::threads::store::{Command, Item, ItemStatus, StoreError, ThreadStore, TurnEnd};

/// How long an item may wait until it is made durable.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// How long to wait for an event while there is nothing to flush.
const IDLE: Duration = Duration::from_secs(3_600);

/// Holds a turn that is being recorded.
pub(super) struct Recording<'a> {
    core: Core,
    store: &'a dyn ThreadStore,
    thread: String,
    argv: Vec<String>,
    cwd: String,
    warn: &'a dyn Fn(&str),
    /// The last warning; a full disk gives the same one again and again.
    last_warning: String,
    incomplete: bool,
    /// Whether some output could not be forwarded.
    pub(super) output_lost: bool,
    /// The core's state of the events so far; empty while there are none.
    state: Vec<u8>,
    lines: Lines,
    reported_end: Option<TurnEnd>,
    raw_output: TruncatedOutput,
    /// The same on disk, where there is a place for it.
    kept: Option<KeptOutput>,
    unflushed: Option<Instant>,
    status: Option<ExitStatus>,
}

impl<'a> Recording<'a> {
    pub(super) fn new(
        core: Core,
        store: &'a dyn ThreadStore,
        thread: String,
        (argv, cwd): (Vec<String>, String),
        kept: Option<KeptOutput>,
        warn: &'a dyn Fn(&str),
    ) -> Recording<'a> {
        Recording {
            core,
            store,
            thread,
            argv,
            cwd,
            warn,
            last_warning: String::new(),
            incomplete: false,
            output_lost: false,
            state: Vec::new(),
            lines: Lines::default(),
            reported_end: None,
            raw_output: TruncatedOutput::default(),
            kept,
            unflushed: None,
            status: None,
        }
    }

    /// Records what the program wrote; `lines` says whether its lines may be events.
    pub(super) fn output(&mut self, bytes: &[u8], lines: bool) {
        if self.state.is_empty() {
            self.raw_output.push(bytes);
        }
        if lines {
            let mut splitter = std::mem::take(&mut self.lines);
            splitter.push(bytes, |line| self.line(line));
            self.lines = splitter;
        }
        if self.state.is_empty()
            && let Some(why) = self.kept.as_mut().and_then(|kept| kept.push(bytes))
        {
            self.warn_once(why);
        }
    }

    fn line(&mut self, line: &[u8]) {
        // The core would refuse the line too; this spares it what most programs write.
        if !line.trim_ascii_start().starts_with(b"{") {
            return;
        }
        let state = std::mem::take(&mut self.state);
        let call = calls::ReadLine { state, line: Chunk::Bytes(line.into()), now: now() };
        let event = self.core.call(&call);
        match self.or_warn(event.map_err(StoreError::from)).flatten() {
            Some(ProgramEvent { state, items, end }) => {
                if self.state.is_empty() {
                    self.raw_output = TruncatedOutput::default();
                    // From here on what it says is recorded as it comes.
                    self.not_kept_any_more();
                }
                self.state = state;
                self.reported_end = end.or(self.reported_end.take());
                self.append(&items);
            }
            None => self.state = call.state,
        }
    }

    /// Records that the program ended with this status, after so long.
    pub(super) fn program_ended(&mut self, status: &ExitStatus, took: Duration) {
        let mut splitter = std::mem::take(&mut self.lines);
        splitter.finish(|line| self.line(line));
        self.status = Some(*status);
        if !self.state.is_empty() {
            let state = std::mem::take(&mut self.state);
            let open = self.core.call(&calls::UnfinishedItems { state, now: now() });
            let open = self.or_warn(open.map_err(StoreError::from)).unwrap_or_default();
            return self.append(&open);
        }
        let command = Command {
            argv: std::mem::take(&mut self.argv),
            cwd: Some(self.cwd.clone()),
            output: std::mem::take(&mut self.raw_output).text(),
            exit_code: status.code(),
            duration: took.as_millis() as i64,
            status: if status.success() { ItemStatus::Completed } else { ItemStatus::Failed },
        };
        if let Some(kept) = &mut self.kept {
            kept.is_being_recorded();
        }
        self.append(&[Item::Command(command)]);
    }

    fn not_kept_any_more(&mut self) {
        if let Some(mut kept) = self.kept.take() {
            kept.remove();
        }
    }

    /// Ends the turn and closes the thread; `failure` is how the turn ended, where that is known already. Says whether anything
    /// could not be recorded.
    pub(super) fn end(mut self, failure: Option<TurnEnd>, interrupted: bool) -> bool {
        let told = failure.or(self.reported_end.take());
        let (exit_code, signal) = self.status.map_or((None, None), |status| (status.code(), status.signal()));
        let ended = self.core.call(&calls::TurnEndOf { told, interrupted, exit_code, signal });
        if let Some(ended) = self.or_warn(ended.map_err(StoreError::from)) {
            self.append(&[Item::TurnEnded(ended)]);
        }
        let shut = self.store.shutdown(&self.thread);
        if self.or_warn(shut).is_some() {
            self.not_kept_any_more();
        } else {
            // Nothing writes it any more: what is not kept is told of now.
            let given_up = self.store.discard(&self.thread);
            self.or_warn(given_up);
        }
        self.incomplete
    }

    /// Gives the time until the next flush is due.
    pub(super) fn time_to_flush(&self) -> Duration {
        let flush = self.unflushed.map_or(IDLE, |since| FLUSH_EVERY.saturating_sub(since.elapsed()));
        self.kept.as_ref().and_then(KeptOutput::time_to_sync).map_or(flush, |sync| sync.min(flush))
    }

    /// Makes the items durable that have waited long enough.
    pub(super) fn flush_in_time(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.sync_in_time();
        }
        if self.unflushed.is_some_and(|since| since.elapsed() >= FLUSH_EVERY) {
            self.unflushed = None;
            let flushed = self.store.flush(&self.thread);
            self.or_warn(flushed);
        }
    }

    fn append(&mut self, items: &[Item]) {
        if !items.is_empty() {
            let appended = self.store.append(&self.thread, items);
            self.or_warn(appended);
            self.unflushed.get_or_insert_with(Instant::now);
        }
    }

    /// Turns an error into a warning, and remembers that the recording is incomplete; the program goes on.
    fn or_warn<T>(&mut self, answer: Result<T, StoreError>) -> Option<T> {
        for warning in self.store.take_warnings() {
            self.warn_once(warning);
        }
        answer
            .map_err(|error| {
                self.incomplete = true;
                self.warn_once(error.to_string());
            })
            .ok()
    }

    /// Notes that output of the program is not forwarded any more; it is recorded all the same.
    pub(super) fn forwarding_failed(&mut self, error: &std::io::Error) {
        self.output_lost = true;
        self.warn_once(format!("what the program writes cannot be passed on: {error}"));
    }

    fn warn_once(&mut self, warning: String) {
        if self.last_warning != warning {
            (self.warn)(&warning);
            self.last_warning = warning;
        }
    }
}

/// Gives the time in milliseconds since the epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
