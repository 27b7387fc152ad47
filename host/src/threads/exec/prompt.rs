//! What the program is asked, where standard input says it.

use std::io::{IsTerminal as _, Read as _, Write};

/// How much of a prompt is recorded, bytes. All of it is passed on.
const LONGEST: usize = 1 << 20;

/// What the program has for its standard input.
pub(super) enum Input {
    /// This process's own.
    Same,
    /// Nothing.
    Nothing,
    /// These bytes, and then whatever this process's own still holds.
    Begun(Vec<u8>),
}

/// The prompt that standard input holds, if it is no terminal and holds one. Waits for the end of it, or for as much as is
/// recorded.
pub(super) fn take_in() -> std::io::Result<(Option<String>, Input)> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok((None, Input::Same));
    }
    let mut head = Vec::new();
    match stdin.lock().take(LONGEST as u64 + 4).read_to_end(&mut head) {
        // It may be closed.
        Err(error) if error.raw_os_error() != Some(rustix::io::Errno::BADF.raw_os_error()) => return Err(error),
        _ => {}
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Ok((None, if head.is_empty() { Input::Nothing } else { Input::Begun(head) }));
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(LONGEST)]);
    let text = match head.len() > LONGEST {
        // A character that was cut.
        true => text.trim_end_matches(char::REPLACEMENT_CHARACTER),
        false => text.trim_end_matches('\n'),
    };
    Ok((Some(text.into()), Input::Begun(head)))
}

/// Gives the program its standard input. That it does not read it is its own affair.
pub(super) fn feed(head: &[u8], mut to: impl Write) {
    if to.write_all(head).is_ok() {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut to);
    }
}
