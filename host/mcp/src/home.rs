//! The home, which is opened while the server answers already.
//!
//! ```text
//! a thread opens it: the state DB is brought up to date, or filled ──→ open: all answers by its handle
//! meanwhile, for who does not want to wait ────────────────────────→ from the files alone
//! ```

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use threadkeep::{Cancellation, Error, Options, StateAccess, Threadkeep};

/// How long a question waits for the handle; a state DB that only has to be brought up to date is ready by then.
const PATIENCE: Duration = Duration::from_millis(400);
/// Answers are never older than this.
const FRESH: Duration = Duration::from_secs(1);

/// The home, open or being opened.
pub(crate) struct ServedHome {
    options: Options,
    opening: Arc<Opening>,
    files: OnceLock<Result<Threadkeep, Error>>,
    refreshed: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Opening {
    outcome: Mutex<Option<Result<Threadkeep, Error>>>,
    is_done: Condvar,
}

impl ServedHome {
    /// Begins to open the home.
    pub(crate) fn open(options: Options) -> ServedHome {
        let opening = Arc::new(Opening::default());
        let (done, of_thread) = (opening.clone(), options.clone());
        std::thread::spawn(move || {
            let outcome = Threadkeep::open(of_thread);
            *lock(&done.outcome) = Some(outcome);
            done.is_done.notify_all();
        });
        ServedHome { options, opening, files: OnceLock::new(), refreshed: Mutex::default() }
    }

    /// Gives the home for one question, up to date, with the question's own switch.
    pub(crate) fn for_question(&self, cancellation: Cancellation) -> Result<Threadkeep, Error> {
        let threadkeep = self.current()?;
        self.bring_up_to_date(&threadkeep);
        Ok(threadkeep.cancellable(cancellation))
    }

    fn current(&self) -> Result<Threadkeep, Error> {
        let outcome = lock(&self.opening.outcome);
        let waited = self.opening.is_done.wait_timeout_while(outcome, PATIENCE, |outcome| outcome.is_none());
        let (outcome, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &*outcome {
            Some(outcome) => outcome.clone(),
            None => {
                drop(outcome);
                self.from_files()
            }
        }
    }

    fn from_files(&self) -> Result<Threadkeep, Error> {
        let options =
            || Options { access: StateAccess::Without, progress: None, recorder: None, ..self.options.clone() };
        self.files.get_or_init(|| Threadkeep::open(options())).clone()
    }

    /// Compares the rows with the files, where that was not done within the last second. Where it fails the rows are as they were,
    /// and what a file contradicts is put right when it is asked for.
    fn bring_up_to_date(&self, threadkeep: &Threadkeep) {
        let mut refreshed = lock(&self.refreshed);
        if threadkeep.state().is_some() && refreshed.is_none_or(|at| at.elapsed() > FRESH) {
            // The first one was done by opening.
            if refreshed.is_some() {
                let _ = threadkeep.refresh();
            }
            *refreshed = Some(Instant::now());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
