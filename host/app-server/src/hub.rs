//! The clients that are connected, and what all of them are told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::Client;
use crate::envelope::Notification;
use crate::outbox::Outbox;

/// The clients that have introduced themselves.
#[derive(Default)]
pub(crate) struct Hub {
    clients: Mutex<HashMap<u64, (Arc<Client>, Outbox)>>,
    next: AtomicU64,
}

/// A client's place; it leaves with it.
pub(crate) struct Membership {
    hub: Arc<Hub>,
    number: u64,
}

impl Hub {
    /// Takes a client in.
    pub(crate) fn join(self: &Arc<Hub>, client: Arc<Client>, outbox: Outbox) -> Membership {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, (client, outbox));
        Membership { hub: self.clone(), number }
    }

    /// Tells every client that wants it.
    pub(crate) fn tell(&self, notification: &Notification) {
        let clients = self.lock();
        let mut text = None;
        for (client, outbox) in clients.values().filter(|(client, _)| client.wants(notification.method)) {
            let text = text.get_or_insert_with(|| notification.text());
            tracing::trace!(client = %client.name, method = notification.method, "told");
            outbox.push_unasked(text.clone());
        }
    }

    /// Counts the clients.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, (Arc<Client>, Outbox)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
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
