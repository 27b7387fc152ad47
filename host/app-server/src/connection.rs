//! A connection, whatever carries its messages.
//!
//! ```text
//! messages ─→ receive ─→ queue ─→ worker ─→ outbox ─→ messages
//!                │                    └─→ hub: what all clients are told, behind the answer
//!                └─→ beside: searches, a few at once
//! ```
//!
//! Requests of a connection are answered in their order, but for searches, which take long and may be cancelled. The queue is short:
//! while it is full nothing more is read, so that a client that asks much waits, and loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use threadkeep::Cancellation;
use tokio::sync::{Semaphore, mpsc};

use crate::client::{Client, Introduction};
use crate::envelope::{Incoming, Notification, Request, answer, answer_to_malformed, raw, read};
use crate::error::{OVERLOADED, RpcError};
use crate::hub::{ChangeUnderWay, Membership};
use crate::methods;
use crate::outbox::{Gone, Outbox, OutboxReader, outbox};
use crate::server::{Asker, Naming, Replied, Server};
use crate::under_way::UnderWay;

/// How many requests wait in a connection at most.
const QUEUE: usize = 64;
/// How many bytes of answers are made before they are sent.
const BATCH: usize = 256 * 1024;
/// How many searches a connection has under way at most.
const BESIDE: usize = 4;

/// What waits to be sent or done, in order.
enum Work {
    Request(Request),
    /// Its answer is known.
    Answered(String),
}

/// A connection. It ends with its last message, or when the client is gone.
pub(crate) struct Connection {
    server: Arc<Server>,
    naming: Naming,
    outbox: Outbox,
    queue: Option<mpsc::Sender<Work>>,
    beside: Arc<Semaphore>,
    client: Option<Arc<Client>>,
    number: u64,
    membership: Option<Membership>,
    under_way: UnderWay,
}

/// What a connection's worker has.
struct Worker {
    server: Arc<Server>,
    client: Arc<Client>,
    outbox: Outbox,
    under_way: UnderWay,
    /// The number of the connection.
    number: u64,
    /// The switch of what this worker works at.
    cancellation: Cancellation,
}

impl Connection {
    /// Makes a connection, and what hands out its messages.
    pub(crate) fn open(server: Arc<Server>, naming: Naming) -> (Connection, OutboxReader) {
        let under_way = UnderWay::default();
        let (outbox, reader) = outbox(under_way.clone());
        let connection = Connection {
            number: server.hub.number(),
            server,
            naming,
            outbox,
            queue: None,
            beside: Arc::new(Semaphore::new(BESIDE)),
            client: None,
            membership: None,
            under_way,
        };
        (connection, reader)
    }

