//! Ctrl-C: what is asked of the library ends, with a message; the second time the program does, at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use threadkeep::{Cancellation, ErrorKind};

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

/// Says of what was interrupted that it was; every other error stays as it is.
pub(crate) fn told(error: anyhow::Error, what: &str) -> anyhow::Error {
    match error.downcast_ref::<threadkeep::Error>().map(threadkeep::Error::kind) {
        Some(ErrorKind::Cancelled) => error.context(format!("{what} was interrupted, so there is no answer")),
        _ => error,
    }
}
