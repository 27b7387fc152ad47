//! Ctrl-C: what is asked of the library ends, with a message; the second time the program does, at once.

use signal_hook::consts::SIGINT;
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

/// Says of what was interrupted that it was; every other error stays as it is.
pub(crate) fn told(error: anyhow::Error, what: &str) -> anyhow::Error {
    match error.downcast_ref::<threadkeep::Error>().map(threadkeep::Error::kind) {
        Some(ErrorKind::Cancelled) => error.context(format!("{what} was interrupted, so there is no answer")),
        _ => error,
    }
}
