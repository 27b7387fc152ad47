//! Serves the threads of a Codex home to Codex's own clients, by the protocol of its app-server.

mod client;
mod direct;
mod envelope;
mod error;
mod loaded;
mod methods;
mod protocol;

pub use direct::{DirectAnswer, DirectClient};
pub use error::RpcError;
