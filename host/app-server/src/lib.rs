//! Serves the threads of a Codex home to Codex's own clients, by the protocol of its app-server.

mod client;
mod envelope;
mod error;
mod methods;

pub use error::RpcError;
