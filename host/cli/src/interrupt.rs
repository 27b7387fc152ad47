//! Ctrl-C: what is asked of the library ends, with a message; the second time the program does, at once.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use threadkeep::{Cancellation, ErrorKind};
use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

/// Gives a switch that Ctrl-C throws from now on.
pub(crate) fn cancellation() -> std::io::Result<Cancellation> {
    let cancellation = Cancellation::default();
    let (mut signals, thrown) = (Signals::new([SIGINT])?, cancellation.clone());
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if thrown.is_cancelled() {
                let _ = emulate_default_handler(signal);
            }
            thrown.cancel();
        }
    });
    Ok(cancellation)
}

/// Is told when this process is to end: by Ctrl-C or by SIGTERM.
#[derive(Clone, Default)]
pub(crate) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Says whether it is.
    pub(crate) fn has_come(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Gives what is told of the end from now on; `wake` is called then, too.
pub(crate) fn ending(wake: impl Fn() + Send + 'static) -> std::io::Result<Ending> {
    let ending = Ending::default();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let told = ending.clone();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            told.0.store(true, Ordering::Release);
            wake();
        }
    });
    Ok(ending)
}

impl Ending {
    /// Ends this process, too, once nobody reads its standard output any more, where that can be told: of a pipe, a terminal, a
    /// socket. `wake` is called then.
    pub(crate) fn comes_with_the_reader(&self, wake: impl Fn() + Send + 'static) {
        let ending = self.clone();
        std::thread::spawn(move || {
            if is_left_by_its_reader(std::io::stdout()).is_ok() {
                ending.0.store(true, Ordering::Release);
                wake();
            }
        });
    }
}

/// Waits until nobody reads what is written here any more; fails where the system does not tell, as of a file.
fn is_left_by_its_reader(output: impl AsFd) -> std::io::Result<()> {
    let output = output.as_fd().try_clone_to_owned()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Nothing is written to it here, so that it need not be one that never blocks.
    runtime.block_on(async { Sender::from_owned_fd_unchecked(output)?.ready(Interest::ERROR).await.map(drop) })
}

/// Says of what was interrupted that it was; every other error stays as it is.
pub(crate) fn told(error: anyhow::Error, what: &str) -> anyhow::Error {
    match error.downcast_ref::<threadkeep::Error>().map(threadkeep::Error::kind) {
        Some(ErrorKind::Cancelled) => error.context(format!("{what} was interrupted, so there is no answer")),
        _ => error,
    }
}
