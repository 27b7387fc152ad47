//! The home that is served, and how it can be read at the moment.
//!
//! A server answers at once. Where the state DB is complete, it is opened and brought up to date beside the first answers; where it is
//! not, answers come from the files until it is filled. Where it cannot be had, they stay with the files, and it is tried again. At no
//! time has the process two connections to it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use threadkeep::{ErrorKind, Options, StateAccess, Threadkeep};

/// How long after a start that came by no handle the next one begins, at first and at most.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// A home that is served.
pub struct ServedHome {
    current: Mutex<Current>,
    changed: Condvar,
    root: std::path::PathBuf,
}

struct Current {
    threads: Option<Threadkeep>,
    phase: Phase,
    is_stopped: bool,
}

/// How far the start is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The state DB is being filled, or waited for; answers come from the files.
    Filling,
    /// There is a handle.
    Ready,
    /// There is no handle; why. Answers come from the files.
    FilesOnly(String),
}

impl ServedHome {
    /// Begins to open a home, in a thread of its own, as a process that owns the state; or, with [`StateAccess::Without`], without.
    pub fn open(options: Options) -> Arc<ServedHome> {
        let current = Current { threads: None, phase: Phase::Filling, is_stopped: false };
        let root = options.home.root().to_path_buf();
        let home = Arc::new(ServedHome { current: Mutex::new(current), changed: Condvar::new(), root });
        let opened = home.clone();
        std::thread::spawn(move || opened.start(&options));
        home
    }

    /// Gives the directory of the home.
    pub(crate) fn root(&self) -> &std::path::Path {
        &self.root
    }

    /// Gives the home as it can be read at the moment; none where the server ends before it can. Waits a few milliseconds at the
    /// start.
    pub(crate) fn threads(&self) -> Option<Threadkeep> {
        let mut current = self.lock();
        while current.threads.is_none() && !current.is_stopped {
            current = self.changed.wait(current).unwrap_or_else(PoisonError::into_inner);
        }
        current.threads.clone()
    }

    /// Says how far the start is.
    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase.clone()
    }

    /// Waits until there is a handle, and gives it; none once the server ends.
    pub(crate) fn wait_until_ready(&self) -> Option<Threadkeep> {
        let mut current = self.lock();
        while current.phase != Phase::Ready && !current.is_stopped {
            current = self.changed.wait(current).unwrap_or_else(PoisonError::into_inner);
        }
        current.threads.clone().filter(|_| !current.is_stopped)
    }

    /// Ends whatever waits for the home.
    pub(crate) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
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
        if options.access == StateAccess::Without {
            return match with(StateAccess::Without, false) {
                Ok(threads) => self.publish(Some(threads), Phase::FilesOnly("it was left out".into())),
                Err(error) => self.fail(&error),
            };
        }
        // Whether it is complete is asked by one connection, which is closed before the other is opened.
        let is_complete = with(StateAccess::Existing, false).is_ok_and(|existing| existing.state().is_some());
        if is_complete && let Ok(threads) = with(StateAccess::Own, false) {
            self.publish(Some(threads.clone()), Phase::Ready);
            if let Err(error) = threads.refresh() {
                tracing::warn!(%error, "the state DB is not up to date with the files");
            }
            return self.tell_warnings(&threads);
        }
        match with(StateAccess::Without, false) {
            Ok(threads) => self.publish(Some(threads), Phase::Filling),
            Err(error) => return self.fail(&error),
        }
        let mut pause = TRY_AGAIN.0;
        loop {
            let error = match with(StateAccess::Own, true) {
                Ok(threads) => {
                    self.tell_warnings(&threads);
                    return self.publish(Some(threads), Phase::Ready);
                }
                Err(error) => error,
            };
            tracing::warn!(%error, "there is no state DB; answers come from the files");
            self.publish(None, Phase::FilesOnly(error.to_string()));
            let may_pass = matches!(error.kind(), ErrorKind::Busy | ErrorKind::TimedOut | ErrorKind::Io);
            if !may_pass || self.is_stopped_within(pause) {
                return;
            }
            pause = (pause * 2).min(TRY_AGAIN.1);
        }
    }

    fn is_stopped_within(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |current| !current.is_stopped);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }

    fn tell_warnings(&self, threads: &Threadkeep) {
        for warning in threads.take_warnings() {
            tracing::warn!("{warning}");
        }
    }

    /// Nothing can be read: whoever waits is told so.
    fn fail(&self, error: &threadkeep::Error) {
        tracing::error!(%error, "the home cannot be served");
        self.publish(None, Phase::FilesOnly(error.to_string()));
        self.stop();
    }
}
