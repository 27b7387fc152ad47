//! What a client is told of the server, and why it cannot be.

/// What the server is called in the configuration of clients.
pub(super) const NAME: &str = "threadkeep";

/// Says how a client begins the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The program, by its absolute path.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Says why a configuration is left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// It cannot be parsed.
    #[error("it cannot be parsed, and is left as it is: {0}")]
    Unparsable(String),
    /// It says something in the place that the server's entry should have.
    #[error("{0} is in the way, and the file is left as it is")]
    InTheWay(String),
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}
