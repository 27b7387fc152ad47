//! What all connections share.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde::Serialize;
use threadkeep::Cancellation;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::envelope::{Request, answer};
use crate::error::{INTERNAL_ERROR, RpcError};
use crate::hub::Hub;
use crate::methods::{self, Answer, Call, Notice};
use crate::served_home::ServedHome;

/// How many requests are worked at at once, for each processor.
const WORKERS_PER_CPU: usize = 2;

/// A server: a home, and the clients that are connected.
pub(crate) struct Server {
    pub(crate) home: Arc<ServedHome>,
    pub(crate) hub: Arc<Hub>,
    /// Places for requests that are worked at.
    pub(crate) work: Semaphore,
    /// Places for searches, which take long: they leave the other places alone.
    pub(crate) searches: Semaphore,
    /// Whether it says its version where Codex's clients look for one: some show nothing without.
    names_version: bool,
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
    pub(crate) fn new(home: Arc<ServedHome>, names_version: bool) -> Arc<Server> {
        let cpus = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (work, searches) = (Semaphore::new(cpus * WORKERS_PER_CPU), Semaphore::new(cpus));
        Arc::new(Server { home, hub: Arc::default(), work, searches, names_version })
    }

    /// Says who answers.
    pub(crate) fn introduction(&self) -> Introduced {
        const NAME: &str = "threadkeep";
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        Introduced {
            // Codex's clients compare a version with their own, and warn of an older one.
            user_agent: if self.names_version { format!("{NAME}/{VERSION}") } else { NAME.into() },
            codex_home: self.home.root().to_string_lossy().into_owned(),
            platform_family: std::env::consts::FAMILY,
            platform_os: std::env::consts::OS,
            server_info: ServerInfo { name: NAME, version: VERSION },
        }
    }

    /// Answers a request: the text of the answer, and what is told behind it.
    pub(crate) fn answer(
        &self,
        request: &Request,
        client: &Client,
        cancellation: &Cancellation,
    ) -> (String, Vec<Notice>) {
        // A fault of this program costs one answer, not the server.
        let answered = std::panic::catch_unwind(AssertUnwindSafe(|| self.call(request, client, cancellation)));
        let answered = answered.unwrap_or_else(|_| {
            let why = format!("{} failed by a fault of this program", request.method);
            Err(RpcError::new(INTERNAL_ERROR, why))
        });
        if let Err(error) = &answered {
            tracing::debug!(method = request.method, code = error.code, "a request was refused");
        }
        match answered {
            Ok(Answer { result, notices }) => (answer(&request.id, &Ok(result)), notices),
            Err(error) => (answer(&request.id, &Err(error)), Vec::new()),
        }
    }

    fn call(&self, request: &Request, client: &Client, cancellation: &Cancellation) -> Result<Answer, RpcError> {
        let method = methods::find(&request.method, client)?;
        let threads = self.home.threads().ok_or_else(|| RpcError::new(INTERNAL_ERROR, "the server is ending"))?;
        let threads = threads.cancellable(cancellation.clone());
        let call = Call { threads: &threads, client, params: request.params.as_deref(), cancellation };
        (method.run)(&call)
    }
}
