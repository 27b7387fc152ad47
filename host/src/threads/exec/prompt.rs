//! The prompt of a run, where standard input holds it.

use std::io::{IsTerminal as _, Read as _, Write};

/// How many bytes of a prompt are recorded. All of it is forwarded.
const MAX_PROMPT: usize = 1 << 20;

/// Says what the program gets as its standard input.
pub(super) enum Input {
    /// This process's own.
    Inherited,
    /// No bytes.
    Empty,
    /// These bytes, and then the rest of this process's own.
    Prefix(Vec<u8>),
}

/// Reads the prompt from standard input, if that is no terminal and holds one. It waits for the end, or for as many bytes as
/// are recorded.
pub(super) fn read_prompt() -> std::io::Result<(Option<String>, Input)> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok((None, Input::Inherited));
    }
    let mut head = Vec::new();
    match stdin.lock().take(MAX_PROMPT as u64 + 4).read_to_end(&mut head) {
        // Standard input may be closed.
        Err(error) if error.raw_os_error() != Some(rustix::io::Errno::BADF.raw_os_error()) => return Err(error),
        _ => {}
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Ok((None, if head.is_empty() { Input::Empty } else { Input::Prefix(head) }));
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(MAX_PROMPT)]);
    let text = match head.len() > MAX_PROMPT {
        // The last character may have been cut.
        true => text.trim_end_matches(char::REPLACEMENT_CHARACTER),
        false => text.trim_end_matches('\n'),
    };
    Ok((Some(text.into()), Input::Prefix(head)))
}

/// Writes the program's standard input. That the program does not read it is no failure.
pub(super) fn feed(head: &[u8], mut to: impl Write) {
    if to.write_all(head).is_ok() {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut to);
    }
}
