//! A home that is served by a program that answers at once, and how it can be read at the moment.
//!
//! A server answers at once. Where the state DB is complete, it is opened and brought up to date beside the first answers; where it is
//! not, answers come from the files until it is filled. Where it cannot be had, they stay with the files, and it is tried again. At no
//! time has the process two connections to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Error, Options, Result, StateAccess, Threadkeep};
use crate::platform::error_kind::ErrorKind;
use crate::platform::wait::Wait;
use crate::watch::{Watch, WatchOptions, WatchPace};

/// How long after a start that came by no handle the next one begins, at first and at most.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// How long it may take at most to find out whether the state DB is complete.
const IN_PASSING: Duration = Duration::from_millis(250);
/// How often the files of other programs are looked at.
const FOREIGN: Duration = Duration::from_secs(30);
/// Rows that were compared with the files within this time are new enough.
const FRESH: Duration = Duration::from_secs(1);

/// A home that is served.
pub struct ServedHome {
    current: Mutex<Current>,
    changed: Condvar,
    root: PathBuf,
    warn: Box<dyn Fn(&str) + Send + Sync>,
    /// When the rows were last compared with the files.
    compared: Mutex<Option<Instant>>,
    /// Tells whether whoever follows the home keeps its rows up to date.
    pace: Mutex<WatchPace>,
}

struct Current {
    threads: Option<Threadkeep>,
    phase: Phase,
    /// Why nothing can be read, not even the files.
    failure: Option<Error>,
    is_stopped: bool,
}

/// How far the start is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The state DB is being filled, or waited for; answers come from the files.
    Filling,
    /// There is a handle.
    Ready,
    /// There is no handle; answers come from the files.
    FilesOnly,
}

impl ServedHome {
    /// Begins to open a home, in a thread of its own, as a process that owns the state; or, with [`StateAccess::Without`], without.
    /// `warn` takes what a person should know, each a sentence, from any thread.
    pub fn open(options: Options, warn: impl Fn(&str) + Send + Sync + 'static) -> Arc<ServedHome> {
        let current = Current { threads: None, phase: Phase::Filling, failure: None, is_stopped: false };
        let root = options.home.root().to_path_buf();
        let (current, changed, warn) = (Mutex::new(current), Condvar::new(), Box::new(warn));
        let (compared, pace) = (Mutex::default(), Mutex::default());
        let home = Arc::new(ServedHome { current, changed, root, warn, compared, pace });
        let opened = home.clone();
        std::thread::spawn(move || opened.start(&options));
        home
    }

    /// Gives the directory of the home.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Gives the home as it can be read at the moment. Waits a few milliseconds at the start.
    ///
    /// # Errors
    ///
    /// Nothing can be read, not even the files; or the server ends before anything could be ([`ErrorKind::Cancelled`]).
    pub fn threads(&self) -> Result<Threadkeep> {
        let current = self.wait_while(|current| current.threads.is_none() && current.failure.is_none());
        match (&current.threads, &current.failure) {
            (Some(threads), _) => Ok(threads.clone()),
            (None, Some(failure)) => Err(failure.clone()),
            (None, None) => Err(Error::new(ErrorKind::Cancelled, "the server ends")),
        }
    }

    /// Gives the home likewise, with rows that are not older than a second: whoever follows the home keeps them so, else they are
    /// compared with the files. Where that fails they are as they were, and what a file contradicts is put right when it is asked for.
    ///
    /// # Errors
    ///
    /// As [`ServedHome::threads`].
    pub fn fresh_threads(&self) -> Result<Threadkeep> {
        let threads = self.threads()?;
        self.compare(&threads);
        Ok(threads)
    }

    /// Follows the home once there is a handle, which is waited for and given, too; none once the server ends. While that keeps up,
    /// nothing has to be compared with the files.
    ///
    /// # Errors
    ///
    /// As [`Threadkeep::watch`].
    pub fn follow(&self, options: &WatchOptions) -> Result<Option<(Threadkeep, Watch)>> {
        let Some(threads) = self.wait_until_ready() else { return Ok(None) };
        let watch = threads.watch(options)?;
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = watch.pace();
        Ok(Some((threads, watch)))
    }

    /// Waits until there is a handle, and gives it; none once the server ends.
    pub fn wait_until_ready(&self) -> Option<Threadkeep> {
        let current = self.wait_while(|current| current.phase != Phase::Ready);
        current.threads.clone().filter(|_| !current.is_stopped)
    }

    /// Waits until it is known whether there is a handle.
    pub fn wait_until_settled(&self) {
        drop(self.wait_while(|current| current.phase == Phase::Filling && current.failure.is_none()));
    }