    /// Takes a message; waits while many wait already.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub(crate) async fn receive(&mut self, text: &str) -> Result<(), Gone> {
        match read(text) {
            Incoming::Unanswered => Ok(()),
            Incoming::Malformed(id, error) => {
                self.enqueue(Work::Answered(answer_to_malformed(id.as_ref(), &error))).await
            }
            Incoming::Request(request) if request.method == "initialize" => {
                let introduced = self.introduce(&request);
                let text = answer(&request.id, &introduced);
                // The worker begins with the introduction, so that nothing overtakes its answer.
                if introduced.is_ok() && self.queue.is_none() {
                    self.begin(text).await
                } else {
                    self.enqueue(Work::Answered(text)).await
                }
            }
            Incoming::Request(request) => {
                let Some(client) = &self.client else {
                    let error = RpcError::invalid("Not initialized");
                    return self.enqueue(Work::Answered(answer(&request.id, &Err(error)))).await;
                };
                match methods::find(&request.method, client) {
                    Err(error) => self.enqueue(Work::Answered(answer(&request.id, &Err(error)))).await,
                    Ok(method) if method.is_beside => self.run_beside(request, client.clone()).await,
                    Ok(_) => self.enqueue(Work::Request(request)).await,
                }
            }
        }
    }

    /// Answers what cannot be read as text.
    pub(crate) async fn refuse(&mut self, error: RpcError) -> Result<(), Gone> {
        self.enqueue(Work::Answered(answer_to_malformed(None, &error))).await
    }

    /// Ends the connection where it has no more messages: what was asked is still answered.
    pub(crate) async fn finish(mut self) {
        self.queue = None;
        // The worker has the last other clone of the outbox but for searches.
        let _ = self.beside.acquire_many(BESIDE as u32).await;
    }

    /// Knows the client.
    fn introduce(&mut self, request: &Request) -> Result<Box<serde_json::value::RawValue>, RpcError> {
        if self.client.is_some() {
            return Err(RpcError::invalid("Already initialized"));
        }
        let introduction: Introduction = methods::read_params(request.params.as_deref())?;
        let introduced = raw(&self.server.introduction(self.naming))?;
        self.client = Some(Arc::new(introduction.into()));
        Ok(introduced)
    }

    /// Sends the answer to the introduction, and begins to work.
    async fn begin(&mut self, text: String) -> Result<(), Gone> {
        let Some(client) = self.client.clone() else { return Ok(()) };
        self.outbox.push(text).await?;
        self.membership = Some(self.server.hub.join(self.number, client.clone(), self.outbox.clone()));
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queue = Some(sender);
        tokio::spawn(self.worker(client, self.under_way.in_order()).run(receiver));
        Ok(())
    }

    fn worker(&self, client: Arc<Client>, cancellation: Cancellation) -> Worker {
        let (server, outbox, under_way) = (self.server.clone(), self.outbox.clone(), self.under_way.clone());
        Worker { server, client, outbox, under_way, number: self.number, cancellation }
    }

    async fn enqueue(&self, work: Work) -> Result<(), Gone> {
        match (&self.queue, work) {
            (Some(queue), work) => queue.send(work).await.map_err(|_| Gone),
            // Before the introduction nothing is worked at.
            (None, Work::Answered(text)) => self.outbox.push(text).await,
            (None, Work::Request(_)) => Ok(()),
        }
    }

    async fn run_beside(&self, request: Request, client: Arc<Client>) -> Result<(), Gone> {
        let Ok(place) = self.beside.clone().try_acquire_owned() else {
            let why = format!("{BESIDE} searches are under way; cancel one, or wait for one to end");
            return self.enqueue(Work::Answered(answer(&request.id, &Err(RpcError::new(OVERLOADED, why))))).await;
        };
        let worker = self.worker(client, self.under_way.begin(&request.id));
        tokio::spawn(async move {
            let id = request.id.clone();
            let _ = worker.work_at(VecDeque::from([Work::Request(request)]), &worker.server.searches).await;
            worker.under_way.end(&id);
            drop(place);
        });
        Ok(())
    }
}

impl Worker {
    /// Works at what is queued, until there is no more, or the client is gone.
    async fn run(self, mut queue: mpsc::Receiver<Work>) {
        while let Some(work) = queue.recv().await {
            let mut batch = VecDeque::from([work]);
            while let Ok(work) = queue.try_recv() {
                batch.push_back(work);
            }
            while !batch.is_empty() {
                match self.work_at(batch, &self.server.work).await {
                    Ok(rest) => batch = rest,
                    Err(Gone) => return,
                }
            }
        }
    }

    /// Answers the first of a batch, sends the answers, and gives what is left.
    async fn work_at(&self, batch: VecDeque<Work>, places: &Semaphore) -> Result<VecDeque<Work>, Gone> {
        let asker = Asker { client: self.client.clone(), number: self.number, cancellation: self.cancellation.clone() };
        let (server, under_way) = (self.server.clone(), self.under_way.clone());
        let place = places.acquire().await;
        let worked = tokio::task::spawn_blocking(move || answers(&server, &asker, &under_way, batch)).await;
        drop(place);
        let Ok((answers, rest)) = worked else { return Err(Gone) };
        for Answered { text, notices, change } in answers {
            self.outbox.push(text).await?;
            for notification in &notices {
                self.server.hub.tell(notification);
            }
            drop(change);
        }
        Ok(rest)
    }
}

/// An answer that is to be sent, and what is told behind it.
struct Answered {
    text: String,
    notices: Vec<Notification>,
    change: Option<ChangeUnderWay>,
}

/// Answers requests until there is enough to send.
fn answers(
    server: &Server,
    asker: &Asker,
    under_way: &UnderWay,
    mut batch: VecDeque<Work>,
) -> (Vec<Answered>, VecDeque<Work>) {
    let (mut answers, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH
        && let Some(work) = batch.pop_front()
    {
        let answered = match work {
            Work::Answered(text) => Answered { text, notices: Vec::new(), change: None },
            Work::Request(request) => {
                let Replied { text, notices, change, cancels } = server.answer(&request, asker);
                if let Some(request) = cancels {
                    under_way.cancel(&request);
                }
                Answered { text, notices, change }
            }
        };
        bytes += answered.text.len();
        answers.push(answered);
    }
    (answers, batch)
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.client.is_some() {
            self.server.left(self.number);
        }
    }
}
