//! Answers agents that ask for threads by the Model Context Protocol.
//!
//! ```text
//! client ──→ stdio or http ──→ server ──→ tools (a file each) ──→ guard ──→ Threadkeep, the library's facade
//!                                            │                      └ scope, excluded directories, the thread that asks
//!                                            └──→ answer: cleaned, without secrets, within its bound, with a cursor for the rest
//! ```
//!
//! What threads say stands in fields of data alone, with who said it and as what; never in descriptions, instructions or prompts.

mod answer;
mod changes;
mod config;
mod cursor;
mod entries;
mod failure;
mod guard;
mod http;
pub mod install;
mod prompts;
mod resources;
mod schemas;
mod server;
mod stdio;
mod summary;
mod text;
mod times;
mod tools;

use threadkeep_listen::{Guard, Listener};
use tokio::sync::watch;

use server::Server;

pub use config::Config;
pub use guard::Scope;
pub use http::PATH;
pub use stdio::ServeError;

/// A server of a home: for one client on standard input and output, or for many over any number of listeners.
#[derive(Clone)]
pub struct McpServer(Server);

impl McpServer {
    /// Makes a server, which begins to open its home.
    pub fn new(config: Config) -> McpServer {
        McpServer(Server::new(config))
    }

    /// Serves one client on standard input and output until it closes them.
    ///
    /// # Errors
    ///
    /// Fails where there are no threads to be had, and where the client does not speak the protocol.
    pub fn serve_stdio(self) -> Result<(), ServeError> {
        stdio::serve(self.0)
    }

    /// Serves all that ask a listener by streamable HTTP and that the guard lets in, until `stop` is told true: pages of these
    /// origins, too, which the guard must let in. Every client has a session of its own; the home is open once.
    pub async fn serve_listener(
        &self,
        listener: Listener,
        guard: Guard,
        origins: Vec<String>,
        stop: watch::Receiver<bool>,
    ) {
        let server = http::HttpServer::new(&self.0, listener.address(), &origins);
        let asked = server.clone();
        let service = move |request| {
            let server = asked.clone();
            async move { server.respond(request).await }
        };
        let mut told = stop.clone();
        let ending = async {
            threadkeep_listen::stopped(&mut told).await;
            server.stop();
        };
        tokio::join!(threadkeep_listen::serve(listener, guard, service, stop), ending);
    }

    /// Ends whatever still waits for the home.
    pub fn stop(&self) {
        self.0.stop();
    }
}
