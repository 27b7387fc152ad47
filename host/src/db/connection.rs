//! A connection that is used by whoever asks, one at a time, and by a thread of its own for what is not waited for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::StateError;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Holds a connection. What is asked of it runs where it is asked: handing it to a thread would take longer than most of it.
pub(super) struct SharedConnection {
    connection: Arc<Mutex<Connection>>,
    /// Works beside those who ask; there is none before the first job that is not waited for.
    thread: Mutex<Option<WorkThread>>,
}

impl SharedConnection {
    /// Takes over a connection, which is closed with this.
    pub(super) fn of(connection: Connection) -> SharedConnection {
        SharedConnection { connection: Arc::new(Mutex::new(connection)), thread: Mutex::default() }
    }

    /// Runs `work`, behind all that was begun before.
    pub(super) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let is_working = |thread: &WorkThread| thread.unfinished.load(Ordering::Acquire) > 0;
        if self.thread.lock().map_err(|_| gone())?.as_ref().is_some_and(is_working) {
            return self.begin(work)?.wait();
        }
        work(&mut *self.connection.lock().map_err(|_| gone())?)
    }

    /// Has the thread run `work`, whose answer is waited for later, or never.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StateError> + Send + 'static,
    ) -> Result<Pending<T>, StateError> {
        let (answer, answers) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let _ = answer.send(work(connection));
        });
        let mut thread = self.thread.lock().map_err(|_| gone())?;
        let thread = match &mut *thread {
            Some(thread) => thread,
            none => none.insert(WorkThread::start(self.connection.clone())?),
        };
        thread.unfinished.fetch_add(1, Ordering::Relaxed);
        thread.jobs.send(job).map_err(|_| gone())?;
        Ok(Pending(answers))
    }
}

impl Drop for SharedConnection {
    /// Waits until the thread is done, so that the connection is closed when this is gone: SQLite then leaves no WAL behind.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.lock().ok().and_then(|mut thread| thread.take()) {
            drop(thread.jobs);
            let _ = thread.handle.join();
        }
    }
}

struct WorkThread {
    jobs: mpsc::Sender<Job>,
    /// So many jobs were begun and not finished.
    unfinished: Arc<AtomicUsize>,
    handle: JoinHandle<()>,
}

impl WorkThread {
    fn start(connection: Arc<Mutex<Connection>>) -> Result<WorkThread, StateError> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let unfinished = Arc::new(AtomicUsize::new(0));
        let finished = unfinished.clone();
        let work = move || {
            for job in inbox {
                let Ok(mut connection) = connection.lock() else { return };
                job(&mut connection);
                finished.fetch_sub(1, Ordering::Release);
            }
        };
        let handle = std::thread::Builder::new().name("state-db".into()).spawn(work);
        let handle = handle.map_err(|error| StateError::Io(format!("no thread for the state DB: {error}")))?;
        Ok(WorkThread { jobs, unfinished, handle })
    }
}

/// Waits for an answer of the thread.
pub(crate) struct Pending<T>(mpsc::Receiver<Result<T, StateError>>);

impl<T> Pending<T> {
    /// Returns the answer once it is there.
    pub(crate) fn wait(self) -> Result<T, StateError> {
        self.0.recv().map_err(|_| gone())?
    }
}

/// Gives the error for what was asked of a connection that broke off in the middle of its work.
pub(super) fn gone() -> StateError {
    StateError::Io("the connection to the state DB is gone".into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests;
