//! The terminal is given back before a panic is told, and the panic is told once that is done.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::ThreadId;

/// Whether the terminal is taken: not, in some lines, as a whole.
static TAKEN: AtomicU8 = AtomicU8::new(0);

pub(super) fn taken(is_whole: bool) {
    TAKEN.store(1 + u8::from(is_whole), Ordering::SeqCst);
}

pub(super) fn given_back() {
    TAKEN.store(0, Ordering::SeqCst);
}

/// Says whether the terminal is taken; it is not once a panic gave it back.
pub(super) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst) != 0
}

/// Gives the terminal back, if it is taken.
fn give_back() {
    let taken = TAKEN.swap(0, Ordering::SeqCst);
    if taken == 0 {
        return;
    }
    let _ = crossterm::terminal::disable_raw_mode();
    if let Ok(mut tty) = OpenOptions::new().write(true).open("/dev/tty") {
        // No synchronized update, no mouse, no bracketed paste, the usual screen, a cursor.
        let _ = tty.write_all(b"\x1b[?2026l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?2004l");
        let _ = tty.write_all(if taken == 2 { b"\x1b[?1049l\x1b[?25h" } else { b"\x1b[0m\r\n\x1b[J\x1b[?25h" });
    }
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Has panics give the terminal back, for as long as this is kept. Those of other threads are not told on the screen: whoever
/// waits for such a thread tells it.
pub(crate) struct RestoredOnPanic(Option<std::sync::Arc<Hook>>);

impl RestoredOnPanic {
    pub(crate) fn begin() -> RestoredOnPanic {
        let (before, drawing): (_, ThreadId) = (std::sync::Arc::new(take_hook()), std::thread::current().id());
        let told = before.clone();
        set_hook(Box::new(move |info| {
            if std::thread::current().id() == drawing {
                give_back();
                told(info);
            }
        }));
        RestoredOnPanic(Some(before))
    }
}

impl Drop for RestoredOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        drop(take_hook());
        if let Some(Ok(before)) = self.0.take().map(std::sync::Arc::try_unwrap) {
            set_hook(before);
        }
    }
}
