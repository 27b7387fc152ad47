//! What all connections share.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use threadkeep::WatchWaker as Waker;
use threadkeep::{Cancellation, ServedHome};
use threadkeep_plugins::running::UsablePlugins;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::envelope::{Notification, Request, RequestId, answer};
use crate::error::{INTERNAL_ERROR, RpcError};
use crate::hub::{ChangeUnderWay, Hub};
use crate::kept::KeptAnswers;
use crate::loaded::LoadedThreads;
use crate::methods::{self, Answer, Call, CallPlugins, Method};

/// How many requests are worked at at once, for each processor.
const WORKERS_PER_CPU: usize = 2;

/// A server: a home, and the clients that are connected.
pub(crate) struct Server {
    pub(crate) home: Arc<ServedHome>,
    pub(crate) hub: Arc<Hub>,
    /// The threads that clients have open.
    pub(crate) loaded: LoadedThreads,
    /// Answers that may be given again.
    kept: KeptAnswers,
    /// The installed plugins; none where there is no place for any.
    plugins: Option<UsablePlugins>,
    /// Ends the wait for what others do in the home.
    waker: Mutex<Option<Waker>>,
    /// Places for requests that are worked at.
    pub(crate) work: Semaphore,
    /// Places for searches, which take long: they leave the other places alone.
    pub(crate) searches: Semaphore,
}

/// Says whether a server names its version where Codex's clients look for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// They compare it with their own, and show nothing without one where they attach to a server by themselves.
    WithVersion,
    /// They do not warn that it is below their own.
    WithoutVersion,
}

/// Who asks.
pub(crate) struct Asker {
    pub(crate) client: Arc<Client>,
    /// The number of the connection.
    pub(crate) number: u64,
    pub(crate) cancellation: Cancellation,
}

/// What is said to a request.
pub(crate) struct Replied {
    /// The answer.
    pub(crate) text: String,
    /// What every client is told behind it.
    pub(crate) notices: Vec<Notification>,
    /// Kept until that is told, where something was changed.
    pub(crate) change: Option<ChangeUnderWay>,
    /// Another request of the same client that is to end.
    pub(crate) cancels: Option<RequestId>,
}

/// The answer to an introduction.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Introduced {
    user_agent: String,
    codex_home: String,
    platform_family: &'static str,
    platform_os: &'static str,
    server_info: ServerInfo,
}

#[derive(Serialize)]
struct ServerInfo {
    name: &'static str,
    version: &'static str,
}

impl Server {
    /// Makes a server of a home.
    pub(crate) fn new(home: Arc<ServedHome>, plugins: Option<UsablePlugins>) -> Arc<Server> {
        let cpus = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (work, searches) = (Semaphore::new(cpus * WORKERS_PER_CPU), Semaphore::new(cpus));
        let (hub, loaded, kept) = (Arc::default(), LoadedThreads::default(), KeptAnswers::default());
        Arc::new(Server { home, hub, loaded, kept, plugins, waker: Mutex::default(), work, searches })
    }

    /// Says who answers.
    pub(crate) fn introduction(&self, naming: Naming) -> Introduced {
        const NAME: &str = "threadkeep";
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        Introduced {
            user_agent: match naming {
                Naming::WithVersion => format!("{NAME}/{VERSION}"),
                Naming::WithoutVersion => NAME.into(),
            },
            codex_home: self.home.root().to_string_lossy().into_owned(),
            platform_family: std::env::consts::FAMILY,
            platform_os: std::env::consts::OS,
            server_info: ServerInfo { name: NAME, version: VERSION },
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request, asker: &Asker) -> Replied {
        let method = methods::find(&request.method, &asker.client);
        let is_change = method.as_ref().is_ok_and(|method| method.is_change);
        let change = is_change.then(|| self.hub.begin_change());
        // A fault of this program costs one answer, not the server.
        let call = || self.call(method?, request, asker);
        let answered = std::panic::catch_unwind(AssertUnwindSafe(call));
        let answered = answered.unwrap_or_else(|_| {
            let why = format!("{} failed by a fault of this program", request.method);
            Err(RpcError::new(INTERNAL_ERROR, why))
        });
        match answered {
            Ok(Answer { result, notices, cancels }) => {
                Replied { text: answer(&request.id, &Ok(result)), notices, change, cancels }
            }
            Err(error) => {
                tracing::debug!(method = request.method, code = error.code, "a request was refused");
                Replied { text: answer(&request.id, &Err(error)), notices: Vec::new(), change, cancels: None }
            }
        }
    }

    fn call(&self, method: &Method, request: &Request, asker: &Asker) -> Result<Answer, RpcError> {
        if method.is_change {
            self.home.wait_until_settled();
        }
        let threads = self.home.fresh_threads()?;
        let call = Call {
            threads: &threads.cancellable(asker.cancellation.clone()),
            client: &asker.client,
            params: request.params.as_deref(),
            loaded: &self.loaded,
            kept: &self.kept,
            connection: asker.number,
            plugins: CallPlugins { installed: self.plugins.as_ref(), cancellation: &asker.cancellation },
        };
        (method.run)(&call)
    }

    /// Lets go of what a client had open that is gone.
    pub(crate) fn left(self: &Arc<Self>, number: u64) {
        let closed = self.loaded.close_all(number);
        if closed.is_empty() {
            return;
        }
        let server = self.clone();
        // Closing writes; nobody waits for it.
        std::thread::spawn(move || {
            let Ok(threads) = server.home.threads() else { return };
            for thread in closed {
                methods::close(&threads, &thread);
                if let Ok(notification) = methods::not_loaded(&thread) {
                    server.hub.tell(&notification);
                }
            }
        });
    }

    /// Notes what ends the wait for what others do in the home.
    pub(crate) fn is_followed_by(&self, waker: Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    /// Ends whatever waits.
    pub(crate) fn stop(&self) {
        self.home.stop();
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake();
        }
    }
}
