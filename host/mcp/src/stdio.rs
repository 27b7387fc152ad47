//! One client, on standard input and output: a message a line.

use rmcp::ServiceExt as _;

use crate::server::Server;

/// Says why a server ended before its clients did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The runtime cannot be made.
    #[error("the server cannot begin: {0}")]
    Runtime(#[from] std::io::Error),
    /// The client did not begin as the protocol says.
    #[error("the client did not begin as the protocol says: {0}")]
    Handshake(String),
}

/// Serves one client on standard input and output until it closes them.
pub(crate) fn serve(server: Server) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async move {
        match server.serve(rmcp::transport::io::stdio_pipes()).await {
            Ok(running) => {
                let _ = running.waiting().await;
                Ok(())
            }
            // A client that goes before it has said anything wanted nothing.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(ServeError::Handshake(error.to_string())),
        }
    });
    // A read of standard input that is under way has no end.
    runtime.shutdown_background();
    served
}
