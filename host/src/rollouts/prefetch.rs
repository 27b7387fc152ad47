//! A walk whose entries are looked at before they are asked for.
//!
//! ```text
//! walk: lists directories ──→ tasks ──→ some threads: stat or read heads ──→ chunks
//!              └────────────→ slots, in the order of the walk ──────────────→ pages
//! ```
//!
//! All of it is bounded, and ends with the walk.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use threadkeep_engine::contract::FileError;

use super::stat::{Probed, Prober};
use super::walk::{Entries, Entry, Location};
use crate::platform::home::Home;

/// How many entries a page has at most.
const MAX_PAGE: u32 = 16_384;
/// How many entries a task has at most; all are of one directory.
const CHUNK: usize = 128;
/// How many tasks may be on their way; each keeps its directory open.
const IN_FLIGHT: usize = 64;
/// More threads than this only wait for the disk.
const MAX_PROBERS: usize = 4;

/// Entries of one directory to be looked at, and where the result goes.
struct Task<C> {
    location: Arc<Location>,
    entries: Vec<Entry>,
    answer: SyncSender<C>,
}

/// The result of a task, in the order of the walk; none at its end, or why it ended early.
type Slot<C> = Result<Option<Receiver<C>>, FileError>;

/// Walks over a home's entries, with the next ones looked at already.
pub(super) struct Prefetch<C> {
    slots: Option<Receiver<Slot<C>>>,
    threads: Vec<JoinHandle<()>>,
    chunk: C,
    handed_out: usize,
}

impl<C> Drop for Prefetch<C> {
    fn drop(&mut self) {
        // The thread that lists fails to send then, and the others run out of tasks.
        self.slots.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<C: Probed> Prefetch<C> {
    /// Begins a walk over a home. Fails where its collections cannot be listed, or no thread can be started.
    pub(super) fn start(home: &Home) -> Result<Prefetch<C>, FileError> {
        let mut walk = Entries::of(home)?;
        // Made before the channels, so that it goes after them: where a thread cannot be started, the others run out of tasks.
        let mut prefetch = Prefetch { slots: None, threads: Vec::new(), chunk: C::default(), handed_out: 0 };
        let (slots, ordered) = sync_channel(IN_FLIGHT);
        let (tasks, inbox) = sync_channel::<Task<C>>(IN_FLIGHT);
        let inbox = Arc::new(Mutex::new(inbox));
        prefetch.slots = Some(ordered);
        let probers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_PROBERS));
        for _ in 0..probers {
            let inbox = inbox.clone();
            prefetch.spawn("probe", move || {
                let mut prober = Prober::default();
                loop {
                    let Ok(Ok(task)) = inbox.lock().map(|inbox| inbox.recv()) else { return };
                    // Where nobody waits for the result any more, there are no more tasks either.
                    let _ = task.answer.send(prober.probe(&task.location, &task.entries));
                }
            })?;
        }
        prefetch.spawn("walk", move || {
            // The end is sent as such, lest a thread that died look like the end of the home.
            let _ = slots.send(hand_out(&mut walk, &slots, &tasks).map(|()| None));
        })?;
        Ok(prefetch)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), FileError> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(work);
        self.threads.push(thread.map_err(|error| FileError::Io(format!("no thread for the walk: {error}")))?);
        Ok(())
    }

    /// Gives the next ones: as many as asked for, fewer only at the end; none there.
    pub(super) fn page(&mut self, limit: u32) -> Result<C, FileError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let mut page = C::default();
        while page.len() < limit {
            if self.handed_out == self.chunk.len() {
                match self.next_chunk()? {
                    true => continue,
                    false => break,
                }
            }
            let upto = self.chunk.len().min(self.handed_out + limit - page.len());
            page.append(&self.chunk, self.handed_out..upto);
            self.handed_out = upto;
        }
        Ok(page)
    }

    /// Waits for the next chunk; false at the end.
    fn next_chunk(&mut self) -> Result<bool, FileError> {
        let lost = |_| FileError::Io("a thread of the walk is gone".into());
        let Some(slots) = &self.slots else { return Ok(false) };
        let Some(slot) = slots.recv().map_err(lost)?? else {
            self.slots = None;
            return Ok(false);
        };
        self.chunk = slot.recv().map_err(lost)?;
        self.handed_out = 0;
        Ok(true)
    }
}

/// Lists the entries and makes tasks of them, until there are none or nobody wants them.
fn hand_out<C>(walk: &mut Entries, slots: &SyncSender<Slot<C>>, tasks: &SyncSender<Task<C>>) -> Result<(), FileError> {
    let mut current: Option<(Arc<Location>, Vec<Entry>)> = None;
    let send = |location: Arc<Location>, entries: Vec<Entry>| {
        let (answer, slot) = sync_channel(1);
        slots.send(Ok(Some(slot))).is_ok() && tasks.send(Task { location, entries, answer }).is_ok()
    };
    while let Some((location, entry)) = walk.next()? {
        match &mut current {
            Some((same, entries)) if Arc::ptr_eq(same, location) && entries.len() < CHUNK => entries.push(entry),
            other => {
                let next = (location.clone(), vec![entry]);
                if let Some((location, entries)) = other.replace(next)
                    && !send(location, entries)
                {
                    return Ok(());
                }
            }
        }
    }
    if let Some((location, entries)) = current {
        send(location, entries);
    }
    Ok(())
}
