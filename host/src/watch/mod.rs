//! Watches a home, and tells what happens in its threads as it happens.
//!
//! ```text
//! system ─→ notices ─→ watcher ─→ subscribers ─→ whoever asked, each with a queue
//!            (places)     │  known: what was there at the last look
//!                         ├─ index: the rows are brought up to date with the file
//!                         └─ core: what happened in the rollout, what became of the thread
//! ```
//!
//! A home is watched once a process, by one thread, as long as somebody listens. A file that changed only says which threads are to
//! be looked at: each is compared by its row, and its current rollout is read on from where the thread was read before. What the
//! system loses, and what there is no watch for, a walk over the files finds: sizes and times alone.
//!
//! What happened is decided by the core; here is only when it is asked, and of which file.

mod error;
mod events;
mod known;
mod notices;
mod ordered_texts;
mod stamp;
mod states;
mod subscribers;
mod watcher;
mod writers;

use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::Duration;

use crate::threads::reader::ThreadReader;

pub use error::WatchError;
pub use events::{Happening, ThreadEvent, WatchEvent};
pub(crate) use states::{states_of, threads_at_work};

use notices::Notices;
use subscribers::{Queue, Subscribers};

/// Says how to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchOptions {
    /// How many events are kept for one who does not ask in time; at least two.
    pub capacity: usize,
    /// How many directories are watched at most; the others are gone through. It counts where nobody watches the home yet.
    pub max_watches: usize,
}

impl Default for WatchOptions {
    fn default() -> WatchOptions {
        WatchOptions { capacity: 8_192, max_watches: usize::MAX }
    }
}

/// Is told what happens in a home from the moment on at which it was made. With the last one the watching ends.
pub struct Watch {
    queue: Arc<Queue>,
    running: Arc<Running>,
}

impl Watch {
    /// Takes what happened since the last call. Where nothing did it waits until something does, a [`WatchWaker`] wakes it, or the
    /// time is over; the answer is empty then.
    pub fn next(&self, timeout: Duration) -> Vec<WatchEvent> {
        self.queue.take(timeout)
    }

    /// Gives what wakes one who waits, from another thread.
    pub fn waker(&self) -> WatchWaker {
        WatchWaker(self.queue.clone())
    }

    /// Gives what tells whether the watching keeps up, for as long as it goes on.
    pub fn pace(&self) -> WatchPace {
        WatchPace(Arc::downgrade(&self.running))
    }

    /// Takes the warnings since the last call, each a sentence for a person, and told once: at first those that hold.
    pub fn take_warnings(&self) -> Vec<String> {
        self.queue.take_warnings()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.running.subscribers.remove(&self.queue);
    }
}

/// Wakes one who waits for events.
#[derive(Clone)]
pub struct WatchWaker(Arc<Queue>);

impl WatchWaker {
    /// Has the call return that waits now, or else the next one.
    pub fn wake(&self) {
        self.0.wake();
    }
}

/// Tells whether a home is watched and the watching keeps up.
#[derive(Clone, Default)]
pub struct WatchPace(Weak<Running>);

impl WatchPace {
    /// Says whether all that changed in the home a second ago is in its rows. It is not where nobody watches any more, where there are
    /// no watches for all directories, and where so much changes, or so large rollouts do, that it takes longer.
    pub fn keeps_up(&self) -> bool {
        self.0.upgrade().is_some_and(|running| running.notices.are_looked_at())
    }
}

/// The watching of a home.
struct Running {
    subscribers: Arc<Subscribers>,
    notices: Arc<Notices>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.notices.end();
    }
}

/// Watches a home where somebody listens, and once.
#[derive(Default)]
pub(crate) struct HomeWatcher(Mutex<Weak<Running>>);

impl HomeWatcher {
    /// Adds one who listens. What happens after this has returned is told.
    ///
    /// # Errors
    ///
    /// Fails where the threads of the home cannot be listed.
    pub(crate) fn watch(&self, reader: &ThreadReader, options: &WatchOptions) -> Result<Watch, WatchError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match known.upgrade() {
            Some(running) => running,
            None => {
                let running = start(reader, options.max_watches)?;
                *known = Arc::downgrade(&running);
                running
            }
        };
        let queue = running.subscribers.add(options.capacity);
        Ok(Watch { queue, running })
    }
}

/// Starts the thread that watches; it is ready when this returns.
fn start(reader: &ThreadReader, max_watches: usize) -> Result<Arc<Running>, WatchError> {
    let (subscribers, notices) = (Arc::new(Subscribers::default()), Arc::new(Notices::default()));
    let running = Arc::new(Running { subscribers: subscribers.clone(), notices: notices.clone() });
    let (ready, is_ready) = mpsc::channel();
    let reader = reader.clone();
    let watch = move || match watcher::Watcher::begin(reader, subscribers, notices, max_watches) {
        Ok(mut watcher) => {
            let _ = ready.send(Ok(()));
            watcher.run();
        }
        Err(error) => drop(ready.send(Err(error))),
    };
    std::thread::Builder::new().name("watch".into()).spawn(watch).map_err(WatchError::Thread)?;
    match is_ready.recv() {
        Ok(begun) => begun.map(|()| running),
        Err(_) => Err(WatchError::Thread(std::io::Error::other("it ended at once"))),
    }
}
