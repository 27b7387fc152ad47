//! The clients that are connected, and what all of them are told.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::client::Client;
use crate::envelope::Notification;
use crate::outbox::Outbox;

/// How long what a client did through this server is known as such; its change is seen on the disk by then.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How long what was seen on the disk waits at most for changes that clients make through this server.
const HELD_BACK: Duration = Duration::from_secs(1);

/// The clients that have introduced themselves.
#[derive(Default)]
pub(crate) struct Hub {
    clients: Mutex<HashMap<u64, (Arc<Client>, Outbox)>>,
    next: AtomicU64,
    /// What was told of changes that clients made through this server, and when.
    own: Mutex<VecDeque<(Instant, String)>>,
    changes: Mutex<Changes>,
    change_ended: Condvar,
}

/// The changes that clients make through this server at the moment, by numbers.
#[derive(Default)]
struct Changes {
    next: u64,
    under_way: BTreeSet<u64>,
}

/// A change that a client makes through this server. It may be seen on the disk before it is told, so what is seen meanwhile is held
/// back until this is dropped, behind the telling.
pub(crate) struct ChangeUnderWay {
    hub: Arc<Hub>,
    number: u64,
}

impl Drop for ChangeUnderWay {
    fn drop(&mut self) {
        self.hub.changes().under_way.remove(&self.number);
        self.hub.change_ended.notify_all();
    }
}

/// A client's place; it leaves with it.
pub(crate) struct Membership {
    hub: Arc<Hub>,
    number: u64,
}

impl Hub {
    /// Takes a client in.
    pub(crate) fn join(self: &Arc<Hub>, number: u64, client: Arc<Client>, outbox: Outbox) -> Membership {
        self.lock().insert(number, (client, outbox));
        Membership { hub: self.clone(), number }
    }

    /// Gives a number to a client that is not taken in yet.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that a client makes a change through this server.
    pub(crate) fn begin_change(self: &Arc<Hub>) -> ChangeUnderWay {
        let mut changes = self.changes();
        let number = changes.next;
        changes.next += 1;
        changes.under_way.insert(number);
        ChangeUnderWay { hub: self.clone(), number }
    }

    /// Waits until the changes are told that are under way now.
    fn wait_for_changes(&self) {
        let changes = self.changes();
        let behind = changes.next;
        let is_earlier = |changes: &mut Changes| changes.under_way.first().is_some_and(|first| *first < behind);
        let waited = self.change_ended.wait_timeout_while(changes, HELD_BACK, is_earlier);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells every client that wants it what one of them did through this server.
    pub(crate) fn tell(&self, notification: &Notification) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|(at, _)| at.elapsed() < REMEMBERED);
        own.push_back((Instant::now(), key(notification)));
        drop(own);
        self.tell_some(notification, |_| true);
    }

    /// Tells every client that wants it what was seen on the disk, unless a client did it through this server.
    pub(crate) fn tell_of_others(&self, notification: &Notification) {
        self.wait_for_changes();
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|(at, _)| at.elapsed() < REMEMBERED);
        let key = key(notification);
        if let Some(at) = own.iter().position(|(_, told)| *told == key) {
            own.remove(at);
            return;
        }
        drop(own);
        self.tell_some(notification, |_| true);
    }

    /// Tells those of some clients that want it.
    pub(crate) fn tell_some(&self, notification: &Notification, is_meant: impl Fn(u64) -> bool) {
        let clients = self.lock();
        let mut text = None;
        let meant =
            clients.iter().filter(|(number, (client, _))| is_meant(**number) && client.wants(notification.method));
        for (_, (client, outbox)) in meant {
            let text = text.get_or_insert_with(|| notification.text());
            tracing::trace!(client = %client.name, method = notification.method, "told");
            outbox.push_unasked(text.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (Arc<Client>, Outbox)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What makes two notifications the same: all of it, but of a new thread its id, as more may be known of it by and by.
fn key(notification: &Notification) -> String {
    #[derive(Deserialize)]
    struct Started {
        thread: Id,
    }
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    match serde_json::from_str::<Started>(notification.params.get()) {
        Ok(Started { thread }) => format!("{} {}", notification.method, thread.id),
        Err(_) => format!("{} {}", notification.method, notification.params.get()),
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut clients = self.hub.lock();
        clients.remove(&self.number);
        // A thousand clients may have been there at once.
        if clients.len() * 4 < clients.capacity() {
            clients.shrink_to_fit();
        }
    }
}
