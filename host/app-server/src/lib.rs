//! Serves the threads of a Codex home to Codex's own clients, by the protocol of its app-server.
//!
//! ```text
//! stdio (lines) ────┐
//! TCP (WebSocket) ──┼─→ connection ─→ methods ─→ the facade of the library
//! Unix socket ──────┘        └─ hub: what all clients are told
//! ```
//!
//! A main opens the home ([`ServedHome::open`]) and serves it. Nothing here runs a model: what needs one is refused, and loses nothing.

mod client;
mod connection;
mod direct;
mod envelope;
mod error;
mod follow;
mod hub;
mod kept;
mod loaded;
mod methods;
mod outbox;
mod protocol;
pub mod remote;
mod server;
mod stdio;
mod under_way;
mod websocket;

use std::io;
use std::sync::Arc;

use threadkeep::ServedHome;
use threadkeep_listen::{Guard, Listener};
use threadkeep_plugins::running::UsablePlugins;
use tokio::sync::watch;

use connection::Connection;
use server::Server;

pub use direct::{DirectAnswer, DirectClient};
pub use envelope::MAX_MESSAGE;
pub use error::RpcError;
pub use server::Naming;

/// A server of a home, over any number of listeners.
#[derive(Clone)]
pub struct AppServer(Arc<Server>);

impl AppServer {
    /// Makes a server of a home, and begins to follow it. Clients may ask for what these plugins offer.
    pub fn new(home: Arc<ServedHome>, plugins: Option<UsablePlugins>) -> AppServer {
        let server = Server::new(home, plugins);
        let following = server.clone();
        std::thread::spawn(move || follow::follow(&following));
        AppServer(server)
    }

    /// Serves one client on the standard input and output, until it has no more to say, or `stop` is told true.
    ///
    /// # Errors
    ///
    /// The streams cannot be read or written.
    pub async fn serve_stdio(&self, stop: watch::Receiver<bool>) -> io::Result<()> {
        let (connection, outbox) = Connection::open(self.0.clone(), Naming::WithoutVersion);
        stdio::serve(connection, outbox, tokio::io::stdin(), tokio::io::stdout(), stop).await
    }

    /// Serves all that connect to a listener and that the guard lets in, until `stop` is told true.
    pub async fn serve_listener(&self, listener: Listener, guard: Guard, naming: Naming, stop: watch::Receiver<bool>) {
        let (server, stopped) = (self.0.clone(), stop.clone());
        let service = move |request| websocket::respond(server.clone(), naming, request, stopped.clone());
        threadkeep_listen::serve(listener, guard, service, stop).await;
    }

    /// Ends whatever still waits for the home.
    pub fn stop(&self) {
        self.0.stop();
    }
}
