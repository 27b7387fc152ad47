//! Those who watch, each with a queue of its own, which holds so many events and no more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::events::WatchEvent;

/// Holds what one who watches was not told yet.
pub(super) struct Queue {
    events: Mutex<Waiting>,
    news: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<WatchEvent>,
    warnings: Vec<String>,
    woken: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what waits. Where nothing does it blocks until something comes, somebody wakes it, or the time is over.
    pub(super) fn take(&self, timeout: Duration) -> Vec<WatchEvent> {
        let until = Instant::now().checked_add(timeout);
        let mut waiting = self.lock();
        while waiting.events.is_empty() && !std::mem::take(&mut waiting.woken) {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                break;
            }
            waiting = match left {
                Some(left) => self.news.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
        waiting.events.drain(..).collect()
    }

    pub(super) fn wake(&self) {
        self.lock().woken = true;
        self.news.notify_all();
    }

    pub(super) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().warnings)
    }

    fn warn(&self, warning: &str) {
        let mut waiting = self.lock();
        if !waiting.warnings.iter().any(|other| other == warning) {
            waiting.warnings.push(warning.into());
            waiting.woken = true;
            self.news.notify_all();
        }
    }

    fn push(&self, event: WatchEvent) {
        let mut waiting = self.lock();
        if waiting.events.len() >= self.capacity {
            waiting.events.clear();
            waiting.events.push_back(WatchEvent::Lagged);
        }
        waiting.events.push_back(event);
        self.news.notify_all();
    }
}

/// Knows everybody who watches, and what everybody is to know who begins to.
#[derive(Default)]
pub(super) struct Subscribers(Mutex<Listening>);

#[derive(Default)]
struct Listening {
    queues: Vec<Arc<Queue>>,
    /// Warnings that still hold, by what they are of.
    standing: BTreeMap<String, String>,
}

impl Subscribers {
    fn lock(&self) -> MutexGuard<'_, Listening> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one whose queue holds so many events, at least two. He is told the warnings that hold now.
    pub(super) fn add(&self, capacity: usize) -> Arc<Queue> {
        let mut listening = self.lock();
        let warnings: Vec<String> = listening.standing.values().cloned().collect();
        let waiting = Waiting { events: VecDeque::new(), woken: !warnings.is_empty(), warnings };
        let (events, news, capacity) = (Mutex::new(waiting), Condvar::new(), capacity.max(2));
        let queue = Arc::new(Queue { events, news, capacity });
        listening.queues.push(queue.clone());
        queue
    }

    pub(super) fn remove(&self, queue: &Arc<Queue>) {
        self.lock().queues.retain(|other| !Arc::ptr_eq(other, queue));
    }

    /// Tells everybody.
    pub(super) fn tell(&self, event: &WatchEvent) {
        self.lock().queues.iter().for_each(|queue| queue.push(event.clone()));
    }

    /// Gives everybody a sentence for a person, once.
    pub(super) fn warn(&self, warning: &str) {
        self.lock().queues.iter().for_each(|queue| queue.warn(warning));
    }

    /// Gives everybody a sentence that holds until it is withdrawn: whoever begins to watch until then is told it, too.
    pub(super) fn warn_of(&self, what: &str, warning: String) {
        let mut listening = self.lock();
        listening.queues.iter().for_each(|queue| queue.warn(&warning));
        listening.standing.insert(what.into(), warning);
    }

    /// What a warning is of is well again.
    pub(super) fn withdraw(&self, what: &str) {
        self.lock().standing.remove(what);
    }
}
