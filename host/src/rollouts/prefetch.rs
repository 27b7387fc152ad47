//! A walk whose entries are looked at ahead of the one who asks for them: one thread lists the directories, some look at
//! what is in them, and the answers come in the order of the list. All of it is bounded, and ends with the walk.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::pack::PACKED;
use super::stat::{Piece, Prober, What};
use super::walk::{Entry, Location, Names};
use crate::component::imports::rollouts::Error;
use crate::platform::home::Home;

/// At most this many entries are handed out at a time.
const MOST: u32 = 16_384;
/// Entries looked at in one go; all are of one directory.
const CHUNK: usize = 128;
/// Handfuls on their way; each keeps its directory open.
const IN_FLIGHT: usize = 64;
/// More threads than this only wait for the disk.
const MOST_PROBERS: usize = 4;

/// A chunk, and where what it is found to be goes.
struct Task {
    place: Arc<Location>,
    entries: Vec<Entry>,
    answer: SyncSender<Piece>,
}

/// The place of an answer in the order of the walk; none at its end, or why it ended early.
type Slot = Result<Option<Receiver<Piece>>, Error>;

/// A walk under way.
pub(super) struct Prefetch {
    slots: Option<Receiver<Slot>>,
    threads: Vec<JoinHandle<()>>,
    piece: Piece,
    handed_out: usize,
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        // The one who lists then has nobody to tell, and the others nothing to do.
        self.slots.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Prefetch {
    /// Of a home, from the beginning.
    pub(super) fn of(home: &Home, what: What) -> Result<Prefetch, Error> {
        let mut names = Names::of(home)?;
        let (slots, ordered) = sync_channel(IN_FLIGHT);
        let (tasks, inbox) = sync_channel::<Task>(IN_FLIGHT);
        let inbox = Arc::new(Mutex::new(inbox));
        let mut ahead = Prefetch { slots: Some(ordered), threads: Vec::new(), piece: Piece::default(), handed_out: 0 };
        let lookers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_PROBERS));
        for _ in 0..lookers {
            let inbox = inbox.clone();
            ahead.start("look", move || {
                let mut looker = Prober::new(what);
                loop {
                    let Ok(Ok(task)) = inbox.lock().map(|inbox| inbox.recv()) else { return };
                    // Nobody waits for it any more: the next one says so too.
                    let _ = task.answer.send(looker.look(&task.place, &task.entries));
                }
            })?;
        }
        ahead.start("walk", move || {
            // Said, lest a thread that died look like the end of the home.
            let _ = slots.send(hand_out(&mut names, &slots, &tasks).map(|()| None));
        })?;
        Ok(ahead)
    }

    fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(work);
        self.threads.push(thread.map_err(|error| Error::Io(format!("no thread for the walk: {error}")))?);
        Ok(())
    }

    /// The next entries, packed: as many as asked for, fewer only at the end; empty there.
    pub(super) fn packed(&mut self, limit: u32) -> Result<Vec<u8>, Error> {
        let mut left = limit.clamp(1, MOST) as usize;
        let mut packed = Vec::new();
        while left > 0 {
            let Some(last) = self.piece.ends.len().checked_sub(1).filter(|last| self.handed_out <= *last) else {
                match self.next_piece()? {
                    true => continue,
                    false => break,
                }
            };
            let upto = last.min(self.handed_out + left - 1);
            let from = self.handed_out.checked_sub(1).map_or(0, |before| self.piece.ends[before]);
            if packed.is_empty() {
                packed.push(PACKED);
            }
            packed.extend_from_slice(&self.piece.bytes[from..self.piece.ends[upto]]);
            left -= upto + 1 - self.handed_out;
            self.handed_out = upto + 1;
        }
        Ok(packed)
    }

    /// Waits for the next chunk; false at the end.
    fn next_piece(&mut self) -> Result<bool, Error> {
        let lost = |_| Error::Io("a thread of the walk is gone".into());
        let Some(slots) = &self.slots else { return Ok(false) };
        let Some(slot) = slots.recv().map_err(lost)?? else {
            self.slots = None;
            return Ok(false);
        };
        self.piece = slot.recv().map_err(lost)?;
        self.handed_out = 0;
        Ok(true)
    }
}

/// Lists the entries and hands them out, until there are none or nobody wants them.
fn hand_out(names: &mut Names, slots: &SyncSender<Slot>, tasks: &SyncSender<Task>) -> Result<(), Error> {
    let mut under_way: Option<(Arc<Location>, Vec<Entry>)> = None;
    let send = |place: Arc<Location>, entries: Vec<Entry>| {
        let (answer, slot) = sync_channel(1);
        slots.send(Ok(Some(slot))).is_ok() && tasks.send(Task { place, entries, answer }).is_ok()
    };
    while let Some((place, entry)) = names.next()? {
        match &mut under_way {
            Some((same, entries)) if Arc::ptr_eq(same, place) && entries.len() < CHUNK => entries.push(entry),
            other => {
                let next = (place.clone(), vec![entry]);
                if let Some((place, entries)) = other.replace(next)
                    && !send(place, entries)
                {
                    return Ok(());
                }
            }
        }
    }
    if let Some((place, entries)) = under_way {
        send(place, entries);
    }
    Ok(())
}
