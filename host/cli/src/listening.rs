//! What programs that listen are told alike: where, and whom they let in.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use threadkeep::{Error, ErrorKind};
use threadkeep_listen::{Address, AddressError, BindError, Listener, Token, TokenError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Usage;

/// How long what is worked at may take when the program ends.
const ENDED_WITHIN: Duration = Duration::from_secs(5);
/// Stands for standard input and output where an address may be named.
const STDIO: &str = "stdio://";

/// Whom a program that listens lets in.
#[derive(Args)]
#[command(next_help_heading = "Whom it lets in")]
pub(crate) struct LettingIn {
    /// Let in only who shows the token in this file, as `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Let in pages of this origin, as https://example.org, several times; all others are refused
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
}

impl LettingIn {
    /// Reads the token; none where none is needed.
    pub(crate) fn token(&self) -> Result<Option<Token>, Error> {
        self.token_file.as_deref().map(Token::read).transpose().map_err(|error| {
            let kind = match &error {
                TokenError::Unreadable(_, error) => ErrorKind::of_io(error),
                TokenError::NoToken(_) => ErrorKind::InvalidInput,
            };
            Error::new(kind, error.to_string())
        })
    }
}

/// Says whether standard input and output are named among addresses.
pub(crate) fn names_stdio(written: &[String]) -> bool {
    written.iter().any(|written| written == STDIO)
}

/// Reads addresses; standard input and output are none.
pub(crate) fn addresses(written: &[String]) -> Result<Vec<Address>, Usage> {
    let written = written.iter().filter(|written| *written != STDIO && *written != "off");
    written
        .map(|written| written.parse())
        .collect::<Result<_, _>>()
        .map_err(|error: AddressError| Usage(error.to_string()))
}

/// Begins to listen.
pub(crate) async fn bind(address: &Address, has_token: bool) -> Result<Listener, Error> {
    Listener::bind(address, has_token).await.map_err(|error| {
        let kind = match &error {
            BindError::Io(_, error) => ErrorKind::of_io(error),
            BindError::InUse(_) => ErrorKind::Busy,
            BindError::InTheWay(_) | BindError::OpenDirectory(_) => ErrorKind::Conflict,
            BindError::NeedsToken(_) => ErrorKind::Denied,
        };
        Error::new(kind, error.to_string())
    })
}

/// Serves to the end, and lets what is still worked at come to its own for a few seconds.
pub(crate) fn run(served: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers.min(4)).enable_all().build()?;
    let ended = runtime.block_on(served);
    // A search may be under way; its client is gone.
    runtime.shutdown_timeout(ENDED_WITHIN);
    ended
}

/// Tells when a person or a system wants the program to end.
pub(crate) struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// From now on such a signal ends nothing by itself.
    pub(crate) fn awaited() -> std::io::Result<Termination> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Termination { terminate, interrupt })
    }

    /// Waits for one.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
