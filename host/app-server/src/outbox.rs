//! What is to be sent to a client: bounded in bytes, so that a client that reads nothing costs no more than that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, mpsc};

use crate::under_way::UnderWay;

/// How many bytes wait for a client at most; an answer that is longer waits alone.
const LIMIT: usize = 4 << 20;

/// Takes what is to be sent.
#[derive(Clone)]
pub(crate) struct Outbox {
    messages: mpsc::UnboundedSender<(String, u32)>,
    room: Arc<Semaphore>,
    has_overflowed: Arc<AtomicBool>,
}

/// Hands out what is to be sent, in order.
pub(crate) struct OutboxReader {
    messages: mpsc::UnboundedReceiver<(String, u32)>,
    room: Arc<Semaphore>,
    has_overflowed: Arc<AtomicBool>,
    /// The bytes of the message that is being sent.
    taken: u32,
    /// Ends what is under way for the client when it is gone.
    under_way: UnderWay,
}

/// The client is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// Makes an outbox. When its reader goes, nobody wants an answer any more.
pub(crate) fn outbox(under_way: UnderWay) -> (Outbox, OutboxReader) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (room, has_overflowed) = (Arc::new(Semaphore::new(LIMIT)), Arc::new(AtomicBool::new(false)));
    let outbox = Outbox { messages: sender, room: room.clone(), has_overflowed: has_overflowed.clone() };
    (outbox, OutboxReader { messages: receiver, room, has_overflowed, taken: 0, under_way })
}

fn size(message: &str) -> u32 {
    message.len().clamp(1, LIMIT) as u32
}

impl Outbox {
    /// Adds a message, as soon as there is room for it.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub(crate) async fn push(&self, message: String) -> Result<(), Gone> {
        let size = size(&message);
        self.room.acquire_many(size).await.map_err(|_| Gone)?.forget();
        self.messages.send((message, size)).map_err(|_| Gone)
    }

    /// Adds a message that nobody asked for. Where there is no room the client has not read for long: it is let go.
    pub(crate) fn push_unasked(&self, message: String) {
        let size = size(&message);
        match self.room.try_acquire_many(size) {
            Ok(room) => {
                room.forget();
                let _ = self.messages.send((message, size));
            }
            Err(_) => {
                self.has_overflowed.store(true, Ordering::Relaxed);
                self.room.close();
            }
        }
    }
}

impl OutboxReader {
    /// Gives the next message; none at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.room.add_permits(std::mem::take(&mut self.taken) as usize);
        if self.has_overflowed() {
            return None;
        }
        let (message, size) = self.messages.recv().await?;
        self.taken = size;
        Some(message)
    }

    /// Gives the next message where it is there already.
    pub(crate) fn next_now(&mut self) -> Option<String> {
        let (message, size) = self.messages.try_recv().ok()?;
        self.taken += size;
        Some(message)
    }

    /// Says whether the client did not read what it was told.
    pub(crate) fn has_overflowed(&self) -> bool {
        self.has_overflowed.load(Ordering::Relaxed)
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.room.close();
        self.under_way.cancel_all();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn an_answer_waits_until_there_is_room_and_nothing_is_lost() {
        run(async {
            let (outbox, mut reader) = outbox(UnderWay::default());
            let long = "x".repeat(LIMIT / 2);
            outbox.push(long.clone()).await.unwrap();
            outbox.push(long.clone()).await.unwrap();
            let waiting = tokio::spawn(async move { outbox.push("last".into()).await.is_ok() });
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            assert_eq!(reader.next().await.unwrap().len(), LIMIT / 2);
            assert_eq!(reader.next().await.unwrap().len(), LIMIT / 2);
            assert_eq!(reader.next().await.unwrap(), "last");
            assert!(waiting.await.unwrap());
            assert!(reader.next().await.is_none());
        });
    }

    #[test]
    fn an_answer_over_the_limit_goes_out_alone() {
        run(async {
            let (outbox, mut reader) = outbox(UnderWay::default());
            outbox.push("x".repeat(LIMIT * 2)).await.unwrap();
            assert_eq!(reader.next().await.unwrap().len(), LIMIT * 2);
        });
    }

    #[test]
    fn a_client_that_does_not_read_what_it_is_told_is_let_go() {
        run(async {
            let (outbox, mut reader) = outbox(UnderWay::default());
            for _ in 0..9 {
                outbox.push_unasked("x".repeat(LIMIT / 8));
            }
            assert!(reader.next().await.is_none());
            assert!(reader.has_overflowed());
            assert!(outbox.push("answer".into()).await.is_err());
        });
    }

    #[test]
    fn who_waits_for_a_client_that_is_gone_is_told_so() {
        run(async {
            let (outbox, reader) = outbox(UnderWay::default());
            outbox.push("x".repeat(LIMIT)).await.unwrap();
            let waiting = tokio::spawn(async move { outbox.push("more".into()).await.is_err() });
            tokio::task::yield_now().await;
            drop(reader);
            assert!(waiting.await.unwrap());
        });
    }
}