    /// Says whether the server ends.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Ends whatever waits for the home.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while something is so, but no longer than the server lives.
    fn wait_while(&self, is_so: impl Fn(&Current) -> bool) -> MutexGuard<'_, Current> {
        let waited = self.changed.wait_while(self.lock(), |current| is_so(current) && !current.is_stopped);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, threads: Option<Threadkeep>, phase: Phase) {
        let mut current = self.lock();
        current.threads = threads.or(current.threads.take());
        current.phase = phase;
        drop(current);
        self.changed.notify_all();
    }

    /// Comes by a handle, and serves the files until it has one.
    fn start(&self, options: &Options) {
        let with = |access, refresh| Threadkeep::open(Options { access, refresh, ..options.clone() });
        let in_passing = |access| {
            // Who holds the state DB meanwhile does not keep the files from being served.
            let wait = Wait::at_most(options.wait.bound().min(IN_PASSING));
            let options = Options { progress: None, recorder: None, foreign: Vec::new(), wait, ..options.clone() };
            Threadkeep::open(Options { access, refresh: false, ..options })
        };
        if options.access == StateAccess::Without {
            return match with(StateAccess::Without, false) {
                Ok(threads) => self.publish(Some(threads), Phase::FilesOnly),
                Err(error) => self.fail(error),
            };
        }
        // Whether it is complete is asked by one connection, which is closed before the other is opened.
        let is_complete = in_passing(StateAccess::Existing).is_ok_and(|existing| existing.state().is_some());
        if is_complete && let Ok(threads) = with(StateAccess::Own, false) {
            self.publish(Some(threads.clone()), Phase::Ready);
            // Whoever has said no compares when it suits.
            if options.refresh {
                self.compare(&threads);
            }
            self.is_ready(&threads);
            return self.keep_foreign(&threads, false);
        }
        match in_passing(StateAccess::Without) {
            Ok(threads) => self.publish(Some(threads), Phase::Filling),
            Err(error) => return self.fail(error),
        }
        let mut pause = TRY_AGAIN.0;
        loop {
            let error = match with(StateAccess::Own, true) {
                Ok(threads) => {
                    self.publish(Some(threads.clone()), Phase::Ready);
                    self.is_ready(&threads);
                    return self.keep_foreign(&threads, true);
                }
                Err(error) => error,
            };
            (self.warn)(&format!("{error}; answering from the files"));
            self.publish(None, Phase::FilesOnly);
            let may_pass = matches!(error.kind(), ErrorKind::Busy | ErrorKind::TimedOut | ErrorKind::Io);
            if !may_pass || self.is_stopped_within(pause) {
                return;
            }
            pause = (pause * 2).min(TRY_AGAIN.1);
        }
    }

    /// Compares the rows with the files, unless that was done within the last second, or who follows the home keeps up: once, whoever
    /// asks at the same time.
    fn compare(&self, threads: &Threadkeep) {
        if self.pace.lock().unwrap_or_else(PoisonError::into_inner).keeps_up() {
            return;
        }
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.state().is_some() && compared.is_none_or(|at| at.elapsed() > FRESH) {
            if let Err(error) = threads.refresh() {
                (self.warn)(&format!("the state DB is not up to date with the files: {error}"));
            }
            *compared = Some(Instant::now());
        }
    }

    fn is_stopped_within(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |current| !current.is_stopped);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    /// The work of the start is done: what that needed is given back.
    fn is_ready(&self, threads: &Threadkeep) {
        if let Some(state) = threads.state()
            && let Err(error) = state.database().keep_few_pages()
        {
            (self.warn)(&format!("the server keeps more memory than it needs: {}", error.sentence()));
        }
        for warning in threads.take_warnings() {
            (self.warn)(&warning);
        }
    }

    /// Brings threads of other programs up to date again and again, if there are any; `is_fresh` where that was just done.
    fn keep_foreign(&self, threads: &Threadkeep, is_fresh: bool) {
        if threads.foreign_programs().next().is_none() || is_fresh && self.is_stopped_within(FOREIGN) {
            return;
        }
        loop {
            if let Err(error) = threads.refresh_foreign() {
                (self.warn)(&format!("threads of other programs are as they were before: {error}"));
            }
            if self.is_stopped_within(FOREIGN) {
                return;
            }
        }
    }

    /// Nothing can be read: whoever waits is told so.
    fn fail(&self, error: Error) {
        (self.warn)(&format!("the home cannot be served: {error}"));
        self.lock().failure = Some(error);
        self.changed.notify_all();
    }
}
